"""Whatever a zone holds, each answer of its server can be proven, and no proof fits what it does not prove."""

import string
from datetime import UTC, datetime

import pytest
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.clock import SystemClock
from cockpit.drill.dns.cache import Entry, Held
from cockpit.drill.dns.chains import Nsec3
from cockpit.drill.dns.keys import ZoneKey
from cockpit.drill.dns.lookup import Found, look_up
from cockpit.drill.dns.records import SignedSet, absolute
from cockpit.drill.dns.validation import answer_problem
from cockpit.drill.dns.zones import NameServerName, Zone

ORIGIN = absolute("zone.example")
SERVERS = [NameServerName(absolute("ns.zone.example"), "192.0.2.1")]
KEY = ZoneKey.generate()

labels = st.sampled_from(["*", "a", "b", "c", "_d", "z9"])
names = st.lists(labels, min_size=1, max_size=3).map(
    lambda parts: Name((*(part.encode() for part in parts), *ORIGIN.labels))
)
asked_labels = st.sampled_from(["a", "b", "c", "_d", "z9", "q", *string.ascii_lowercase[:3]])
asked_names = st.lists(asked_labels, min_size=0, max_size=4).map(
    lambda parts: Name((*(part.encode() for part in parts), *ORIGIN.labels))
)
types = st.sampled_from([RdataType.A, RdataType.TXT, RdataType.MX])


chains = st.sampled_from([None, Nsec3(), Nsec3(b"\xab\xcd", 3)])


def zone_with(owners: set[Name], nsec3: Nsec3 | None = None) -> Zone:
    zone = Zone(ORIGIN, SERVERS, SystemClock(), nsec3=nsec3)
    zone.set_keys((KEY,))
    for owner in owners:
        zone.publish(owner, "A", "192.0.2.7")
    return zone


def as_entry(found: Found, name: Name, rdtype: RdataType) -> Entry:
    def held(entry: SignedSet) -> Held:
        return Held(entry.name, entry.rdataset, entry.rrsigs)

    return Entry(
        name=name,
        rdtype=rdtype,
        zone=ORIGIN,
        expires_at=0.0,
        rcode=found.rcode,
        held=held(found.answer[0]) if found.answer else None,
        proofs=tuple(held(entry) for entry in found.authority),
    )


@settings(max_examples=120, deadline=None)
@given(owners=st.sets(names, max_size=6), name=asked_names, rdtype=types, chain=chains)
def test_each_answer_and_each_denial_is_proven(
    owners: set[Name], name: Name, rdtype: RdataType, chain: Nsec3 | None
) -> None:
    zone = zone_with(owners, chain)
    entry = as_entry(look_up(zone.snapshot, name, rdtype), name, rdtype)
    keys = zone.snapshot.nodes[ORIGIN][RdataType.DNSKEY]
    assert answer_problem(entry, ORIGIN, keys, datetime.now(UTC).timestamp()) is None


@settings(max_examples=120, deadline=None)
@given(owners=st.sets(names, max_size=6), name=asked_names, other=asked_names, chain=chains)
def test_no_denial_of_one_name_serves_to_deny_another_that_exists(
    owners: set[Name], name: Name, other: Name, chain: Nsec3 | None
) -> None:
    zone = zone_with(owners, chain)
    denial = look_up(zone.snapshot, name, RdataType.TXT)
    truth = look_up(zone.snapshot, other, RdataType.A)
    if denial.rcode != Rcode.NXDOMAIN or truth.rcode == Rcode.NXDOMAIN:
        return
    misused = as_entry(denial, other, RdataType.A)
    keys = zone.snapshot.nodes[ORIGIN][RdataType.DNSKEY]
    assert answer_problem(misused, ORIGIN, keys, datetime.now(UTC).timestamp()) is not None


@pytest.mark.parametrize("chain", [None, Nsec3()])
def test_a_delegation_says_nothing_about_what_is_below_it(chain: Nsec3 | None) -> None:
    zone = zone_with(set(), chain)
    zone.publish("child.zone.example", "NS", "ns.elsewhere.example.")
    soa = zone.snapshot.get(ORIGIN, RdataType.SOA)
    assert soa is not None
    every = list(zone.snapshot.denial or ())
    forged = as_entry(
        Found(rcode=Rcode.NXDOMAIN, authority=[soa, *every]), absolute("www.child.zone.example"), RdataType.A
    )
    keys = zone.snapshot.nodes[ORIGIN][RdataType.DNSKEY]
    assert answer_problem(forged, ORIGIN, keys, datetime.now(UTC).timestamp()) is not None
