"""The step machine as a fold: what may follow what, and where a run is after any of it."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cockpit.errors import IllegalMove
from cockpit.runbooks.machine import advance, next_open
from cockpit.runbooks.model import Kind
from cockpit.runbooks.run import Run, RunStatus, StepState
from tests.runbooks.books import START, forked


def _after(run: Run, kind: str, **body: Any) -> Run:
    return advance(run, "r", kind, body, START, "mhassan")


def _to_choice() -> Run:
    run = _after(forked(), "step.done", step="look")
    run = _after(run, "step.started", step="see", attempt=1)
    return _after(run, "step.done", step="see", attempt=1, said="OK")


def test_a_decision_leads_to_its_branch_and_what_lies_between_is_not_taken() -> None:
    run = _after(_to_choice(), "step.done", step="choose", go="right")
    assert run.current == "right"
    assert run.of("left").state is StepState.NOT_TAKEN
    run = _after(run, "step.done", step="right")
    run = _after(run, "step.done", step="done")
    assert run.current is None
    assert run.count() == (5, 5)
    assert _after(run, "run.finished").status is RunStatus.FINISHED


def test_a_branch_joins_again_where_its_step_says() -> None:
    run = _after(_to_choice(), "step.done", step="choose", go="left")
    assert _after(run, "step.done", step="left").current == "done"


def test_a_decision_may_end_the_run() -> None:
    run = _after(_to_choice(), "step.done", step="choose", go="end")
    assert run.current is None


def test_a_failed_step_is_run_again_as_another_attempt() -> None:
    run = _after(forked(), "step.done", step="look")
    run = _after(run, "step.started", step="see", attempt=1)
    run = _after(run, "step.failed", step="see", attempt=1, reason="FAIL")
    assert run.of("see").said == "FAIL"
    with pytest.raises(IllegalMove, match="Another attempt"):
        _after(run, "step.started", step="see", attempt=1)
    run = _after(run, "step.started", step="see", attempt=2)
    with pytest.raises(IllegalMove, match="earlier attempt"):
        _after(run, "step.done", step="see", attempt=1)
    assert _after(run, "step.done", step="see", attempt=2).current == "choose"


def test_a_step_is_skipped_with_a_reason_only() -> None:
    with pytest.raises(IllegalMove, match="reason"):
        _after(forked(), "step.skipped", step="look", reason=" ")
    run = _after(forked(), "step.skipped", step="look", reason="seen already")
    assert run.of("look").said == "seen already"
    assert run.current == "see"


def test_going_back_makes_one_step_fresh_and_keeps_what_was_done_elsewhere() -> None:
    run = _after(_to_choice(), "run.jumped", to="look")
    assert run.of("look").state is StepState.WAITING
    assert run.of("see").state is StepState.DONE
    assert _after(run, "step.done", step="look").current == "choose"


def test_nothing_is_jumped_over_a_running_step() -> None:
    run = _after(forked(), "step.done", step="look")
    run = _after(run, "step.started", step="see", attempt=1)
    with pytest.raises(IllegalMove, match="running"):
        _after(run, "run.jumped", to="look")


def test_output_is_kept_per_attempt_and_capped() -> None:
    run = _after(forked(), "step.done", step="look")
    run = _after(run, "step.started", step="see", attempt=1)
    for _ in range(3):
        run = _after(run, "step.output", step="see", attempt=1, text="x" * 40_000)
    assert len(run.of("see").output) == 64_000


class AnyRun(RuleBasedStateMachine):
    """Random moves, legal or not: a refused one changes nothing, and a run never loses its place."""

    def __init__(self) -> None:
        super().__init__()
        self.state = forked()
        self.events: list[tuple[str, dict[str, Any]]] = []

    def move(self, kind: str, **body: Any) -> None:
        try:
            after = advance(self.state, "r", kind, body, START, "mhassan")
        except IllegalMove:
            return
        self.events.append((kind, body))
        self.state = after

    @rule(step=st.sampled_from(["look", "see", "choose", "left", "right", "done", "nowhere"]))
    def done(self, step: str) -> None:
        self.move("step.done", step=step, attempt=self.state.of(step).attempt, go="right")

    @precondition(lambda self: self.state.current is not None)
    @rule()
    def done_current(self) -> None:
        step = self.state.current or ""
        self.move("step.started", step=step, attempt=self.state.of(step).attempt + 1)
        self.move("step.done", step=step, attempt=self.state.of(step).attempt, go="left")

    @rule(step=st.sampled_from(["look", "see", "choose", "left", "right", "done"]), stale=st.booleans())
    def start(self, step: str, stale: bool) -> None:
        self.move("step.started", step=step, attempt=self.state.of(step).attempt + (0 if stale else 1))

    @rule()
    def fail(self) -> None:
        step = self.state.current or "none"
        self.move("step.failed", step=step, attempt=self.state.of(step).attempt, reason="no")

    @rule(reason=st.sampled_from(["", "not needed"]))
    def skip(self, reason: str) -> None:
        self.move("step.skipped", step=self.state.current or "none", reason=reason)

    @rule(to=st.sampled_from(["look", "see", "choose", "left", "done", "nowhere"]))
    def jump(self, to: str) -> None:
        self.move("run.jumped", to=to)

    @rule()
    def finish(self) -> None:
        self.move("run.finished")

    @invariant()
    def replaying_gives_the_same_run(self) -> None:
        again = forked()
        for kind, body in self.events:
            again = advance(again, "r", kind, body, START, "mhassan")
        assert again == self.state

    @invariant()
    def one_step_is_current_and_only_it_can_run(self) -> None:
        run = self.state
        running = [step.id for step in run.runbook.steps if run.of(step.id).state is StepState.RUNNING]
        assert running in ([], [run.current])
        if run.status is RunStatus.FINISHED:
            assert run.current is None
        done, total = run.count()
        assert 0 <= done <= total <= len(run.runbook.steps)

    @invariant()
    def automatic_steps_end_only_after_they_began(self) -> None:
        for step in self.state.runbook.steps:
            progress = self.state.of(step.id)
            if step.kind is Kind.CHECK and progress.state is StepState.DONE:
                assert progress.started_at is not None


TestAnyRun = AnyRun.TestCase
TestAnyRun.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_the_next_open_step_passes_over_what_has_ended() -> None:
    run = _after(_to_choice(), "step.done", step="choose", go="right")
    assert next_open(run, "choose") == "right"
