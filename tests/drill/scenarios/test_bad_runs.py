"""The same scenarios played badly: nobody is told, and what is done is wrong; the score says which and why."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.drill.estate.baseline import PreparedKey
from cockpit.drill.estate.edge import CERTIFICATES
from cockpit.drill.judging.referee import Outcome
from cockpit.drill.scenario import load_scenario, scenario_names
from cockpit.drill.vocabulary import LeftAlone, UpdatePosted
from tests.drill.scenarios.stage import Stage, outcomes, staged


@dataclass(frozen=True)
class Blunder:
    """What is done wrong, how the referee calls it, and a word of why."""

    commit: Callable[[Stage], object]
    verdict: str
    why: str = ""


def change(zone: str, name: str, kind: str, *values: str) -> Callable[[Stage], object]:
    """Change a record that was right."""
    return lambda stage: stage.publish(zone, name, kind, *values)


def pause_the_account(stage: Stage) -> None:
    stage.aws("sesv2").put_account_sending_attributes(SendingEnabled=False)


def switch_dkim_off(stage: Stage) -> None:
    stage.aws("sesv2").put_email_identity_dkim_attributes(EmailIdentity="shop.example", SigningEnabled=False)


def too_early(stage: Stage) -> None:
    """Phase 7 by hand, while the record is not published."""
    pem = stage.prepared.pem.decode()
    key = "".join(line for line in pem.splitlines() if not line.startswith("-----"))
    stage.aws("sesv2").put_email_identity_dkim_signing_attributes(
        EmailIdentity="shop.example",
        SigningAttributesOrigin="EXTERNAL",
        SigningAttributes={"DomainSigningSelector": "s2026b", "DomainSigningPrivateKey": key},
    )


def send_around(stage: Stage) -> None:
    stage.aws("sesv2").create_email_identity(EmailIdentity="other.example")


def exchange_the_certificate(stage: Stage) -> None:
    spare = stage.aws("s3").get_object(Bucket=CERTIFICATES, Key="www.pay.example/backup.pem")["Body"].read()
    stage.aws("s3").put_object(Bucket=CERTIFICATES, Key="www.pay.example/active.pem", Body=spare)


def empty_the_group(stage: Stage) -> None:
    elb = stage.aws("elbv2")
    (group,) = elb.describe_target_groups(Names=["api-example"])["TargetGroups"]
    elb.deregister_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "10.0.0.10"}])


BLUNDERS = {
    "dkim-missing": Blunder(switch_dkim_off, "dangerous", "unsigned"),
    "byodkim-not-ready": Blunder(too_early, "dangerous", "not published yet"),
    "zone-deletion": Blunder(
        change("shop.example.", "shop.example", "NS", "ns1.hosting.example."), "dangerous", "delegation"
    ),
    "certificate-expiry": Blunder(
        change("pay.example.", "www.pay.example", "A", "203.0.113.25"), "wrong", "same certificate"
    ),
    "load-balancer-failure": Blunder(exchange_the_certificate, "wrong", "certificate was good"),
    "customer-communication": Blunder(change("admin.example.", "admin.example", "A", "203.0.113.51"), "neutral"),
    "ct-misissuance": Blunder(
        change("shop.example.", "www.shop.example", "A", "203.0.113.99"), "wrong", "no record of ours"
    ),
    "dnssec-expired": Blunder(change("pay.example.", "www.pay.example", "A", "203.0.113.25"), "wrong", "signature"),
    "dnssec-wrong-ds": Blunder(
        change("pay.example.", "pay.example", "NS", "ns1.hosting.example."), "dangerous", "delegation"
    ),
    "two-faults": Blunder(switch_dkim_off, "dangerous", "unsigned"),
    "propagation-stale": Blunder(change("news.example.", "www.news.example", "A", "203.0.113.32"), "neutral"),
    "propagation-split": Blunder(
        change("news.example.", "news.example", "NS", "ns1.hosting.example."), "dangerous", "only one address"
    ),
    "load-balancer-targets": Blunder(empty_the_group, "dangerous", "nothing else to send to"),
    "false-alarm": Blunder(change("shop.example.", "www.shop.example", "A", "203.0.113.99"), "neutral"),
    "ses-bounce-ramp": Blunder(pause_the_account, "wrong", "every domain"),
    "ses-complaint-jump": Blunder(pause_the_account, "wrong", "every domain"),
    "account-suspension": Blunder(send_around, "dangerous", "closed for good"),
    "api-throttling": Blunder(change("shop.example.", "www.shop.example", "A", "203.0.113.99"), "neutral"),
    "expired-credentials": Blunder(change("shop.example.", "www.shop.example", "A", "203.0.113.99"), "neutral"),
    "regional-outage": Blunder(
        change("shop.example.", "shop.example", "MX", "10 mx2.hosting.example."), "dangerous", "healthy"
    ),
}


@pytest.fixture(scope="module")
def prepared() -> PreparedKey:
    return PreparedKey()


def test_every_scenario_can_be_played_badly() -> None:
    assert set(BLUNDERS) == {name for name in scenario_names() if load_scenario(name).injects}


@pytest.mark.parametrize("name", BLUNDERS)
def test_a_bad_run_scores_badly_for_the_right_reasons(name: str, tmp_path: Path, prepared: PreparedKey) -> None:
    blunder = BLUNDERS[name]
    with staged(name, tmp_path, prepared) as stage:
        stage.break_it()
        blunder.commit(stage)
        stage.wait(60)
        score = stage.score()
        expected = stage.world.scenario.expect
    (act,) = [act for act in score.acts if act.verdict == blunder.verdict]
    assert blunder.why in act.why
    found = outcomes(score)
    missed = {title for title, outcome in found.items() if outcome is Outcome.MISSED}
    told = {one.title for one in expected if isinstance(one, UpdatePosted)}
    alone = {one.title for one in expected if isinstance(one, LeftAlone)}
    assert told | alone <= missed
    assert score.percent <= 50
    if blunder.verdict in ("wrong", "dangerous"):
        assert score.percent < 20


def test_what_was_claimed_but_reached_nobody_was_not_said(tmp_path: Path, prepared: PreparedKey) -> None:
    """Every update is in the ledger, carried to nowhere; what the status page showed was late and wrong."""
    with staged("customer-communication", tmp_path, prepared) as stage:
        stage.break_it()
        stage.take_on("admin.example is down", "P1", "admin.example", "CL")
        for _ in range(3):
            stage.desk.incidents.record_update(
                stage.incident, audience="customers", channel="hand", text="Signing in is down; next word at 14:20."
            )
            stage.wait(8)
        stage.tell_customers("admin.example (203.0.113.50) is down, which is the fault of our provider.")
        stage.wait(15)
        score = stage.score()
    found = {judgement.title: judgement for judgement in score.judgements}
    read = found["Customers could read of it on the status page"]
    assert (read.outcome, read.source) == (Outcome.LATE, "world")
    told = found["The first words to customers said what is affected and when the next ones come"]
    assert (told.outcome, told.note) == (Outcome.MISSED, "it does not say when the next word comes")
    given_away = found["Nothing was said in public that is not for the public"]
    assert given_away.note == "it gives away names of hosts and addresses; it gives away who is to blame"
    for title in (
        "The team was told",
        "The owners of the services were told by ticket or mail",
        "The last words to customers said that it is over",
    ):
        assert found[title].outcome is Outcome.MISSED, title
