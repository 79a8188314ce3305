"""How the simulated AWS reaches the drill's DNS: SES asks the name servers, Route 53 changes the zones."""

from collections.abc import Sequence
from typing import Any

import dns.message
import dns.rdatatype
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from cockpit.drill.aws.lookup import Answer, Found, Soa
from cockpit.drill.aws.route53 import RecordSet
from cockpit.drill.dns import DnsNetwork, FaultKind, Zone
from cockpit.drill.dns.records import MADE_BY_SIGNER, absolute


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

    def __init__(self, network: DnsNetwork, names: Sequence[str]) -> None:
        self._network = network
        self._names = tuple(names)

    def names(self) -> Sequence[str]:
        """The zones' names with the trailing dot."""
        return self._names

    def records(self, zone: str) -> Sequence[RecordSet]:
        """All record sets but those that the signer makes."""
        found = []
        for entry in self._network.tree.zone(zone).snapshot.everything():
            kind = entry.rdataset.rdtype
            if kind not in MADE_BY_SIGNER:
                values = tuple(rdata.to_text() for rdata in entry.rdataset)
                found.append(RecordSet(entry.name.to_text(), kind.name, entry.rdataset.ttl, values))
        return found

    def replace(self, zone: str, record: RecordSet) -> None:
        """Make a record set so; raises BadInput."""
        held = self._network.tree.zone(zone)
        held.replace(record.name, record.kind, *record.values, ttl_s=record.ttl_s, by="route53")

    def remove(self, zone: str, name: str, kind: str) -> None:
        """Take a record set away; raises BadInput."""
        self._network.tree.zone(zone).withdraw(name, kind, by="route53")


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
