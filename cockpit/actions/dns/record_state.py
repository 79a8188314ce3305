"""Record sets as the states that plans are made of: `name TYPE` -> TTL and values, empty where there is none."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import msgspec

from cockpit.actions.contract import State
from cockpit.errors import BadInput
from cockpit.health.zone_copy import RecordSet, quoted
from cockpit.text import visible

Key = tuple[str, str]
"""Name, without final dot and in lower case, and type of a record set."""

Records = Mapping[Key, RecordSet | None]
"""Record sets by key; None is one that is not there."""

ABSENT: Mapping[str, Any] = {}

MADE_BY_SIGNING = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY"})
"""Types that the signer of a zone makes; nobody restores those."""


class Change(msgspec.Struct, frozen=True):
    """One record set as it has to be before, and as it shall be after; None where there is none."""

    name: str
    type: str
    was: RecordSet | None
    will: RecordSet | None

    @property
    def key(self) -> Key:
        """Name and type."""
        return self.name, self.type

    @property
    def verb(self) -> str:
        """`create`, `upsert` or `delete`."""
        if self.was is None:
            return "create"
        return "delete" if self.will is None else "upsert"

    @property
    def back(self) -> "Change":
        """The change that takes this one back."""
        return Change(self.name, self.type, self.will, self.was)


def label(key: Key) -> str:
    """A record set's key as states and screens have it."""
    return f"{key[0]} {key[1]}"


def key_of(text: str) -> Key:
    """The key that `label` wrote."""
    name, _, rtype = text.rpartition(" ")
    return name, rtype


def as_state(records: Records) -> dict[str, Any]:
    """Records as a plain state."""
    return {label(key): plain(record) for key, record in records.items()}


def plain(record: RecordSet | None) -> dict[str, Any]:
    """One record set as plain JSON; empty for none."""
    return {} if record is None else {"ttl_s": record.ttl_s, "values": sorted(record.values)}


def from_state(state: State) -> dict[Key, RecordSet | None]:
    """The records of a state; raises KeyError for a value that could not be seen."""
    found: dict[Key, RecordSet | None] = {}
    for text, held in state.items():
        name, rtype = key_of(text)
        values = held and RecordSet(name, rtype, int(held["ttl_s"]), tuple(held["values"]))
        found[name, rtype] = values or None
    return found


def same(one: RecordSet | None, other: RecordSet | None) -> bool:
    """Whether two record sets are the same, TTL included, values in any order."""
    return plain(one) == plain(other)


def canonical(rtype: str, value: str) -> str:
    """A value as name servers give it (RFC 1035 section 5.1), names absolute; raises BadInput.

    Text for TXT may be given without quotes; it is then one text, cut into strings where it is long.
    """
    text = value.strip()
    if rtype in ("TXT", "SPF") and not text.startswith('"'):
        text = quoted(text)
    try:
        written = dns.rdata.from_text("IN", rtype, text, origin=dns.name.root, relativize=False).to_text()
    except (dns.exception.DNSException, ValueError) as error:
        raise BadInput(f"{visible(value, limit=80)!r} is no {rtype} value: {visible(error, limit=120)}.") from None
    return visible(written, limit=70_000)


def record_set(name: str, rtype: str, ttl_s: int, values: Iterable[str]) -> RecordSet:
    """A record set in canonical form; raises BadInput for a value that is not one."""
    return RecordSet(name, rtype, ttl_s, tuple(sorted({canonical(rtype, value) for value in values})))


def changes_between(live: Records, wanted: Records) -> tuple[Change, ...]:
    """What has to be changed so that `live` becomes `wanted`; keys that `wanted` lacks stay as they are."""
    found = [Change(*key, live.get(key), will) for key, will in wanted.items() if not same(live.get(key), will)]
    return tuple(sorted(found, key=lambda change: (change.name.split(".")[::-1], change.type)))


def batches(changes: Sequence[Change], most: int) -> list[tuple[Change, ...]]:
    """Changes in batches of at most `most`; those of one name stay together, for a CNAME stands alone."""
    made: list[list[Change]] = [[]]
    by_name: dict[str, list[Change]] = {}
    for change in changes:
        by_name.setdefault(change.name, []).append(change)
    for group in by_name.values():
        if made[-1] and len(made[-1]) + len(group) > most:
            made.append([])
        made[-1] += group
    return [tuple(batch) for batch in made if batch]
