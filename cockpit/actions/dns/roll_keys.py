"""The two steps of a roll that are made at Route 53: the new key is made and used; the old one rests and goes.

Each change of a key has one that takes it back exactly: a key that is made again from the same KMS key is the same
key, with the same tag and the same DS.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.actions.cards import Access
from cockpit.actions.contract import Line, Outcome, Plan, PlanRefused, PlanStep, Request, State, Verification
from cockpit.actions.dns.providers.route53 import Route53Zone
from cockpit.actions.dns.reach import reach
from cockpit.actions.dns.roll_stage import STEPS, Roll, SigningKey, Stage
from cockpit.actions.dns.signing_state import keys_of
from cockpit.actions.risk import risk_of
from cockpit.text import visible

PLAN_LASTS = timedelta(minutes=15)
ABSENT, RESTS, SIGNS = "absent", "inactive", "active"


def keys_from(told: Sequence[Mapping[str, Any]]) -> tuple[SigningKey, ...]:
    """The keys that GetDNSSEC told."""
    return tuple(
        SigningKey(
            name=visible(each["Name"], limit=128),
            tag=int(each["KeyTag"]),
            active=each["Status"] == "ACTIVE",
            material=visible(each.get("KmsArn", ""), limit=300),
            ds=_plain_ds(str(each["DSRecord"])),
            created=each["CreatedDate"],
            changed=each["LastModifiedDate"],
        )
        for each in told
    )


def _plain_ds(text: str) -> str:
    """A DS as name servers show it: the digest in lower case."""
    tag, algorithm, kind, digest = text.split(maxsplit=3)
    return f"{tag} {algorithm} {kind} {digest.replace(' ', '').lower()}"


class RollKeys:
    """Make and use the new key, or let the old one rest and delete it; without a roll, carry a plan out."""

    def __init__(self, request: Request, access: Access, zone: Route53Zone, roll: Roll | None = None) -> None:
        self._request = request
        self._access = access
        self._zone = zone
        self._roll = roll

    def plan(self, now: datetime) -> Plan:
        """The steps for one key, each with the one that takes it back."""
        roll = self._roll
        if roll is None:
            raise PlanRefused("NOTHING_TO_DO", "There is nothing to roll.")
        pairs: list[tuple[PlanStep, PlanStep]]
        diff: tuple[Line, ...]
        tags: dict[str, list[int]]
        if roll.stage is Stage.USE_NEW:
            name = roll.new.name if roll.new is not None else f"cockpit_{now:%Y%m%d_%H%M%S}"
            material = roll.new.material if roll.new is not None else self._request.parameters.get("kms", "")
            pairs = [self._activating(name)]
            if roll.new is None:
                pairs = [self._creating(name, material, now), *pairs]
            title = f"use a new key beside {roll.old.tag}"
            diff = (Line(" ", f"key {roll.old.name}", f"{roll.old.tag} goes on signing"),
                    Line("+", f"key {name}", f"from {material}", "rests and is deleted again"))  # fmt: skip
            tags = {"gone": [], "stay": [roll.old.tag]}
            waits = "the DS may name it when the caches have forgotten the keys without it: that is step 2"
        else:
            name = roll.old.name
            pairs = [_turned(self._creating(name, roll.old.material, now))]
            if roll.old.active:
                pairs = [_turned(self._activating(name)), *pairs]
            title = f"let key {roll.old.tag} go"
            again = "made again from the same KMS key and used"
            diff = (Line("-", f"key {name}", f"{roll.old.tag} from {roll.old.material}", again),)
            tags = {"gone": [roll.old.tag], "stay": [roll.new.tag] if roll.new is not None else []}
            waits = "no cache can hold a DS that names it, so nobody misses it"
        steps, back = tuple(each for each, _ in pairs), tuple(each for _, each in pairs)
        words = f"roll the keys of {self._zone.zone}, step {roll.stage} of {STEPS}: {title}"
        return self._written(now, words, diff, steps, back, {"name": name, **tags}, waits)

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """The same steps backwards; raises PlanRefused when the keys are no longer as that run left them."""
        if self.read(done) != done.desired:
            raise PlanRefused("CHANGED_SINCE", f"The keys of {self._zone.zone} were changed after that run.")
        signs = done.desired[f"key {done.subject['name']}"] == SIGNS
        tag = [key.tag for key in self._keys() if key.name == done.subject["name"]] if signs else []
        tags = {"gone": tag, "stay": sorted({*done.subject["stay"], *done.subject["gone"]})}
        diff = tuple(Line({"-": "+", "+": "-"}.get(line.sign, " "), line.label, line.text) for line in done.diff)
        words = f"take back: {done.title.partition(': ')[2]}"
        subject = {"name": done.subject["name"], **tags}
        steps, back = done.way_back[::-1], done.steps[::-1]
        return self._written(now, words, diff, steps, back, subject, "the keys are as that run left them")

    def _creating(self, name: str, material: str, now: datetime) -> tuple[PlanStep, PlanStep]:
        zone_id = self._zone.bare_id
        request = {
            "HostedZoneId": zone_id,
            "CallerReference": f"{name}-{now:%Y%m%d%H%M%S}",
            "Name": name,
            "KeyManagementServiceArn": material,
            "Status": "INACTIVE",
        }
        there, gone = {f"key {name}": RESTS}, {f"key {name}": ABSENT}
        named = {"HostedZoneId": zone_id, "Name": name}
        return (
            PlanStep("CreateKeySigningKey", f"make key {name}, which rests", gone, there, request),
            PlanStep("DeleteKeySigningKey", f"delete key {name}", there, gone, named),
        )

    def _activating(self, name: str) -> tuple[PlanStep, PlanStep]:
        named = {"HostedZoneId": self._zone.bare_id, "Name": name}
        rests, signs = {f"key {name}": RESTS}, {f"key {name}": SIGNS}
        return (
            PlanStep("ActivateKeySigningKey", f"sign with key {name}", rests, signs, named),
            PlanStep("DeactivateKeySigningKey", f"let key {name} rest", signs, rests, named),
        )

    def _written(
        self,
        now: datetime,
        title: str,
        diff: tuple[Line, ...],
        steps: tuple[PlanStep, ...],
        way_back: tuple[PlanStep, ...],
        subject: dict[str, Any],
        proof: str,
    ) -> Plan:
        where, profile = self._zone.whereabouts(), self._access.profile
        domain, risk = self._zone.zone, risk_of(self._request)
        return Plan(
            remedy=self._request.remedy,
            title=title,
            target=domain,
            account=where.account,
            region=where.region,
            caller=where.caller,
            before=dict(steps[0].before),
            desired=dict(steps[-1].after),
            diff=diff,
            reach=reach([domain], self._request.scope),
            undo="yes: exactly, for the same KMS key gives the same signing key",
            proof=(proof,),
            checks=("every name server: which keys there are, and that each signs",),
            risk=risk.level,
            steps=steps,
            way_back=way_back,
            rolls_back=False,
            phrase=f"{domain} {where.account[-4:]}" if profile.kind == "prod" else domain,
            subject={**subject, "hosted_zone": self._zone.zone_id, **risk.subject},
            made_at=now,
            expires_at=now + PLAN_LASTS,
        )

    def identify(self) -> None:
        """Ask STS who is calling; raises ReadOnly or WrongIdentity."""
        self._access.clients.require_changes()
        self._access.clients.caller()

    def read(self, plan: Plan) -> State:
        """What the key of the plan is, as Route 53 says."""
        label = f"key {plan.subject['name']}"
        for key in self._keys():
            if key.name == plan.subject["name"]:
                return {label: SIGNS if key.active else RESTS}
        return {label: ABSENT}

    def send(self, plan: Plan, step: PlanStep) -> str:
        """One call in one attempt; Route 53 itself refuses to let go of a key that a DS names."""
        self._access.clients.require_caller(plan.account, plan.region, plan.caller)
        self._zone.sign(step.operation, step.request)
        return f"Route 53 accepted it: {step.says}"

    def verify(self, plan: Plan) -> Verification:
        """Ask every name server which keys there are, and whether each signs."""
        shown = keys_of(self._access.profile, self._zone.zone, datetime.now(plan.made_at.tzinfo))
        signing = {key.tag for key in shown if key.signs}
        wanted = set(plan.subject["stay"])
        if plan.desired[f"key {plan.subject['name']}"] == SIGNS:
            wanted |= {key.tag for key in self._keys() if key.name == plan.subject["name"]}
        gone = set(plan.subject["gone"]) & {key.tag for key in shown}
        facts = {"zone": self._zone.zone, "keys": sorted(signing)}
        if wanted <= signing and not gone:
            tags = ", ".join(map(str, sorted(signing)))
            return Verification(Outcome.DONE, f"Every name server shows the keys {tags}, and each signs.", facts)
        return Verification(Outcome.WAITING, f"The name servers show the keys {sorted(signing)} yet.", facts)

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """Which keys sign now."""
        return {
            "statusCode": 200,
            "message": f"Done: {plan.title}",
            **verification.seen,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _keys(self) -> tuple[SigningKey, ...]:
        return keys_from(self._zone.signing()["KeySigningKeys"])


def _turned(pair: tuple[PlanStep, PlanStep]) -> tuple[PlanStep, PlanStep]:
    return pair[1], pair[0]
