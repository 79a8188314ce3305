"""What a run does without a person: begin what only waits, follow data, try again, and end at its end."""

from datetime import datetime

from cockpit.desk.runbooks.evidence import Evidence
from cockpit.desk.runbooks.runs import Runs
from cockpit.desk.runbooks.steps import Steps
from cockpit.errors import IllegalMove
from cockpit.runbooks.model import ABORT, GO_ON, STOP, Approve, Check, Decide, Step, Wait
from cockpit.runbooks.run import Run, RunStatus, StepState


class Flow:
    """Carries runs on as far as they go by themselves."""

    def __init__(self, runs: Runs, steps: Steps, evidence: Evidence) -> None:
        self._runs = runs
        self._steps = steps
        self._evidence = evidence

    def tick(self, now: datetime) -> bool:
        """Settle what waits and can be settled now; returns whether something moved."""
        moved = False
        for run in self._runs.active():
            if self._steps.settle(run, now) or self._goes_by_itself(run):
                self.go_on(run.uid)
                moved = True
        return moved

    def go_on(self, uid: str) -> None:
        """Begin what needs nobody; end a run at its end."""
        while self._goes_by_itself(run := self._runs.get(uid)):
            step = run.step
            try:
                if step is None:
                    self._runs.append(uid, "run.finished", {})
                elif run.of(step.id).state is StepState.FAILED:
                    self._after_failure(run, step)
                elif isinstance(step.work, Decide):
                    self._steps.decide(run, step, step.work, "")
                else:
                    self._steps.begin(run, step)
            except IllegalMove:
                # Another terminal was faster; what it wrote is taken in by now.
                continue

    def _goes_by_itself(self, run: Run) -> bool:
        """Whether the run goes on without a person; also after a crash between one step's end and the next."""
        if run.status is not RunStatus.ACTIVE or run.paused_by:
            return False
        step = run.step
        if step is None:
            return True
        if run.of(step.id).state is StepState.FAILED:
            return self._has_a_way_on(run, step)
        if run.of(step.id).state is not StepState.WAITING or self._came_back(run):
            return False
        if isinstance(step.work, Decide):
            return bool(self._evidence.preferred(run, step.work))
        return isinstance(step.work, Check | Wait | Approve)

    def _has_a_way_on(self, run: Run, step: Step) -> bool:
        """Whether the runbook says what follows a failure; never after a loss or a person's stop."""
        progress = run.of(step.id)
        if progress.lost or progress.stopped:
            return False
        return self._steps.may_try_again(run, step) or step.policy.on_failure != STOP

    def _after_failure(self, run: Run, step: Step) -> None:
        policy, said = step.policy, run.of(step.id).said
        if self._steps.may_try_again(run, step):
            self._steps.begin_again(run, step)
        elif policy.on_failure == GO_ON:
            reason = f"failed, and the runbook goes on: {said}"
            self._runs.append(run.uid, "step.skipped", {"step": step.id, "reason": reason, "how": "policy"})
        elif policy.on_failure == ABORT:
            body = {"reason": f"{step.title} failed: {said}", "cleanup": run.runbook.cleanup}
            self._runs.append(run.uid, "run.aborted", body)
        else:
            body = {"from": step.id, "to": policy.on_failure, "how": "policy"}
            self._runs.append(run.uid, "run.jumped", body)

    def _came_back(self, run: Run) -> bool:
        """Whether a person led here by a jump or by going back: then nothing starts by itself."""
        return run.current is not None and run.path.count(run.current) > 1
