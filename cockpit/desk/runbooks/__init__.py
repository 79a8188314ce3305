"""Runbooks as the desk sees them: pick one, start it, take its steps, and let what the world shows settle them."""

from cockpit.desk.runbooks.room import Runbooks

__all__ = ["Runbooks"]
