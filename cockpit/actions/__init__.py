"""Remedies: plan, confirm, apply once, verify, undo; each run is journalled to the ledger."""
