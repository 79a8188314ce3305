"""Several people on one run: whose word counts where approval is asked for, and what is said to a book's owner."""

from collections.abc import Callable, Sequence

import msgspec

from cockpit.config import Settings
from cockpit.desk.runbooks.runs import Runs
from cockpit.errors import BadInput, IllegalMove, Refused
from cockpit.runbooks.machine import advance, stream_of
from cockpit.runbooks.model import Approve
from cockpit.runbooks.run import Run
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


class People:
    """Approvals and remarks. `holds` names who has a role in an incident, or nobody."""

    def __init__(self, runs: Runs, settings: Settings, holds: Callable[[str, str], str]) -> None:
        self._runs = runs
        self._settings = settings
        self._holds = holds

    def approve(self, uid: str) -> None:
        """Give this person's word; with enough of them the step ends in the same breath.

        Raises Refused for who is not asked, IllegalMove for who works on the run or has spoken already.
        """
        with self._runs.feed.decide() as pen:
            run = self._runs.get(uid)
            step = self._runs.step(run)
            work = self._asked(run, step.work)
            body = {"step": step.id, "attempt": run.of(step.id).attempt, "title": step.title}
            after = advance(run, uid, "step.approved", body, pen.now, self._runs.operator)
            pen.append(stream_of(uid), "step.approved", body)
            people = after.of(step.id).approved_by
            if len(people) >= work.needs:
                said = f"approved by {', '.join(people)}"
                pen.append(stream_of(uid), "step.done", {**body, "how": "approval", "said": said})

    def reject(self, uid: str, reason: str) -> None:
        """Say no, and why; the step fails."""
        if not reason.strip():
            raise BadInput("Say why it is not approved; it goes into the timeline.")
        run = self._runs.get(uid)
        step = self._runs.step(run)
        self._asked(run, step.work)
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

    def _asked(self, run: Run, work: object) -> Approve:
        if not isinstance(work, Approve):
            raise IllegalMove("The current step is not for approval.")
        me = self._runs.operator
        roles = {role for person in self._settings.people if person.id == me for role in person.roles}
        held = {name for name in work.of if run.incident and self._holds(run.incident, name) == me}
        if work.of and me not in work.of and not (roles | held) & set(work.of):
            raise Refused(f"{me} is not asked for this: {', '.join(work.of)}.")
        return work
