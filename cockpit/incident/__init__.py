"""Incident command as a fold of events: lifecycle, severity, roles, clocks and metrics. Pure."""
