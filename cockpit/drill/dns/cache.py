"""What a resolver remembers: record sets and denials, each until its TTL has run down, the least used dropped."""

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

import dns.edns
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

CACHE_LIMIT = 2_000
"""Entries that one resolver keeps."""

WHOLE_NAME = RdataType.NONE
"""The type under which "this name does not exist" is kept, because it holds for every type."""

Explanation = tuple[dns.edns.EDECode, str]


class Security(StrEnum):
    """What validation says about an answer (RFC 4035 section 4.3)."""

    UNCHECKED = "unchecked"
    SECURE = "secure"
    INSECURE = "insecure"
    BOGUS = "bogus"


@dataclass(frozen=True, slots=True)
class Held:
    """One record set with its signatures, as it came."""

    name: Name
    rdataset: Rdataset
    rrsigs: Rdataset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The answer to one question: a record set, an alias, a denial, or a failure that is kept for a moment.

    `zone` is the zone whose servers said so; `proofs` holds SOA and NSEC sets; `expires_at` is monotonic.
    `stale_since` is when its own time ran out, where it is given all the same (RFC 8767).
    """

    name: Name
    rdtype: RdataType
    zone: Name
    expires_at: float
    rcode: Rcode = Rcode.NOERROR
    held: Held | None = None
    proofs: tuple[Held, ...] = ()
    security: Security = Security.UNCHECKED
    explanations: tuple[Explanation, ...] = ()
    stale_since: float | None = None

    def remaining_s(self, now: float) -> int:
        """Whole seconds for which the answer still holds, rounded up."""
        return max(0, math.ceil(self.expires_at - now))

    @property
    def alias(self) -> bool:
        """Whether a CNAME answered in place of the type that was asked for."""
        return self.held is not None and self.held.rdataset.rdtype != self.rdtype


@dataclass(slots=True)
class Cache:
    """A bounded map from question to answer; an answer past its time is kept until room is needed."""

    limit: int = CACHE_LIMIT
    _entries: OrderedDict[tuple[Name, RdataType], Entry] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def get(self, name: Name, rdtype: RdataType, now: float, *, stale: bool = False) -> Entry | None:
        """The live answer to a question, an alias or a denial of the whole name included.

        With `stale`, an answer past its time counts as well.
        """
        for kind in (rdtype, RdataType.CNAME, WHOLE_NAME):
            entry = self._entries.get((name, kind))
            if entry is None or not (stale or entry.expires_at > now):
                continue
            if kind is RdataType.CNAME and rdtype is not kind and entry.held is None:
                continue
            self._entries.move_to_end((name, kind))
            # A CNAME is an alias to whoever asked for another type, and the answer to whoever asked for it.
            return entry if entry.held is None else replace(entry, rdtype=rdtype)
        return None

    def put(self, entry: Entry) -> None:
        """Keep an answer in place of what was known; the least recently used goes when there is no room."""
        kind = entry.rdtype
        if entry.rcode == Rcode.NXDOMAIN:
            kind = WHOLE_NAME
        elif entry.alias:
            kind = RdataType.CNAME
        self._entries[(entry.name, kind)] = entry
        self._entries.move_to_end((entry.name, kind))
        while len(self._entries) > self.limit:
            self._entries.popitem(last=False)

    def flush(self, under: Name | None = None) -> int:
        """Forget everything, or what is at or below a name; returns how many answers that were."""
        doomed = [key for key in self._entries if under is None or key[0].is_subdomain(under)]
        for key in doomed:
            del self._entries[key]
        return len(doomed)
