"""Remedies for DNS: what is published, where zones are kept, and how they are changed."""
