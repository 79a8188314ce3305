"""The twenty-two cases of resolution, each over real sockets against a small internet, by its number."""

from collections.abc import AsyncIterator

import dns.edns
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import msgspec
import pytest

from cockpit.config import DomainConfig, HostConfig
from cockpit.drill.dns import fault
from cockpit.health.model import Observation, Verdict
from tests.probes.stage import DOMAIN, KEY, NS1, NS2, WWW, Stage
from tests.probes.stage import stage as staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


def says(decision: Observation, verdict: Verdict, *words: str) -> None:
    """The decision has a verdict, its headline these words, and what is wrong can be acted upon."""
    assert decision.verdict is verdict, decision.headline
    for word in words:
        assert word in decision.headline
    if verdict in (Verdict.FAIL, Verdict.WARN):
        assert decision.finding is not None
        assert decision.finding.now
        assert decision.finding.wanted
        assert decision.finding.fix


def both(stage: Stage, kind: str, **more: str) -> None:
    for server in (NS1, NS2):
        stage.network.authority(server[0]).inject(fault(kind, **more))  # type: ignore[arg-type]


async def test_all_is_well_at_first(stage: Stage) -> None:
    seen = await stage.look()
    assert {each.verdict for each in seen.values()} == {Verdict.OK}
    assert set(seen) == {NS1[0], NS2[0], "google", "cloudflare", "opendns", ""}
    assert seen[""].evidence["agreement"]["percent"] == 100
    assert seen[""].evidence["also"] == []


async def test_the_zone_is_the_cut_that_dns_has_and_not_a_number_of_labels(stage: Stage) -> None:
    stage.network.add_zone("co.example", [NS1, NS2])
    deep = stage.add_zone("shop.co.example")
    deep.publish("www.shop.co.example", "A", "203.0.113.10")
    for name in ("shop.co.example", "www.shop.co.example"):
        stage.domain = DomainConfig(name=name)
        assert (await stage.decide()).evidence["zone"] == "shop.co.example"


async def test_case_1_a_name_that_does_not_exist_fails(stage: Stage) -> None:
    stage.shop.withdraw(WWW, "A")
    says(await stage.decide(), Verdict.FAIL, f"{WWW} does not exist at all 2 name servers")


async def test_case_2_a_name_without_the_type_fails(stage: Stage) -> None:
    stage.shop.withdraw(WWW, "A")
    stage.shop.publish(WWW, "TXT", "still here")
    says(await stage.decide(), Verdict.FAIL, f"{WWW} exists and has no A record")


async def test_case_3_servfail_is_unknown_and_gone_with_cd_is_bogus(stage: Stage) -> None:
    stage.network.resolver("google").inject(fault("servfail"))
    seen = await stage.look()
    assert seen["google"].verdict is Verdict.UNKNOWN
    says(seen[""], Verdict.OK, "silent: google")
    stage.network.resolver("google").heal()
    stage.shop.spoil_signatures("expired")
    for resolver in stage.network.resolvers.values():
        resolver.flush()
    decision = await stage.decide()
    says(decision, Verdict.FAIL, "fails validation at all 3 resolvers")
    assert decision.evidence["kind"] == "dnssec-failure"
    assert "EDE 7" in (decision.finding.now if decision.finding else "")


@pytest.mark.parametrize(
    ("kind", "words"), [("refused", "refuses to answer"), ("lame", "knows nothing of the zone")]
)
async def test_case_4_one_lame_name_server_is_a_warning_that_names_it(stage: Stage, kind: str, words: str) -> None:
    stage.network.authority(NS2[0]).inject(fault(kind, under=DOMAIN))
    says(await stage.decide(), Verdict.WARN, NS2[0], words)


async def test_case_5_one_silent_resolver_is_unknown_and_the_others_decide(stage: Stage) -> None:
    stage.network.resolver("opendns").inject(fault("timeout"))
    seen = await stage.look()
    assert seen["opendns"].verdict is Verdict.UNKNOWN
    says(seen[""], Verdict.OK, "silent: opendns")


async def test_case_6_silence_everywhere_asks_whether_it_is_us(stage: Stage) -> None:
    both(stage, "timeout")
    for resolver in stage.network.resolvers.values():
        resolver.inject(fault("timeout"))
    stage.look_anew(patience_s=0.3)
    says(await stage.decide(), Verdict.UNKNOWN, "is it our own network?")


async def test_case_7_a_denied_name_with_names_below_it_fails(stage: Stage) -> None:
    def hollow(query: dns.message.Message, answer: dns.message.Message) -> None:
        if query.question[0].name == dns.name.from_text(f"_domainkey.{DOMAIN}"):
            answer.set_rcode(dns.rcode.NXDOMAIN)

    await stage.twist(NS1, hollow)
    says(await stage.decide(), Verdict.FAIL, f"_domainkey.{DOMAIN} does not exist, and it has names below it")


async def test_case_8_a_resolver_that_remembers_an_absence_is_pending(stage: Stage) -> None:
    stage.shop.withdraw(WWW, "A")
    await stage.network.resolver("google").resolve(WWW, "A")
    stage.shop.publish(WWW, "A", "203.0.113.10")
    decision = await stage.decide()
    says(decision, Verdict.WARN, "1 of 3 resolvers (google)", "s left", "66 % agree", "all clear at")
    assert decision.evidence["kind"] == "propagation"
    assert 0 < decision.evidence["agreement"]["rest_s"] <= 30, "no longer than the SOA's minimum"
    assert decision.evidence["agreement"]["all_clear_at"]


async def test_case_9_an_old_value_is_pending_with_what_is_left_of_it(stage: Stage) -> None:
    stage.pin("key.shop.example", "TXT", "new")
    stage.shop.publish("key.shop.example", "TXT", "old")
    for name in ("google", "cloudflare"):
        await stage.network.resolver(name).resolve("key.shop.example", "TXT")
    stage.shop.replace("key.shop.example", "TXT", "new")
    seen = await stage.look()
    says(seen[""], Verdict.WARN, "2 of 3 resolvers (google, cloudflare)", "33 % agree")
    assert 30 < seen[""].evidence["agreement"]["rest_s"] <= 60
    assert seen["google"].verdict is Verdict.WARN
    (cell,) = [each for each in seen["google"].evidence["cells"] if each["record"] == "key.shop.example"]
    assert (cell["state"], cell["value"]) == ("cached", "old")


async def test_case_9_four_of_five_resolvers_are_enough(stage: Stage) -> None:
    for number in (4, 5):
        stage.network.add_resolver(f"more{number}", f"198.51.100.{number}")
    await stage.network.start()
    stage.look_anew()
    stage.pin("key.shop.example", "TXT", "new")
    stage.shop.publish("key.shop.example", "TXT", "old")
    await stage.network.resolver("google").resolve("key.shop.example", "TXT")
    stage.shop.replace("key.shop.example", "TXT", "new")
    says(await stage.decide(), Verdict.INFO, "80 % agree")


async def test_case_10_a_stale_answer_is_a_warning(stage: Stage) -> None:
    def stale(query: dns.message.Message, _: bool) -> bytes:
        name = query.question[0].name
        rtype = dns.rdatatype.to_text(query.question[0].rdtype)
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text(name, 30, "IN", rtype, *stage.network.tree.values(name, rtype)))
        answer.use_edns(0, 0, 1232, options=[dns.edns.EDEOption(dns.edns.EDECode.STALE_ANSWER)])
        return answer.to_wire()

    await stage.replace("198.51.100.1", stale)
    says(await stage.decide(), Verdict.WARN, "(google) serves an answer past its time")


async def test_case_11_an_older_serial_fails_and_names_the_server(stage: Stage) -> None:
    stage.network.authority(NS2[0]).inject(fault("stale", under=DOMAIN))
    stage.shop.publish("new.shop.example", "A", "203.0.113.11")
    decision = await stage.decide()
    says(
        decision, Verdict.FAIL, f"1 of 2 name servers ({NS2[0]}) still at an older serial than {stage.shop.serial}"
    )
    assert decision.evidence["serials"][NS2[0]] == stage.shop.serial - 1


async def test_case_11_other_records_under_one_serial_fail(stage: Stage) -> None:
    stage.shop.publish("key.shop.example", "TXT", "value")
    stage.domain = msgspec.structs.replace(stage.domain, records=())
    stage.pin("key.shop.example", "TXT", "value")

    def other(query: dns.message.Message, answer: dns.message.Message) -> None:
        for number, rrset in enumerate(answer.answer):
            if rrset.rdtype == dns.rdatatype.NS and rrset.name == dns.name.from_text(DOMAIN):
                answer.answer[number] = dns.rrset.from_text(
                    rrset.name, rrset.ttl, "IN", "NS", "ns9.hosting.example."
                )

    await stage.twist(NS2, other)
    says(await stage.decide(), Verdict.FAIL, "with the same serial answer differently", f"{DOMAIN} NS")


async def test_case_12_a_delegation_that_differs_is_a_warning(stage: Stage) -> None:
    stage.network.tree.zone("example").replace(DOMAIN, "NS", f"{NS1[0]}.", f"{NS2[0]}.", "ns3.hosting.example.")
    stage.network.tree.zone("hosting.example").publish("ns3.hosting.example", "A", NS1[1])
    says(await stage.decide(), Verdict.WARN, "only the parent has ns3.hosting.example")


async def test_case_12_glue_that_differs_is_a_warning(stage: Stage) -> None:
    stage.domain = msgspec.structs.replace(stage.domain, name="hosting.example", hosts=())
    assert (await stage.decide()).verdict is Verdict.OK
    stage.network.tree.zone("hosting.example").replace("ns2.hosting.example", "A", "203.0.113.99")
    says(await stage.decide(), Verdict.WARN, "another address for ns2.hosting.example")


async def test_case_13_addresses_that_differ_by_place_are_ok_or_said(stage: Stage) -> None:
    stage.network.resolver("google").inject(fault("lie", under=WWW, rdtype="A", values=["203.0.113.77"]))
    decision = await stage.decide()
    says(decision, Verdict.INFO, "(google) gives another address for www.shop.example: meant for another place")
    assert decision.evidence["agreement"]["percent"] == 100
    stage.shop.publish(WWW, "A", "203.0.113.77")
    assert (await stage.decide()).verdict is Verdict.OK, "within what the source answers"


async def test_case_13_an_address_that_the_source_had_before_is_old(stage: Stage) -> None:
    assert (await stage.decide()).verdict is Verdict.OK
    stage.shop.replace(WWW, "A", "203.0.113.99")
    says(await stage.decide(), Verdict.WARN, "all 3 resolvers do not see the present www.shop.example", "0 % agree")


async def test_case_14_a_cut_answer_comes_over_tcp_and_without_tcp_fails(stage: Stage) -> None:
    stage.shop.replace(KEY, "TXT", "v=DKIM1; p=" + "A" * 1500)
    assert (await stage.decide()).verdict is Verdict.OK
    stage.pin(KEY, "TXT", "v=DKIM1; p=" + "A" * 1500)
    both(stage, "no-tcp")
    stage.look_anew(patience_s=0.6)
    says(await stage.decide(), Verdict.FAIL, "truncate", "cannot be reached over TCP")


@pytest.mark.parametrize("kind", ["no-edns", "bad-edns"])
async def test_case_15_a_server_that_trips_over_edns_is_a_warning(stage: Stage, kind: str) -> None:
    stage.network.authority(NS2[0]).inject(fault(kind, under=DOMAIN))
    says(await stage.decide(), Verdict.WARN, f"({NS2[0]}) answers only without EDNS")


async def test_case_16_a_cname_beside_other_data_fails(stage: Stage) -> None:
    def crowded(query: dns.message.Message, answer: dns.message.Message) -> None:
        question = query.question[0]
        if question.name == dns.name.from_text(WWW):
            alias = dns.rrset.from_text(question.name, 60, "IN", "CNAME", "elsewhere.shop.example.")
            answer.answer.insert(0, alias)

    await stage.twist(NS1, crowded)
    says(await stage.decide(), Verdict.FAIL, f"a CNAME stands at {WWW}, beside other records")


async def test_case_16_a_cname_at_the_apex_fails(stage: Stage) -> None:
    def at_apex(query: dns.message.Message, answer: dns.message.Message) -> None:
        question = query.question[0]
        if question.name == dns.name.from_text(DOMAIN) and question.rdtype == dns.rdatatype.SOA:
            answer.answer = [
                dns.rrset.from_text(question.name, 60, "IN", "CNAME", "balancer.test."),
            ]

    await stage.twist(NS1, at_apex)
    says(await stage.decide(), Verdict.FAIL, f"a CNAME stands at the zone's own name {DOMAIN}")


async def test_case_17_a_loop_of_cnames_fails(stage: Stage) -> None:
    stage.shop.withdraw(WWW, "A")
    stage.shop.publish(WWW, "CNAME", "a.shop.example.")
    stage.shop.publish("a.shop.example", "CNAME", f"{WWW}.")
    says(await stage.decide(), Verdict.FAIL, f"{WWW} leads through CNAMEs that go round in a circle")


async def test_case_17_a_loop_across_zones_fails_and_shows_the_way(stage: Stage) -> None:
    stage.shop.withdraw(WWW, "A")
    stage.shop.publish(WWW, "CNAME", "front.hosting.example.")
    stage.network.tree.zone("hosting.example.").publish("front.hosting.example", "CNAME", f"{WWW}.")
    decision = await stage.decide()
    says(decision, Verdict.FAIL, f"{WWW} leads through CNAMEs that go round in a circle")
    assert decision.finding is not None
    assert f"{WWW} > front.hosting.example > {WWW}" in decision.finding.now


async def test_case_17_a_chain_of_more_than_eight_fails(stage: Stage) -> None:
    def long_chain(query: dns.message.Message, answer: dns.message.Message) -> None:
        if query.question[0].name == dns.name.from_text(WWW):
            names = [WWW, *(f"c{number}.shop.example" for number in range(10))]
            answer.answer = [
                dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{after}.")
                for name, after in zip(names, names[1:], strict=False)
            ]

    for server in (NS1, NS2):
        await stage.twist(server, long_chain)
    says(await stage.decide(), Verdict.FAIL, "more than 8")


async def test_case_18_a_wildcard_that_stands_in_for_mail_records_is_a_warning(stage: Stage) -> None:
    stage.shop.withdraw("_dmarc.shop.example", "TXT")
    stage.shop.publish("*.shop.example", "TXT", "v=spf1 -all")
    says(await stage.decide(), Verdict.WARN, "a wildcard answers for _dmarc.shop.example")
    stage.shop.publish("_dmarc.shop.example", "TXT", "v=DMARC1; p=none")
    assert (await stage.decide()).verdict is Verdict.OK, "a real record hides the wildcard"
    stage.shop.publish("*._domainkey.shop.example", "TXT", "v=spf1 -all")
    says(await stage.decide(), Verdict.WARN, "a wildcard answers for any name below _domainkey.shop.example")


async def test_case_19_a_doubled_name_fails_with_the_hint(stage: Stage) -> None:
    stage.shop.withdraw(WWW, "A")
    stage.shop.publish(f"{WWW}.{DOMAIN}", "A", "203.0.113.10")
    decision = await stage.decide()
    says(decision, Verdict.FAIL, f"{WWW} is published under its name twice, as {WWW}.{DOMAIN}")


async def test_case_20_a_name_with_letters_of_its_own_is_asked_for_in_ascii(stage: Stage) -> None:
    stage.shop.publish("xn--bcher-kva.shop.example", "A", "203.0.113.12")
    stage.domain = msgspec.structs.replace(stage.domain, hosts=(HostConfig(name="bücher.shop.example"),))
    says(await stage.decide(), Verdict.OK)


async def test_case_21_ttls_that_differ_inside_a_set_are_a_warning(stage: Stage) -> None:
    stage.shop.publish(WWW, "A", "203.0.113.11")

    def uneven(query: dns.message.Message, answer: dns.message.Message) -> None:
        if query.question[0].name == dns.name.from_text(WWW):
            first, second = (
                dns.rrset.from_text(f"{WWW}.", ttl, "IN", "A", value)
                for ttl, value in ((60, "203.0.113.10"), (90, "203.0.113.11"))
            )
            answer.answer = [first, second]

    await stage.twist(NS1, uneven)
    says(await stage.decide(), Verdict.WARN, "TTLs differ inside one record set", NS1[0])


async def test_case_22_case_does_not_matter(stage: Stage) -> None:
    stage.shop.publish("alias.shop.example", "CNAME", "WWW.Shop.Example.")
    stage.pin("Alias.SHOP.example", "CNAME", "www.shop.EXAMPLE")

    def shouting(query: dns.message.Message, answer: dns.message.Message) -> None:
        for number, rrset in enumerate(answer.answer):
            loud = dns.rrset.RRset(dns.name.from_text(rrset.name.to_text().upper()), rrset.rdclass, rrset.rdtype)
            loud.covers = rrset.covers
            loud.update(rrset)  # type: ignore[no-untyped-call]
            answer.answer[number] = loud

    await stage.twist(NS2, shouting)
    says(await stage.decide(), Verdict.OK)
