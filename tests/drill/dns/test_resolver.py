"""A resolver caches, counts down, follows, validates and fails as real ones do."""

import asyncio

import dns.exception
import dns.flags
import dns.message
import pytest
from dns.edns import EDECode
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from cockpit.drill.dns import DnsNetwork, Flaw, Resolver, add_public_suffixes, fault
from cockpit.drill.dns.cache import Cache, Entry
from cockpit.drill.dns.records import absolute, record_type
from tests.drill.dns.conftest import LONG_KEY, Ask, HandClock, types_in, values_in


@pytest.fixture
def resolver(network: DnsNetwork) -> Resolver:
    return network.resolver("one")


async def test_an_answer_is_validated_and_not_authoritative(resolver: Resolver, ask: Ask) -> None:
    response = await ask(resolver, "www.shop.example", dnssec=True)
    assert values_in(response) == ["203.0.113.10"]
    assert response.flags & dns.flags.AD
    assert response.flags & dns.flags.RA
    assert not response.flags & dns.flags.AA
    assert types_in(response.answer) == ["A", "RRSIG"]


async def test_without_do_or_ad_the_answer_says_nothing_about_dnssec(resolver: Resolver, ask: Ask) -> None:
    response = await ask(resolver, "www.shop.example")
    assert types_in(response.answer) == ["A"]
    assert not response.flags & dns.flags.AD
    assert (await ask(resolver, "www.shop.example", flags=dns.flags.RD | dns.flags.AD)).flags & dns.flags.AD


async def test_ttls_count_down_and_run_out(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    assert (await ask(resolver, "www.shop.example")).answer[0].ttl == 60
    clock.advance(12.5)
    assert (await ask(resolver, "www.shop.example")).answer[0].ttl == 48
    network.tree.replace("www.shop.example", "A", "203.0.113.99")
    clock.advance(47)
    late = await ask(resolver, "www.shop.example")
    assert (late.answer[0].ttl, values_in(late)) == (1, ["203.0.113.10"])
    clock.advance(1)
    fresh = await ask(resolver, "www.shop.example")
    assert (fresh.answer[0].ttl, values_in(fresh)) == (60, ["203.0.113.99"])


async def test_each_resolver_has_a_cache_of_its_own(network: DnsNetwork, resolver: Resolver, ask: Ask) -> None:
    await ask(resolver, "www.shop.example")
    network.tree.replace("www.shop.example", "A", "203.0.113.99")
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.10"]
    assert values_in(await ask(network.resolver("two"), "www.shop.example")) == ["203.0.113.99"]


async def test_that_a_name_is_missing_is_remembered_for_the_soa_minimum(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    missing = await ask(resolver, "soon.shop.example", "TXT", dnssec=True)
    assert missing.rcode() == Rcode.NXDOMAIN
    assert missing.flags & dns.flags.AD
    assert {rrset.ttl for rrset in missing.authority} == {30}
    network.tree.publish("soon.shop.example", "TXT", "here")
    clock.advance(29)
    assert (await ask(resolver, "soon.shop.example", "TXT")).rcode() == Rcode.NXDOMAIN
    assert (await ask(resolver, "soon.shop.example", "A")).rcode() == Rcode.NXDOMAIN
    clock.advance(1)
    assert values_in(await ask(resolver, "soon.shop.example", "TXT")) == ['"here"']


async def test_a_missing_type_and_a_wildcard_are_proven(resolver: Resolver, ask: Ask) -> None:
    for name, rdtype in (("www.shop.example", "MX"), ("under.shop.example", "A"), ("any.wild.shop.example", "TXT")):
        response = await ask(resolver, name, rdtype, dnssec=True)
        assert (response.rcode(), response.answer) == (Rcode.NOERROR, [])
        assert response.flags & dns.flags.AD
    wild = await ask(resolver, "any.wild.shop.example", dnssec=True)
    assert values_in(wild) == ["203.0.113.12"]
    assert wild.flags & dns.flags.AD
    assert types_in(wild.authority) == ["NSEC", "RRSIG"]


async def test_an_alias_is_followed_across_the_tree(resolver: Resolver, ask: Ask) -> None:
    response = await ask(resolver, "key._domainkey.shop.example", "TXT", dnssec=True)
    assert types_in(response.answer) == ["CNAME", "RRSIG", "TXT", "RRSIG"]
    assert b"".join(response.answer[2][0].strings).decode() == LONG_KEY
    assert response.flags & dns.flags.AD


@pytest.mark.parametrize("first", ["TXT", "CNAME"])
async def test_an_alias_in_the_cache_is_followed_by_every_type_but_its_own(
    resolver: Resolver, ask: Ask, first: str
) -> None:
    await ask(resolver, "key._domainkey.shop.example", first)
    assert types_in((await ask(resolver, "key._domainkey.shop.example", "CNAME")).answer) == ["CNAME"]
    assert types_in((await ask(resolver, "key._domainkey.shop.example", "TXT")).answer) == ["CNAME", "TXT"]


async def test_an_alias_in_a_circle_is_a_failure_and_not_a_hang(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    network.tree.publish("a.shop.example", "CNAME", "b.shop.example.")
    network.tree.publish("b.shop.example", "CNAME", "a.shop.example.")
    assert (await ask(resolver, "a.shop.example")).rcode() == Rcode.SERVFAIL


async def test_an_unsigned_zone_is_answered_without_ad(resolver: Resolver, ask: Ask) -> None:
    response = await ask(resolver, "www.plain.example", dnssec=True)
    assert values_in(response) == ["203.0.113.13"]
    assert not response.flags & dns.flags.AD


async def test_name_servers_without_glue_are_found(network: DnsNetwork, resolver: Resolver, ask: Ask) -> None:
    network.add_zone("partner.com", [("ns1.hosting.example", "203.0.113.1")]).publish(
        "www.partner.com", "A", "203.0.113.70"
    )
    assert values_in(await ask(resolver, "www.partner.com")) == ["203.0.113.70"]


async def test_name_servers_that_name_each_other_are_a_failure_and_not_a_hang(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    network.tree.publish("x.com", "NS", "ns.y.com.")
    network.tree.publish("y.com", "NS", "ns.x.com.")
    assert (await ask(resolver, "www.x.com")).rcode() == Rcode.SERVFAIL


# Validation


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        (Flaw.EXPIRED, EDECode.SIGNATURE_EXPIRED),
        (Flaw.NOT_YET_VALID, EDECode.SIGNATURE_NOT_YET_VALID),
        (Flaw.FORGED, EDECode.DNSSEC_BOGUS),
        (Flaw.ABSENT, EDECode.RRSIGS_MISSING),
    ],
)
async def test_a_zone_with_spoilt_signatures_is_servfail_with_the_reason(
    network: DnsNetwork, resolver: Resolver, ask: Ask, flaw: Flaw, code: EDECode
) -> None:
    network.tree.zone("shop.example").spoil_signatures(flaw)
    response = await ask(resolver, "www.shop.example", dnssec=True)
    assert response.rcode() == Rcode.SERVFAIL
    assert [error.code for error in response.extended_errors()] == [code]
    unchecked = await ask(resolver, "www.shop.example", dnssec=True, flags=dns.flags.RD | dns.flags.CD)
    assert values_in(unchecked) == ["203.0.113.10"]
    assert not unchecked.flags & dns.flags.AD
    assert values_in(await ask(resolver, "www.plain.example")) == ["203.0.113.13"]


async def test_a_broken_chain_shows_only_when_what_was_cached_runs_out(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.NOERROR
    network.tree.zone("shop.example").roll_key()
    assert (await ask(resolver, "deep.under.shop.example")).rcode() == Rcode.SERVFAIL
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.NOERROR
    clock.advance(61)
    broken = await ask(resolver, "www.shop.example", dnssec=True)
    assert broken.rcode() == Rcode.SERVFAIL
    assert broken.extended_errors()[0].code == EDECode.DNSKEY_MISSING


async def test_a_repaired_ds_helps_when_the_old_one_has_run_out(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    network.tree.zone("shop.example").roll_key()
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.SERVFAIL
    network.tree.publish_ds("shop.example")
    clock.advance(61)
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.SERVFAIL
    clock.advance(300)
    healed = await ask(resolver, "www.shop.example", dnssec=True)
    assert healed.rcode() == Rcode.NOERROR
    assert healed.flags & dns.flags.AD


async def test_a_zone_that_stops_signing_stays_broken_while_its_ds_remains(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    network.tree.zone("shop.example").set_keys(())
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.SERVFAIL
    network.tree.publish_ds("shop.example")
    clock.advance(400)
    response = await ask(resolver, "www.shop.example", dnssec=True)
    assert values_in(response) == ["203.0.113.10"]
    assert not response.flags & dns.flags.AD


async def test_a_lie_from_an_authoritative_server_is_found_out(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    for server in network.authorities_of("shop.example"):
        server.inject(fault("lie", under="www.shop.example", rdtype="A", values=["203.0.113.66"]))
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.SERVFAIL


async def test_a_resolver_without_anchors_believes_everything(network: DnsNetwork, ask: Ask) -> None:
    trusting = network.add_resolver("trusting", "198.51.100.9", validating=False)
    await network.start()
    network.tree.zone("shop.example").spoil_signatures("forged")
    response = await ask(trusting, "www.shop.example", dnssec=True)
    assert values_in(response) == ["203.0.113.10"]
    assert not response.flags & dns.flags.AD


# The way down the tree


@pytest.mark.parametrize("kind", ["timeout", "servfail", "refused"])
async def test_one_good_name_server_is_enough(network: DnsNetwork, resolver: Resolver, ask: Ask, kind: str) -> None:
    network.authority("ns1.hosting.example").inject(fault(kind))
    for name in ("www.shop.example", "deep.under.shop.example"):
        assert (await ask(resolver, name)).rcode() == Rcode.NOERROR


async def test_when_all_name_servers_fail_the_answer_says_which_zone(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    network.tree.zone("shop.example").take_down()
    response = await ask(resolver, "www.shop.example")
    assert response.rcode() == Rcode.SERVFAIL
    (error,) = response.extended_errors()
    assert error.code == EDECode.NO_REACHABLE_AUTHORITY
    assert error.text is not None
    assert "at shop.example.: " in error.text
    assert "203.0.113.1 answered REFUSED" in error.text


async def test_a_failure_is_asked_again_after_a_moment(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    zone = network.tree.zone("shop.example")
    zone.take_down()
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.SERVFAIL
    zone.bring_back()
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.SERVFAIL
    clock.advance(1.1)
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.NOERROR


async def test_the_same_question_at_the_same_time_is_asked_upstream_once(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    await ask(resolver, "www.shop.example", "TXT")
    servers = network.authorities_of("shop.example")
    before = sum(server.log.total for server in servers)
    await asyncio.gather(*(ask(resolver, "www.shop.example", "MX") for _ in range(20)))
    assert sum(server.log.total for server in servers) == before + 1


async def test_a_stale_secondary_makes_resolvers_disagree(network: DnsNetwork, ask: Ask) -> None:
    network.authority("ns2.hosting.example").inject(fault("stale"))
    network.tree.replace("www.shop.example", "A", "203.0.113.99")
    seen: set[str] = set()
    for number in range(6):
        resolver = network.add_resolver(f"r{number}", f"198.51.100.{100 + number}")
        seen.update((await resolver.resolve("www.shop.example", "A")).values)
    assert seen == {"203.0.113.10", "203.0.113.99"}


# What clients may ask


async def test_without_rd_only_the_cache_answers(resolver: Resolver, ask: Ask) -> None:
    assert (await ask(resolver, "www.shop.example", flags=0)).answer == []
    await ask(resolver, "www.shop.example")
    assert values_in(await ask(resolver, "www.shop.example", flags=0)) == ["203.0.113.10"]


@pytest.mark.parametrize("rdtype", ["ANY", "RRSIG", "AXFR"])
async def test_what_no_public_resolver_answers_is_not_implemented(
    resolver: Resolver, ask: Ask, rdtype: str
) -> None:
    assert (await ask(resolver, "shop.example", rdtype, tcp=True)).rcode() == Rcode.NOTIMP


async def test_a_big_answer_is_truncated_and_comes_whole_over_tcp(resolver: Resolver, ask: Ask) -> None:
    assert (await ask(resolver, "big.shop.example", "TXT")).flags & dns.flags.TC
    assert len(values_in(await ask(resolver, "big.shop.example", "TXT", tcp=True))) == 2


async def test_flushing_forgets_below_a_name_only(network: DnsNetwork, resolver: Resolver, ask: Ask) -> None:
    for name in ("www.shop.example", "www.plain.example"):
        await ask(resolver, name)
    network.tree.replace("www.shop.example", "A", "203.0.113.99")
    network.tree.replace("www.plain.example", "A", "203.0.113.98")
    assert resolver.flush("shop.example") > 0
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.99"]
    assert values_in(await ask(resolver, "www.plain.example")) == ["203.0.113.13"]


# Faults


async def test_a_silent_resolver_answers_nothing(resolver: Resolver, ask: Ask) -> None:
    resolver.inject(fault("timeout", under="shop.example"))
    with pytest.raises(dns.exception.Timeout):
        await ask(resolver, "www.shop.example", timeout=0.2)
    assert values_in(await ask(resolver, "www.plain.example"))


@pytest.mark.parametrize("kind", ["servfail", "refused", "nxdomain"])
async def test_a_faulty_resolver_answers_just_that_until_it_is_healed(
    resolver: Resolver, ask: Ask, kind: str
) -> None:
    await ask(resolver, "www.shop.example")
    resolver.inject(fault(kind))
    assert (await ask(resolver, "www.shop.example")).rcode().name == kind.upper()
    resolver.heal()
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.NOERROR


async def test_a_stale_resolver_never_learns_and_says_so(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    await ask(resolver, "www.shop.example")
    resolver.inject(fault("stale"))
    network.tree.replace("www.shop.example", "A", "203.0.113.99")
    clock.advance(600)
    response = await ask(resolver, "www.shop.example", dnssec=True)
    assert values_in(response) == ["203.0.113.10"]
    assert response.answer[0].ttl == 30
    assert [error.code for error in response.extended_errors()] == [EDECode.STALE_ANSWER]
    resolver.heal()
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.99"]


async def test_a_lying_resolver_answers_fixed_values_without_ad(resolver: Resolver, ask: Ask) -> None:
    resolver.inject(fault("lie", under="www.shop.example", rdtype="A", values=["203.0.113.66"]))
    response = await ask(resolver, "www.shop.example", dnssec=True)
    assert values_in(response) == ["203.0.113.66"]
    assert not response.flags & dns.flags.AD


async def test_a_truncating_resolver_answers_over_tcp_only(resolver: Resolver, ask: Ask) -> None:
    resolver.inject(fault("truncate"))
    assert (await ask(resolver, "www.shop.example")).flags & dns.flags.TC
    assert values_in(await ask(resolver, "www.shop.example", tcp=True)) == ["203.0.113.10"]


async def test_speed_shortens_what_is_cached(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    network.speed = 20.0
    assert (await ask(resolver, "www.shop.example")).answer[0].ttl == 3
    assert (await ask(resolver, "not.shop.example", dnssec=True)).authority[0].ttl == 2
    network.tree.replace("www.shop.example", "A", "203.0.113.99")
    clock.advance(3.1)
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.99"]


# Bounds and strangers


def test_the_cache_is_bounded_and_forgets_what_was_used_least(clock: HandClock) -> None:
    cache = Cache(limit=3)
    for number in range(5):
        name = absolute(f"n{number}.example")
        cache.put(Entry(name=name, rdtype=record_type("A"), zone=name, expires_at=clock.monotonic() + 60))
        cache.get(absolute("n0.example"), record_type("A"), clock.monotonic())
    assert len(cache) == 3
    assert {entry.name.to_text() for entry in cache} == {"n0.example.", "n3.example.", "n4.example."}


@given(octets=st.binary(max_size=200))
async def test_no_octets_make_a_resolver_raise(octets: bytes) -> None:
    network = DnsNetwork(HandClock())
    add_public_suffixes(network)
    await network.add_resolver("one", "198.51.100.1").respond(octets, False)


async def test_a_name_server_keeps_answering_after_rubbish(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    host, _, port = network.dial["198.51.100.1:53"].rpartition(":")
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(host, int(port))
    )
    for rubbish in (b"", b"\0", b"x" * 12, b"\xff" * 600, dns.message.make_query("a.", "A").to_wire()[:-3]):
        transport.sendto(rubbish)
    transport.close()
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\xff\xff\0\0")
    writer.close()
    await writer.wait_closed()
    assert values_in(await ask(resolver, "www.shop.example", tcp=True)) == ["203.0.113.10"]
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.10"]
