"""Walk the chain of trust from the root's anchors to a domain, through the authoritative servers."""

from cockpit.probes.dnssec.walk import ChainProbe

__all__ = ["ChainProbe"]
