"""Remedies that run the account's own functions."""
