"""From a host's name to the addresses to connect to, through the pinned resolvers and nobody else."""

import asyncio
import ipaddress
from dataclasses import dataclass

from cockpit.errors import ConfigError
from cockpit.probes.names.answer import RESOLVER, Server
from cockpit.probes.names.dns import ask
from cockpit.profile import Profile

MAX_ADDRESSES = 8

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a host can be reached; `failure` is a token when nowhere, `reason` says it in words."""

    found: tuple[str, ...] = ()
    failure: str | None = None
    reason: str = ""


async def resolve(profile: Profile, host: str) -> Addresses:
    """The IPv4 and IPv6 addresses of `host` by the first resolver that knows some."""
    servers = [Server(each.name, each.address, each.port, RESOLVER) for each in profile.resolvers]
    pairs = await asyncio.gather(
        *(asyncio.gather(ask(profile, server, host, "A"), ask(profile, server, host, "AAAA")) for server in servers)
    )
    for pair in pairs:
        found = [value for answer in pair if answer.status == "answer" for value in answer.values]
        if found:
            return Addresses(tuple(found[:MAX_ADDRESSES]))
    statuses = [answer.status for pair in pairs for answer in pair]
    for status, reason in (
        ("nxdomain", f"{host} does not exist"),
        ("nodata", f"{host} has no address"),
        ("bogus", f"the answer for {host} fails DNSSEC validation"),
        ("servfail", f"the resolvers answer SERVFAIL for {host}"),
    ):
        if status in statuses:
            return Addresses(failure="no-address" if status in ("nxdomain", "nodata") else status, reason=reason)
    return Addresses(failure="no-resolver", reason="no resolver answers")


def connectable(profile: Profile, address: str, port: int) -> tuple[str, int]:
    """Where to connect for an address that DNS gave; raises ConfigError for one that must not be connected to.

    Names are set by others, so an address inside this network (private, link-local, loopback, IPv4-mapped,
    NAT64) is refused unless the profile's `dial` table names it: a health probe must not be a way in.
    """
    if f"{address}:{port}" not in profile.dial:
        parsed = ipaddress.ip_address(address)
        inner = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        if not (inner or parsed).is_global or parsed.is_multicast or parsed in _NAT64:
            raise ConfigError(f"{address} is not a public address, and the profile does not list it under `dial`.")
    return profile.dialled(address, port)
