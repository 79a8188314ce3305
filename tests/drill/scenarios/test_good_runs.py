"""Each scenario worked to green: seen by the ordinary probes, repaired over the real protocols, and scored."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.drill.estate.baseline import PreparedKey, dkim_record
from cockpit.drill.estate.company import RECORD_TTL_S
from cockpit.drill.estate.edge import BACKUPS, CERTIFICATES
from cockpit.drill.judging.referee import Outcome
from cockpit.drill.scenario import load_scenario, scenario_names
from cockpit.health.model import Verdict
from cockpit.health.zone_copy import TRANSFER, RecordSet, ZoneCopy
from storage.snapshots import Snapshots
from tests.drill.scenarios.authority import logged, revoke_logged
from tests.drill.scenarios.stage import Stage, outcomes, staged

ACCOUNT = "ses:447112341123/ca-central-1"


@dataclass(frozen=True)
class Play:
    """How a scenario is played well: where it shows, as what, and what mends it."""

    target: str
    check: str
    kind: str
    mend: Callable[[Stage], None]
    verdict: Verdict = Verdict.FAIL
    severity: str = "P1"
    roles: tuple[str, ...] = ("TL", "CL", "SL")
    incident: bool = True
    after: Verdict = Verdict.OK
    """What is said after the repair: a certificate that was revoked stays in the logs, and is told."""


def restore_the_zone(stage: Stage) -> None:
    """Take this morning's backup in, and have the zone restored from it."""
    backup = stage.aws("s3").get_object(Bucket=BACKUPS, Key="latest/shop.example.zone")["Body"].read().decode()
    found: dict[tuple[str, str], list[str]] = {}
    for line in backup.splitlines():
        name, ttl, _, kind, value = line.split(" ", 4)
        found.setdefault((name.rstrip("."), kind), []).append(value)
    records = tuple(RecordSet(name, kind, RECORD_TTL_S, tuple(values)) for (name, kind), values in found.items())
    copy = ZoneCopy("shop.example", TRANSFER, records)
    now = stage.world.clock.now()
    kept = Snapshots(stage.desk.database)
    kept.put(copy.domain, TRANSFER, copy.digest, copy.text, len(records), now, "mhassan")
    stage.remedy("dns.restore-zone", domain="shop.example")


def install_the_spare(stage: Stage) -> None:
    """Put the spare certificate where the load balancer looks."""
    s3 = stage.aws("s3")
    spare = s3.get_object(Bucket=CERTIFICATES, Key="www.pay.example/backup.pem")["Body"].read()
    s3.put_object(Bucket=CERTIFICATES, Key="www.pay.example/active.pem", Body=spare)


def renew_through(authority: str) -> Callable[[Stage], None]:
    """Order one, prove it, and put it on the listener, all by one remedy."""

    def mend(stage: Stage) -> None:
        stage.remedy("cert.renew", host="www.pay.example", through=authority)

    return mend


def revoke_and_forbid(stage: Stage) -> None:
    """Show control of the name, have the certificate revoked, and say who may issue from now on."""
    usual = stage.world.authority.issuer.subject.rfc4514_string()
    (row,) = [row for row in logged(stage, "shop.example") if row["issuer_name"] != usual]
    assert revoke_logged(stage, row["id"], "shop.example.", row["common_name"]) == 200
    stage.remedy("dns.publish", name="shop.example", type="CAA", values='0 issue "drill-ca.example"')


def use_the_second_load_balancer(stage: Stage) -> None:
    """Point both names at the load balancer that works."""
    stage.remedy("dns.publish", name="www.pay.example", type="A", values="203.0.113.25")
    stage.remedy("dns.publish", name="api.pay.example", type="A", values="203.0.113.26")
    stage.wait(2)


def use_the_second_site(stage: Stage) -> None:
    """Point the name at the site in another region; its key for updates is kept in two."""
    stage.remedy("dns.publish", name="api.example", type="A", values="203.0.113.45")
    stage.wait(2)


def move_signing(stage: Stage) -> None:
    """Phase 7 of the BYODKIM procedure, by the desk's own remedy."""
    stage.remedy("ses.byodkim", domain="shop.example", selector="s2026b")


def publish_then_move_signing(stage: Stage) -> None:
    """The record first, phase 7 after it."""
    value = dkim_record(stage.prepared.public)
    stage.remedy("dns.publish", name="s2026b._domainkey.shop.example", type="TXT", values=value)
    stage.wait(1)
    move_signing(stage)


def take_the_ds_out(domain: str) -> Callable[[Stage], None]:
    """Tell the world above that the zone is not signed, until it is signed well again."""

    def mend(stage: Stage) -> None:
        stage.remedy("dns.ds", domain=domain, action="remove")
        stage.wait(6)

    return mend


def replace_the_ds(stage: Stage) -> None:
    """Publish the DS of the key that signs, read off the zone's own servers."""
    stage.remedy("dns.ds", domain="pay.example", action="set")
    stage.wait(6)


def mend_both(stage: Stage) -> None:
    """The chain first, and then what it had hidden."""
    take_the_ds_out("shop.example")(stage)
    assert not stage.restored
    assert stage.look("shop.example", "mail.dkim").verdict is Verdict.FAIL
    move_signing(stage)


def stop_the_mailing(stage: Stage) -> None:
    """Pause sending for the one configuration set that does harm."""
    stage.remedy("ses.pause", what="campaigns")
    stage.wait(4)


def stop_and_answer(stage: Stage) -> None:
    """Stop the cause, then tell AWS what was found and done."""
    stop_the_mailing(stage)
    stage.remedy(
        "ses.production-access",
        site="https://www.shop.example",
        text="A bad list was mailed; it was stopped, cleaned, and imports are checked from now on.",
    )
    stage.wait(6)


def sign_in_again(stage: Stage) -> None:
    """A new session of the same role."""
    stage.aws("sts").assume_role(RoleArn="arn:aws:iam::447112341123:role/ic-remediate", RoleSessionName="mhassan")
    stage.wait(1)


def bring_the_release_before_back(stage: Stage) -> None:
    """Register the machine with the release before, see it healthy, then take the failing one out."""
    elb = stage.aws("elbv2")
    (group,) = elb.describe_target_groups(Names=["api-example"])["TargetGroups"]
    arn = group["TargetGroupArn"]

    def states() -> dict[str, str]:
        told = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in told}

    assert states() == {"10.0.0.10": "unhealthy"}
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.1.10"}])
    assert states()["10.0.1.10"] == "healthy"
    stage.wait(1)
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.10"}])
    assert states() == {"10.0.1.10": "healthy"}


def publish_the_right_address(stage: Stage) -> None:
    """What is published first, then patience until the last resolver has it."""
    stage.remedy("dns.publish", name="www.news.example", type="A", values="203.0.113.30")
    wait_it_out(13)(stage)


def wait_it_out(minutes: float) -> Callable[[Stage], None]:
    """Change nothing, and keep telling people so."""

    def mend(stage: Stage) -> None:
        told = 0.0
        while told < minutes:
            stage.wait(min(8, minutes - told))
            told += 8
            if stage.incident:
                stage.tell(f"Still with the provider after {told:.0f} minutes; next word in 8.")

    return mend


def keep_everybody_posted(stage: Stage) -> None:
    """Tell owners and customers at once, customers every eight minutes, and both that it is over."""
    stage.tell_owners("Sign-in codes and audit pages are unavailable; the provider is on it.")
    stage.tell_customers("Signing in and audit pages are unavailable since 14:02 UTC. Next update in 8 minutes.")
    for _ in range(3):
        stage.wait(8)
        stage.tell("Still with the provider; next word in 8 minutes.")
        stage.tell_customers("Signing in is still unavailable. Next update in 8 minutes.", "identified")
    stage.until(lambda: stage.restored)
    stage.tell_customers("Signing in works again.", "resolved")


PLAYS = {
    "dkim-missing": Play("shop.example", "mail.dkim", "dkim-missing", move_signing, severity="P2"),
    "byodkim-not-ready": Play(
        "shop.example", "mail.dkim", "dkim-missing", publish_then_move_signing, severity="P2"
    ),
    "zone-deletion": Play("shop.example", "dns.resolution", "dns-failure", restore_the_zone, severity="P0"),
    "certificate-expiry": Play("pay.example", "tls.certificate", "certificate-expired", install_the_spare),
    "ct-misissuance": Play(
        "shop.example", "tls.issuance", "certificate-misissued", revoke_and_forbid, after=Verdict.INFO
    ),
    "load-balancer-failure": Play(
        "pay.example", "http.health", "service-down", use_the_second_load_balancer, severity="P0"
    ),
    "customer-communication": Play("admin.example", "http.health", "service-down", keep_everybody_posted),
    "dnssec-expired": Play("pay.example", "dns.resolution", "dnssec-failure", take_the_ds_out("pay.example")),
    "dnssec-wrong-ds": Play("pay.example", "dns.resolution", "dnssec-failure", replace_the_ds),
    "two-faults": Play("shop.example", "dns.resolution", "dnssec-failure", mend_both),
    "propagation-stale": Play(
        "news.example", "dns.resolution", "propagation", wait_it_out(12), Verdict.WARN, severity="P2"
    ),
    "propagation-split": Play("news.example", "dns.resolution", "", publish_the_right_address, severity="P2"),
    "load-balancer-targets": Play(
        "api.example", "lb.targets", "service-down", bring_the_release_before_back, severity="P0"
    ),
    "false-alarm": Play("shop.example", "dns.resolution", "", wait_it_out(9), Verdict.OK, roles=(), incident=False),
    "ses-bounce-ramp": Play(ACCOUNT, "ses.bounce", "ses-bounce", stop_and_answer),
    "ses-complaint-jump": Play(ACCOUNT, "ses.complaint", "ses-complaint", stop_the_mailing),
    "account-suspension": Play(ACCOUNT, "ses.account", "ses-account", stop_and_answer, severity="P0"),
    "api-throttling": Play(ACCOUNT, "ses.account", "", wait_it_out(7), Verdict.UNKNOWN, severity="P3", roles=()),
    "expired-credentials": Play(
        ACCOUNT, "ses.account", "", sign_in_again, Verdict.UNKNOWN, severity="P3", roles=()
    ),
    "regional-outage": Play("api.example", "http.health", "service-down", use_the_second_site, severity="P0"),
}


BEYOND_RTO = {"customer-communication"}
"""Scenarios whose end is in nobody's hands here."""

OTHER_WAYS = {
    "certificate-expiry/ACM": Play("pay.example", "tls.certificate", "certificate-expired", renew_through("acm")),
    "certificate-expiry/ACME": Play("pay.example", "tls.certificate", "certificate-expired", renew_through("acme")),
}
"""Scenarios that have more than one documented repair."""


@pytest.fixture(scope="module")
def prepared() -> PreparedKey:
    """One key for all worlds, because making one takes its time."""
    return PreparedKey()


def test_every_scenario_is_played() -> None:
    assert set(PLAYS) == {name for name in scenario_names() if load_scenario(name).injects}


@pytest.mark.parametrize("way", PLAYS | OTHER_WAYS)
def test_a_scenario_is_seen_mended_and_scored(way: str, tmp_path: Path, prepared: PreparedKey) -> None:
    play = (PLAYS | OTHER_WAYS)[way]
    with staged(way.partition("/")[0], tmp_path, prepared) as stage:
        assert stage.look(play.target, play.check).verdict is Verdict.OK
        stage.break_it()
        sight = stage.until_seen(play.target, play.check, play.verdict)
        assert sight.kind == play.kind or not play.kind, sight
        if play.incident:
            stage.take_on(sight.headline, play.severity, play.target, *play.roles)
            stage.tell("We are looking into it; next word in 8 minutes.")
        play.mend(stage)
        stage.until(lambda: stage.restored)
        assert stage.look(play.target, play.check).verdict is play.after
        if play.incident:
            stage.tell("It works again, seen from outside; we go on watching.")
            stage.resolve()
        score = stage.score()
    assert score.restored
    assert {title: outcome for title, outcome in outcomes(score).items() if outcome is not Outcome.MET} == {}
    assert [act for act in score.acts if act.verdict != "right"] == []
    if play.incident and score.rto is not None and way not in BEYOND_RTO:
        assert score.restoration is not None
        assert score.restoration <= score.rto
    assert score.percent == 100
