"""What one person at one terminal can see and do; screens and the command line talk to this and nothing else."""

from cockpit.desk.desk import WATCH_LEASE, Desk, open_desk

__all__ = ["WATCH_LEASE", "Desk", "open_desk"]
