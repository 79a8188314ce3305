"""TSIG keys in the form that `nsupdate -k` and `dig -k` read (BIND's `key` statement)."""

from cockpit.drill.dns import TsigKey


def key_file(key: TsigKey) -> str:
    """The key statement; the caller keeps it from other eyes."""
    return f'key "{key.name}" {{\n\talgorithm {key.algorithm};\n\tsecret "{key.secret}";\n}};\n'
