"""The wrong account, the wrong region: no remedy that works at AWS lets a change out."""

import msgspec
import pytest

from cockpit.actions.aws import AwsClients
from cockpit.actions.cards import Access
from cockpit.actions.journal import ActionState
from cockpit.actions.registry import make_remedy
from cockpit.actions.runner import carry
from cockpit.errors import WrongIdentity
from tests.actions.asked import ASKED
from tests.actions.dns.conftest import Desk, _one_session, desk

__all__ = ["_one_session", "desk"]
AT_AWS = sorted(name for name in ASKED if name.startswith(("ses.", "cert.", "lb.", "lambda.", "alarms.")))
SENT = ("ses.pause", "ses.dkim-off", "ses.suppress", "cert.renew", "lambda.invoke", "alarms.off")


@pytest.mark.parametrize("remedy", AT_AWS)
def test_a_wrong_account_or_region_lets_nothing_leave(desk: Desk, remedy: str) -> None:
    before, aws = len(desk.world.changes()), desk.world.profile.aws
    desk.actions._spawn = lambda _: None
    for wrong in ({"account": "1" * 12}, {"account": ""}, {"region": ""}):
        profile = msgspec.structs.replace(desk.world.profile, aws=msgspec.structs.replace(aws, **wrong))
        uid = desk.actions.request(remedy, ASKED[remedy])
        carry(desk.path, uid, profile, "mhassan", read_only=False)
        desk.feed.catch_up()
        view = desk.actions.get(uid)
        assert view.state is ActionState.REFUSED, view.reason
        assert view.code in ("WRONG_IDENTITY", "NOT_USABLE"), view.reason
    assert desk.world.changes()[before:] == []


@pytest.mark.parametrize("remedy", SENT)
def test_a_plan_of_another_account_or_region_is_not_sent(desk: Desk, remedy: str) -> None:
    view = desk.planned(remedy, **ASKED[remedy])
    assert view.plan is not None, view.reason
    before = len(desk.world.changes())
    access = Access(desk.world.profile, AwsClients(desk.world.profile, "test"), desk.path)
    made = make_remedy(desk.actions.run_of(view.uid).request, access)
    for change in ({"account": "1" * 12}, {"region": "eu-west-1"}):
        plan = msgspec.structs.replace(view.plan, **change)
        with pytest.raises(WrongIdentity):
            made.send(plan, plan.steps[0])
    assert desk.world.changes()[before:] == []
