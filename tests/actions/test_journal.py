"""The state machine of an action run, driven by random events: what it lets through never breaks an invariant."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.actions.contract import Plan, Standing, agrees, standing
from cockpit.actions.journal import MAX_TRIES, ActionRun, ActionState, absorb, advance
from cockpit.errors import IllegalMove
from storage.event import Event
from tests.actions.fakes import START, plan_at

SENT = ("intent", "effect", "applied", "refused", "unknown", "reconciling", "not_applied", "conflict")
KINDS = (
    "planned",
    "confirmed",
    "locked",
    "checked",
    *SENT,
    "verifying",
    "succeeded",
    "rolling_back",
    "rolled_back",
)
ENDS = ("needs_human", "closed", "expired", "discarded", "cancelled", "noted")
PLAN = plan_at(START)
LATER = (START + timedelta(minutes=1)).isoformat()


def _requested() -> ActionRun:
    body = {"remedy": "fake.pair", "target": "pair", "parameters": {}}
    return advance(None, "x", "action.requested", body, START, "mhassan")


def _body(kind: str, run: ActionRun, number: int, honest: bool) -> dict[str, Any]:
    """A body as the driver would write it; dishonest ones name another intent, step or plan."""
    intent = run.intent.id if run.intent is not None else "none"
    step = run.next_step if run.next_step is not None else 0
    digest = run.step(step, back=run.back).digest if run.plan is not None else ""
    known: dict[str, dict[str, Any]] = {
        "planned": {"plan": PLAN.to_json(), "plan_hash": PLAN.hash},
        "confirmed": {"plan_hash": run.plan_hash},
        "locked": {"fencing": number},
        "checked": {"matches": True},
        "intent": {"intent": f"i{number}", "step": step, "back": run.back, "digest": digest},
        "reconciling": {"intent": intent, "quiet_until": LATER},
        "verifying": {"until": LATER},
        "succeeded": {"result": {}},
        "not_applied": {"intent": intent, "basis": "never sent" if run.state == "intent" else "read"},
    }
    body = {"intent": intent, "code": "X", "sentence": "no", "reason": "why", **known.get(kind, {})}
    if honest:
        return body
    wrong = {"intent": "another", "plan_hash": "0" * 64, "step": 1 - step, "digest": "0"}
    return {key: wrong.get(key, value) for key, value in body.items()}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=40))
def test_no_sequence_of_events_breaks_an_invariant(moves: list[tuple[int, int]]) -> None:
    run = _requested()
    history: list[str] = []
    for number, (pick, chance) in enumerate(moves):
        kinds = [*KINDS, *ENDS] if chance == 1 else list(KINDS)
        bodies = {kind: _body(kind, run, number, honest=chance > 0) for kind in kinds}
        legal = [(kind, after) for kind in kinds if (after := _try(run, kind, bodies[kind])) is not None]
        if not legal:
            break
        kind, after = legal[pick % len(legal)]
        _check(kind, run, after)
        history.append(kind)
        run = after
    assert history.count("effect") <= history.count("intent") == len(run.intents)


def _try(run: ActionRun, kind: str, body: dict[str, Any]) -> ActionRun | None:
    try:
        return advance(run, "x", f"action.{kind}", body, START, "mhassan")
    except IllegalMove:
        return None


def _check(kind: str, before: ActionRun, after: ActionRun) -> None:
    if kind == "intent":
        assert before.confirmed_hash == before.plan_hash != ""
        assert before.intent is None
        assert after.intent is not None
        assert after.intent.id not in before.intents
        assert after.tries <= MAX_TRIES
    if kind == "effect":
        assert before.intent is not None
    if kind == "succeeded":
        assert before.state is ActionState.VERIFYING
        assert set(after.applied) == {0, 1}
    if kind == "rolled_back":
        assert set(after.undone) == set(after.applied)
    if kind in ("refused", "expired") and after.finished:
        assert after.applied == ()
    assert not before.finished


def test_an_edited_plan_in_the_ledger_is_not_taken() -> None:
    edited = PLAN.to_json() | {"target": "elsewhere"}
    event = _event("action.planned", {"plan": edited, "plan_hash": PLAN.hash})
    run = absorb(_requested(), "x", event)
    assert run is not None
    assert run.state is ActionState.REQUESTED
    assert "hash" in run.anomalies[0]


def test_a_plan_survives_the_ledger_with_its_hash() -> None:
    assert Plan.from_json(PLAN.to_json()).hash == PLAN.hash


def test_a_plan_cannot_be_confirmed_after_it_expired() -> None:
    run = advance(_requested(), "x", "action.planned", _body("planned", _requested(), 1, True), START, "runner")
    late = START + timedelta(minutes=15)
    with pytest.raises(IllegalMove, match="expired"):
        advance(run, "x", "action.confirmed", {"plan_hash": run.plan_hash}, late, "mhassan")


def test_what_cannot_be_seen_agrees_with_everything_but_proves_nothing() -> None:
    before, after = {"origin": "a", "selector": ""}, {"origin": "b", "selector": "s"}
    assert standing({"origin": "b", "selector": None}, before, after) is Standing.AFTER
    assert standing({"origin": None, "selector": None}, before, after) is Standing.UNCLEAR
    assert standing({"origin": "c", "selector": "s"}, before, after) is Standing.NEITHER
    assert standing(before, before, after) is Standing.BEFORE
    assert standing(before, before, before) is Standing.UNCLEAR
    assert agrees({"x": None}, {"x": 1}) is None


def _event(kind: str, body: dict[str, Any]) -> Event:
    return Event(
        seq=2,
        id="e2",
        stream="action/x",
        kind=kind,
        occurred_at=START,
        recorded_at=START,
        actor="runner",
        host="bastion",
        body=body,
        prev="",
        hash="",
    )
