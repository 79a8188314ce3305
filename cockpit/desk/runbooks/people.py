"""Several people on one run: whose word counts where approval is asked for, and what is said to a book's owner."""

from collections.abc import Callable, Sequence

import msgspec

from cockpit.config import Settings
from cockpit.desk.feed import Pen
from cockpit.desk.remedies.signatures import Proof, Signatures
from cockpit.desk.runbooks.runs import Runs
from cockpit.errors import BadInput, IllegalMove, Refused
from cockpit.runbooks.approving import Asked, asked, unproven
from cockpit.runbooks.inputs import fill
from cockpit.runbooks.machine import advance, stream_of
from cockpit.runbooks.model import Approve
from cockpit.runbooks.run import Run, StepState
from cockpit.text import visible


class RemarkLine(msgspec.Struct, frozen=True):
    """A note that a runbook was wrong, as its owner reads it; `open` until the text is another one."""

    runbook: str
    title: str
    owner: str
    step: str
    text: str
    by: str
    at: str
    run: str
    open: bool


class StepAsked(msgspec.Struct, frozen=True):
    """A step that waits for an approval: of which run, what is asked, of whom, and the code that names it."""

    run: str
    id: str
    title: str
    step: str
    question: str
    code: str
    of: tuple[str, ...]
    hands: tuple[str, ...]


class People:
    """Approvals and remarks. `holds` names who has a role in an incident, or nobody; `signatures` makes proofs."""

    def __init__(
        self, runs: Runs, settings: Settings, holds: Callable[[str, str], str], signatures: Signatures
    ) -> None:
        self._runs = runs
        self._settings = settings
        self._holds = holds
        self._signatures = signatures

    def waiting(self) -> list[StepAsked]:
        """Steps that wait for an approval, with the code by which each is named."""
        found = []
        for run in self._runs.active():
            step = run.step
            if step is not None and isinstance(step.work, Approve) and run.of(step.id).state is StepState.RUNNING:
                question = fill(step.work.question, run.values)
                code = asked(run, step).code
                found.append(
                    StepAsked(
                        run.uid, step.id, run.runbook.title, step.title, question, code, step.work.of, run.hands
                    )
                )
        return found

    def approve(self, uid: str) -> None:
        """Sign for the current step; with enough signatures the step ends in the same breath.

        Raises Refused for who is not asked, IllegalMove for who works on the run or has spoken already.
        """
        me = self._runs.operator
        self._approve(uid, me, lambda pen, of: self._signatures.sign(pen, of.name, of.hash))

    def approve_by_phone(self, uid: str, by: str, spoken: str) -> None:
        """Enter the one-time code that `by` read out; raises BadInput for a wrong or used one."""
        self._approve(uid, by, lambda pen, of: self._signatures.spoken(by, spoken))

    def _approve(self, uid: str, by: str, prove: Callable[[Pen, Asked], Proof]) -> None:
        with self._runs.feed.decide() as pen:
            run = self._runs.get(uid)
            step = self._runs.step(run)
            work = self._asked(run, step.work, by)
            of = asked(run, step)
            at = {"step": step.id, "attempt": run.of(step.id).attempt, "title": step.title}
            if by in run.hands:
                raise IllegalMove(f"{by} works on this run: somebody else has to approve it.")
            body = {**at, "asked": of.hash, **prove(pen, of)}
            after = advance(run, uid, "step.approved", body, pen.now, self._runs.operator)
            pen.append(stream_of(uid), "step.approved", body)
            people = after.of(step.id).approved_by
            if len(people) >= work.needs:
                said = f"approved by {', '.join(people)}"
                pen.append(stream_of(uid), "step.done", {**at, "how": "approval", "said": said})

    def refuse_unproven(self, run: Run) -> None:
        """Raise Refused where the run went on by an approval whose proof is not good."""
        if any(run.of(step.id).approvals for step in run.runbook.steps if isinstance(step.work, Approve)):
            why = unproven(run, self._signatures.known())
            if why:
                raise Refused(f"{why} Go back to it.")

    def reject(self, uid: str, reason: str) -> None:
        """Say no, and why; the step fails."""
        if not reason.strip():
            raise BadInput("Say why it is not approved; it goes into the timeline.")
        run = self._runs.get(uid)
        step = self._runs.step(run)
        self._asked(run, step.work, self._runs.operator)
        body = {"step": step.id, "attempt": run.of(step.id).attempt, "reason": visible(reason.strip())}
        self._runs.append(uid, "step.rejected", body)

    def remark(self, uid: str, text: str, step_id: str = "") -> None:
        """Note that the runbook was wrong at a step (the current one unless another is named), for its owner."""
        if not text.strip():
            raise BadInput("Say what was wrong; the runbook's owner reads it.")
        run = self._runs.get(uid)
        body = {"step": step_id or run.current or "", "text": visible(text.strip(), limit=2_000)}
        self._runs.append(uid, "run.remarked", {**body, "owner": run.runbook.owner, "runbook": run.runbook.id})

    def remarks(self, hash_now: Callable[[str], str]) -> Sequence[RemarkLine]:
        """Every remark, newest first; `hash_now` gives the present hash of a book's text, or nothing."""
        found = [
            RemarkLine(
                run.runbook.id,
                run.runbook.title,
                run.runbook.owner,
                remark.title or remark.step,
                remark.text,
                remark.by,
                remark.at.isoformat(timespec="seconds"),
                run.uid,
                hash_now(run.runbook.id) == run.runbook.sha256,
            )
            for run in self._runs
            for remark in run.remarks
        ]
        return sorted(found, key=lambda line: line.at, reverse=True)

    def _asked(self, run: Run, work: object, by: str) -> Approve:
        if not isinstance(work, Approve):
            raise IllegalMove("The current step is not for approval.")
        roles = {role for person in self._settings.people if person.id == by for role in person.roles}
        held = {name for name in work.of if run.incident and self._holds(run.incident, name) == by}
        if work.of and by not in work.of and not (roles | held) & set(work.of):
            raise Refused(f"{by} is not asked for this: {', '.join(work.of)}.")
        return work
