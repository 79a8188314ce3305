"""Remedies for SES, played against the simulated account."""
