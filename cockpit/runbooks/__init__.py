"""Markdown runbooks: the format, the step machine, the linter and the bundled library."""
