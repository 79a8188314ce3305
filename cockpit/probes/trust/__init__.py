"""Certificates as hosts present them, and whether they can be trusted."""
