"""Crash x second crash x behaviour of the remote: no run claims what is not so, or sends without a record."""

from datetime import timedelta
from uuid import uuid4

import pytest

from cockpit.actions.contract import EffectRefused, EffectUnknown, Outcome
from cockpit.actions.driver import Driver, Patience
from cockpit.actions.journal import ActionRun
from tests.actions.fakes import PATIENCE, Scenario

BEHAVIOURS: dict[str, tuple[str, ...]] = {
    "ok": (),
    "error 500": ("error-500",),
    "refused": ("refused",),
    "dropped before": ("drop-before",),
    "applied, then dropped": ("applied-then-drop",),
    "applied, then silence": ("applied-then-deaf",),
    "lands late": ("late",),
    "twice dropped": ("drop-before", "drop-before"),
    "late twice": ("late", "late"),
    "second step refused": ("ok", "refused"),
    "second step lands late": ("ok", "late"),
    "refused while rolling back": ("ok", "refused", "refused"),
    "late while rolling back": ("ok", "refused", "late"),
}
POINTS = range(1, 34)
SECOND = (None, 3, 7, 11)


def _all(second: tuple[int | None, ...] = SECOND, **changes: object) -> list[tuple[str, Scenario]]:
    return [
        (f"{name} / {first} / {again}", Scenario(behaviours, first, again, **changes))  # type: ignore[arg-type]
        for name, behaviours in BEHAVIOURS.items()
        for first in (None, *POINTS)
        for again in (second if first is not None else (None,))
    ]


def _wrong(scenarios: list[tuple[str, Scenario]]) -> list[str]:
    return [f"{name}: {fault}" for name, scenario in scenarios for fault in scenario.play().faults()]


def test_no_run_claims_what_is_not_so_wherever_it_dies() -> None:
    scenarios = _all()
    assert len(scenarios) > 1000
    assert _wrong(scenarios) == []


def test_no_run_claims_what_is_not_so_when_verification_fails_and_it_rolls_back() -> None:
    assert _wrong(_all((None, 5), verdict=Outcome.FAILED)) == []


def test_a_plan_without_a_way_back_never_claims_one() -> None:
    scenarios = _all((None,), reversible=False)
    ends = {scenario.play().run.state.value for _, scenario in scenarios}
    assert _wrong(scenarios) == []
    assert "rolled back" not in ends
    assert "needs human" in ends


def test_each_crash_point_is_really_reached() -> None:
    assert Scenario((), None).play().passed >= 20
    assert Scenario(("ok", "late"), None).play().passed >= max(POINTS) - 8


@pytest.mark.parametrize("span", [timedelta(0), timedelta(seconds=5)])
def test_without_a_quiet_period_the_matrix_finds_wrong_claims(span: timedelta) -> None:
    hasty = Patience(quiet=span, apart=timedelta(milliseconds=1), poll=PATIENCE.poll)
    assert any("claims" in fault for fault in _wrong(_all((None,), patience=hasty, verdict=Outcome.FAILED)))


class _EffectFirst(Driver):
    """Sends before it records: the fault that the matrix has to find."""

    def _send(self, run: ActionRun) -> None:
        index = run.next_step
        assert index is not None
        assert run.plan is not None
        step = run.step(index, back=run.back)
        intent = uuid4().hex
        try:
            answer = self._remedy.send(run.plan, step)
        except (EffectUnknown, EffectRefused) as error:
            answer = str(error)
        body = {"intent": intent, "step": index, "back": run.back, "digest": step.digest}
        self._append("action.intent", body)
        self._append("action.effect", {"intent": intent})
        self._append("action.applied", {"intent": intent, "answer": answer})


def test_with_the_effect_before_the_intent_the_matrix_finds_unrecorded_sendings() -> None:
    scenarios = [pair for pair in _all((None,), driver=_EffectFirst) if "refused" not in pair[0]]
    assert any("sent without a record" in fault for fault in _wrong(scenarios))


def test_a_step_is_sent_at_most_twice_and_again_only_after_proof() -> None:
    for name, scenario in _all((None, 7)):
        played = scenario.play()
        kinds = played.disk.kinds()
        for number, kind in enumerate(kinds):
            if kind == "intent" and "intent" in kinds[:number]:
                last = [each for each in kinds[:number] if each in ("applied", "not_applied", "refused")]
                opened = kinds[:number].count("intent")
                assert len(last) == opened, name
        for key in ("a", "b"):
            assert played.remote.sent.count((key, 1)) <= 2, name
