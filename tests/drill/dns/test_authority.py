"""An authoritative server answers as real ones do."""

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import pytest
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from cockpit.clock import SystemClock
from cockpit.drill.dns import Authority, DnsNetwork, fault
from cockpit.drill.dns.querylog import LOG_LIMIT
from cockpit.drill.dns.tsig import Keyring
from cockpit.errors import BadInput, NotFound
from tests.drill.dns.conftest import LONG_KEY, Ask, port_of, types_in, values_in


@pytest.fixture
def ns1(network: DnsNetwork) -> Authority:
    return network.authority("ns1.hosting.example")


async def test_an_answer_from_its_own_zone_is_authoritative_and_offers_no_recursion(
    ns1: Authority, ask: Ask
) -> None:
    response = await ask(ns1, "www.shop.example")
    assert values_in(response) == ["203.0.113.10"]
    assert response.flags & dns.flags.AA
    assert not response.flags & dns.flags.RA


async def test_signatures_come_only_to_those_who_want_them(ns1: Authority, ask: Ask) -> None:
    assert types_in((await ask(ns1, "www.shop.example")).answer) == ["A"]
    assert types_in((await ask(ns1, "www.shop.example", dnssec=True)).answer) == ["A", "RRSIG"]


async def test_a_name_in_no_zone_of_its_own_is_refused(ns1: Authority, ask: Ask) -> None:
    assert (await ask(ns1, "www.amazonses.com")).rcode() == Rcode.REFUSED


async def test_a_delegation_is_a_referral_with_glue_and_ds(network: DnsNetwork, ask: Ask) -> None:
    response = await ask(network.authority("a.nic.example"), "www.shop.example", dnssec=True)
    assert not response.flags & dns.flags.AA
    assert response.answer == []
    assert types_in(response.authority) == ["NS", "DS", "RRSIG"]
    glue = {rrset.name.to_text(): rrset[0].to_text() for rrset in response.additional}
    assert glue == {"ns1.hosting.example.": "203.0.113.1", "ns2.hosting.example.": "203.0.113.2"}


async def test_a_referral_without_do_carries_no_ds(network: DnsNetwork, ask: Ask) -> None:
    response = await ask(network.authority("a.nic.example"), "www.shop.example")
    assert types_in(response.authority) == ["NS"]


async def test_an_unsigned_delegation_proves_that_there_is_no_ds(network: DnsNetwork, ask: Ask) -> None:
    response = await ask(network.authority("a.nic.example"), "www.plain.example", dnssec=True)
    assert types_in(response.authority) == ["NS", "NSEC", "RRSIG"]


async def test_the_parent_answers_for_ds(network: DnsNetwork, ask: Ask) -> None:
    response = await ask(network.authority("a.nic.example"), "shop.example", "DS")
    assert response.flags & dns.flags.AA
    assert types_in(response.answer) == ["DS"]


async def test_a_missing_type_is_denied_with_soa_and_nsec(ns1: Authority, ask: Ask) -> None:
    response = await ask(ns1, "www.shop.example", "MX", dnssec=True)
    assert response.rcode() == Rcode.NOERROR
    assert response.answer == []
    assert types_in(response.authority) == ["SOA", "RRSIG", "NSEC", "RRSIG"]
    assert response.authority[0].ttl == 30


async def test_a_missing_name_is_denied_together_with_the_wildcard(ns1: Authority, ask: Ask) -> None:
    response = await ask(ns1, "nothing.shop.example", dnssec=True)
    assert response.rcode() == Rcode.NXDOMAIN
    assert types_in(response.authority).count("NSEC") == 2


async def test_without_do_a_denial_is_the_soa_alone(ns1: Authority, ask: Ask) -> None:
    assert types_in((await ask(ns1, "nothing.shop.example")).authority) == ["SOA"]


async def test_an_empty_non_terminal_exists(ns1: Authority, ask: Ask) -> None:
    assert (await ask(ns1, "under.shop.example")).rcode() == Rcode.NOERROR


async def test_a_wildcard_answers_under_the_name_that_was_asked(ns1: Authority, ask: Ask) -> None:
    response = await ask(ns1, "any.wild.shop.example", dnssec=True)
    assert response.answer[0].name.to_text() == "any.wild.shop.example."
    assert "NSEC" in types_in(response.authority)


async def test_an_alias_is_followed_inside_the_zone_and_left_at_its_edge(ns1: Authority, ask: Ask) -> None:
    assert types_in((await ask(ns1, "alias.shop.example")).answer) == ["CNAME", "A"]
    assert types_in((await ask(ns1, "key._domainkey.shop.example", "TXT")).answer) == ["CNAME"]


async def test_an_answer_that_does_not_fit_is_truncated_and_comes_whole_over_tcp(ns1: Authority, ask: Ask) -> None:
    short = await ask(ns1, "big.shop.example", "TXT")
    assert short.flags & dns.flags.TC
    assert short.answer == []
    whole = await ask(ns1, "big.shop.example", "TXT", tcp=True)
    assert len(values_in(whole)) == 2


async def test_without_edns_an_answer_stays_within_512_octets_and_speaks_no_edns(ns1: Authority, ask: Ask) -> None:
    response = await ask(ns1, "key._domainkey.shop.example", "TXT", payload=None)
    assert response.edns == -1
    big = await ask(ns1, "big.shop.example", "TXT", payload=None)
    assert big.flags & dns.flags.TC


async def test_a_long_txt_value_is_cut_into_strings(network: DnsNetwork, ask: Ask) -> None:
    response = await ask(network.authority("ns1.amazonses.com"), "key.dkim.amazonses.com", "TXT")
    strings = response.answer[0][0].strings
    assert [len(string) for string in strings] == [255, len(LONG_KEY) - 255]


async def test_an_unknown_edns_version_is_answered_with_badvers(network: DnsNetwork, ns1: Authority) -> None:
    query = dns.message.make_query("www.shop.example", "A", use_edns=1)
    host, port = port_of(network, ns1)
    assert (await dns.asyncquery.udp(query, host, 2.0, port)).rcode() == Rcode.BADVERS


async def test_a_change_shows_at_once_although_answers_are_kept_rendered(
    network: DnsNetwork, ns1: Authority, ask: Ask
) -> None:
    zone = network.tree.zone("shop.example")
    before = zone.serial
    assert values_in(await ask(ns1, "www.shop.example")) == ["203.0.113.10"]
    zone.replace("www.shop.example", "A", "203.0.113.99")
    assert values_in(await ask(ns1, "www.shop.example")) == ["203.0.113.99"]
    assert zone.withdraw("www.shop.example", "A") == ("203.0.113.99",)
    assert (await ask(ns1, "www.shop.example")).rcode() == Rcode.NXDOMAIN
    assert zone.serial == before + 2
    assert [(change.name, change.values) for change in zone.journal][-2:] == [
        ("www.shop.example.", ("203.0.113.99",)),
        ("www.shop.example.", ()),
    ]


async def test_speed_divides_the_ttl_that_is_served_and_leaves_signatures_alone(
    network: DnsNetwork, ns1: Authority, ask: Ask
) -> None:
    network.speed = 20.0
    response = await ask(ns1, "www.shop.example", dnssec=True)
    answer, signature = response.answer
    assert answer.ttl == signature.ttl == 3
    assert signature[0].original_ttl == 60
    assert signature[0].expiration - signature[0].inception > 86400


async def test_what_would_break_a_zone_is_refused_in_a_sentence(network: DnsNetwork) -> None:
    zone = network.tree.zone("shop.example")
    with pytest.raises(BadInput, match="CNAME beside other records"):
        zone.publish("www.shop.example", "CNAME", "elsewhere.example.")
    with pytest.raises(BadInput, match="not inside zone"):
        zone.publish("www.pay.example", "A", "203.0.113.1")
    with pytest.raises(BadInput, match="not a A value"):
        zone.publish("www.shop.example", "A", "nonsense")
    with pytest.raises(BadInput, match="not a DNS record type"):
        zone.publish("www.shop.example", "NONSENSE", "1")
    with pytest.raises(NotFound, match=r"no MX record at www\.shop\.example"):
        zone.withdraw("www.shop.example", "MX")
    with pytest.raises(BadInput, match="cannot be removed"):
        zone.withdraw("shop.example", "SOA")


# Faults


async def test_a_silent_server_answers_nothing_and_its_sister_does(
    network: DnsNetwork, ns1: Authority, ask: Ask
) -> None:
    ns1.inject(fault("timeout"))
    with pytest.raises(dns.exception.Timeout):
        await ask(ns1, "www.shop.example", timeout=0.2)
    assert values_in(await ask(network.authority("ns2.hosting.example"), "www.shop.example"))
    assert [asked.rcode for asked in ns1.log] == ["TIMEOUT"]


@pytest.mark.parametrize("kind", ["servfail", "refused", "nxdomain"])
async def test_a_faulty_server_answers_just_that_until_it_is_healed(ns1: Authority, ask: Ask, kind: str) -> None:
    ns1.inject(fault(kind, under="shop.example"))
    assert (await ask(ns1, "www.shop.example")).rcode().name == kind.upper()
    assert (await ask(ns1, "www.plain.example")).rcode() == Rcode.NOERROR
    ns1.heal()
    assert (await ask(ns1, "www.shop.example")).rcode() == Rcode.NOERROR


async def test_a_slow_server_answers_late(ns1: Authority, ask: Ask) -> None:
    ns1.inject(fault("latency", latency_s=0.15))
    with pytest.raises(dns.exception.Timeout):
        await ask(ns1, "www.shop.example", timeout=0.05)
    assert values_in(await ask(ns1, "www.shop.example"))


async def test_a_truncating_server_answers_over_tcp_only(ns1: Authority, ask: Ask) -> None:
    ns1.inject(fault("truncate"))
    assert (await ask(ns1, "www.shop.example")).flags & dns.flags.TC
    assert values_in(await ask(ns1, "www.shop.example", tcp=True))


async def test_a_stale_server_keeps_the_copy_it_had(network: DnsNetwork, ns1: Authority, ask: Ask) -> None:
    ns1.inject(fault("stale", under="shop.example"))
    network.tree.replace("www.shop.example", "A", "203.0.113.99")
    assert values_in(await ask(ns1, "www.shop.example")) == ["203.0.113.10"]
    assert values_in(await ask(network.authority("ns2.hosting.example"), "www.shop.example")) == ["203.0.113.99"]
    ns1.heal("stale")
    assert values_in(await ask(ns1, "www.shop.example")) == ["203.0.113.99"]


async def test_a_lying_server_tells_what_it_was_told_to(ns1: Authority, ask: Ask) -> None:
    ns1.inject(fault("lie", under="www.shop.example", rdtype="A", values=["203.0.113.66"]))
    response = await ask(ns1, "www.shop.example", dnssec=True)
    assert values_in(response) == ["203.0.113.66"]
    assert types_in(response.answer) == ["A"]


async def test_a_zone_that_was_taken_down_is_refused_while_its_delegation_stays(
    network: DnsNetwork, ns1: Authority, ask: Ask
) -> None:
    zone = network.tree.zone("shop.example")
    zone.take_down()
    assert (await ask(ns1, "www.shop.example")).rcode() == Rcode.REFUSED
    assert types_in((await ask(network.authority("a.nic.example"), "www.shop.example")).authority) == ["NS"]
    zone.bring_back()
    assert values_in(await ask(ns1, "www.shop.example")) == ["203.0.113.10"]


def test_a_word_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(BadInput, match="no DNS fault"):
        fault("explode")
    with pytest.raises(BadInput, match="latency_s"):
        fault("latency")
    with pytest.raises(BadInput, match="values to tell"):
        fault("lie", values=["203.0.113.66"])


# Strangers


@given(octets=st.binary(max_size=300))
async def test_no_octets_make_a_server_raise(octets: bytes) -> None:
    server = Authority("ns1.hosting.example", "203.0.113.1", SystemClock(), Keyring())
    for reply in await server.respond(octets, False):
        assert reply[:2] == octets[:2]
        assert reply[2] & 0x80


@given(data=st.data())
async def test_no_damaged_query_makes_a_server_raise(data: st.DataObject) -> None:
    server = Authority("ns1.hosting.example", "203.0.113.1", SystemClock(), Keyring())
    query = bytearray(dns.message.make_query("www.shop.example", "A", want_dnssec=True).to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        query[data.draw(st.integers(0, len(query) - 1))] = data.draw(st.integers(0, 255))
    await server.respond(bytes(query), False)


async def test_an_answer_is_never_answered(ns1: Authority) -> None:
    response = dns.message.make_response(dns.message.make_query("www.shop.example", "A"))
    assert await ns1.respond(response.to_wire(), False) == ()


async def test_a_question_about_nothing_is_a_format_error(ns1: Authority) -> None:
    query = dns.message.make_query("www.shop.example", "A")
    query.question = []
    (reply,) = await ns1.respond(query.to_wire(), False)
    assert dns.message.from_wire(reply).rcode() == Rcode.FORMERR


async def test_the_log_is_bounded_and_counts_on(ns1: Authority, ask: Ask) -> None:
    await ask(ns1, "www.shop.example")
    for _ in range(2500):
        ns1.log.note("x.", "A", "NOERROR", tcp=False)
    assert len(ns1.log) == LOG_LIMIT
    assert ns1.log.total == 2501
