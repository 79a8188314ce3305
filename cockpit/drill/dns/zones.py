"""One zone: records that change, keys that sign them, and a journal of who changed what.

A zone's records are changed by `publish`, `withdraw` and `replace`; each change bumps the serial. The records
are kept unsigned; name servers read a `Snapshot`, which is made anew after a change and signs what it is asked.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.SOA import SOA

from cockpit.clock import Clock
from cockpit.drill.dns.chains import Nsec3
from cockpit.drill.dns.keys import Flaw, SigningPolicy, ZoneKey
from cockpit.drill.dns.records import MADE_BY_SIGNER, absolute, merged, record_set, record_type, with_ttl
from cockpit.drill.dns.snapshot import Snapshot
from cockpit.errors import BadInput, NotFound

JOURNAL_LIMIT = 2000
"""Changes that a zone remembers for the referee."""


@dataclass(frozen=True, slots=True)
class NameServerName:
    """A name server as the tree names it: host name and the (documentation) addresses it answers at."""

    name: Name
    address: str
    address6: str | None = None

    @property
    def glue(self) -> dict[RdataType, Rdataset]:
        """Its address records by type, with a TTL of zero."""
        sets = {RdataType.A: record_set("A", 0, [self.address])}
        if self.address6 is not None:
            sets[RdataType.AAAA] = record_set("AAAA", 0, [self.address6])
        return sets


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one record set; `values` is empty when the set was withdrawn."""

    at: datetime
    zone: str
    serial: int
    name: str
    rdtype: str
    values: tuple[str, ...]
    by: str


class Zone:
    """One zone: its records, its keys, its signing policy, and a journal of its changes."""

    def __init__(
        self,
        origin: Name,
        servers: Sequence[NameServerName],
        clock: Clock,
        *,
        ttl_s: int = 300,
        negative_ttl_s: int = 60,
        signed: bool = True,
        nsec3: Nsec3 | None = None,
    ) -> None:
        """Denials are by name (NSEC), or by hash where `nsec3` says how; both TTLs are in scenario seconds."""
        if not servers:
            raise BadInput(f"Zone {origin} needs at least one name server.")
        self.origin = origin
        self.servers = tuple(servers)
        self.ttl_s = ttl_s
        self.hosted = True
        self.keys: tuple[ZoneKey, ...] = (ZoneKey.generate(),) if signed else ()
        self.journal: deque[Change] = deque(maxlen=JOURNAL_LIMIT)
        self.version = 0
        self._clock = clock
        self._nsec3 = nsec3
        self._flaw = Flaw.NONE
        self._nodes: dict[Name, dict[RdataType, Rdataset]] = {}
        self._snapshot: Snapshot | None = None
        mname = servers[0].name
        rname = Name((b"hostmaster", *mname.parent().labels))
        serial = int(clock.now().strftime("%Y%m%d")) * 100 + 1
        timers = f"3600 600 864000 {negative_ttl_s}"
        soa = f"{mname} {rname} {serial} {timers}"
        self._nodes[origin] = {
            RdataType.SOA: record_set("SOA", ttl_s, [soa]),
            RdataType.NS: record_set("NS", ttl_s, [str(server.name) for server in servers]),
        }
        for server in servers:
            if server.name.is_subdomain(origin):
                glue = {rdtype: with_ttl(rdataset, ttl_s) for rdtype, rdataset in server.glue.items()}
                self._nodes[server.name] = {**self._nodes.get(server.name, {}), **glue}

    @property
    def serial(self) -> int:
        """The SOA serial of the newest version."""
        soa = self._nodes[self.origin][RdataType.SOA][0]
        assert isinstance(soa, SOA)
        return soa.serial

    @property
    def snapshot(self) -> Snapshot:
        """The newest version, made on first use after a change."""
        if self._snapshot is None:
            policy = SigningPolicy.around(self._clock.now(), self._flaw)
            self._snapshot = Snapshot(self.origin, self._nodes, self.keys, policy, self._nsec3)
        return self._snapshot

    @property
    def flaw(self) -> Flaw:
        """What is wrong with this zone's signatures at the moment."""
        return self._flaw

    def values(self, name: str | Name, rdtype: str | RdataType) -> tuple[str, ...]:
        """The published values in presentation form; empty when there is no such record set."""
        rdataset = self.rdataset(absolute(name), record_type(rdtype))
        return () if rdataset is None else tuple(rdata.to_text() for rdata in rdataset)

    def rdataset(self, name: Name, rdtype: RdataType) -> Rdataset | None:
        """The record set as stored, never to be changed in place."""
        return self._nodes.get(name, {}).get(rdtype)

    def types_at(self, name: Name) -> set[RdataType]:
        """Record types that `name` owns."""
        return set(self._nodes.get(name, ()))

    def publish(
        self, name: str | Name, rdtype: str, *values: str, ttl_s: int | None = None, by: str = "world"
    ) -> None:
        """Add values to a record set, making it where needed; raises BadInput."""
        owner, kind = absolute(name), record_type(rdtype)
        added = record_set(kind, self.ttl_s if ttl_s is None else ttl_s, values)
        present = self.rdataset(owner, kind)
        if present is not None and kind not in (RdataType.CNAME, RdataType.SOA):
            added = merged(present, added, present.ttl if ttl_s is None else ttl_s)
        self.put(owner, added, by=by)

    def replace(
        self, name: str | Name, rdtype: str, *values: str, ttl_s: int | None = None, by: str = "world"
    ) -> None:
        """Make a record set hold exactly these values; raises BadInput."""
        owner, kind = absolute(name), record_type(rdtype)
        present = self.rdataset(owner, kind)
        kept_ttl_s = self.ttl_s if present is None else present.ttl
        self.put(owner, record_set(kind, kept_ttl_s if ttl_s is None else ttl_s, values), by=by)

    def withdraw(self, name: str | Name, rdtype: str, *, by: str = "world") -> tuple[str, ...]:
        """Remove a record set and return the values it had; raises NotFound when there is none."""
        owner, kind = absolute(name), record_type(rdtype)
        values = self.values(owner, kind)
        if not values:
            raise NotFound(f"There is no {kind.name} record at {owner}.")
        self.remove(owner, kind, by=by)
        return values

    def put(self, name: Name, rdataset: Rdataset, *, by: str) -> None:
        """Store a whole record set as one change; raises BadInput where the zone would become unloadable."""
        self.apply({(name, rdataset.rdtype): rdataset}, by=by)

    def remove(self, name: Name, rdtype: RdataType, *, by: str) -> None:
        """Drop a whole record set, if there is one; SOA and NS at the zone's top stay (BadInput)."""
        self.apply({(name, rdtype): None}, by=by)

    def apply(self, changes: Mapping[tuple[Name, RdataType], Rdataset | None], *, by: str) -> None:
        """Store and drop record sets together, all or none, under one new serial.

        None drops. What is stored already is left out; when nothing is left, the serial stays. Raises BadInput.
        """
        effective = {key: new for key, new in changes.items() if not _same(self.rdataset(*key), new)}
        if not effective:
            return
        after = {name: dict(self._nodes.get(name, {})) for name, _ in effective}
        for (name, rdtype), new in effective.items():
            after[name].pop(rdtype, None)
            if new is not None:
                after[name][rdtype] = new
        for name, rdtype in effective:
            self._check(name, rdtype, after[name])
        for name, node in after.items():
            self._nodes.pop(name, None)
            if node:
                self._nodes[name] = node
        self._bump()
        for name, rdtype in effective:
            self._note(name, rdtype, by)

    def take_down(self) -> None:
        """Delete the zone from its name servers, which refuse it from now on; the delegation stays."""
        self.hosted = False
        self.version += 1

    def bring_back(self) -> None:
        """Serve the zone again as it was."""
        self.hosted = True
        self.version += 1

    def spoil_signatures(self, flaw: Flaw | str) -> None:
        """Sign from now on such that `flaw` shows; `Flaw.NONE` signs well again. Bumps the serial."""
        try:
            self._flaw = Flaw(flaw)
        except ValueError:
            raise BadInput(f"{flaw!r} is no signature flaw: {', '.join(Flaw)}.") from None
        self._resigned()

    def roll_key(self) -> ZoneKey:
        """Sign with a new key only; the parent's DS goes on naming the old one until somebody replaces it."""
        self.keys = (ZoneKey.generate(),)
        self._resigned()
        return self.keys[0]

    def deny_by(self, nsec3: Nsec3 | None) -> None:
        """Prove what does not exist by hash from now on, or by name with None. Bumps the serial."""
        self._nsec3 = nsec3
        self._resigned()

    def set_keys(self, keys: Iterable[ZoneKey], *, by: str = "world") -> None:
        """Sign with these keys; none at all makes the zone unsigned."""
        self.keys = tuple(keys)
        self._resigned(by)

    def _check(self, name: Name, rdtype: RdataType, node: Mapping[RdataType, Rdataset]) -> None:
        """Refuse a change of `rdtype` at `name` that would leave it with this node."""
        if not name.is_subdomain(self.origin):
            raise BadInput(f"{name} is not inside zone {self.origin}.")
        if rdtype in MADE_BY_SIGNER:
            raise BadInput(f"{rdtype.name} records of zone {self.origin} are made by its signer.")
        if name == self.origin and rdtype in (RdataType.SOA, RdataType.NS) and rdtype not in node:
            raise BadInput(f"{rdtype.name} at {name} cannot be removed from its own zone.")
        if RdataType.CNAME in node and (len(node) > 1 or len(node[RdataType.CNAME]) > 1):
            raise BadInput(f"{name} would hold a CNAME beside other records, which RFC 1034 forbids.")

    def _bump(self) -> None:
        old = self._nodes[self.origin][RdataType.SOA]
        soa = old[0]
        assert isinstance(soa, SOA)
        bumped = Rdataset(old.rdclass, old.rdtype, ttl=old.ttl)
        bumped.add(soa.replace(serial=(soa.serial + 1) % 2**32), old.ttl)
        self._nodes[self.origin] = {**self._nodes[self.origin], RdataType.SOA: bumped}
        self._snapshot = None
        self.version += 1

    def _resigned(self, by: str = "world") -> None:
        self._bump()
        self._note(self.origin, RdataType.DNSKEY, by)

    def _note(self, name: Name, rdtype: RdataType, by: str) -> None:
        self.journal.append(
            Change(
                at=self._clock.now(),
                zone=self.origin.to_text(),
                serial=self.serial,
                name=name.to_text(),
                rdtype=rdtype.name,
                values=self.values(name, rdtype),
                by=by,
            )
        )


def _same(old: Rdataset | None, new: Rdataset | None) -> bool:
    if old is None or new is None:
        return old is new
    return old == new and old.ttl == new.ttl
