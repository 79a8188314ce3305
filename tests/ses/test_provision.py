"""The compliance kit: made once, recorded, compared, taken away; against the drill's AWS and against moto."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cockpit.actions.aws import AwsClients
from cockpit.actions.provision.archive import archive, digest
from cockpit.actions.provision.lambda_function import lambda_handler
from cockpit.actions.provision.proving import Simulation, after_making
from cockpit.actions.provision.provision import Provision
from cockpit.cli.frame import root
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.errors import ReadOnly, Refused, WorldError
from cockpit.profile import Aws, Profile
from cockpit.ses.kit.plan import INTENDED, SETTLED, made_here
from cockpit.ses.kit.resources import Kind, Names, drift, kit
from storage.ledger import Draft
from tests.ses.messages import bounce, complaint
from tests.worlds import start_world

FRESH = {
    "table": "kit-table",
    "topic": "kit-feedback",
    "queue": "kit-queue",
    "role": "KitRole",
    "function": "kit-handler",
    "alarm_topic": "kit-alarms",
}


class Kit:
    """A kit in an account, and the ledger's events that it would leave."""

    def __init__(self, profile: Profile, *, domains: Sequence[str] = (), read_only: bool = False) -> None:
        self.records: list[Draft] = []
        self.names = Names(account=profile.aws.account, region=profile.aws.region, domains=tuple(domains), **FRESH)
        self.clients = AwsClients(profile, "mhassan", read_only=read_only)
        self.provision = Provision(
            self.clients, self.names, "mhassan", self.records.extend, lambda: datetime.now(UTC)
        )

    def states(self) -> dict[str, str]:
        return {each.resource.key: each.state for each in self.provision.board()}

    def fresh_states(self) -> set[str]:
        """All but the alarms, which have the names that the drill's company uses already."""
        return {state for key, state in self.states().items() if not key.startswith("alarm/")}

    def make(self) -> None:
        plan = self.provision.plan()
        run = self.provision.apply(plan, plan.hash)
        assert run.done, run.outcomes

    def mine(self) -> set[str]:
        records = ((each.kind, each.body) for each in self.records)
        return made_here(records, self.names.account, self.names.region)


@pytest.fixture(scope="module")
def world() -> Iterator[LaunchedWorld]:
    """A world of its own, whose alarms may be changed."""
    with start_world() as world:
        yield world


@pytest.fixture(params=["drill", "moto"])
def profile(request: pytest.FixtureRequest, world: LaunchedWorld) -> Profile:
    return world.profile if request.param == "drill" else request.getfixturevalue("moto")


def test_a_kit_is_made_in_order_is_then_green_and_a_second_run_has_nothing_to_do(profile: Profile) -> None:
    made = Kit(profile)
    assert made.fresh_states() == {"absent"}
    made.make()
    assert set(made.states().values()) == {"ok"}, made.provision.board()
    with pytest.raises(Refused, match="it is so already"):
        made.provision.plan()
    intended = [each.body["change"]["key"] for each in made.records if each.kind == INTENDED]
    settled = [each.body["outcomes"][0]["key"] for each in made.records if each.kind == SETTLED]
    assert intended == settled == [each.key for each in made.provision.resources]
    removal(made)


def removal(made: Kit) -> None:
    """Only what was made from here goes, and data only when that is asked for."""
    events: Any = made.records
    plan = made.provision.plan_removal(events)
    assert {each.key for each in plan.changes} == made.mine() - {
        "table/kit-table",
        "queue/kit-queue",
        "permission/kit-handler",
    }
    assert any("holds data and stays" in each for each in plan.left)
    plan = made.provision.plan_removal(events, with_data=True)
    assert made.provision.apply(plan, plan.hash).done
    assert made.fresh_states() == {"absent"}


def test_drift_is_named_line_by_line_and_put_right(profile: Profile) -> None:
    made = Kit(profile)
    made.make()
    cloudwatch = made.clients.changer("cloudwatch", ("PutMetricAlarm",))
    cloudwatch.put_metric_alarm(
        AlarmName="ses-bounce-rate-warning",
        Namespace="AWS/SES",
        MetricName="Reputation.BounceRate",
        Statistic="Average",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=3.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    plan = made.provision.plan()
    assert [each.key for each in plan.changes] == ["alarm/ses-bounce-rate-warning"]
    assert "threshold: 3.0 → 0.03" in plan.changes[0].lines
    made.make()
    assert set(made.states().values()) == {"ok"}
    plan = made.provision.plan_removal(made.records, with_data=True)  # type: ignore[arg-type]
    assert made.provision.apply(plan, plan.hash).done


def test_a_plan_is_applied_by_its_hash_only_and_never_from_a_read_only_cockpit(world: LaunchedWorld) -> None:
    profile = world.profile
    plan = Kit(profile).provision.plan()
    with pytest.raises(Refused):
        Kit(profile).provision.apply(plan, "0" * 64)
    closed = Kit(profile, read_only=True)
    with pytest.raises(ReadOnly):
        closed.provision.apply(closed.provision.plan(), plan.hash)
    assert closed.records == []


def test_what_somebody_made_meanwhile_is_left_to_them(world: LaunchedWorld) -> None:
    made = Kit(world.profile)
    plan = made.provision.plan()
    sns = made.clients.changer("sns", ("CreateTopic", "DeleteTopic"))
    sns.create_topic(Name="kit-feedback")
    run = made.provision.apply(plan, plan.hash)
    assert [each.state for each in run.outcomes] == ["done", "left"]
    assert made.mine() == {"table/kit-table"}
    sns.delete_topic(TopicArn=made.names.arn("sns", "kit-feedback"))
    plan = made.provision.plan_removal(made.records, with_data=True)  # type: ignore[arg-type]
    assert made.provision.apply(plan, plan.hash).done


def test_notifications_of_an_identity_are_compared_and_set(world: LaunchedWorld) -> None:
    made = Kit(world.profile, domains=["shop.example"])
    stands = next(each for each in made.provision.board() if each.resource.kind is Kind.NOTIFICATION)
    assert stands.state == "drift"
    assert {each.what for each in stands.drift} == {"bounce", "complaint"}


def test_tags_that_were_lost_are_drift_and_put_back(moto: Profile) -> None:
    made = Kit(moto)
    made.make()
    arn = made.names.arn("sns", made.names.topic)
    made.clients.changer("sns", ("UntagResource",)).untag_resource(ResourceArn=arn, TagKeys=["managed-by"])
    assert made.states()[f"topic/{made.names.topic}"] == "drift"
    plan = made.provision.plan()
    assert [(each.key, each.operations) for each in plan.changes] == [
        (f"topic/{made.names.topic}", ("sns:TagResource",))
    ]
    assert made.provision.apply(plan, plan.hash).done
    assert set(made.states().values()) == {"ok"}
    removal(made)


def test_what_cannot_be_read_is_unknown_and_nothing_is_planned() -> None:
    aws = Aws(
        region="us-east-1", account="123456789012", endpoint="http://127.0.0.1:9", access_key="a", secret_key="b"
    )
    with pytest.raises(WorldError):
        Kit(Profile(aws=aws, loopback_only=True)).provision.plan()


def test_the_archive_is_the_same_each_time_and_runs_by_itself() -> None:
    assert digest(archive()) == digest(archive())
    with zipfile.ZipFile(io.BytesIO(archive())) as packed:
        assert "cockpit/ses/feedback.py" in packed.namelist()
        for name in packed.namelist():
            compile(packed.read(name), name, "exec")


class Table:
    """A table's client that remembers what was put."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []

    def put_item(self, **given: Any) -> None:
        self.items.append({key: value["S"] for key, value in given["Item"].items()})


def test_the_function_suppresses_by_the_cockpit_s_own_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPRESSION_LIST_TABLE", "t")
    now, table = datetime.now(UTC), Table()
    texts = [
        bounce("a@x.example", at=now),
        bounce("s@x.example", kind="Transient", at=now),
        complaint("c@x.example", at=now),
        complaint("n@x.example", kind="not-spam", at=now),
        "poison",
    ]
    messages = [each if isinstance(each, str) else json.dumps(each) for each in texts]
    answer = lambda_handler({"Records": [{"Sns": {"Message": each}} for each in messages]}, None, table)
    assert answer == {"statusCode": 200, "suppressed": 2, "noted": 2, "left": 1}
    assert [(each["email"], each["reason"]) for each in table.items] == [
        ("a@x.example", "bounce"),
        ("c@x.example", "complaint"),
    ]


def test_the_kit_has_what_was_documented() -> None:
    resources = kit(Names(account="447112341123", region="ca-central-1"), "digest")
    keys = {each.key for each in resources}
    assert {
        "table/ses-email-suppression-list",
        "function/ses-notification-handler",
        "role/SESNotificationHandlerRole",
        "topic/ses-bounce-complaint-notifications",
    } <= keys
    alarms = {each.name: each.wanted["threshold"] for each in resources if each.kind is Kind.ALARM}
    assert alarms == {
        "ses-high-bounce-rate-CRITICAL": 0.05,
        "ses-high-complaint-rate-CRITICAL": 0.001,
        "ses-bounce-rate-warning": 0.03,
        "ses-complaint-rate-warning": 0.0005,
        "ses-email-failure-rate-high": 0.10,
        "ses-suppressed-emails-detected": 1.0,
    }
    assert drift(resources[0], {"keys": "email HASH", "billing": "PAY_PER_REQUEST"})[0].what == "keys"


class Usual(Kit):
    """The kit under the names that the drill's company has already."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile)
        self.names = Names(account=profile.aws.account, region=profile.aws.region)


@pytest.mark.parametrize("kind", ["bounce", "complaint"])
def test_a_simulated_mail_is_followed_until_its_second_is_held_back(world: LaunchedWorld, kind: str) -> None:
    usual = Usual(world.profile)
    test = Simulation(
        usual.clients, usual.names, "mhassan", usual.records.extend, lambda: datetime.now(UTC), patience_s=20
    )
    checks = test.run(kind, "ops@shop.example")
    assert [each.name for each in checks] == [
        "mail is sent",
        f"{kind} suppresses",
        "a second mail is held back",
        "the metric appears",
        "the test's entry is gone",
    ]
    assert all(each.good for each in checks), checks
    assert [each.kind for each in usual.records] == ["kit.test-intended", "kit.test-settled"]


def test_a_sender_that_is_not_verified_fails_the_first_check_and_nothing_is_waited_for(
    world: LaunchedWorld,
) -> None:
    usual = Usual(world.profile)
    test = Simulation(usual.clients, usual.names, "mhassan", usual.records.extend, lambda: datetime.now(UTC))
    checks = test.run("bounce", "ops@unknown.example")
    assert [each.good for each in checks] == [False]


def test_what_was_never_made_is_told_by_every_check(world: LaunchedWorld) -> None:
    made = Kit(world.profile)
    checks = {each.name: each for each in after_making(made.clients, made.names, made.provision.resources)}
    assert checks["table/kit-table"].good is False
    assert checks["function/kit-handler"].says == "it is not there"


def test_the_command_line_plans_checks_and_gates(world: LaunchedWorld, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(world.profile_line)
    frame = ["--profile", str(path), "--database", str(tmp_path / "c.db"), "--as", "mhassan", "provision"]
    names = ["--table", "kit-cli", "--domain", "shop.example"]
    planned = CliRunner().invoke(root, [*frame, "plan", *names])
    assert "+ table/kit-cli" in planned.output
    refused = CliRunner().invoke(root, [*frame, "apply", *names, "--confirm", "00000000"])
    assert isinstance(refused.exception, Refused)
    checked = CliRunner().invoke(root, [*frame, "check", *names])
    assert "✖ table/kit-cli: it is not there" in checked.output
    gated = CliRunner().invoke(root, [*frame, "validate", *names, "--sign", "8", "--note", "read by all"])
    assert "✔  8 Review operations runbook with team: mhassan" in gated.output
    assert "✖  5 Test bounce/complaint handling: not simulated" in gated.output
