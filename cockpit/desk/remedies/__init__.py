"""Remedies at one terminal: plans asked for, approved, followed and taken back."""
