"""Alarms that tell nobody for a while, and a domain that is watched closer: planned, applied, taken back."""

import pytest

from cockpit.actions.journal import ActionState
from cockpit.config import settings_from
from cockpit.errors import IllegalMove
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.watch.memory import Memory
from tests.actions.conftest import DOMAIN, LocalWorld
from tests.actions.dns.conftest import Desk


def actions(world: LocalWorld) -> dict[str, bool]:
    board = world.world.account.cloudwatch.board
    found = world.do(lambda: {name: alarm.enabled for name, alarm in board._alarms.items()})
    assert isinstance(found, dict)
    return found


def test_only_the_alarms_that_are_not_so_already_are_turned_off_and_on_again(desk: Desk) -> None:
    before = actions(desk.world)
    first, second, *_ = sorted(before)
    one = desk.applied(desk.planned("alarms.off", alarms=first))
    assert one.state is ActionState.SUCCEEDED, one.reason
    view = desk.planned("alarms.off", alarms=f"{first}, {second}")
    assert view.plan is not None
    assert [line.label for line in view.plan.diff] == [second, second]
    assert "nobody is told" in view.plan.proof[0]
    both = desk.applied(view)
    assert [name for name, on in actions(desk.world).items() if not on] == sorted({first, second})
    back = desk.undone(both)
    with pytest.raises(IllegalMove, match="taken back already"):
        desk.actions.undo(both.uid)
    with pytest.raises(IllegalMove, match="has not ended"):
        desk.actions.undo(desk.planned("alarms.off", alarms=second).uid)
    assert back.lines[-1].text == "succeeded: It is as it was before; AWS says so to a fresh client."
    assert [name for name, on in actions(desk.world).items() if not on] == [first]
    assert desk.applied(desk.planned("alarms.on", alarms="all")).state is ActionState.SUCCEEDED
    assert actions(desk.world) == before
    assert desk.planned("alarms.on", alarms="all").code == "NOTHING_TO_DO"
    assert desk.planned("alarms.off", alarms="no such alarm").code == "NOT_THERE"


def test_a_domain_is_watched_closer_until_it_ends_or_is_taken_back(desk: Desk) -> None:
    view = desk.planned("monitoring.enhance", domain=DOMAIN, minutes="30")
    assert view.plan is not None, view.reason
    assert "told at the first bad look" in view.plan.diff[1].text
    assert "ends by itself" in view.plan.undo
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.planned("monitoring.enhance", domain=DOMAIN).code == "NOTHING_TO_DO"
    assert desk.undone(done).state is ActionState.SUCCEEDED
    assert desk.planned("monitoring.enhance", domain=DOMAIN, minutes="9999").code == "BAD_PARAMETER"


def test_one_bad_look_is_enough_where_it_is_watched_closer(desk: Desk) -> None:
    memory = Memory(settings_from({"domains": [{"name": DOMAIN}, {"name": "pay.example"}]}, "the test"))
    memory.closer = frozenset({DOMAIN})
    now = desk.feed.clock.now()
    raised = {}
    for target in (DOMAIN, "pay.example"):
        bad = Observation(target, "dns.resolution", DECISION, Verdict.FAIL, "gone", now)
        raised[target] = [draft.kind for draft in memory.take([bad]).drafts if draft.kind == "alert.raised"]
    assert raised == {DOMAIN: ["alert.raised"], "pay.example": []}
