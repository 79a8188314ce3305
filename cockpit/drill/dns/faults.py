"""What can go wrong at a name server or a resolver: one closed vocabulary for scenarios and tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from cockpit.drill.dns.records import absolute, record_set, record_type
from cockpit.errors import BadInput


class FaultKind(StrEnum):
    """The vocabulary.

    `timeout` never answers; `servfail`, `refused` and `nxdomain` answer just that; `latency` answers late;
    `truncate` sets TC on every UDP answer and carries nothing; `stale` keeps serving what was known when the
    fault began; `lie` answers fixed values, unsigned. `lame` does not know the zone and points back at the root;
    `no-edns` answers FORMERR to EDNS, and `bad-edns` BADVERS; `no-tcp` keeps silent over TCP.
    """

    TIMEOUT = "timeout"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    NXDOMAIN = "nxdomain"
    LATENCY = "latency"
    TRUNCATE = "truncate"
    STALE = "stale"
    LIE = "lie"
    LAME = "lame"
    NO_EDNS = "no-edns"
    BAD_EDNS = "bad-edns"
    NO_TCP = "no-tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, for names at or below `under` and, where given, for one record type only."""

    kind: FaultKind
    under: Name = dns.name.root
    rdtype: RdataType | None = None
    latency_s: float = 0.0
    values: tuple[str, ...] = ()

    def hits(self, name: Name, rdtype: RdataType) -> bool:
        """Whether a question for `name` and `rdtype` meets this fault."""
        return name.is_subdomain(self.under) and self.rdtype in (None, rdtype)


def fault(
    kind: FaultKind | str,
    *,
    under: str | Name = dns.name.root,
    rdtype: str | RdataType | None = None,
    latency_s: float = 0.0,
    values: Sequence[str] = (),
) -> Fault:
    """Make a fault from a scenario's words; raises BadInput for a word outside the vocabulary.

    `latency` needs `latency_s` (seconds); `lie` needs `rdtype` and `values` in presentation form.
    """
    try:
        known = FaultKind(kind)
    except ValueError:
        raise BadInput(f"{kind!r} is no DNS fault: {', '.join(FaultKind)}.") from None
    covered = None if rdtype is None else record_type(rdtype)
    if known is FaultKind.LATENCY and latency_s <= 0:
        raise BadInput("A latency fault needs latency_s above zero.")
    if known is FaultKind.LIE:
        if covered is None or not values:
            raise BadInput("A lie needs the record type and the values to tell.")
        record_set(covered, 0, values)
    return Fault(kind=known, under=absolute(under), rdtype=covered, latency_s=latency_s, values=tuple(values))


class Faults:
    """The faults that one server has at the moment; `version` moves with each change."""

    def __init__(self) -> None:
        self.version = 0
        self._faults: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def add(self, fault: Fault) -> None:
        """Begin a fault."""
        self._faults.append(fault)
        self.version += 1

    def heal(self, kind: FaultKind | str | None = None) -> None:
        """End the faults of one kind, or all of them."""
        self._faults = [fault for fault in self._faults if kind is not None and fault.kind != kind]
        self.version += 1

    def find(self, name: Name, rdtype: RdataType, *kinds: FaultKind) -> Fault | None:
        """The first fault of these kinds that a question meets."""
        return next((fault for fault in self._faults if fault.kind in kinds and fault.hits(name, rdtype)), None)

    def latency_s(self, name: Name, rdtype: RdataType) -> float:
        """Seconds by which an answer to this question comes late."""
        return max((fault.latency_s for fault in self._faults if fault.hits(name, rdtype)), default=0.0)
