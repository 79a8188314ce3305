"""Remedies that are commands of other tools, for what the cockpit does not know."""
