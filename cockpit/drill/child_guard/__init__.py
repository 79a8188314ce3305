"""A folder for the front of a drill child's PYTHONPATH, so that every Python there stays on this machine.

`sitecustomize` is what Python imports by itself at start; `loopback_only` is the rule, with nothing but the
standard library, because the child may be another Python than ours.
"""
