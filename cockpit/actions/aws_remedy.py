"""What all remedies share that change one thing at AWS: the plan around the steps, the pinned caller, the sending.

A remedy of this kind says what it wants (`intend`), how the state is read (`live`) and how it is proven
(`verify`); the rest is here. Each step is named `service:Operation` and its request holds the parameters exactly as
they are sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from botocore import xform_name

from cockpit.actions.aws import reading, sent
from cockpit.actions.cards import Access
from cockpit.actions.contract import (
    Line,
    Outcome,
    Plan,
    PlanRefused,
    PlanStep,
    Request,
    State,
    Verification,
    agrees,
)
from cockpit.actions.dns.reach import reach
from cockpit.actions.risk import Risk, risk_again, risk_of

PLAN_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """What a remedy wants to do and the words that the plan says it with.

    `way_back` has a step for each of `steps`, or is empty where there is no way back. `names` are the domains
    that are hurt while it goes wrong. `graver` says why this is worse than remedies of its kind, where it is.
    """

    title: str
    before: dict[str, Any]
    desired: dict[str, Any]
    diff: tuple[Line, ...]
    steps: tuple[PlanStep, ...]
    way_back: tuple[PlanStep, ...]
    undo: str
    message: str
    names: tuple[str, ...] = ()
    reach: str = ""
    proof: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    graver: str = ""
    rolls_back: bool = False
    verify_s: int = 0
    subject: dict[str, Any] = field(default_factory=dict)


class AwsRemedy:
    """The remedy for one request; subclasses say what is wanted, read it and prove it."""

    sends: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The changing operations by service; no other can be sent."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The operations that plan and verify."""

    def __init__(self, request: Request, access: Access) -> None:
        self.request = request
        self.access = access
        self.asked = request.parameters

    def intend(self, now: datetime) -> Intention:
        """Read what is there and say what is wanted; raises PlanRefused or WorldError."""
        raise PlanRefused("NOTHING_TO_DO", "There is nothing to do.")

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """The state that `plan` compares, by clients of that purpose; raises WorldError."""
        raise PlanRefused("NOTHING_TO_DO", f"There is nothing to read for {plan.title}.")

    # Planning

    def plan(self, now: datetime) -> Plan:
        """The live state against what is wanted; raises PlanRefused when it is so already."""
        caller = self.access.clients.caller()
        wanted = self.intend(now)
        if wanted.before == wanted.desired:
            raise PlanRefused("NOTHING_TO_DO", f"It is so already: {_within(wanted.message)}.")
        return self._written(wanted, caller.arn, now, risk_of(self.request, wanted.graver))

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """Exactly what was there before; raises PlanRefused when there is no way, or somebody changed it since."""
        if not done.reversible:
            raise PlanRefused("ONE_WAY", f"It cannot be undone. {done.undo}")
        caller = self.access.clients.caller()
        pairs = [(there, back) for there, back in zip(done.steps, done.way_back, strict=True) if self.leaves(there)]
        keys = {key for there, _ in pairs for key in there.after}
        before, desired = _only(done.desired, keys), _only(done.before, keys)
        live = self.live(done, "plan")
        differing = sorted(key for key, value in before.items() if agrees(live, {key: value}) is False)
        if differing:
            raise PlanRefused("CHANGED_SINCE", f"Changed after that run: {', '.join(differing)}.")
        wanted = Intention(
            title=f"take back: {done.title}",
            before=before,
            desired=desired,
            diff=_turned(done.diff),
            steps=tuple(back for _, back in reversed(pairs)),
            way_back=tuple(there for there, _ in reversed(pairs)),
            undo=f"yes: {done.title}, once more",
            message="It is as it was before",
            reach=done.reach,
            checks=done.checks,
            verify_s=done.verify_s,
            subject={**done.subject, "taken_back": True},
        )
        return self._written(wanted, caller.arn, now, risk_again(self.request, done))

    def leaves(self, step: PlanStep) -> bool:
        """Whether anything of this step is left that has to be taken back when all is done."""
        return True

    def _written(self, wanted: Intention, caller: str, now: datetime, risk: Risk) -> Plan:
        profile, target = self.access.profile, self.request.target
        account = profile.aws.account
        return Plan(
            remedy=self.request.remedy,
            title=wanted.title,
            target=target,
            account=account,
            region=self.access.clients.region,
            caller=caller,
            before=wanted.before,
            desired=wanted.desired,
            diff=wanted.diff,
            reach=wanted.reach or reach(wanted.names, self.request.scope),
            undo=wanted.undo,
            proof=wanted.proof,
            checks=wanted.checks,
            risk=risk.level,
            steps=wanted.steps,
            way_back=wanted.way_back,
            rolls_back=wanted.rolls_back,
            phrase=f"{target} {account[-4:]}" if profile.kind == "prod" else target,
            subject={**wanted.subject, "message": wanted.message, **risk.subject},
            made_at=now,
            expires_at=now + PLAN_LASTS,
            verify_s=wanted.verify_s,
        )

    # Applying

    def identify(self) -> None:
        """Ask STS who is calling; raises ReadOnly, or WrongIdentity unless it is the pinned account."""
        self.access.clients.require_changes()
        self.access.clients.caller()

    def read(self, plan: Plan) -> State:
        """The state as it is now."""
        return self.live(plan, "plan")

    def send(self, plan: Plan, step: PlanStep) -> str:
        """Send one step in one attempt."""
        self.access.clients.require_caller(plan.account, plan.region, plan.caller)
        return self.deliver(plan, step)

    def deliver(self, plan: Plan, step: PlanStep) -> str:
        """Make the call that the step names with the request that it holds."""
        self.call(step.operation, step.request)
        return f"AWS accepted it: {step.says}"

    def call(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Send one change once; raises EffectRefused or EffectUnknown."""
        service, _, name = operation.partition(":")
        client = self.access.clients.changer(service, self.sends.get(service, ()))
        outcome = sent(name, lambda: getattr(client, xform_name(name))(**parameters))
        if outcome is not None:
            raise outcome

    def ask(self, purpose: str, what: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Make a reading call `service:Operation`; raises WorldError."""
        service, _, name = operation.partition(":")
        client = self.access.clients.reader(service, purpose)
        answer: Mapping[str, Any] = reading(what, lambda: getattr(client, xform_name(name))(**parameters))
        return answer

    # Proving

    def verify(self, plan: Plan) -> Verification:
        """Read it again with a client of its own."""
        live = self.live(plan, "verify")
        differing = sorted(key for key, value in plan.desired.items() if agrees(live, {key: value}) is not True)
        if differing:
            return Verification(Outcome.WAITING, f"AWS does not say so yet: {', '.join(differing)}.", live)
        return Verification(Outcome.DONE, f"{plan.subject['message']}; AWS says so to a fresh client.", live)

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """What was done and what was seen afterwards."""
        return {
            "statusCode": 200,
            "message": plan.subject["message"],
            **verification.seen,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def changed(label: str, was: str, will: str, undo: str) -> tuple[Line, Line]:
    """The two lines of one change; `undo` says how it is taken back."""
    return Line("-", label, was), Line("+", label, will, undo)


def _within(sentence: str) -> str:
    """A sentence as it stands within another; a name such as DKIM keeps its capitals."""
    return sentence if sentence[:2].isupper() else f"{sentence[:1].lower()}{sentence[1:]}"


def _only(state: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key in keys}


def _turned(diff: tuple[Line, ...]) -> tuple[Line, ...]:
    """A diff the other way round."""
    swapped = {"-": "+", "+": "-"}
    lines = [Line(swapped.get(line.sign, line.sign), line.label, line.text) for line in diff]
    order = {"-": 0, "+": 1}
    return tuple(sorted(lines, key=lambda line: (line.label, order.get(line.sign, 2))))
