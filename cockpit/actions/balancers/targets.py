"""`lb.register-target` and `lb.deregister-target`: who answers behind a load balancer.

New before old: a target is taken out only while another one is healthy, so there is always somebody who answers.
What was registered is taken out again with the same port and zone, and the other way round. Open connections of a
target that is taken out may go on until the deregistration delay is over (300 s unless set otherwise).
Sources: ELBv2 RegisterTargets, DeregisterTargets (a target that was registered with a port is named with it).

Parameters: `host`, `target` as ADDRESS or INSTANCE, with `:PORT` where it is not the group's, and `group` where
several serve the host.
"""

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from cockpit.actions.aws_remedy import AwsRemedy, Intention
from cockpit.actions.balancers.groups import HEALTHY, READS, Group, Target, group_of, named, targets_of
from cockpit.actions.balancers.served import page_of, unserved
from cockpit.actions.cards import Access
from cockpit.actions.contract import Line, Outcome, Plan, PlanRefused, PlanStep, Request, Verification
from cockpit.text import visible

IN, OUT = "registered", "not registered"
_OPERATION = {IN: "elbv2:RegisterTargets", OUT: "elbv2:DeregisterTargets"}
_VERB = {IN: "register", OUT: "take out"}
_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+)):([0-9]{1,5})")
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")


class TargetSwitch(AwsRemedy):
    """One target, in or out."""

    sends: ClassVar[Mapping[str, tuple[str, ...]]] = {"elbv2": ("DeregisterTargets", "RegisterTargets")}
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = READS

    def __init__(self, request: Request, access: Access, *, into: bool) -> None:
        super().__init__(request, access)
        self._to = IN if into else OUT
        self._host = request.parameters["host"]
        self._page = page_of(request.scope, self._host)

    def intend(self, now: datetime) -> Intention:
        """The targets as they are, and the one that comes or goes."""
        group = group_of(self.ask, self._host, self.asked.get("group", ""))
        there = targets_of(self.ask, "plan", group.arn)
        wanted = self._wanted(group, there)
        was = IN if wanted.name in there else OUT
        if was == self._to:
            told = f"{wanted.name} is {there[wanted.name].told} in" if was == IN else f"{wanted.name} is not in"
            raise PlanRefused("NOTHING_TO_DO", f"It is so already: {told} {group.name}.")
        if self._to == OUT:
            _refuse_the_last(wanted, there, ever=True)
        before, desired = {wanted.name: was}, {wanted.name: self._to}
        stays = [Line(" ", "target", f"{one.name} {one.told}") for one in there.values() if one.name != wanted.name]
        shown = there[wanted.name].told if was == IN else OUT
        after = self._to if self._to == OUT else f"{IN}; gets requests once its health checks pass"
        healthy = sum(one.state == HEALTHY for one in there.values())
        return Intention(
            title=f"{_VERB[self._to]} {wanted.name} {'behind' if self._to == IN else 'from behind'} {self._host}",
            before=before,
            desired=desired,
            diff=(
                *stays,
                Line("-", "target", f"{wanted.name} {shown}"),
                Line("+", "target", f"{wanted.name} {after}", f"{was} again"),
            ),
            steps=(_step(group, wanted, was, self._to),),
            way_back=(_step(group, wanted, self._to, was),),
            undo=_undo(self._to),
            message=f"{wanted.name} is {self._to} in {group.name}",
            names=(self._host,),
            proof=(f"target group {group.name}: {healthy} of {len(there)} targets healthy now",),
            checks=(
                "DescribeTargetHealth by a fresh client"
                + (": it is healthy" if self._to == IN else ": the others are healthy"),
                f"GET {self._page.url} at each address, from outside",
            ),
            subject={"group": group.arn},
        )

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """The target out or in again; raises PlanRefused where nobody healthy would be left."""
        plan = super().plan_undo(done, now)
        there = targets_of(self.ask, "plan", str(done.subject["group"]))
        for name, state in plan.desired.items():
            if state == OUT and name in there:
                _refuse_the_last(there[name], there, ever=False)
        return plan

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """Whether each target of the plan gets requests."""
        there = targets_of(self.ask, purpose, str(plan.subject["group"]))
        return {name: IN if name in there else OUT for name in plan.before}

    def verify(self, plan: Plan) -> Verification:
        """The load balancer's own health checks, and then a visitor's view of the host."""
        there = targets_of(self.ask, "verify", str(plan.subject["group"]))
        ((name, state),) = plan.desired.items()
        seen = {"targets": {one.name: one.told for one in there.values()}}
        if (IN if name in there else OUT) != state:
            return Verification(
                Outcome.WAITING, f"The load balancer does not say yet that {name} is {state}.", seen
            )
        if plan.subject.get("taken_back"):
            return Verification(Outcome.DONE, f"{name} is {state}, as it was before.", seen)
        if state == IN and there[name].state != HEALTHY:
            return Verification(Outcome.WAITING, f"{name} is {there[name].told}.", seen)
        asked, wrong = unserved(self.access.profile, self._page, self.access.clock.now())
        if wrong or not asked:
            return Verification(Outcome.WAITING, f"{self._page.url}: {(wrong or ['no address'])[0]}.", seen)
        return Verification(
            Outcome.DONE,
            f"{name} is {state}{' and healthy' if state == IN else ''}, and {self._page.url} is served at"
            f" {asked} of {asked} addresses.",
            seen,
        )

    def _wanted(self, group: Group, there: Mapping[str, Target]) -> Target:
        """The target that is meant, as it is registered or would be; raises PlanRefused."""
        text = self.asked["target"].strip()
        parts = _WITH_PORT.fullmatch(text)
        one, port = (parts[1] or parts[2], int(parts[3])) if parts else (text, 0)
        _refuse_unfit(group, one, port)
        same = [each for each in there.values() if each.id == one and port in (0, each.port)]
        if len(same) > 1:
            ports = ", ".join(str(each.port) for each in same)
            raise PlanRefused("WHICH_PORT", f"{one} is registered with several ports ({ports}): say which.")
        return same[0] if same else Target(one, port or group.port, "", "")


def _refuse_unfit(group: Group, one: str, port: int) -> None:
    """Raise PlanRefused for what the group cannot hold."""
    if group.kind == "ip":
        try:
            ipaddress.ip_address(one)
            fits = True
        except ValueError:
            fits = False
        wanted = "an address, such as 10.0.1.10 or 10.0.1.10:8080"
    elif group.kind == "instance":
        fits, wanted = bool(_INSTANCE.fullmatch(one)), "an instance, such as i-0123456789abcdef0"
    else:
        raise PlanRefused(
            "UNSUPPORTED", f"{group.name} holds {group.kind or 'unknown'} targets; that is not built."
        )
    if not fits or port > 65535:
        raise PlanRefused("BAD_PARAMETER", f"{visible(one, limit=80)!r} is not {wanted}, which {group.name} holds.")


def _refuse_the_last(going: Target, there: Mapping[str, Target], *, ever: bool) -> None:
    """Raise PlanRefused where nobody healthy would be left; with `ever`, also where nobody is healthy now."""
    others = [one for one in there.values() if one.name != going.name]
    if any(one.state == HEALTHY for one in others):
        return
    if not others or ever or going.state == HEALTHY:
        left = f"{len(others)} others, none of them healthy" if others else "nobody else"
        raise PlanRefused(
            "LAST_ONE", f"{going.name} is {going.told}, and there is {left}: register a healthy one first."
        )


def _undo(to: str) -> str:
    if to == IN:
        return "yes: it is taken out again, as long as another one is healthy"
    return "yes: it is registered again, and gets requests once its health checks pass"


def _step(group: Group, target: Target, was: str, to: str) -> PlanStep:
    described: dict[str, Any] = {"Id": target.id, "Port": target.port}
    if target.zone:
        described["AvailabilityZone"] = target.zone
    request = {"TargetGroupArn": group.arn, "Targets": [described]}
    says = f"{_VERB[to]} {named(target.id, target.port)} {'in' if to == IN else 'of'} {group.name}"
    return PlanStep(_OPERATION[to], says, {target.name: was}, {target.name: to}, request)
