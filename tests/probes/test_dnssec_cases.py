"""The DNSSEC cases over real sockets: each break of the chain by its name, and what only looks like one."""

from collections.abc import AsyncIterator
from datetime import timedelta

import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import msgspec
import pytest
from dns.rdtypes.ANY.RRSIG import RRSIG

from cockpit.config import DomainConfig, HostConfig
from cockpit.drill.dns import Flaw, fault
from cockpit.drill.dns.chains import Nsec3
from cockpit.drill.dns.keys import SigningPolicy, ZoneKey
from cockpit.drill.dns.records import record_set
from cockpit.health.model import Observation, Verdict
from tests.probes.stage import DOMAIN, NS1, NS2, WWW, Stage
from tests.probes.stage import stage as staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


def says(decision: Observation, verdict: Verdict, *words: str) -> None:
    assert decision.verdict is verdict, decision.headline
    for word in words:
        assert word in decision.headline, decision.headline
    if verdict in (Verdict.FAIL, Verdict.WARN):
        assert decision.finding is not None
        assert decision.finding.fix


async def test_a_good_chain_is_ok_with_every_zone_in_the_evidence(stage: Stage) -> None:
    seen = await stage.look_at_chain()
    says(seen[""], Verdict.OK, "3 zones signed and valid", "13 days")
    assert set(seen) == {NS1[0], NS2[0], ""}
    chain = seen[""].evidence["chain"]
    assert [link["zone"] for link in chain] == [".", "example", DOMAIN]
    assert {link["status"] for link in chain} == {"secure"}
    assert all(link["keys"] and link["ds"] and link["servers"] and link["expires_at"] for link in chain)
    assert seen[""].evidence["kind"] == "dnssec-failure"


@pytest.mark.parametrize("nsec3", [None, Nsec3(), Nsec3(bytes.fromhex("ABCD"))])
async def test_denials_by_nsec_and_by_nsec3_are_proven(stage: Stage, nsec3: Nsec3 | None) -> None:
    stage.shop.deny_by(nsec3)
    stage.network.tree.zone("example").deny_by(nsec3)
    says(await stage.decide_chain(), Verdict.OK)


async def test_dnssec_1_no_ds_is_insecure_even_with_keys(stage: Stage) -> None:
    stage.network.tree.zone("example").withdraw(DOMAIN, "DS")
    decision = await stage.decide_chain()
    says(decision, Verdict.INFO, f"{DOMAIN} is signed, and the zone above has no DS for it")
    assert decision.evidence["status"] == "insecure"


@pytest.mark.parametrize("nsec3", [None, Nsec3()])
async def test_an_unsigned_zone_is_info(stage: Stage, nsec3: Nsec3 | None) -> None:
    stage.network.tree.zone("example").deny_by(nsec3)
    stage.shop.set_keys([])
    stage.network.tree.publish_ds(DOMAIN)
    says(await stage.decide_chain(), Verdict.INFO, "not signed")


async def test_dnssec_2_a_ds_with_no_matching_key_fails_with_the_record_to_publish(stage: Stage) -> None:
    key = stage.shop.roll_key()
    decision = await stage.decide_chain()
    says(decision, Verdict.FAIL, f"{DOMAIN}: no key of the zone matches the DS of the zone above")
    assert decision.finding is not None
    assert decision.finding.record == f"{DOMAIN}. 3600 IN DS {key.ds(stage.shop.origin).to_text()}"


async def test_a_ds_over_an_unsigned_zone_fails(stage: Stage) -> None:
    stage.shop.set_keys([])
    says(await stage.decide_chain(), Verdict.FAIL, "the zone above has a DS, and the zone has no keys")


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("expired", "the signature over shop.example DNSKEY expired 60 min ago"),
        ("not-yet-valid", "is not valid for another 24 h"),
        ("forged", "the signature over shop.example DNSKEY does not match"),
        ("absent", "shop.example DNSKEY is not signed"),
    ],
)
async def test_dnssec_3_signatures_that_do_not_hold_fail_with_the_reason(
    stage: Stage, flaw: str, words: str
) -> None:
    stage.shop.spoil_signatures(flaw)
    says(await stage.decide_chain(), Verdict.FAIL, words)


async def test_a_break_higher_up_names_the_zone_that_breaks(stage: Stage) -> None:
    stage.network.tree.zone("example").spoil_signatures("expired")
    says(await stage.decide_chain(), Verdict.FAIL, "DNSSEC: example: the signature over example DNSKEY expired")


def ending_in(stage: Stage, left: timedelta, life: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign the domain's zone so that a signature of that life has so long to go."""

    def around(cls: type[SigningPolicy], now: object, flaw: Flaw = Flaw.NONE) -> SigningPolicy:
        moment = stage.shop._clock.now()
        return SigningPolicy(moment + left - life, moment + left, flaw)

    monkeypatch.setattr(SigningPolicy, "around", classmethod(around))
    stage.shop.spoil_signatures("none")


async def test_dnssec_3_signatures_in_their_last_days_are_a_warning(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending_in(stage, timedelta(hours=30), timedelta(days=14), monkeypatch)
    says(await stage.decide_chain(), Verdict.WARN, "the signature over", "expires in 30 h")


async def test_short_lived_signatures_are_not_warned_about_all_their_life(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending_in(stage, timedelta(hours=24), timedelta(hours=49), monkeypatch)
    says(await stage.decide_chain(), Verdict.OK)


@pytest.mark.parametrize(("algorithm", "digest_type"), [(253, 2), (13, 3), (12, 2)])
async def test_dnssec_4_a_ds_of_unsupported_algorithms_only_counts_as_unsigned(
    stage: Stage, algorithm: int, digest_type: int
) -> None:
    ds = f"{stage.shop.keys[0].tag} {algorithm} {digest_type} {'AB' * 32}"
    stage.network.tree.zone("example").put(stage.shop.origin, record_set("DS", 60, [ds]), by="test")
    says(await stage.decide_chain(), Verdict.INFO, "not protected", f"algorithm {algorithm} digest {digest_type}")


async def test_one_supported_ds_among_others_is_enough(stage: Stage) -> None:
    good = stage.shop.keys[0].ds(stage.shop.origin).to_text()
    both = record_set("DS", 60, [good, f"1 253 2 {'AB' * 32}"])
    stage.network.tree.zone("example").put(stage.shop.origin, both, by="test")
    says(await stage.decide_chain(), Verdict.OK)


async def test_dnssec_5_nsec3_with_some_iterations_is_a_warning_and_with_many_unsigned(stage: Stage) -> None:
    stage.shop.deny_by(Nsec3(iterations=10))
    says(await stage.decide_chain(), Verdict.WARN, "10 extra rounds of hashing")
    stage.network.tree.zone("example").deny_by(Nsec3(iterations=500))
    stage.network.tree.zone("example").withdraw(DOMAIN, "DS")
    stage.look_anew()
    says(await stage.decide_chain(), Verdict.INFO, "500 extra rounds")


def without(*types: str) -> object:
    """A change that leaves records of these types out of denials."""

    def change(query: dns.message.Message, answer: dns.message.Message) -> None:
        gone = {dns.rdatatype.from_text(each) for each in types}
        answer.authority = [
            each for each in answer.authority if each.rdtype not in gone and each.covers not in gone
        ]

    return change


@pytest.mark.parametrize("nsec3", [None, Nsec3()])
async def test_dnssec_6_a_missing_denial_is_bogus(stage: Stage, nsec3: Nsec3 | None) -> None:
    stage.shop.deny_by(nsec3)
    for server in (NS1, NS2):
        await stage.twist(server, without("NSEC", "NSEC3"))  # type: ignore[arg-type]
    says(await stage.decide_chain(), Verdict.FAIL, "nothing proves that nothing-here-", "does not exist")


@pytest.mark.parametrize("nsec3", [None, Nsec3()])
async def test_dnssec_7_a_wildcard_answer_needs_its_proof(stage: Stage, nsec3: Nsec3 | None) -> None:
    stage.shop.deny_by(nsec3)
    stage.shop.publish("*.shop.example", "A", "203.0.113.40")
    stage.domain = msgspec.structs.replace(stage.domain, hosts=(HostConfig(name="any.shop.example"),))
    says(await stage.decide_chain(), Verdict.OK)
    for server in (NS1, NS2):
        await stage.twist(server, without("NSEC", "NSEC3"))  # type: ignore[arg-type]
    says(await stage.decide_chain(), Verdict.FAIL, "nothing proves that a closer match for")


async def test_dnssec_8_a_signed_alias_to_an_unsigned_zone_is_not_bogus(stage: Stage) -> None:
    plain = stage.add_zone("plain.example", signed=False)
    plain.publish("www.plain.example", "A", "203.0.113.13")
    stage.shop.withdraw(WWW, "A")
    stage.shop.publish(WWW, "CNAME", "www.plain.example.")
    decision = await stage.decide_chain()
    says(decision, Verdict.OK)
    assert decision.evidence["also"] == [f"{WWW} leads to www.plain.example, which is insecure"]


async def test_an_alias_to_a_broken_zone_fails(stage: Stage) -> None:
    other = stage.add_zone("other.example")
    other.publish("www.other.example", "A", "203.0.113.13")
    other.spoil_signatures("expired")
    stage.shop.withdraw(WWW, "A")
    stage.shop.publish(WWW, "CNAME", "www.other.example.")
    says(await stage.decide_chain(), Verdict.FAIL, f"{WWW} leads to www.other.example", "expired")


async def test_one_server_with_bad_signatures_is_a_warning_that_names_it(stage: Stage) -> None:
    def spoilt(query: dns.message.Message, answer: dns.message.Message) -> None:
        for rrset in answer.answer:
            for rdata in list(rrset):
                if isinstance(rdata, RRSIG):
                    rrset.remove(rdata)  # type: ignore[no-untyped-call]
                    rrset.add(rdata.replace(signature=bytes([rdata.signature[0] ^ 1]) + rdata.signature[1:]))

    await stage.twist(NS2, spoilt)
    seen = await stage.look_at_chain()
    says(seen[""], Verdict.WARN, f"at 1 of 2 name servers ({NS2[0]})")
    assert (seen[NS1[0]].verdict, seen[NS2[0]].verdict) == (Verdict.OK, Verdict.FAIL)


async def test_dnssec_9_the_ad_bit_of_a_resolver_is_not_believed(stage: Stage) -> None:
    stage.shop.spoil_signatures("expired")
    for resolver in stage.network.resolvers.values():
        resolver.inject(fault("lie", rdtype="A", values=["203.0.113.10"]))
    says(await stage.decide_chain(), Verdict.FAIL, "expired")


async def test_silent_servers_leave_the_chain_unknown(stage: Stage) -> None:
    for server in (NS1, NS2):
        stage.network.authority(server[0]).inject(fault("timeout", under=DOMAIN))
    stage.look_anew(patience_s=0.3)
    says(await stage.decide_chain(), Verdict.UNKNOWN, "cannot be asked")


async def test_a_key_that_vanished_while_its_signatures_live_is_named(stage: Stage) -> None:
    old = stage.shop.keys[0]
    new = ZoneKey.generate()
    stage.shop.set_keys([old, new])

    def half_rolled(query: dns.message.Message, answer: dns.message.Message) -> None:
        """Only the records other than the keys are signed by a key that is not published."""
        if query.question[0].rdtype == dns.rdatatype.DNSKEY:
            return
        for rrset in answer.answer:
            for rdata in list(rrset):
                if isinstance(rdata, RRSIG) and rdata.key_tag in (old.tag, new.tag):
                    rrset.remove(rdata)  # type: ignore[no-untyped-call]
                    if rdata.key_tag == old.tag:
                        rrset.add(rdata.replace(key_tag=(old.tag + 1) % 65536))

    for server in (NS1, NS2):
        await stage.twist(server, half_rolled)
    says(await stage.decide_chain(), Verdict.FAIL, "which the zone does not publish")


async def test_a_dname_and_the_alias_made_from_it_are_valid(stage: Stage) -> None:
    stage.shop.publish("old.shop.example", "DNAME", "new.shop.example.")
    stage.shop.publish("www.new.shop.example", "A", "203.0.113.15")
    stage.domain = msgspec.structs.replace(stage.domain, hosts=(HostConfig(name="www.old.shop.example"),))
    says(await stage.decide_chain(), Verdict.OK)


async def test_a_domain_inside_a_zone_and_one_that_does_not_exist_are_judged_by_their_zone(stage: Stage) -> None:
    stage.domain = DomainConfig(name=WWW)
    says(await stage.decide_chain(), Verdict.OK, "3 zones")
    stage.domain = DomainConfig(name="nobody.example")
    says(await stage.decide_chain(), Verdict.OK, "2 zones")
