"""`lb.switch-certificate`: let load balancers present another certificate that is there already.

Parameters: `host`, and `certificate`, the ARN in ACM; without one, the fitting certificate that is valid longest.
Verified by a handshake with every address of the host, from outside.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from cockpit.actions.aws_remedy import AwsRemedy, Intention, changed
from cockpit.actions.cards import Access
from cockpit.actions.certificates.listeners import (
    CHANGES,
    NEW,
    READS,
    Held,
    Listener,
    fits,
    held,
    is_listener,
    listed,
    live_state,
    serving,
    short,
    state_of,
    switch,
)
from cockpit.actions.certificates.outside import plain_serial, presented
from cockpit.actions.contract import Line, Outcome, Plan, PlanRefused, PlanStep, Request, Verification
from cockpit.text import visible

ISSUED = "ISSUED"


class ListenerRemedy(AwsRemedy):
    """What all remedies share that change what listeners present for a host."""

    sends: ClassVar[Mapping[str, tuple[str, ...]]] = {"elbv2": CHANGES}
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "elbv2": READS,
        "acm": ("DescribeCertificate", "ListCertificates"),
    }

    def __init__(self, request: Request, access: Access) -> None:
        super().__init__(request, access)
        self.host = request.parameters["host"]

    def new_arn(self, plan: Plan, purpose: str) -> str:
        """The ARN of the certificate that the plan calls the new one; empty while there is none."""
        return ""

    def switching(
        self, listeners: list[Listener], to: str
    ) -> tuple[list[PlanStep], list[PlanStep], dict[str, Any], dict[str, Any], list[Line]]:
        """Steps, steps back, the states before and after, and the lines of the diff."""
        steps: list[PlanStep] = []
        backs: list[PlanStep] = []
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        lines: list[Line] = []
        for listener in listeners:
            there, back, state = switch(listener, to)
            steps += there
            backs += back
            before |= state_of(listener)
            after |= state
            told = self._told(listener.present)
            lines += changed(
                f"{listener.balancer} listener", told, self._told(to), f"{short(listener.present)} again"
            )
        return steps, backs, before, after, lines

    def known(self, purpose: str) -> list[Held]:
        """Every certificate of ACM that is for the host, the one that is valid longest first."""
        everything = listed(self.ask, purpose)
        arns = [
            visible(one["CertificateArn"])
            for one in everything
            if fits(
                [
                    visible(name).lower()
                    for name in one.get("SubjectAlternativeNameSummaries") or [one["DomainName"]]
                ],
                self.host,
            )
        ]
        found = [held(self.ask, purpose, arn) for arn in arns]
        return sorted(found, key=lambda one: one.not_after.timestamp() if one.not_after else 0.0, reverse=True)

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """The listeners of the plan as they are now."""
        new = self.new_arn(plan, purpose)
        found: dict[str, Any] = {}
        for key in plan.before:
            if is_listener(key):
                found |= live_state(self.ask, purpose, key, new)
        return found

    def deliver(self, plan: Plan, step: PlanStep) -> str:
        """Change a listener, with the ARN of the new certificate put in."""
        request = step.request
        if step.operation.startswith("elbv2:"):
            arns = [one["CertificateArn"] for one in request["Certificates"]]
            real = [self.new_arn(plan, "plan") if arn == NEW else arn for arn in arns]
            request = {**request, "Certificates": [{"CertificateArn": arn} for arn in real]}
        self.call(step.operation, request)
        return f"AWS accepted it: {step.says}"

    def verify(self, plan: Plan) -> Verification:
        """Shake hands with every address, and see the certificate that the plan means."""
        wanted = self._wanted_serials(plan)
        now = self.access.clock.now()
        seen = presented(self.access.profile, self.host, now)
        bad = [
            each
            for each in seen
            if each.serial not in wanted or each.trouble and not plan.subject.get("taken_back")
        ]
        facts = {"host": self.host, "addresses": len(seen), "right": len(seen) - len(bad)}
        if not seen or bad:
            first = bad[0] if bad else None
            why = (first.trouble or f"serial {first.serial}") if first else "no address"
            return Verification(
                Outcome.WAITING,
                f"{self.host} presents it at {facts['right']} of {len(seen)} addresses: {why}.",
                facts,
            )
        return Verification(
            Outcome.DONE,
            f"{self.host} presents it at {len(seen)} of {len(seen)} addresses, seen from outside.",
            facts,
        )

    def _wanted_serials(self, plan: Plan) -> set[str]:
        new = self.new_arn(plan, "verify")
        serials = set()
        for key, state in plan.desired.items():
            if not is_listener(key):
                continue
            for arn in (state["default"], *state["others"]):
                one = held(self.ask, "verify", new if arn == NEW else arn)
                if fits(one.names, self.host) and one.serial:
                    serials.add(plain_serial(one.serial))
        return serials

    def _told(self, arn: str) -> str:
        if arn == NEW:
            return NEW
        one = held(self.ask, "plan", arn)
        ends = f", ends {one.not_after:%Y-%m-%d %H:%MZ}" if one.not_after else ""
        return f"{short(arn)} ({', '.join(one.names[:3])}{ends})"


class SwitchCertificate(ListenerRemedy):
    """Another certificate that is there already."""

    def intend(self, now: datetime) -> Intention:
        """Each listener of the host with the certificate that was asked for, or the best there is."""
        listeners = serving(self.ask, self.host)
        if not listeners:
            raise PlanRefused(
                "NO_LISTENER", f"No load balancer of this account presents a certificate for {self.host}."
            )
        chosen = self._chosen({one.present for one in listeners}, now)
        moving = [one for one in listeners if one.present != chosen.arn]
        steps, backs, before, after, lines = self.switching(moving, chosen.arn)
        return Intention(
            title=f"present certificate {short(chosen.arn)} for {self.host}",
            before=before,
            desired=after,
            diff=tuple(lines),
            steps=tuple(steps),
            way_back=tuple(backs),
            undo="yes: each listener presents its former certificate again",
            message=f"{self.host} presents {short(chosen.arn)}",
            names=(self.host,),
            proof=(f"ACM says ISSUED, for {', '.join(chosen.names[:4])}, ends {chosen.not_after:%Y-%m-%d %H:%MZ}",),
            checks=(f"a TLS handshake with each address of {self.host}, from outside",),
        )

    def _chosen(self, presents: set[str], now: datetime) -> Held:
        asked = self.asked.get("certificate", "")
        candidates = (
            [held(self.ask, "plan", asked)]
            if asked
            else [one for one in self.known("plan") if one.arn not in presents]
        )
        for one in candidates:
            good = (
                one.status == ISSUED
                and one.not_after is not None
                and one.not_after > now
                and fits(one.names, self.host)
            )
            if good:
                return one
        if asked:
            one = candidates[0]
            raise PlanRefused(
                "NOT_USABLE", f"{short(asked)} is {one.status} for {', '.join(one.names[:4])}, which is of no use."
            )
        raise PlanRefused("NOT_USABLE", f"ACM has no other valid certificate for {self.host}: renew it first.")
