"""One look at a whole world: each kind of trouble becomes the right decision, with what to do about it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.config import Settings, settings_from
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.registry import CHECKS
from cockpit.watch import check_once
from tests.watch.child import until
from tests.worlds import start_world

DOMAIN, HOST = "news.example", "www.news.example"
ACCOUNT = "ses:447112341123/ca-central-1"
UNASKED = {"dns.backup", "lb.targets"}
"""What needs a database, and what is not configured."""

DOMAIN_CHECKS = {check.id for check in CHECKS if check.area != "ses"} - UNASKED | {"ses.identity"}


@pytest.fixture
def own() -> Iterator[LaunchedWorld]:
    """A world of the test's own, to be broken."""
    with start_world() as world:
        yield world


def settings(world: LaunchedWorld) -> Settings:
    return settings_from(world.profile.settings or {}, "the world")


def decide(world: LaunchedWorld, check: str, target: str = DOMAIN) -> Observation:
    names = [target] if not target.startswith("ses:") else ["shop.example"]
    found = check_once(settings(world), world.profile, names, [check])
    (decision,) = [
        each for each in found if each.vantage == DECISION and each.target == target and each.check == check
    ]
    return decision


def becomes(world: LaunchedWorld, check: str, verdict: Verdict, target: str = DOMAIN) -> Observation:
    """Look again until the verdict is there; caches and SES have their own time."""

    def look() -> Observation | None:
        decision = decide(world, check, target)
        return decision if decision.verdict is verdict else None

    found = until(look)
    assert isinstance(found, Observation)
    return found


def test_a_healthy_domain_is_ok_at_every_vantage(world: LaunchedWorld) -> None:
    found = check_once(settings(world), world.profile, ["app.example"])
    unused = {each.check for each in found if each.verdict is Verdict.NA}
    assert unused == {"mail.mta_sts", "mail.tls_rpt", "mail.amazonses", "tls.stapling"}
    assert {each.verdict for each in found if each.check not in unused} == {Verdict.OK}
    decided = {each.check for each in found if each.vantage == DECISION}
    assert decided == DOMAIN_CHECKS


def test_only_what_is_asked_for_is_looked_at(world: LaunchedWorld) -> None:
    found = check_once(settings(world), world.profile, ["app.example"], ["mail.dkim", "http.health"])
    assert {each.check for each in found} == {"mail.dkim", "http.health"}
    account = check_once(settings(world), world.profile, ["app.example"], ["ses.quota"])
    assert {(each.target, each.check) for each in account} == {(ACCOUNT, "ses.quota")}


def test_a_domain_that_is_not_configured_is_looked_at_by_its_name(world: LaunchedWorld) -> None:
    found = check_once(settings(world), world.profile, ["Hosting.Example."])
    decided = {each.check: each.verdict for each in found if each.vantage == DECISION}
    assert decided.pop("dns.resolution") is Verdict.OK
    assert decided.pop("dns.dnssec") is Verdict.OK
    assert decided.pop("tls.issuance") is Verdict.OK
    assert set(decided.values()) == {Verdict.NA}, "a domain without mail is not asked to have mail records"
    (nothing,) = [
        each
        for each in check_once(settings(world), world.profile, ["nobody.example"], ["dns.resolution"])
        if each.vantage == DECISION
    ]
    assert nothing.verdict is Verdict.FAIL
    assert "does not exist" in nothing.headline


def test_with_no_network_everything_is_unknown_and_nothing_is_red(world: LaunchedWorld) -> None:
    aws = msgspec.structs.replace(world.profile.aws, endpoint="http://127.0.0.1:9")
    cut = msgspec.structs.replace(world.profile, dial={}, aws=aws)
    found = [each for each in check_once(settings(world), cut, ["app.example"]) if each.vantage == DECISION]
    assert len(found) == len(DOMAIN_CHECKS)
    assert {each.verdict for each in found} == {Verdict.UNKNOWN}
    assert all(each.headline for each in found)


def test_a_probe_that_raises_is_unknown_and_puts_no_traceback_on_the_terminal(tmp_path: Path) -> None:
    """In a process of its own, because pytest handles every warning in this one."""
    program = """
from cockpit.config import settings_from
from cockpit.profile import Profile
from cockpit.watch import check_once
from cockpit.watch.looks import Looks

async def broken(self, job):
    raise RuntimeError("boom")

Looks.look = broken
print(*check_once(settings_from({}, "the test"), Profile(loopback_only=True), ["shop.example"], ["dns"]))
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "the probe failed: RuntimeError: boom" in done.stdout


@dataclass(frozen=True)
class Trouble:
    """What is broken, and what a look has to say of it."""

    inject: dict[str, Any]
    check: str
    kind: str
    target: str = DOMAIN
    verdict: Verdict = Verdict.FAIL


def certificate(kind: str, **more: Any) -> dict[str, Any]:
    return {"do": "certificate", "host": HOST, "kind": kind, **more}


TROUBLE = (
    Trouble({"do": "zone-take-down", "zone": "api.example"}, "dns.resolution", "dns-failure", "api.example"),
    Trouble(
        {"do": "dnssec-flaw", "zone": "app.example", "flaw": "expired"},
        "dns.resolution",
        "dnssec-failure",
        "app.example",
    ),
    Trouble({"do": "dnssec-roll-key", "zone": "admin.example"}, "dns.dnssec", "dnssec-failure", "admin.example"),
    Trouble(certificate("expired"), "tls.certificate", "certificate-expired"),
    Trouble(certificate("expiring", days_left=10), "tls.certificate", "certificate-expiring", verdict=Verdict.WARN),
    Trouble(certificate("missing-chain"), "tls.certificate", "certificate-invalid"),
    Trouble({"do": "host-fault", "host": HOST, "kind": "unavailable"}, "http.health", "service-down"),
    Trouble({"do": "ses-enforcement", "status": "SHUTDOWN"}, "ses.account", "ses-account", ACCOUNT),
    Trouble(
        {"do": "mail-ramp", "quantity": "reputation-bounce", "to": 0.062, "over_s": 1},
        "ses.bounce",
        "ses-bounce",
        ACCOUNT,
    ),
)


def test_each_kind_of_trouble_is_decided_as_what_it_is(own: LaunchedWorld) -> None:
    for trouble in TROUBLE:
        own.inject(**trouble.inject)
        decision = becomes(own, trouble.check, trouble.verdict, trouble.target)
        assert decision.evidence["kind"] == trouble.kind, decision.headline
        assert decision.finding is not None
        if trouble.check == "tls.certificate":
            own.inject(**certificate("good"))


def test_one_silent_resolver_is_unknown_and_the_check_stays_green(own: LaunchedWorld) -> None:
    own.inject(do="dns-fault", server="opendns", kind="timeout")
    usual = settings(own)
    hasty = tuple(msgspec.structs.replace(domain, dns_timeout_s=1.0) for domain in usual.domains)
    found = {
        each.vantage: each
        for each in check_once(
            msgspec.structs.replace(usual, domains=hasty), own.profile, ["shop.example"], ["dns.resolution"]
        )
        if each.check == "dns.resolution"
    }
    assert found["opendns"].verdict is Verdict.UNKNOWN
    assert found[DECISION].verdict is Verdict.OK
    assert found[DECISION].headline.endswith("silent: opendns")


def test_our_own_key_is_judged_once_ses_signs_with_it(own: LaunchedWorld) -> None:
    import boto3

    aws = own.profile.aws
    before = decide(own, "mail.dkim", "shop.example")
    assert before.evidence["origin"] == "easy"
    client = boto3.session.Session().client
    made = {
        name: client(
            name,
            region_name=aws.region,
            endpoint_url=aws.endpoint,
            aws_access_key_id=aws.access_key,
            aws_secret_access_key=aws.secret_key,
        )
        for name in ("s3", "sesv2")
    }
    pem = made["s3"].get_object(Bucket="acme-dkim", Key="dkim-certificates/shop.example/s2026b/private_key.pem")
    body = "".join(pem["Body"].read().decode().splitlines()[1:-1])
    made["sesv2"].put_email_identity_dkim_signing_attributes(
        EmailIdentity="shop.example",
        SigningAttributesOrigin="EXTERNAL",
        SigningAttributes={"DomainSigningSelector": "s2026b", "DomainSigningPrivateKey": body},
    )
    for each in made.values():
        each.close()
    after = decide(own, "mail.dkim", "shop.example")
    assert after.evidence["origin"] == "own"
    assert after.evidence["expected"] == [{"name": "s2026b._domainkey.shop.example", "target": None}]
    assert after.verdict is Verdict.OK
    assert becomes(own, "ses.identity", Verdict.OK, "shop.example").headline.endswith("(our own key)")
