"""`command.run`: a change by another tool (kubectl, gcloud, istioctl, mongosh), with the same care as our own.

The author gives what is needed to be careful: `says` what it does, `apply` the command, `check` a command that ends
with status 0 when the change is in force (and prints `expect`, where that is given), `read` a command whose output
tells the state, `undo` the command that takes it back. Commands are run as words, without a shell.

A command that fails may have done a part of its work, so only one that could not be started is known to have had no
effect; everything else is found out with `read`. Without `read` nothing can be found out, and there is no way back:
the plan says so. What a tool points at (a context, a project) is read for the plan and again before the command is
run, and must be the same.
"""

import getpass
import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cockpit.actions.cards import Access
from cockpit.actions.commands.command import TIMEOUT_S, Ended, run
from cockpit.actions.contract import (
    EffectRefused,
    EffectUnknown,
    Line,
    Outcome,
    Plan,
    PlanRefused,
    PlanStep,
    Request,
    State,
    Verification,
)
from cockpit.actions.dns.reach import reach
from cockpit.actions.risk import risk_of
from cockpit.errors import ReadOnly, WorldError, WrongIdentity
from cockpit.incident.recovery import row_of
from cockpit.runbooks.fence import why_unfenced
from cockpit.text import visible

PLAN_LASTS = timedelta(minutes=15)

POINTS_AT: Mapping[str, tuple[str, ...]] = {
    "kubectl": ("kubectl", "config", "current-context"),
    "istioctl": ("kubectl", "config", "current-context"),
    "gcloud": ("gcloud", "config", "get-value", "project"),
}
"""What each tool is asked to learn where its commands go."""

_CONTEXT_OPTIONS = ("--context", "--kube-context", "--project", "--kubeconfig", "--cluster", "--host")
_SECRET = re.compile(r"://[^/\s:@]+:[^/\s@]+@|(?:--password|--token|-p)[= ]\S+", re.IGNORECASE)

RunCommand = Callable[[Sequence[str], float], Ended]


class CommandRemedy:
    """The remedy for one request; raises PlanRefused for commands that cannot be used."""

    def __init__(self, request: Request, access: Access, *, run: RunCommand = run) -> None:
        asked = request.parameters
        self._request = request
        self._access = access
        self._run = run
        self._says = asked["says"]
        self._apply, self._undo, self._read, self._check = (
            shlex.split(asked.get(name, "")) for name in ("apply", "undo", "read", "check")
        )
        self._expect = asked.get("expect", "")
        self._point = ""
        self._refuse_unfit()

    def _refuse_unfit(self) -> None:
        if self._undo and not self._read:
            raise PlanRefused("BAD_PARAMETER", "A command that undoes needs `read`, to see whether it did.")
        for argv in filter(None, (self._apply, self._undo, self._read, self._check)):
            if _SECRET.search(shlex.join(argv)):
                raise PlanRefused(
                    "SECRET_IN_COMMAND", f"{argv[0]} is given a secret in its arguments: keep it in a file."
                )
            if shutil.which(argv[0]) is None:
                raise PlanRefused("NO_PROGRAM", f"{visible(argv[0], limit=80)} is not installed here.")

    def plan(self, now: datetime) -> Plan:
        """What is run, where it goes, and the state before."""
        self._require_changes()
        before = self._state(None)
        after = {"changed": True} if self._read else {}
        way_back = (self._step("undo", self._undo, after, before),) if self._undo else ()
        return self._written(now, self._says, before, after, self._apply, way_back)

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """The command that takes it back, with what has to be seen afterwards."""
        self._require_changes()
        before = {"changed": True}
        forward = self._step("apply", self._apply, dict(done.before), before)
        title = f"take back: {self._says}"
        return self._written(now, title, before, dict(done.before), self._undo, (forward,), undoes=True)

    def _written(
        self,
        now: datetime,
        title: str,
        before: dict[str, Any],
        after: dict[str, Any],
        argv: Sequence[str],
        way_back: tuple[PlanStep, ...],
        *,
        undoes: bool = False,
    ) -> Plan:
        back = f"yes, with: {shlex.join(self._undo)}" if self._undo else "no command was given that takes it back"
        shown = str(before.get("output", "")).splitlines()[:20]
        prod = self._access.profile.kind == "prod"
        risk = risk_of(self._request, self._graver())
        return Plan(
            remedy=self._request.remedy,
            title=visible(title, limit=200),
            target=self._request.target,
            account=self._pointing(argv),
            region="command",
            caller=_caller(),
            before=before,
            desired=after,
            diff=(*(Line("-", "now", each) for each in shown), Line("+", "run", shlex.join(argv))),
            reach=reach([self._request.target], self._request.scope),
            undo=back,
            proof=("nothing is known of what this command does but what its author wrote",),
            checks=(
                f"status 0 of: {shlex.join(self._check)}",
                *([f"it prints {self._expect}"] if self._expect else []),
            ),
            risk=risk.level,
            steps=(self._step("apply", argv, before, after),),
            way_back=way_back,
            rolls_back=False,
            phrase=f"{self._request.target} {self._access.profile.aws.account[-4:]}".strip()
            if prod
            else self._request.target,
            subject={"output": before.get("output", ""), "undoes": undoes, **risk.subject},
            made_at=now,
            expires_at=now + PLAN_LASTS,
        )

    def _graver(self) -> str:
        """A command without a way back is grave, unless the recovery decisions let it run by itself."""
        return "" if self._undo or row_of(self._request.remedy) else "there is no way back"

    def _step(self, name: str, argv: Sequence[str], before: dict[str, Any], after: dict[str, Any]) -> PlanStep:
        return PlanStep(name, f"run {shlex.join(argv)}", before, after, {"argv": list(argv)})

    # Applying

    def identify(self) -> None:
        """Ask the tool where it points by now; raises ReadOnly."""
        self._require_changes()
        self._point = self._pointing(self._apply)

    def read(self, plan: Plan) -> State:
        """What `read` prints, and whether that is something else than when the change was planned."""
        first = plan.subject["output"] if not plan.subject["undoes"] else plan.desired.get("output", "")
        return self._state(str(first))

    def send(self, plan: Plan, step: PlanStep) -> str:
        """Run the command once; raises EffectRefused only when it was never started."""
        self._require_changes()
        if plan.account != self._point or plan.caller != _caller():
            raise WrongIdentity(
                f"The plan goes to {plan.account}, and by now the command would go to {self._point}."
            )
        argv = step.request["argv"]
        try:
            ended = self._run(argv, TIMEOUT_S)
        except OSError as error:
            raise EffectRefused(
                "NOT_STARTED", f"{visible(argv[0])} could not be started: {error.strerror}."
            ) from None
        if ended.status is None:
            raise EffectUnknown(f"{visible(argv[0])} did not end within {TIMEOUT_S:.0f} s and was stopped.")
        if ended.status != 0:
            told = visible(ended.last_line, limit=200)
            raise EffectUnknown(f"{visible(argv[0])} ended with status {ended.status}: {told}")
        return f"status 0: {visible(ended.last_line, limit=200)}"

    # Proving

    def verify(self, plan: Plan) -> Verification:
        """Run `check`; for an undoing, look whether `read` prints what it did before."""
        if plan.subject["undoes"]:
            live = self._state(str(plan.desired.get("output", "")))
            if live.get("output") == plan.desired.get("output"):
                return Verification(Outcome.DONE, "The state reads as it did before.")
            return Verification(Outcome.WAITING, "The state does not read as it did before yet.")
        ended = self._ask(self._check)
        words = visible(ended.last_line, limit=200)
        if ended.status == 0 and (not self._expect or _prints(self._expect, ended.output)):
            return Verification(Outcome.DONE, f"{self._check[0]} says so: {words}", {"check": words})
        return Verification(Outcome.WAITING, f"{self._check[0]} does not say so yet: {words}", {"check": words})

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """What was run, and what the check printed."""
        return {
            "statusCode": 200,
            "message": plan.title,
            "command": plan.steps[0].request["argv"],
            **verification.seen,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _state(self, first: str | None) -> dict[str, Any]:
        """The state as `read` prints it; without a `first` output it is the one to compare with."""
        if not self._read:
            return {}
        ended = self._ask(self._read)
        if ended.status != 0:
            raise WorldError(
                f"{visible(self._read[0])} does not tell the state: {visible(ended.last_line, limit=200)}"
            )
        return {"output": ended.output, "changed": first is not None and ended.output != first}

    def _ask(self, argv: Sequence[str]) -> Ended:
        try:
            return self._run(argv, TIMEOUT_S)
        except OSError as error:
            raise WorldError(f"{visible(argv[0])} could not be run: {error.strerror}.") from None

    def _pointing(self, argv: Sequence[str]) -> str:
        """Where the command goes: what it names itself, else what the tool points at, else this machine."""
        named = [word for word in argv if word.startswith(_CONTEXT_OPTIONS)]
        tool = Path(argv[0]).name
        if tool not in POINTS_AT:
            return " ".join([os.uname().nodename, *named])
        ended = self._ask(POINTS_AT[tool])
        if ended.status != 0 and not named:
            raise WorldError(f"{tool} does not say where it points: {visible(ended.last_line, limit=200)}")
        return " ".join([tool, visible(ended.last_line, limit=100) if ended.status == 0 else "no context", *named])

    def _require_changes(self) -> None:
        """Raise ReadOnly also for planning: what a command does is known to its author only."""
        if self._access.clients.read_only:
            raise ReadOnly("This cockpit is read-only: no command is run from here.")
        unfenced = why_unfenced(self._access.profile, os.environ)
        if unfenced:
            raise ReadOnly(unfenced)


def _prints(wanted: str, output: str) -> bool:
    """Whether the output has these words as words of their own: `web-1` is not in `web-10`."""
    return re.search(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])", output) is not None


def _caller() -> str:
    return f"{getpass.getuser()}@{os.uname().nodename}"
