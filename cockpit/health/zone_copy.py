"""A copy of the records of a zone, as a backup: exact values in presentation format, and a zone file's text."""

import hashlib
import json
from collections.abc import Iterable, Sequence

import msgspec

WATCHED = "watched records"
TRANSFER = "zone transfer"
ROUTE53 = "Route 53"
SOURCES = (WATCHED, TRANSFER, ROUTE53)


class RecordSet(msgspec.Struct, frozen=True, order=True):
    """All records of a name and type; names without final dot, values in presentation format (RFC 1035 5.1)."""

    name: str
    type: str
    ttl_s: int
    values: tuple[str, ...]


class ZoneCopy(msgspec.Struct, frozen=True):
    """The record sets of a domain as one source had them; `notes` say what could not be had."""

    domain: str
    source: str
    records: tuple[RecordSet, ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The record sets as JSON, the same for the same records whatever their TTL happened to be at a cache."""
        return json.dumps([msgspec.to_builtins(each) for each in sorted(self.records)], separators=(",", ":"))

    @property
    def digest(self) -> str:
        """A short name for this content."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def zone_text(records: Iterable[RecordSet]) -> str:
    """The lines of a zone file, with full names; what a name server imports."""
    ordered = sorted(records, key=lambda each: (each.type != "SOA", each))
    return "".join(
        f"{each.name}. {each.ttl_s} IN {each.type} {value}\n" for each in ordered for value in each.values
    )


def records_from(text: str) -> tuple[RecordSet, ...]:
    """The record sets that `ZoneCopy.text` holds."""
    return tuple(msgspec.convert(json.loads(text), tuple[RecordSet, ...]))


def quoted(text: str) -> str:
    """The text of a TXT record as strings of at most 255 octets each (RFC 1035 section 3.3.14), escaped."""
    octets = text.encode()
    parts = [octets[start : start + 255] for start in range(0, len(octets), 255)] or [b""]
    return " ".join(f'"{"".join(map(_escaped, part))}"' for part in parts)


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


def sets_named(records: Sequence[RecordSet], names: Iterable[tuple[str, str]]) -> list[RecordSet]:
    """The record sets of these names and types, as far as they are there."""
    wanted = set(names)
    return [each for each in records if (each.name, each.type) in wanted]
