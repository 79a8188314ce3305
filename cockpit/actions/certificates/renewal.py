"""`cert.renew` by ACM: a new certificate for the same names, proven by DNS, and presented once it is issued.

New before old: the former certificate stays in ACM and on the listener until the new one is there, and is what the
way back leads to. Nothing is deleted but, on the way back, the new certificate and its proof. Sources: ACM
RequestCertificate (an idempotency token holds for an hour), DescribeCertificate; the record that proves a name is
the same for every certificate of one account.

Parameters: `host`, and `names`, where the new certificate shall be for others than the present one.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from cockpit.actions.aws_remedy import Intention
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
    serving,
)
from cockpit.actions.certificates.proof_records import ABSENT, PUBLISHED, ProofRecords, Wanted, described
from cockpit.actions.certificates.switch import ISSUED, ListenerRemedy
from cockpit.actions.contract import Line, Outcome, Plan, PlanRefused, PlanStep, Request, Verification
from cockpit.clock import format_time, parse_time
from cockpit.text import visible

CERTIFICATE = "certificate"
THERE = "there"
VERIFY_S = 4 * 3600
"""How long an authority may take to see the proof and issue."""

_CLOCK = timedelta(minutes=1)
_PROVE, _UNPROVE = "dns:PublishProof", "dns:RemoveProof"


class NewCertificate(ListenerRemedy):
    """What renewals share: the names, the proof in DNS, the switch at the end; `obtain` is the authority's part."""

    def __init__(self, request: Request, access: Access) -> None:
        super().__init__(request, access)
        self.records = ProofRecords(request, access)

    def names(self, listeners: list[Listener]) -> tuple[str, ...]:
        """The names of the new certificate: those asked for, else those of the present one."""
        given = self.asked.get("names", "").replace(",", " ").lower().split()
        present = held(self.ask, "plan", listeners[0].present).names if listeners else ()
        found = dict.fromkeys([self.host, *(given or present)])
        if not fits(tuple(found), self.host):
            raise PlanRefused("BAD_PARAMETER", f"None of the names is for {self.host}.")
        return tuple(found)

    def wanted(self, plan: Plan, zone: str) -> Wanted:
        """What has to stand in the zone as the proof; raises WorldError."""
        raise PlanRefused("NOTHING_TO_DO", f"Nothing proves {plan.title}.")

    def proof_steps(self, zones: Mapping[str, list[str]], kind: str) -> tuple[list[PlanStep], list[PlanStep]]:
        """Publishing the proof in each zone, and removing it."""
        steps, backs = [], []
        for zone, names in zones.items():
            key, request = f"proof in {zone}", described(zone, names, kind)
            absent, there = {key: ABSENT}, {key: PUBLISHED}
            steps.append(PlanStep(_PROVE, f"publish the proof in {zone}", absent, there, request))
            backs.append(PlanStep(_UNPROVE, f"remove the proof from {zone}", there, absent, request))
        return steps, backs

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """Whether the new certificate is there, its proof is published, and what the listeners present."""
        found = super().live(plan, purpose)
        for key in plan.before:
            if key == CERTIFICATE:
                found[key] = THERE if self.new_arn(plan, purpose) else ""
            elif key.startswith("proof in "):
                zone = key.removeprefix("proof in ")
                wanted = self.wanted(plan, zone)
                found[key] = self.records.state(zone, plan.subject["zones"][zone][0], wanted) if wanted else ABSENT
        return found

    def deliver(self, plan: Plan, step: PlanStep) -> str:
        """Publish or remove a proof, or change ACM or a listener."""
        if step.operation in (_PROVE, _UNPROVE):
            zone = str(step.request["zone"])
            wanted, name = self.wanted(plan, zone), step.request["names"][0]
            return self.records.send(zone, name, wanted, publish=step.operation == _PROVE)
        if step.operation == "acm:DeleteCertificate":
            self.call(step.operation, {"CertificateArn": self.new_arn(plan, "plan")})
            return "ACM accepted it: the new certificate is deleted"
        return super().deliver(plan, step)

    def ready(self, plan: Plan, step: PlanStep) -> str:
        """A listener can present only what has been issued, and only what is not presented can be deleted."""
        new = self.new_arn(plan, "plan")
        presents = any(one["CertificateArn"] == NEW for one in step.request.get("Certificates", ()))
        if step.operation.startswith("elbv2:") and presents and not plan.subject.get("taken_back"):
            status = held(self.ask, "plan", new).status if new else "not there yet"
            return "" if status == ISSUED else f"ACM says that the new certificate is {status}."
        if step.operation == "acm:DeleteCertificate" and new:
            users = held(self.ask, "plan", new).details.get("InUseBy") or ()
            return f"The new certificate is in use by {len(users)} listeners still." if users else ""
        return ""

    def verify(self, plan: Plan) -> Verification:
        """A handshake from outside; where no listener presents it, ACM says that it is issued."""
        if any(is_listener(key) for key in plan.desired):
            return super().verify(plan)
        new = self.new_arn(plan, "verify")
        if plan.subject.get("taken_back"):
            gone = not new
            words = "The new certificate is gone." if gone else "The new certificate is still there."
            return Verification(Outcome.DONE if gone else Outcome.WAITING, words, {"certificate": new})
        status = held(self.ask, "verify", new).status if new else "not there"
        outcome = Outcome.DONE if status == ISSUED else Outcome.WAITING
        return Verification(outcome, f"ACM says that the new certificate is {status}.", {"certificate": new})

    def new_arn(self, plan: Plan, purpose: str) -> str:
        """The newest certificate with exactly the plan's names that was not there before."""
        names, since = sorted(plan.subject["names"]), parse_time(plan.subject["since"])
        everything = listed(self.ask, purpose)
        fresh = [
            one
            for one in everything
            if visible(one["CertificateArn"]) not in plan.subject["known"] and one["CreatedAt"] >= since
        ]
        for one in sorted(fresh, key=lambda each: each["CreatedAt"].timestamp(), reverse=True):
            if sorted(visible(name) for name in one.get("SubjectAlternativeNameSummaries", ())) == names:
                return visible(one["CertificateArn"])
        return ""

    def arns(self) -> list[str]:
        """Every certificate that is there before."""
        everything = listed(self.ask, "plan")
        return [visible(one["CertificateArn"]) for one in everything]

    def written(
        self,
        now: datetime,
        listeners: list[Listener],
        names: tuple[str, ...],
        zones: Mapping[str, list[str]],
        obtaining: tuple[list[PlanStep], list[PlanStep]],
        words: Mapping[str, Any],
    ) -> Intention:
        """The whole of it: what the authority needs, then the switch."""
        steps, backs, before, after, lines = self.switching(listeners, NEW)
        steps, backs = [*obtaining[0], *steps], [*obtaining[1], *backs]
        for step in obtaining[0]:
            before = {**step.before, **before}
            after = {**after, **step.after}
        new = Line("+", CERTIFICATE, f"{words['authority']}: {', '.join(names)}", "deleted again")
        proofs = [Line("+", f"proof in {zone}", ", ".join(each), "removed again") for zone, each in zones.items()]
        back = "each listener presents its former certificate again, then the new one and its proof are removed"
        return Intention(
            title=f"renew the certificate of {self.host}: {words['authority']}, new before old",
            before=before,
            desired=after,
            diff=(new, *proofs, *lines),
            steps=tuple(steps),
            way_back=tuple(backs),
            undo=f"yes: {back}" if listeners else "yes: the new certificate and its proof are removed",
            message=f"{self.host} has a new certificate",
            names=names,
            proof=("the former certificate stays until the new one is presented", *words.get("proof", ())),
            checks=(f"a TLS handshake with each address of {self.host}, from outside",),
            verify_s=VERIFY_S,
            subject={
                "names": list(names),
                "zones": {zone: sorted(each) for zone, each in zones.items()},
                "known": self.arns(),
                "since": format_time(now - _CLOCK),
                **words.get("subject", {}),
            },
        )


class ImportedCertificate(NewCertificate):
    """What renewals share whose certificate is made elsewhere and imported into ACM."""

    sends: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "elbv2": CHANGES,
        "acm": ("ImportCertificate", "DeleteCertificate"),
    }
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "elbv2": READS,
        "acm": ("DescribeCertificate", "ListCertificates"),
    }


class AcmRenewal(NewCertificate):
    """A certificate that ACM issues."""

    sends: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "elbv2": CHANGES,
        "acm": ("RequestCertificate", "DeleteCertificate"),
    }
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "elbv2": READS,
        "acm": ("DescribeCertificate", "ListCertificates"),
    }

    def intend(self, now: datetime) -> Intention:
        """Request, prove, present."""
        listeners = serving(self.ask, self.host)
        return self.renewal(listeners, self.names(listeners), now)

    def renewal(self, listeners: list[Listener], names: tuple[str, ...], now: datetime) -> Intention:
        """The plan for these names, presented by these listeners."""
        shown = self._shown_records(names)
        zones = self.records.zones(name for name in names if not self._proven(name, shown))
        requested, deleted = self._request_steps(names, now)
        proofs = self.proof_steps(zones, "CNAME")
        told = [
            f"{name}: the proof of an earlier certificate is published still"
            for name in names
            if not any(name in each for each in zones.values())
        ]
        words = {"authority": "ACM", "proof": told}
        obtaining = ([requested, *proofs[0]], [deleted, *proofs[1]])
        return self.written(now, listeners, names, zones, obtaining, words)

    def wanted(self, plan: Plan, zone: str) -> Wanted:
        """The CNAMEs that ACM asks for, once it has said which."""
        new = self.new_arn(plan, "plan")
        if not new:
            return {}
        records = _records(held(self.ask, "plan", new))
        return {records[name][0]: records[name][1] for name in plan.subject["zones"][zone] if name in records}

    def ready(self, plan: Plan, step: PlanStep) -> str:
        """ACM takes some seconds to say which records it wants."""
        if step.operation == _PROVE:
            zone = str(step.request["zone"])
            missing = len(self.wanted(plan, zone)) < len(set(plan.subject["zones"][zone]))
            return "ACM has not said yet which records prove the names." if missing else ""
        return super().ready(plan, step)

    def _request_steps(self, names: tuple[str, ...], now: datetime) -> tuple[PlanStep, PlanStep]:
        token = hashlib.sha256(f"{self.host} {format_time(now)}".encode()).hexdigest()[:32]
        request: dict[str, Any] = {
            "DomainName": names[0],
            "ValidationMethod": "DNS",
            "IdempotencyToken": token,
        }
        if names[1:]:
            request["SubjectAlternativeNames"] = list(names[1:])
        none, there = {CERTIFICATE: ""}, {CERTIFICATE: THERE}
        return (
            PlanStep("acm:RequestCertificate", f"request {', '.join(names)}", none, there, request),
            PlanStep("acm:DeleteCertificate", "delete the new certificate", there, none, {"CertificateArn": NEW}),
        )

    def _shown_records(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The proof of each name as certificates of this account have it already."""
        found: dict[str, Any] = {}
        for one in self.known("plan"):
            found |= {name: record for name, record in _records(one).items() if name in names}
        return found

    def _proven(self, name: str, shown: Mapping[str, Any]) -> bool:
        if name not in shown:
            return False
        key, value = shown[name]
        (zone,) = self.records.zones([name])
        return self.records.state(zone, name, {key: value}) == PUBLISHED


def _records(one: Held) -> dict[str, tuple[tuple[str, str], str]]:
    """The record that proves each name of a certificate, as far as ACM has said it."""
    found = {}
    for option in one.details.get("DomainValidationOptions") or ():
        record = option.get("ResourceRecord")
        if record:
            key = visible(record["Name"]).rstrip(".").lower(), visible(record["Type"])
            found[visible(option["DomainName"]).lower()] = key, visible(record["Value"])
    return found
