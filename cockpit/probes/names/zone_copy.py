"""Copy a zone: the watched records from its name servers, or all of it by zone transfer (AXFR, RFC 5936)."""

import asyncio
import binascii
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.tsig
import msgspec

from cockpit.errors import ConfigError, WorldError
from cockpit.health.model import Reading
from cockpit.health.zone_copy import TRANSFER, WATCHED, RecordSet, ZoneCopy, quoted
from cockpit.probes.names.answer import AUTHORITATIVE, Server
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.records import read_records
from cockpit.probes.names.transport import Transport
from cockpit.probes.thread import in_thread
from cockpit.profile import Profile, UpdateDoor
from cockpit.secrets import resolve
from cockpit.text import visible

TRANSFER_S = 15.0
MOST_RECORDS = 50_000
MOST_OCTETS = 16 * 1024 * 1024

_MADE_BY_SIGNING = ("RRSIG", "NSEC", "NSEC3", "NSEC3PARAM")


class Agreed(msgspec.Struct, frozen=True):
    """A record set as the name servers have it; values as people read them, TXT without quotes."""

    name: str
    type: str
    ttl_s: int
    values: tuple[str, ...]


class Watched(msgspec.Struct, frozen=True):
    """The watched records of a domain: those that are there, by `heard` name servers, and what is not certain."""

    domain: str
    heard: int
    asked: int
    found: tuple[Agreed, ...]
    notes: tuple[str, ...] = ()

    def copy(self) -> ZoneCopy:
        """The same as a backup."""
        sets = (RecordSet(each.name, each.type, each.ttl_s, _presented(each)) for each in self.found)
        return ZoneCopy(self.domain, WATCHED, tuple(sets), self.notes)


async def read_watched(
    profile: Profile,
    domain: str,
    names: Sequence[tuple[str, str]],
    at: datetime,
    *,
    delegations: Delegations | None = None,
    transport: Transport | None = None,
) -> Watched:
    """Ask every name server of the zone for these names and types; raises WorldError when none says anything.

    An alias that answers for a name stands as the CNAME that it is. A record set on which the servers differ is
    taken from the majority, and noted.
    """
    ways = delegations or Delegations(profile)
    asked = {AUTHORITATIVE: names}
    readings = await read_records(profile, ways, domain, "snapshot", asked, at=at, transport=transport)
    heard = [reading for reading in readings if reading.failure is None]
    if not heard:
        reason = next((str(each.seen["reason"]) for each in readings if each.seen.get("reason")), "")
        raise WorldError(f"No name server of {domain} answers{f': {reason}' if reason else ''}.")
    found: dict[tuple[str, str], Agreed] = {}
    notes: list[str] = []
    for place, (name, rtype) in enumerate(names):
        agreed, note = _agreed(name, rtype, [_answer(each, place) for each in heard])
        notes += [note] if note else []
        if agreed is not None:
            found.setdefault((agreed.name, agreed.type), agreed)
    return Watched(domain, len(heard), len(readings), tuple(found.values()), tuple(notes))


def _answer(reading: Reading, place: int) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = reading.seen["asked"][place]
    return answer


def _agreed(name: str, rtype: str, answers: Sequence[Mapping[str, Any]]) -> tuple[Agreed | None, str]:
    """What most servers say of a name and type, and what is to be noted of it."""
    told = [_told(answer) for answer in answers if answer["status"] in ("answer", "nodata", "nxdomain")]
    if not told:
        return None, f"{name} {rtype} is not known: {answers[0]['status']}"
    (most, count), *_ = Counter((each[0], each[1]) for each in told).most_common()
    ttl = max(each[2] for each in told if (each[0], each[1]) == most)
    note = "" if count == len(told) else f"{name} {rtype} differs between name servers"
    kind, values = most
    return (Agreed(name, kind or rtype, ttl, values) if values else None), note


def _told(answer: Mapping[str, Any]) -> tuple[str, tuple[str, ...], int]:
    """The type that really stands at the name, its values, and the TTL."""
    if answer["chain"]:
        alias = answer["chain"][0]
        return "CNAME", (f"{str(alias['target']).rstrip('.')}.",), int(alias["ttl_s"])
    return "", tuple(str(value) for value in answer["values"]), int(answer["ttl_s"] or 0)


def _presented(agreed: Agreed) -> tuple[str, ...]:
    return tuple(quoted(value) for value in agreed.values) if agreed.type == "TXT" else agreed.values


async def transfer(profile: Profile, domain: str, door: UpdateDoor | None = None) -> ZoneCopy:
    """The whole zone that holds a domain, from the first name server that gives it away; raises WorldError.

    With a `door` it is asked for with that TSIG key (RFC 8945), as secondary servers ask.
    """
    delegation = await Delegations(profile).of(domain)
    key = await in_thread(lambda: _key(profile, door)) if door is not None else None
    reasons = [delegation.failure or ""]
    for server in delegation.servers:
        try:
            async with asyncio.timeout(TRANSFER_S):
                sets = await _transferred(profile, server, delegation.zone, key)
        except _Refused as error:
            reasons.append(f"{server.name} {error}")
        except (TimeoutError, OSError, EOFError):
            reasons.append(f"{server.name} does not answer over TCP")
        except (ConfigError, dns.exception.DNSException, ValueError) as error:
            reasons.append(f"{server.name}: {visible(error, limit=100)}")
        else:
            return ZoneCopy(delegation.zone, TRANSFER, tuple(sorted(sets)))
    said = "; ".join(filter(None, reasons[:4])) or "nobody was found to ask"
    raise WorldError(f"No zone transfer of {delegation.zone or domain}: {said}.")


class _Refused(Exception):  # noqa: N818 -- an outcome, told in words
    """The server gave something other than the zone."""


def _key(profile: Profile, door: UpdateDoor) -> dns.tsig.Key:
    try:
        return dns.tsig.Key(door.key_name, resolve(door.key, profile), door.algorithm)
    except (binascii.Error, dns.exception.DNSException):
        raise ConfigError(f"The TSIG key {door.key_name} is not base64.") from None


async def _transferred(profile: Profile, server: Server, zone: str, key: dns.tsig.Key | None) -> list[RecordSet]:
    reader, writer = await asyncio.open_connection(*profile.dialled(server.address, server.port))
    sets: dict[tuple[str, str], RecordSet] = {}
    octets = records = starts = 0
    query = dns.message.make_query(zone, "AXFR")
    if key is not None:
        query.use_tsig(key)
    try:
        wire, so_far = query.to_wire(), None
        writer.write(len(wire).to_bytes(2, "big") + wire)
        await writer.drain()
        while starts < 2:
            raw = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            octets += len(raw)
            message = dns.message.from_wire(
                raw,
                keyring=key,
                request_mac=query.mac if key is not None else b"",
                xfr=True,
                multi=True,
                tsig_ctx=so_far,
                one_rr_per_rrset=True,
                ignore_trailing=True,
            )
            so_far = message.tsig_ctx
            if message.rcode() or not message.answer:
                raise _Refused("refuses it")
            for rrset in message.answer:
                records += 1
                starts += rrset.rdtype == dns.rdatatype.SOA
                _add(sets, rrset.name, rrset.rdtype, rrset.ttl, [rdata.to_text() for rdata in rrset])
            if starts == 0:
                raise _Refused("begins without a SOA record")
            if octets > MOST_OCTETS or records > MOST_RECORDS:
                raise _Refused(f"sends more than {MOST_RECORDS} records or 16 MiB")
    finally:
        writer.close()
    return [each for each in sets.values() if each.type not in _MADE_BY_SIGNING]


def _add(
    sets: dict[tuple[str, str], RecordSet], owner: dns.name.Name, kind: Any, ttl: int, values: Sequence[str]
) -> None:
    name, rtype = owner.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(kind)
    known = sets.get((name, rtype))
    merged = {*(known.values if known else ()), *(visible(value, limit=70_000) for value in values)}
    sets[name, rtype] = RecordSet(name, rtype, ttl, tuple(sorted(merged)))
