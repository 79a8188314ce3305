"""Thousands of DNS questions a second: pooled sockets, one timer, a typed reading of the common answers."""

from cockpit.probes.engine.engine import Engine
from cockpit.probes.engine.reading import read_wire

__all__ = ["Engine", "read_wire"]
