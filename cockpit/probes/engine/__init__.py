"""Thousands of DNS questions a second: pooled sockets, one timer, a typed reading of the common answers."""

from cockpit.probes.engine.engine import Engine
from cockpit.probes.engine.gist import gist, meaning
from cockpit.probes.engine.reading import read_wire
from cockpit.probes.engine.round import Asked, Round

__all__ = ["Asked", "Engine", "Round", "gist", "meaning", "read_wire"]
