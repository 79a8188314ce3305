"""New certificates in the drill's transparency logs, over its search; and the same from a file."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cockpit.config import DomainConfig, Settings
from cockpit.config.issuance import CertificateTransparency
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import Observation, Verdict
from cockpit.health.tls.issuance import CHECK, NEW_FOR, Allowed, judge_issuance, memory_of, names_of
from cockpit.probes.aws import AwsReader
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.trust.issuance import read_issuance
from cockpit.profile import Profile
from cockpit.watch.around import AroundLooks
from cockpit.watch.backup import Backups

DOMAIN = "pay.example"
OURS = Allowed(("DRILL - NOT TRUSTED issuer",))


async def look(
    profile: Profile,
    source: str,
    allowed: Allowed = OURS,
    before: Observation | None = None,
    at: datetime | None = None,
) -> Observation:
    now = at or datetime.now(UTC)
    reading = await read_issuance(profile, Trust(profile), DOMAIN, CHECK, source, at=now)
    return judge_issuance(reading, allowed, memory_of(before.evidence) if before else None, now)


async def test_a_certificate_by_somebody_else_fails_until_it_is_accepted(world: LaunchedWorld) -> None:
    source = world.profile.ct_search
    assert source
    first = await look(world.profile, source)
    assert first.verdict is Verdict.OK, first.headline
    world.inject(do="ct-misissue", host="www.pay.example")
    second = await look(world.profile, source, before=first)
    assert second.verdict is Verdict.FAIL
    assert second.evidence["kind"] == "certificate-misissued"
    assert "www.pay.example by DRILL - NOT TRUSTED other issuer" in second.headline
    assert second.finding is not None
    assert second.finding.record == 'pay.example. IN CAA 0 issue "ISSUER-DOMAIN"'
    (strange,) = second.evidence["unauthorised"]
    assert (strange["new"], strange["allowed"]) == (True, False)
    accepted = Allowed(OURS.issuers, (strange["serial"].upper(),))
    assert (await look(world.profile, source, accepted, before=first)).verdict is Verdict.INFO
    alone = await look(world.profile, source, Allowed())
    assert alone.verdict is Verdict.OK, "at the first look nothing is new, and everybody may issue"


async def test_what_its_issuer_has_revoked_fails_no_more_and_stays_so_when_nobody_can_be_asked(
    world: LaunchedWorld,
) -> None:
    settings = Settings(certificate_transparency=CertificateTransparency(issuers=OURS.issuers))
    around = around_looks(settings, world.profile)
    domain = DomainConfig(name="news.example")

    async def look_around(looks: AroundLooks = around) -> Observation:
        (seen,) = await looks.issuance(domain, datetime.now(UTC))
        looks.learn([seen])
        return seen

    await look_around()
    world.inject(do="ct-misissue", host="www.news.example")
    strange = await look_around()
    assert strange.verdict is Verdict.FAIL
    assert strange.finding is not None
    assert "and says that the certificate counts" in strange.finding.now
    (one,) = strange.evidence["unauthorised"]
    world.inject(do="ct-revoke", host="www.news.example")
    seen = await look_around()
    assert seen.verdict is Verdict.INFO
    assert seen.headline.startswith("revoked, so it counts no more: a certificate for www.news.example by DRILL")
    assert seen.evidence["unauthorised"] == []
    (revoked,) = seen.evidence["revoked"]
    assert (revoked["serial"], bool(revoked["revoked_at"])) == (one["serial"], True)
    world.inject(do="ocsp-fault", kind="try-later")
    restarted = around_looks(settings, world.profile)
    restarted.learn([seen])
    remembered = await look_around(restarted)
    fresh = await look_around(around_looks(settings, world.profile))
    world.inject(do="ocsp-fault", kind="none")
    assert remembered.verdict is Verdict.INFO
    assert fresh.verdict is Verdict.FAIL
    assert fresh.finding is not None
    assert "whether it is revoked is not known" in fresh.finding.now


def around_looks(settings: Settings, profile: Profile) -> AroundLooks:
    return AroundLooks(settings, profile, Trust(profile), AwsReader(profile), Backups(profile, None))


async def test_without_a_list_of_issuers_every_new_certificate_is_told_for_a_day(
    world: LaunchedWorld, tmp_path: Path
) -> None:
    file = tmp_path / "found.json"
    file.write_text(json.dumps([row("01")]))
    first = await look(world.profile, str(file), Allowed())
    assert first.verdict is Verdict.OK
    file.write_text(json.dumps([row("01"), row("02", names="*.pay.example")]))
    second = await look(world.profile, str(file), Allowed(), before=first)
    assert second.verdict is Verdict.WARN
    assert second.finding is not None
    later = datetime.now(UTC) + NEW_FOR + timedelta(minutes=1)
    assert (await look(world.profile, str(file), Allowed(), before=second, at=later)).verdict is Verdict.OK


def row(
    serial: str, *, names: str = "www.pay.example", issuer: str = "C=US, O=Let's Encrypt, CN=R13"
) -> dict[str, str]:
    return {
        "serial_number": serial,
        "name_value": names,
        "issuer_name": issuer,
        "not_before": "2026-11-01T00:00:00",
        "not_after": "2027-01-30T00:00:00",
        "entry_timestamp": "2026-11-01T01:00:00.123",
    }


async def test_what_is_not_such_an_answer_is_unknown_and_keeps_the_memory(
    world: LaunchedWorld, tmp_path: Path
) -> None:
    file = tmp_path / "found.json"
    file.write_text(json.dumps([row("01")]))
    first = await look(world.profile, str(file))
    for content in ("<html>busy</html>", '{"error": 1}', "[1]", ""):
        file.write_text(content)
        seen = await look(world.profile, str(file), before=first)
        assert seen.verdict is Verdict.UNKNOWN
        assert seen.evidence["seen"] == first.evidence["seen"]
    assert (await look(world.profile, str(tmp_path / "none.json"))).verdict is Verdict.UNKNOWN


async def test_names_of_others_and_doubles_do_not_count(world: LaunchedWorld, tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text(
        json.dumps([row("01"), row("01"), row("03", names="notpay.example"), row("04", names="pay.example.org")])
    )
    assert (await look(world.profile, str(file))).evidence["seen_count"] == 1


async def test_a_search_that_is_down_is_unknown(world: LaunchedWorld) -> None:
    cut = msgspec.structs.replace(world.profile, dial={**world.profile.dial, "192.0.2.90:443": "127.0.0.1:1"})
    seen = await look(cut, "https://ct.nowhere.example/")
    assert seen.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("distinguished", "wanted"),
    [
        ("C=US, O=Let's Encrypt, CN=R13", "Let's Encrypt"),
        ('C=US, O="DigiCert, Inc.", CN=X', "DigiCert, Inc."),
        ("CN=R13,O=Let\\,s,C=US", "Let,s"),
        ("CN=Amazon RSA 2048 M01,O=Amazon,C=US", "Amazon RSA 2048 M01"),
    ],
)
def test_an_issuer_is_known_by_its_organisation_or_common_name(distinguished: str, wanted: str) -> None:
    assert wanted in names_of(distinguished)
