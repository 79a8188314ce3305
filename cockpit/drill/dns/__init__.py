"""The simulated DNS: a signed authoritative tree, its name servers, and caching resolvers, with faults."""

from cockpit.drill.dns.authority import Authority
from cockpit.drill.dns.chains import Nsec3
from cockpit.drill.dns.faults import Fault, FaultKind, fault
from cockpit.drill.dns.keys import Flaw
from cockpit.drill.dns.network import DnsNetwork, add_public_suffixes
from cockpit.drill.dns.querylog import Asked
from cockpit.drill.dns.recursion import Resolution
from cockpit.drill.dns.resolver import Resolver
from cockpit.drill.dns.server import has_ipv6_loopback
from cockpit.drill.dns.tree import ZoneTree
from cockpit.drill.dns.tsig import TsigKey
from cockpit.drill.dns.zones import Change, Zone

__all__ = [
    "Asked",
    "Authority",
    "Change",
    "DnsNetwork",
    "Fault",
    "FaultKind",
    "Flaw",
    "Nsec3",
    "Resolution",
    "Resolver",
    "TsigKey",
    "Zone",
    "ZoneTree",
    "add_public_suffixes",
    "fault",
    "has_ipv6_loopback",
]
