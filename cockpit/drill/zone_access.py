"""How the simulated AWS reaches the drill's DNS: SES asks the name servers, Route 53 changes the zones."""

from collections.abc import Mapping, Sequence
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

from cockpit.drill.aws.names.lookup import Answer, Found, Soa
from cockpit.drill.aws.names.route53 import RecordSet
from cockpit.drill.aws.names.signing_keys import Key, Signing
from cockpit.drill.dns import DnsNetwork, FaultKind, Zone
from cockpit.drill.dns.keys import ZoneKey
from cockpit.drill.dns.records import MADE_BY_SIGNER, absolute, record_set, record_type
from cockpit.errors import BadInput


class AuthoritativeLookup:
    """Asks a zone's name servers one after the other, as SES does; never a resolver, so never a cache."""

    def __init__(self, network: DnsNetwork) -> None:
        self._network = network

    def __call__(self, name: str, kind: str) -> Answer:
        """One question to the first name server that answers usefully."""
        owner, rdtype = absolute(name), dns.rdatatype.from_text(kind)
        zone = self._network.tree.zone_for(owner)
        for server in self._network.authorities_of(zone.origin.to_text()):
            if server.faults.find(owner, rdtype, FaultKind.TIMEOUT):
                continue
            response = server.answer(dns.message.make_query(owner, rdtype), tcp=True)
            if response.rcode() in (Rcode.NOERROR, Rcode.NXDOMAIN):
                return _answer(response, rdtype, _soa(zone))
        return Answer(Found.FAILED)


class HostedZones:
    """The company's zones as Route 53 hosts them; what is changed is named after the caller in their journals."""

    def __init__(self, network: DnsNetwork, names: Sequence[str], servers: Sequence[tuple[str, str]] = ()) -> None:
        """`servers`, as (host name, address), are those that serve a zone which is made."""
        self._network = network
        self._names = list(names)
        self._servers = tuple(servers)
        self._kept_keys: dict[str, tuple[ZoneKey, ...]] = {}
        self._told: dict[str, dict[tuple[Name, RdataType], tuple[Rdataset, RecordSet]]] = {}
        self._resting: dict[str, tuple[ZoneKey, ...]] = {}
        self._material: dict[tuple[str, str], ZoneKey] = {}

    def names(self) -> Sequence[str]:
        """The names, with the trailing dot, of the zones that are served."""
        return [name for name in self._names if self._network.tree.zone(name).hosted]

    def servers(self, zone: str) -> Sequence[str]:
        """The host names of the zone's name servers."""
        return [server.name.to_text() for server in self._network.tree.zone(zone).servers]

    def create(self, zone: str) -> None:
        """Host a new, empty zone, which is delegated at once; raises BadInput.

        One that was deleted is empty as well, and signed with a key of its own if it had been signed.
        """
        known = next((one for one in self._network.tree if one.origin.to_text() == zone), None)
        if known is None:
            self._network.add_zone(zone, self._servers, signed=False)
            self._names.append(zone)
            return
        if known.hosted or zone not in self._names:
            raise BadInput(f"Zone {zone} is served already.")
        gone = {(absolute(one.name), record_type(one.kind)): None for one in self._emptied(zone)}
        known.apply(gone, by="route53")
        known.bring_back()

    def delete(self, zone: str) -> None:
        """Take a zone off its name servers; the delegation stays, as it would."""
        self._network.tree.zone(zone).take_down()

    def signing(self, zone: str) -> Signing:
        """How the zone is signed, and which of its keys the parent's DS names."""
        held = self._network.tree.zone(zone)
        above = self._network.tree.parent_of(held).values(held.origin, "DS")
        shown = []
        for keys, active in ((self._signing_keys(held), True), (self._resting.get(zone, ()), False)):
            for key in keys:
                ds = key.ds(held.origin).to_text()
                shown.append(Key(key.tag, key.dnskey.to_text(), ds, ds in above, active))
        return Signing(bool(held.keys), tuple(shown))

    def make_key(self, zone: str, material: str) -> int:
        """Make a key that rests; the same material gives the same key again."""
        key = self._material.setdefault((zone, material), ZoneKey.generate())
        self._resting[zone] = (*self._resting.get(zone, ()), key)
        return key.tag

    def use_key(self, zone: str, tag: int, on: bool) -> None:
        """Sign with a key of the zone from now on, or let it rest."""
        held = self._network.tree.zone(zone)
        signing, resting = list(self._signing_keys(held)), list(self._resting.get(zone, ()))
        source, goal = (resting, signing) if on else (signing, resting)
        moved = next(key for key in source if key.tag == tag)
        source.remove(moved)
        goal.append(moved)
        self._resting[zone] = tuple(resting)
        if held.keys:
            held.set_keys(signing, by="route53")
        else:
            self._kept_keys[zone] = tuple(signing)

    def drop_key(self, zone: str, tag: int, material: str) -> None:
        """Forget a key that rests, until it is made again from its material."""
        resting = self._resting.get(zone, ())
        self._material[zone, material] = next(key for key in resting if key.tag == tag)
        self._resting[zone] = tuple(key for key in resting if key.tag != tag)

    def _signing_keys(self, held: Zone) -> tuple[ZoneKey, ...]:
        """The keys that sign a zone, or would if it were signed."""
        return held.keys or self._kept_keys.get(held.origin.to_text(), ())

    def sign(self, zone: str, on: bool) -> None:
        """Sign the zone, with the key that it had if it had one, or no longer."""
        held = self._network.tree.zone(zone)
        if not on:
            self._kept_keys[zone] = held.keys
            held.set_keys((), by="route53")
        elif not held.keys:
            held.set_keys(self._kept_keys.pop(zone, ()) or (ZoneKey.generate(),), by="route53")

    def answer(self, zone: str, name: str, kind: str) -> tuple[str, str, Sequence[str]]:
        """What the zone's primary answers: its name, the response code, the values."""
        server = self._network.authorities_of(zone)[0]
        rdtype = dns.rdatatype.from_text(kind)
        response = server.answer(dns.message.make_query(absolute(name), rdtype), tcp=True)
        values = [rdata.to_text() for rrset in response.answer if rrset.rdtype == rdtype for rdata in rrset]
        return self.servers(zone)[0], str(dns.rcode.to_text(response.rcode())), values

    def apply(self, zone: str, changes: Mapping[tuple[str, str], RecordSet | None]) -> None:
        """Make record sets so, None for away, all or none; raises BadInput."""
        made = {}
        for (name, kind), record in changes.items():
            values = None if record is None else record_set(record.kind, record.ttl_s, record.values)
            made[absolute(name), record_type(kind)] = values
        self._network.tree.zone(zone).apply(made, by="route53")

    def _emptied(self, zone: str) -> list[RecordSet]:
        """What a deleted zone must lose: all but SOA and NS at its top, and the addresses of its own servers."""
        kept = {(zone, "SOA"), (zone, "NS")} | {
            (name, kind) for name in self.servers(zone) for kind in ("A", "AAAA")
        }
        return [one for one in self.records(zone) if (one.name, one.kind) not in kept]

    def records(self, zone: str) -> Sequence[RecordSet]:
        """All record sets but those that the signer makes."""
        known, told = self._told.get(zone, {}), {}
        for name, node in self._network.tree.zone(zone).snapshot.nodes.items():
            for kind, rdataset in node.items():
                if kind not in MADE_BY_SIGNER:
                    # A stored set is never changed in place, so what was written of it once still holds.
                    held = known.get((name, kind))
                    told[name, kind] = (
                        held if held and held[0] is rdataset else (rdataset, _written(name, rdataset))
                    )
        self._told[zone] = told
        return [record for _, record in told.values()]

    def replace(self, zone: str, record: RecordSet) -> None:
        """Make a record set so; raises BadInput."""
        held = self._network.tree.zone(zone)
        held.replace(record.name, record.kind, *record.values, ttl_s=record.ttl_s, by="route53")

    def remove(self, zone: str, name: str, kind: str) -> None:
        """Take a record set away; raises BadInput."""
        self._network.tree.zone(zone).withdraw(name, kind, by="route53")


def _written(name: Name, rdataset: Rdataset) -> RecordSet:
    values = tuple(rdata.to_text() for rdata in rdataset)
    return RecordSet(name.to_text(), rdataset.rdtype.name, rdataset.ttl, values)


def _answer(response: Any, rdtype: RdataType, soa: Soa) -> Answer:
    if response.rcode() == Rcode.NXDOMAIN:
        return Answer(Found.NO_NAME, (), soa)
    values = tuple(_text(rdata, rdtype) for rrset in response.answer if rrset.rdtype == rdtype for rdata in rrset)
    return Answer(Found.ANSWER if values else Found.NO_TYPE, values, soa)


def _text(rdata: Any, rdtype: RdataType) -> str:
    if rdtype == RdataType.TXT:
        return b"".join(rdata.strings).decode("utf-8", "replace")
    return str(rdata.to_text()).lower().removesuffix(".")


def _soa(zone: Zone) -> Soa:
    soa = zone.snapshot.soa
    primary, admin = (str(name).removesuffix(".") for name in (soa.mname, soa.rname))
    return Soa(primary, admin, soa.serial)
