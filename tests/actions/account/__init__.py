"""Remedies for functions, alarms and the watch, played against the simulated account."""
