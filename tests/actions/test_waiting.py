"""A step that needs something of the world first: the driver waits, and takes all back when it never comes."""

from datetime import timedelta

import pytest

from cockpit.actions.contract import Plan, PlanStep
from cockpit.actions.driver import Driver
from cockpit.actions.journal import ActionRun, ActionState
from cockpit.errors import WorldError
from tests.actions.fakes import PATIENCE, Crash, Disk, HandClock, MemoryJournal, PairRemedy, Points, Remote


class Waiting(PairRemedy):
    """The second value can be set only after a while, and asking fails at first."""

    after = timedelta(minutes=3)

    def __init__(self, remote: Remote, points: Points) -> None:
        super().__init__(remote, points)
        self.begun = remote.clock.now()
        self.asked = 0

    def ready(self, plan: Plan, step: PlanStep) -> str:
        self.asked += 1
        if self.asked == 1:
            raise WorldError("The authority does not answer.")
        elapsed = self.remote.clock.now() - self.begun
        return "" if elapsed >= self.after else "It has not been issued."


def played(after: timedelta, fatal: int | None = None) -> tuple[ActionRun, Remote, list[str]]:
    clock = HandClock()
    disk, remote = Disk(clock), Remote(clock, [])
    disk.write("action.requested", {"remedy": "fake.pair", "target": "pair", "parameters": {}}, "mhassan")
    for dies in (fatal, None):
        points = Points(dies)
        remedy = Waiting(remote, points)
        remedy.after, remedy.begun = after, clock.moment
        try:
            run = Driver(MemoryJournal(disk, points), remedy, clock, PATIENCE).run()
        except Crash:
            continue
        return run, remote, disk.kinds()
    raise AssertionError("it never ended")


@pytest.mark.parametrize("fatal", [None, 9, 13, 16, 18])
def test_the_next_step_is_sent_once_the_world_is_ready(fatal: int | None) -> None:
    run, remote, kinds = played(timedelta(minutes=3), fatal)
    assert run.state is ActionState.SUCCEEDED
    assert remote.sent == [("a", 1), ("b", 1)]
    assert "noted" in kinds


def test_what_never_becomes_ready_is_taken_back() -> None:
    run, remote, _ = played(timedelta(days=1))
    assert run.state is ActionState.ROLLED_BACK
    assert remote.sent == [("a", 1), ("a", 0)]
    assert remote.state == {"a": 0, "b": 0}
