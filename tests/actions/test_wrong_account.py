"""The wrong account, region, SDK profile or caller: no remedy that works at AWS lets a change out."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.actions import aws
from cockpit.actions.aws import AwsClients
from cockpit.actions.cards import Access
from cockpit.actions.journal import ActionState
from cockpit.actions.registry import CARDS, make_remedy
from cockpit.actions.runner import carry
from cockpit.desk.remedies.actions import ActionView
from cockpit.errors import WrongIdentity
from cockpit.profile import Aws, Profile
from tests.actions.asked import ASKED
from tests.actions.conftest import DOMAIN, SELECTOR, LocalWorld
from tests.actions.dns.conftest import ROUTE53_ZONES, Desk, desk

__all__ = ["desk"]
EVERY = {"ses.byodkim": {"domain": DOMAIN, "selector": SELECTOR}, **ASKED}
NOT_AT_AWS = {
    *("command.run", "kubectl.rollout-undo", "kubectl.rollout-restart"),
    *("gcloud.switch-certificate", "mongosh.step-down"),
    *("dns.ds", "monitoring.enhance", "cert.replace"),
}
"""Commands, the registry's own door, this cockpit's own watch, and a file that is not there."""
AT_AWS = sorted(CARDS.keys() - NOT_AT_AWS)
OTHER = "arn:aws:sts::447112341123:assumed-role/another-role/mhassan"
SENT = ("ses.byodkim", "ses.pause", "ses.suppress", "cert.renew", "lambda.invoke", "alarms.off", "dns.publish")


@pytest.fixture
def one_session(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK reads its models once."""
    session = aws._session(desk.world.profile)
    monkeypatch.setattr(aws, "_session", lambda profile: session)
    desk.provide(*ROUTE53_ZONES)


def _asked_as(desk: Desk, remedy: str, profile: Profile) -> ActionView:
    """The remedy, asked for and carried as far as it goes with that profile."""
    desk.actions._spawn = lambda _: None
    uid = desk.actions.request(remedy, EVERY[remedy])
    carry(desk.path, uid, profile, "mhassan", read_only=False)
    desk.feed.catch_up()
    return desk.actions.get(uid)


def _with(profile: Profile, **changes: object) -> Profile:
    changed: Aws = msgspec.structs.replace(profile.aws, **changes)
    return msgspec.structs.replace(profile, aws=changed)


@pytest.mark.usefixtures("one_session")
@pytest.mark.parametrize("remedy", AT_AWS)
def test_a_wrong_account_or_region_lets_nothing_leave(desk: Desk, remedy: str) -> None:
    before = len(desk.world.changes())
    for wrong in ({"account": "1" * 12}, {"account": ""}, {"region": ""}):
        view = _asked_as(desk, remedy, _with(desk.world.profile, **wrong))
        assert view.state is ActionState.REFUSED, view.reason
        # Some look at DNS or at their parameters first, and find something else to refuse.
        assert remedy not in SENT or view.code in ("WRONG_IDENTITY", "NOT_USABLE"), view.reason
    assert desk.world.changes()[before:] == []


@pytest.fixture
def sdk_profiles(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An operator's own SDK configuration, with a profile that belongs to another account."""
    config = tmp_path / "aws-config"
    config.write_text("[profile staging]\naws_access_key_id = STAGINGKEY\naws_secret_access_key = none\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    callers = desk.world.world.aws._callers
    callers["STAGINGKEY"] = "arn:aws:sts::999999999999:assumed-role/ops/mhassan"
    yield
    del callers["STAGINGKEY"]


@pytest.mark.usefixtures("sdk_profiles")
@pytest.mark.parametrize(("name", "code"), [("staging", "WRONG_IDENTITY"), ("prodd", "NOT_USABLE")])
def test_a_wrong_sdk_profile_lets_nothing_leave_and_says_which_one_it_was(desk: Desk, name: str, code: str) -> None:
    before = len(desk.world.changes())
    profile = _with(desk.world.profile, sdk_profile=name, access_key="", secret_key="")
    for remedy in ("ses.byodkim", "ses.pause"):
        view = _asked_as(desk, remedy, profile)
        assert (view.state, view.code) == (ActionState.REFUSED, code), view.reason
        assert ("999999999999" if name == "staging" else name) in view.reason
    assert desk.world.changes()[before:] == []


@pytest.fixture
def another_caller(desk: Desk) -> Iterator[None]:
    """The same key signs for another role from now on."""
    callers = desk.world.world.aws._callers
    before = dict(callers)
    yield
    callers.update(before)


@pytest.mark.usefixtures("one_session", "another_caller")
@pytest.mark.parametrize("remedy", SENT)
def test_a_plan_of_another_account_region_or_caller_is_not_sent(desk: Desk, remedy: str) -> None:
    view = desk.planned(remedy, **EVERY[remedy])
    assert view.plan is not None, view.reason
    before = len(desk.world.changes())
    access = Access(desk.world.profile, AwsClients(desk.world.profile, "test"), desk.path)
    made = make_remedy(desk.actions.run_of(view.uid).request, access)
    made.identify()
    for change in ({"account": "1" * 12}, {"region": "eu-west-1"}, {"caller": OTHER}):
        plan = msgspec.structs.replace(view.plan, **change)
        with pytest.raises(WrongIdentity):
            made.send(plan, plan.steps[0])
    callers = desk.world.world.aws._callers
    callers.update(dict.fromkeys(callers, OTHER))
    view = desk.applied(view)
    assert (view.state, view.code) == (ActionState.REFUSED, "WRONG_IDENTITY")
    assert OTHER in view.reason
    assert desk.world.changes()[before:] == []


def test_a_session_that_the_sdk_named_anew_is_the_same_caller(world: LocalWorld) -> None:
    clients, role = AwsClients(world.profile, "test"), "arn:aws:sts::447112341123:assumed-role/ic"
    place = (world.profile.aws.account, world.profile.aws.region)
    clients._seen = aws.Caller(place[0], f"{role}/botocore-session-1732171234")
    clients.require_caller(*place, f"{role}/botocore-session-1732170000")
    for other in (f"{role}/kblake", f"{role}-two/botocore-session-1732170000"):
        with pytest.raises(WrongIdentity, match="make a new plan"):
            clients.require_caller(*place, other)
