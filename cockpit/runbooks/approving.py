"""What is signed when a step asks for approval, and whether those who approved it really did.

An approval names the hash of the whole question: the pinned text, the step, the attempt, and the values that are
put in. Whoever changes one of them afterwards has to ask again.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.actions.approval import CODE, SIGNATURE, Approval, Approvers, code_of_plan, trouble
from cockpit.errors import IllegalMove
from cockpit.runbooks.model import Approve, Step
from cockpit.runbooks.run import Run, StepState


class Asked(msgspec.Struct, frozen=True):
    """What is asked: a name for this attempt of this step of this run, and the hash of what it says."""

    name: str
    hash: str

    @property
    def code(self) -> str:
        """The short name that is read over the phone: eight letters and digits."""
        return code_of_plan(self.name, self.hash)


def asked(run: Run, step: Step) -> Asked:
    """What the running attempt of an approve step asks for."""
    attempt = run.of(step.id).attempt
    said = {
        "runbook": run.runbook.sha256,
        "incident": run.incident or "",
        "step": step.id,
        "attempt": attempt,
        "values": dict(run.values),
    }
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return Asked(_name(run, step.id, attempt), hashlib.sha256(canonical.encode("ascii")).hexdigest())


def approval_of(run: Run, step: Step, body: Mapping[str, Any], actor: str) -> Approval:
    """The approval that an event gives; raises IllegalMove for one without a proof, or of something else."""
    try:
        given = msgspec.convert({name: body[name] for name in Approval.__struct_fields__}, Approval)
    except (KeyError, msgspec.ValidationError):
        raise IllegalMove("An approval needs a signature or a one-time code.") from None
    if given.method not in (SIGNATURE, CODE) or not given.proof:
        raise IllegalMove("An approval needs a signature or a one-time code.")
    if given.method == SIGNATURE and given.by != actor:
        raise IllegalMove(f"{actor} gives a signature of {given.by}.")
    if body.get("asked") != asked(run, step).hash:
        raise IllegalMove("This approves something else than what is asked now: look at it, then approve it again.")
    return given


def unproven(run: Run, known: Approvers) -> str:
    """Why an approval on which the run has gone on does not count, in a sentence; empty when all do."""
    for step in run.runbook.steps:
        progress = run.of(step.id)
        if isinstance(step.work, Approve) and progress.state is StepState.DONE:
            for each in progress.approvals:
                why = trouble(_name(run, step.id, progress.attempt), progress.asked, each, known)
                if why:
                    return f"“{step.title}” is not approved: {why}"
    return ""


def _name(run: Run, step: str, attempt: int) -> str:
    return f"run/{run.uid}/{step}/{attempt}"
