"""Remedies for SES: how it signs, what it may send, whom it must not write to."""
