"""Servers that are awkward rather than dead: lame, without EDNS, without TCP, at odds with their parent, at ::1."""

import asyncio
from collections.abc import AsyncIterator

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.tsig
import pytest
from dns.edns import CookieOption, EDECode, EDEOption
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from cockpit.drill.dns import Authority, DnsNetwork, Nsec3, Resolver, add_public_suffixes, fault, has_ipv6_loopback
from cockpit.errors import BadInput
from cockpit.profile import Profile
from tests.drill.dns.conftest import NS1, NS2, Ask, HandClock, port_of, types_in, values_in

CLIENT_COOKIE = b"\x01\x23\x45\x67\x89\xab\xcd\xef"


@pytest.fixture
def ns1(network: DnsNetwork) -> Authority:
    return network.authorities_of("shop.example")[0]


@pytest.fixture
def resolver(network: DnsNetwork) -> Resolver:
    return network.resolver("one")


def codes_in(response: dns.message.Message) -> list[EDECode]:
    return [option.code for option in response.options if isinstance(option, EDEOption)]


# Denial by hash, and redirection


async def test_a_missing_name_is_denied_by_hash_and_validated(network: DnsNetwork, ask: Ask) -> None:
    server = network.authorities_of("hashed.example")[0]
    denial = await ask(server, "a.b.hashed.example", dnssec=True)
    assert denial.rcode() == Rcode.NXDOMAIN
    assert set(types_in(denial.authority)) == {"SOA", "RRSIG", "NSEC3"}
    assert all(
        rrset[0].iterations == 0 and rrset[0].flags == 0
        for rrset in denial.authority
        if "NSEC3" in str(rrset.rdtype.name)
    )
    judged = await ask(network.resolver("one"), "a.b.hashed.example", dnssec=True)
    assert (judged.rcode(), bool(judged.flags & dns.flags.AD)) == (Rcode.NXDOMAIN, True)


async def test_an_answer_from_a_wildcard_in_a_hashed_zone_is_proven(network: DnsNetwork, ask: Ask) -> None:
    response = await ask(network.resolver("one"), "any.wild.hashed.example", dnssec=True)
    assert values_in(response) == ["203.0.113.16"]
    assert types_in(response.authority) == ["NSEC3", "RRSIG"]
    assert response.flags & dns.flags.AD


async def test_too_many_iterations_count_as_unsigned_and_say_so(network: DnsNetwork, ask: Ask) -> None:
    network.tree.zone("hashed.example").deny_by(Nsec3(b"\xaa", 500))
    response = await ask(network.resolver("one"), "nothing.hashed.example", dnssec=True)
    assert response.rcode() == Rcode.NXDOMAIN
    assert not response.flags & dns.flags.AD
    assert codes_in(response) == [EDECode.UNSUPPORTED_NSEC3_ITERATIONS_VALUE]


async def test_a_redirected_tree_answers_with_dname_and_alias(network: DnsNetwork, ask: Ask) -> None:
    server = network.authorities_of("hashed.example")[0]
    inside = await ask(server, "a.old.hashed.example", dnssec=True)
    assert types_in(inside.answer) == ["DNAME", "RRSIG", "CNAME", "A", "RRSIG"]
    abroad = await ask(network.resolver("one"), "www.gone.hashed.example", dnssec=True)
    assert types_in(abroad.answer) == ["DNAME", "RRSIG", "CNAME", "A", "RRSIG"]
    assert abroad.flags & dns.flags.AD


async def test_a_redirection_to_a_name_that_is_too_long_is_yxdomain(network: DnsNetwork, ask: Ask) -> None:
    far = ".".join(["x" * 60] * 3)
    network.tree.publish("far.hashed.example", "DNAME", f"{far}.example.")
    server = network.authorities_of("hashed.example")[0]
    assert (await ask(server, f"{'y' * 60}.{'z' * 9}.far.hashed.example")).rcode() == Rcode.YXDOMAIN


async def test_a_chain_of_aliases_that_is_too_long_is_a_failure(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    for number in range(14):
        network.tree.publish(f"c{number}.shop.example", "CNAME", f"c{number + 1}.shop.example.")
    network.tree.publish("c14.shop.example", "A", "203.0.113.77")
    assert (await ask(resolver, "c0.shop.example")).rcode() == Rcode.SERVFAIL
    assert values_in(await ask(resolver, "c8.shop.example"))[-1] == "c9.shop.example."


async def test_a_doubled_name_is_found_where_nobody_looks_for_it(network: DnsNetwork, ask: Ask) -> None:
    network.tree.publish("new._domainkey.shop.example.shop.example", "TXT", "v=DKIM1; p=")
    wanted = await ask(network.resolver("one"), "new._domainkey.shop.example", "TXT")
    assert wanted.rcode() == Rcode.NXDOMAIN
    doubled = await ask(network.resolver("one"), "new._domainkey.shop.example.shop.example", "TXT")
    assert values_in(doubled) == ['"v=DKIM1; p="']


# Faults


async def test_a_lame_server_points_back_at_the_root(
    network: DnsNetwork, ns1: Authority, resolver: Resolver, ask: Ask
) -> None:
    ns1.inject(fault("lame", under="shop.example"))
    response = await ask(ns1, "www.shop.example")
    assert (response.rcode(), response.answer) == (Rcode.NOERROR, [])
    assert not response.flags & dns.flags.AA
    assert response.authority[0].name == dns.name.root
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.10"]
    resolver.flush()
    network.authorities_of("shop.example")[1].inject(fault("lame", under="shop.example"))
    lost = await ask(resolver, "www.shop.example")
    assert lost.rcode() == Rcode.SERVFAIL
    assert codes_in(lost) == [EDECode.NO_REACHABLE_AUTHORITY]


@pytest.mark.parametrize(
    ("kind", "rcode", "speaks"), [("no-edns", Rcode.FORMERR, False), ("bad-edns", Rcode.BADVERS, True)]
)
async def test_a_server_that_cannot_take_edns_answers_without_it(
    ns1: Authority, ask: Ask, kind: str, rcode: Rcode, speaks: bool
) -> None:
    ns1.inject(fault(kind))
    refused = await ask(ns1, "www.shop.example")
    assert (refused.rcode(), refused.edns >= 0, refused.answer) == (rcode, speaks, [])
    assert values_in(await ask(ns1, "www.shop.example", payload=None)) == ["203.0.113.10"]


async def test_a_resolver_prefers_servers_with_edns_and_makes_do_without(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    first, second = network.authorities_of("shop.example")
    first.inject(fault("no-edns"))
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.10"]
    second.inject(fault("no-edns"))
    resolver.flush()
    assert values_in(await ask(resolver, "www.plain.example", flags=dns.flags.RD | dns.flags.CD)) == [
        "203.0.113.13"
    ]
    unsigned = await ask(resolver, "www.shop.example")
    assert unsigned.rcode() == Rcode.SERVFAIL


async def test_a_resolver_that_cannot_take_edns_is_asked_plainly(resolver: Resolver, ask: Ask) -> None:
    resolver.inject(fault("no-edns"))
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.FORMERR
    assert values_in(await ask(resolver, "www.shop.example", payload=None)) == ["203.0.113.10"]


async def test_where_tcp_is_blocked_a_big_answer_is_out_of_reach(
    network: DnsNetwork, ns1: Authority, resolver: Resolver, ask: Ask
) -> None:
    for server in network.authorities_of("shop.example"):
        server.inject(fault("no-tcp"))
    assert (await ask(ns1, "big.shop.example", "TXT")).flags & dns.flags.TC
    with pytest.raises(dns.exception.Timeout):
        await ask(ns1, "big.shop.example", "TXT", tcp=True, timeout=0.2)
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.10"]
    assert (await ask(resolver, "big.shop.example", "TXT", tcp=True)).rcode() == Rcode.SERVFAIL


async def test_a_resolver_whose_tcp_is_blocked_answers_what_fits(resolver: Resolver, ask: Ask) -> None:
    resolver.inject(fault("no-tcp"))
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.10"]
    with pytest.raises(dns.exception.Timeout):
        await ask(resolver, "www.shop.example", tcp=True, timeout=0.2)


async def test_each_resolver_is_slow_or_short_for_itself(network: DnsNetwork, ask: Ask) -> None:
    one, two = network.resolver("one"), network.resolver("two")
    one.inject(fault("latency", latency_s=0.4))
    two.inject(fault("truncate"))
    with pytest.raises(dns.exception.Timeout):
        await ask(one, "www.shop.example", timeout=0.1)
    short = await ask(two, "www.shop.example", timeout=0.3)
    assert short.flags & dns.flags.TC
    assert values_in(await ask(two, "www.shop.example", tcp=True)) == ["203.0.113.10"]


async def test_parent_and_child_may_disagree_about_the_name_servers(
    network: DnsNetwork, resolver: Resolver, ask: Ask
) -> None:
    network.tree.redelegate("shop.example", "ns1.hosting.example", "ns9.hosting.example")
    parent = await ask(network.authority("a.nic.example"), "www.shop.example")
    child = await ask(network.authorities_of("shop.example")[0], "shop.example", "NS")
    assert values_in(child) == ["ns1.hosting.example.", "ns2.hosting.example."]
    handed = [rdata.to_text() for rrset in parent.authority for rdata in rrset if rrset.rdtype == RdataType.NS]
    assert sorted(handed) == ["ns1.hosting.example.", "ns9.hosting.example."]
    assert values_in(await ask(resolver, "www.shop.example")) == ["203.0.113.10"]


async def test_glue_may_differ_from_what_the_zone_says(network: DnsNetwork, ask: Ask) -> None:
    network.tree.redelegate("hosting.example", "ns1.hosting.example", glue={"ns1.hosting.example": "203.0.113.99"})
    referral = await ask(network.authority("a.nic.example"), "hosting.example")
    assert "203.0.113.99" in [rdata.to_text() for rrset in referral.additional for rdata in rrset]
    said = await ask(network.authority("ns1.hosting.example"), "ns1.hosting.example")
    assert values_in(said) == ["203.0.113.1"]


# Stale answers


def silence(network: DnsNetwork) -> None:
    for server in network.authorities_of("shop.example"):
        server.inject(fault("refused"))


async def test_an_answer_past_its_time_is_given_when_nobody_can_be_asked(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    resolver.serve_stale = True
    await ask(resolver, "www.shop.example")
    await ask(resolver, "nothing.shop.example")
    silence(network)
    clock.advance(61)
    stale = await ask(resolver, "www.shop.example")
    assert (values_in(stale), stale.answer[0].ttl) == (["203.0.113.10"], 30)
    assert codes_in(stale)[0] == EDECode.STALE_ANSWER
    gone = await ask(resolver, "nothing.shop.example")
    assert (gone.rcode(), codes_in(gone)[0]) == (Rcode.NXDOMAIN, EDECode.STALE_NXDOMAIN_ANSWER)
    assert (await ask(resolver, "never.shop.example")).rcode() == Rcode.SERVFAIL
    assert (await ask(network.resolver("two"), "www.shop.example")).rcode() == Rcode.SERVFAIL


async def test_a_stale_answer_ends_with_the_outage_or_after_a_day(
    network: DnsNetwork, resolver: Resolver, ask: Ask, clock: HandClock
) -> None:
    resolver.serve_stale = True
    await ask(resolver, "www.shop.example")
    silence(network)
    clock.advance(61)
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.NOERROR
    clock.advance(40_000)
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.NOERROR
    clock.advance(50_000)
    assert (await ask(resolver, "www.shop.example")).rcode() == Rcode.SERVFAIL
    for server in network.authorities_of("shop.example"):
        server.heal()
    clock.advance(2)
    fresh = await ask(resolver, "www.shop.example")
    assert (values_in(fresh), codes_in(fresh), fresh.answer[0].ttl) == (["203.0.113.10"], [], 60)


# Transport


async def test_a_cookie_comes_back_with_one_of_the_servers(network: DnsNetwork, resolver: Resolver) -> None:
    for server in (resolver, network.authorities_of("shop.example")[0]):
        query = dns.message.make_query(
            "www.shop.example", "A", use_edns=0, options=[CookieOption(CLIENT_COOKIE, b"")]
        )
        host, port = port_of(network, server)
        response = await dns.asyncquery.udp(query, host, 2.0, port)
        (cookie,) = [option for option in response.options if isinstance(option, CookieOption)]
        assert (cookie.client, len(cookie.server)) == (CLIENT_COOKIE, 8)


async def test_an_incremental_transfer_is_answered_whole_or_not_at_all(network: DnsNetwork, ns1: Authority) -> None:
    key = network.keyring.create("operator.", zones=["shop.example"])
    serial = network.tree.zone("shop.example").serial
    host, port = port_of(network, ns1)

    async def ixfr(known: int, *, tcp: bool) -> list[str]:
        query = dns.message.make_query("shop.example", "IXFR")
        query.authority.append(
            dns.rrset.from_text("shop.example.", 0, "IN", "SOA", f"ns1.hosting.example. h.example. {known} 1 1 1 1")
        )
        query.use_tsig(dns.tsig.Key(key.name, key.secret, key.algorithm))
        exchange = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        return types_in((await exchange(query, host, 2.0, port)).answer)

    whole = await ixfr(serial - 1, tcp=True)
    assert (whole[0], "A" in whole, "NSEC" in whole) == ("SOA", True, True)
    assert await ixfr(serial, tcp=True) == ["SOA"]
    assert await ixfr(serial - 1, tcp=False) == ["SOA"]


async def test_one_loopback_address_is_enough_for_everything(network: DnsNetwork) -> None:
    hosts = {target.rpartition(":")[0] for target in network.dial.values()}
    ports = [target.rpartition(":")[2] for target in network.dial.values()]
    assert hosts == {"127.0.0.1"}
    assert len(set(ports)) == len(ports) == len(network.authorities) + len(network.resolvers)


@pytest.fixture
async def dual(clock: HandClock) -> AsyncIterator[DnsNetwork]:
    if not has_ipv6_loopback():
        pytest.skip("this machine has no ::1")
    net = DnsNetwork(clock)
    add_public_suffixes(net)
    net.add_zone("hosting.example", [(*NS1, "2001:db8:53::1"), NS2])
    net.add_zone("shop.example", [(*NS1, "2001:db8:53::1"), NS2]).publish(
        "www.shop.example", "AAAA", "2001:db8::80"
    )
    net.add_resolver("one", "198.51.100.1", "2001:db8:51::1")
    await net.start()
    yield net
    await net.close()


async def test_servers_with_two_addresses_answer_at_both(dual: DnsNetwork) -> None:
    profile = Profile(dial=dual.dial, loopback_only=True)
    for address in ("203.0.113.1", "2001:db8:53::1", "198.51.100.1", "2001:db8:51::1"):
        host, port = profile.dialled(address, 53)
        assert host == ("::1" if ":" in address else "127.0.0.1")
        query = dns.message.make_query("www.shop.example", "AAAA")
        for exchange in (dns.asyncquery.udp, dns.asyncquery.tcp):
            assert values_in(await exchange(query, host, 2.0, port)) == ["2001:db8::80"]


async def test_a_referral_carries_glue_of_both_families(dual: DnsNetwork) -> None:
    parent = dual.authority("a.nic.example")
    referral = await parent.exchange(dns.message.make_query("www.hosting.example", "A"))
    glue = {rdata.to_text() for rrset in referral.additional for rdata in rrset}
    assert glue == {"203.0.113.1", "2001:db8:53::1", "203.0.113.2"}
    own = await dual.authority("ns1.hosting.example").exchange(
        dns.message.make_query("ns1.hosting.example", "AAAA")
    )
    assert values_in(own) == ["2001:db8:53::1"]


async def test_a_resolver_goes_by_ipv6_where_there_is_nothing_else(dual: DnsNetwork) -> None:
    dual.tree.zone("example.").withdraw("ns1.hosting.example", "A")
    dual.tree.zone("example.").withdraw("ns2.hosting.example", "A")
    resolution = await asyncio.wait_for(dual.resolver("one").resolve("www.shop.example", "AAAA"), 5)
    assert resolution.values == ("2001:db8::80",)


def test_a_name_server_keeps_its_addresses(clock: HandClock) -> None:
    net = DnsNetwork(clock)
    add_public_suffixes(net)
    net.add_zone("hosting.example", [(*NS1, "2001:db8:53::1")])
    with pytest.raises(BadInput, match="has the addresses"):
        net.add_zone("shop.example", [(*NS1, "2001:db8:53::2")])
    with pytest.raises(BadInput, match="belongs to"):
        net.add_zone("shop.example", [("ns7.hosting.example", "203.0.113.7", "2001:db8:53::1")])
