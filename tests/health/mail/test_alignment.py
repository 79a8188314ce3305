"""Case 64: DMARC policy, DKIM and MAIL FROM taken together say whether mail is refused."""

from itertools import product
from typing import Any

import pytest

from cockpit.health.impact import Affected, suggest
from cockpit.health.mail.alignment import (
    KIND,
    Flow,
    Leg,
    State,
    dkim_state,
    judge_alignment,
    mail_from_state,
    not_applicable,
)
from cockpit.health.mail.dmarc_walk import Discovery, discover
from cockpit.health.mail.mail_from import read_mail_from
from cockpit.health.model import Observation, Verdict
from cockpit.health.registry import check_named
from cockpit.incident.severity import EMERGENCY
from tests.health.mail.zones import SILENT, Zones
from tests.probes.mail.internet import AT, codes, told

D = "case.example"
REGION = "ca-central-1"
GOOD = {
    "signing_enabled": True,
    "dkim_status": "SUCCESS",
    "mail_from": f"bounce.{D}",
    "mail_from_status": "SUCCESS",
}
BOUNCE = (f"MX 10 feedback-smtp.{REGION}.amazonses.com.", "TXT v=spf1 include:amazonses.com ~all")


def zones(dmarc: str = "v=DMARC1; p=reject", bounce: tuple[str, ...] = BOUNCE) -> Zones:
    lines: dict[str, tuple[str, ...]] = {
        D: ("A 192.0.2.1",),
        "amazonses.com": ("TXT v=spf1 ip4:192.0.2.192/26 -all",),
        f"bounce.{D}": bounce,
    }
    return Zones({**lines, f"_dmarc.{D}": (f"TXT {dmarc}",)} if dmarc else lines)


async def join(
    world: Zones,
    identity: dict[str, Any],
    *,
    flow: Flow | None = None,
    records: dict[str, Any] | None = None,
    seen: Verdict = Verdict.OK,
) -> Observation:
    discovery = await discover(world, D)
    mail_from = await read_mail_from(world, D, identity, REGION)
    aspf = discovery.record.aspf if discovery.record else "r"
    belongs = (D, "")
    spf = mail_from_state(D, mail_from, belongs, aspf, discovery.organizational)
    return judge_alignment(discovery, dkim_state(identity, records, seen), spf, flow or Flow(), AT)


async def test_both_ways_hold() -> None:
    seen = await join(zones(), GOOD)
    assert (seen.verdict, seen.headline) == (Verdict.OK, "Alignment: DMARC passes by DKIM and by MAIL FROM")


async def test_case_64_reject_without_dkim_and_without_aligned_mail_from_is_refused() -> None:
    identity = {**GOOD, "dkim_status": "FAILED", "mail_from": ""}
    seen = await join(zones(), identity, flow=Flow(41_000, None, 0.0213))
    assert seen.verdict is Verdict.FAIL
    assert seen.headline.startswith("Alignment: mail will be refused: DMARC policy reject, DKIM is FAILED")
    assert seen.evidence["critical"] is True
    words = told(seen)
    assert "41,000 mails an hour" in words
    assert "2.13 %" in words
    assert '"v=DMARC1; p=none"' in words


async def test_case_64_strict_spf_alignment_never_holds_for_a_bounce_domain() -> None:
    seen = await join(zones("v=DMARC1; p=reject; aspf=s"), {**GOOD, "dkim_status": "PENDING"})
    assert codes(seen) == {"refused": Verdict.FAIL}
    assert f"aspf=s wants MAIL FROM to be {D} itself" in told(seen)


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "TEMPORARY_FAILURE", "NOT_STARTED", ""])
async def test_every_state_but_success_may_leave_mail_unsigned(status: str) -> None:
    seen = await join(zones(), {**GOOD, "dkim_status": status, "mail_from_status": "PENDING"})
    assert codes(seen) == {"refused": Verdict.FAIL}


async def test_one_leg_is_enough_and_is_told() -> None:
    alone = await join(zones(), {**GOOD, "dkim_status": "FAILED"})
    assert codes(alone) == {"mail-from-alone": Verdict.INFO}
    assert "forwarded mail fails" in alone.headline
    assert codes(await join(zones(), {**GOOD, "mail_from": ""})) == {"dkim-alone": Verdict.INFO}


async def test_the_policy_decides_what_becomes_of_it() -> None:
    broken = {**GOOD, "signing_enabled": False, "mail_from": ""}
    quarantine = await join(zones("v=DMARC1; p=quarantine"), broken)
    assert codes(quarantine) == {"spam": Verdict.FAIL}
    assert quarantine.evidence["critical"] is False
    assert codes(await join(zones("v=DMARC1; p=none"), broken)) == {"fails": Verdict.WARN}
    assert codes(await join(zones(""), broken)) == {"unproven": Verdict.INFO}
    assert codes(await join(zones("v=DMARC1; p=reject; t=y"), broken)) == {"spam": Verdict.FAIL}


async def test_ses_may_say_success_while_receivers_find_no_key() -> None:
    gone = {"missing": ["a", "b", "c"], "expected": ["a", "b", "c"]}
    seen = await join(zones(), {**GOOD, "mail_from": ""}, records=gone, seen=Verdict.FAIL)
    assert codes(seen) == {"refused": Verdict.FAIL}
    partly = {**gone, "missing": ["a"]}
    doubt = await join(zones(), {**GOOD, "mail_from": ""}, records=partly, seen=Verdict.FAIL)
    assert codes(doubt) == {"at-risk": Verdict.WARN}
    assert codes(await join(zones(), GOOD, records=partly, seen=Verdict.FAIL)) == {"mail-from-alone": Verdict.INFO}


async def test_what_was_not_seen_is_unknown_and_never_refused() -> None:
    broken = {**GOOD, "dkim_status": "FAILED"}
    silent = zones(bounce=("MX 10 x.", f"TXT {SILENT}"))
    assert (await join(silent, broken)).verdict is Verdict.UNKNOWN
    world = zones()
    world.lines[f"_dmarc.{D}"] = [("TXT", SILENT)]
    assert (await join(world, {**broken, "mail_from": ""})).verdict is Verdict.UNKNOWN


async def test_a_mail_from_domain_without_usable_spf_does_not_hold() -> None:
    for text in ("TXT v=spf1 mx -all", "TXT v=spf1 include:amazonses.com moo", "A 192.0.2.1"):
        seen = await join(zones(bounce=(BOUNCE[0], text)), {**GOOD, "dkim_status": "FAILED"})
        assert codes(seen) == {"refused": Verdict.FAIL}, text


async def test_a_mail_from_domain_of_another_organization_does_not_hold() -> None:
    mail_from = await read_mail_from(zones(), D, GOOD, REGION)
    state = mail_from_state(D, mail_from, ("other.example", ""), "r", D)
    assert state.leg is Leg.BROKEN
    assert "belongs to other.example" in state.why


def test_every_combination_has_a_decision_with_words() -> None:
    discovery = Discovery(D, (), D)
    for dkim, spf in product(Leg, Leg):
        seen = judge_alignment(discovery, State(dkim, "one"), State(spf, "other"), Flow(), AT)
        assert seen.headline.removeprefix("Alignment: ")
        assert seen.verdict is not Verdict.FAIL, "without a policy nothing is refused for it"
        assert (seen.verdict is Verdict.OK) == (dkim is spf is Leg.HOLDS)


def test_a_domain_that_ses_does_not_send_for_is_not_judged() -> None:
    assert not_applicable(D, AT, "SES sends nothing for this domain").verdict is Verdict.NA


async def test_refused_mail_of_a_production_domain_is_a_severe_alert() -> None:
    seen = await join(zones(), {**GOOD, "dkim_status": "FAILED", "mail_from": ""})
    kind = check_named(seen.check).alert_kind
    assert kind == KIND == seen.evidence["kind"]
    severity = suggest(EMERGENCY, kind, seen, Verdict.FAIL, Affected(True, ("receipts",)))
    harmless = suggest(EMERGENCY, "mail-records", seen, Verdict.WARN, Affected(True, ("receipts",)))
    assert severity.level < harmless.level
