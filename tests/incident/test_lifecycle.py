"""Every move is either legal with what it asks for, or refused with a sentence that names the legal ones."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from cockpit.errors import IllegalMove
from cockpit.incident.fold import advance
from cockpit.incident.lifecycle import CLOSE_CODES, MOVES, Need, Request, allowed, decide
from cockpit.incident.model import DONE, WORKING, Checks, Incident, State
from tests.incident.history import T0, History, Told, minute

GREEN = Checks(T0, 3)
RED = Checks(T0, 3, failing=("shop.example dkim",))
LEGAL = [(old, new) for old in State for new in MOVES[old]]
ILLEGAL = [(old, new) for old in State for new in State if new not in MOVES[old]]

EXPECTED = {
    "detected": "acknowledged closed",
    "acknowledged": "investigating identified mitigating monitoring resolved closed",
    "investigating": "identified mitigating monitoring resolved closed",
    "identified": "investigating mitigating monitoring resolved closed",
    "mitigating": "investigating identified monitoring resolved closed",
    "monitoring": "investigating identified mitigating resolved closed",
    "resolved": "investigating review closed",
    "review": "investigating closed",
    "closed": "investigating",
}


@pytest.mark.parametrize("state", list(State))
def test_the_table_of_moves_is_the_one_we_mean(state: State) -> None:
    assert " ".join(allowed(state)) == EXPECTED[state]


@pytest.mark.parametrize(("old", "new"), LEGAL)
def test_every_legal_move_is_made_when_it_brings_everything(old: State, new: State) -> None:
    body = decide(old, Request(new, "it came back after ten minutes", "false_positive", GREEN))
    assert (body["old"], body["new"]) == (old.value, new.value)
    assert "override" not in body
    history = History().opened()
    incident = _in_state(history.incident, old)
    event = Told(
        seq=99,
        id="m",
        stream="incident/u1",
        kind="incident.moved",
        occurred_at=minute(1),
        recorded_at=minute(1),
        actor="a",
        body=body,
    )
    moved = advance(incident, event)
    assert moved is not None
    assert moved.state is new


@pytest.mark.parametrize(("old", "new"), ILLEGAL)
def test_every_other_move_is_refused_with_what_is_allowed(old: State, new: State) -> None:
    with pytest.raises(IllegalMove) as refused:
        decide(old, Request(new, "a good reason for it", "false_positive", GREEN))
    if old is new:
        assert f"already {old}" in str(refused.value)
    else:
        assert all(str(state) in str(refused.value) for state in allowed(old))


@pytest.mark.parametrize(("old", "new"), [pair for pair in LEGAL if MOVES[pair[0]][pair[1]] is not Need.NOTHING])
def test_a_move_that_asks_for_something_is_refused_without_it(old: State, new: State) -> None:
    with pytest.raises(IllegalMove):
        decide(old, Request(new))


def test_reopening_needs_ten_characters_not_counting_blanks_around_them() -> None:
    with pytest.raises(IllegalMove, match="at least 10"):
        decide(State.RESOLVED, Request(State.INVESTIGATING, "  too few  "))
    assert decide(State.CLOSED, Request(State.INVESTIGATING, "ns2 failed"))["new"] == "investigating"


@pytest.mark.parametrize("code", CLOSE_CODES)
def test_an_early_close_records_its_code(code: str) -> None:
    assert decide(State.MITIGATING, Request(State.CLOSED, code=code))["code"] == code


def test_resolving_waits_for_green_or_a_reason() -> None:
    with pytest.raises(IllegalMove, match=r"still failing: shop\.example dkim"):
        decide(State.MITIGATING, Request(State.RESOLVED, checks=RED))
    with pytest.raises(IllegalMove, match="no check has been seen"):
        decide(State.MITIGATING, Request(State.RESOLVED, checks=Checks(T0, 0)))
    assert decide(State.MITIGATING, Request(State.RESOLVED, "verified by hand", checks=RED))["override"] is True
    assert "override" not in decide(State.MITIGATING, Request(State.RESOLVED, checks=GREEN))


def test_unknown_is_not_green() -> None:
    assert not Checks(T0, 3, unknown=("shop.example dkim",)).green


def _in_state(incident: Incident, state: State) -> Incident:
    return replace(incident, state=state)


class Commander(RuleBasedStateMachine):
    """Asks for moves at random; whatever was decided must come out of the fold."""

    @initialize()
    def open(self) -> None:
        self.history = History().opened()
        self.minute = 0

    @rule(
        new=st.sampled_from(State),
        reason=st.sampled_from(["", "short", "a reason that is long enough"]),
        code=st.sampled_from(["", "duplicate", "nonsense"]),
        checks=st.sampled_from([None, GREEN, RED]),
    )
    def ask(self, new: State, reason: str, code: str, checks: Checks | None) -> None:
        self.minute += 1
        old = self.history.incident.state
        try:
            body = decide(old, Request(new, reason, code, checks))
        except IllegalMove:
            return
        self.history.tell("moved", body, self.minute)
        incident = self.history.incident
        assert incident.state is new
        assert incident.steps[-1].reopens == (old in DONE and new in WORKING)

    @invariant()
    def milestones_fit_the_state(self) -> None:
        incident = self.history.incident
        assert incident.anomalies == 0
        if incident.state in WORKING:
            assert incident.acknowledged_at is not None
            assert incident.resolved_at is None
            assert incident.closed_at is None
        if incident.state is State.RESOLVED:
            assert incident.resolved_at is not None
            assert incident.mitigated_at is not None
        assert (incident.closed_at is not None) == (incident.state is State.CLOSED)
        assert incident.closed_early == (incident.closed_at is not None and incident.resolved_at is None)


TestCommander = Commander.TestCase
TestCommander.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
