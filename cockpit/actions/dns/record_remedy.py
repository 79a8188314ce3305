"""What all remedies that change records share: plan from live and wanted, send in batches, look at the source.

A remedy of this kind says what it wants (`intend`); the rest is here: the diff with the way back of each line,
the batches with the states between which each leads, the verification at every name server, and the way back to
exactly what was there, TTL included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.actions.aws import same_caller
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
)
from cockpit.actions.dns.providers.choosing import provider_for
from cockpit.actions.dns.providers.provider import Provider, Whereabouts
from cockpit.actions.dns.published import LookUp, look_up
from cockpit.actions.dns.reach import reach
from cockpit.actions.dns.record_state import Change, as_state, batches, from_state, key_of, label
from cockpit.actions.dns.seen import holds
from cockpit.actions.patience import VERIFY_S
from cockpit.actions.risk import Risk, risk_again, risk_of
from cockpit.errors import WrongIdentity
from cockpit.health.zone_copy import RecordSet
from cockpit.text import visible

PLAN_LASTS = timedelta(minutes=15)
BY_HAND_S = 86_400
"""Seconds that a person has to publish a change which was handed to them."""

LOOK_AT_ONCE = 40
"""Names that are asked for at the same time when a change is verified."""

LOOK_S = 0.5
"""Seconds that a verification has for each record set, where there are many."""

MOST_LINES = 2000
"""Lines of a diff that are shown; the steps hold all of it."""


@dataclass(frozen=True, slots=True)
class Intention:
    """What a remedy wants to do: `changes` from what is there now, and the words that the plan says it with.

    `stays` are lines for what is looked at and left alone. `compare_ttl` makes the TTL part of the verification.
    `graver` says why this is worse than remedies of its kind, where it is.
    """

    title: str
    changes: tuple[Change, ...]
    message: str
    proof: tuple[str, ...] = ()
    stays: tuple[Line, ...] = ()
    compare_ttl: bool = False
    graver: str = ""


class RecordRemedy:
    """The remedy for one request; subclasses say what is wanted."""

    parent = False
    """Whether the records lie in the zone above their name, as DS does."""

    def __init__(self, request: Request, access: Access, *, look_up: LookUp = look_up) -> None:
        self.request = request
        self.access = access
        self._look_up = look_up
        self._provider: Provider | None = None
        self._where: Whereabouts | None = None

    @property
    def provider(self) -> Provider:
        """Where the records are changed; found when it is first needed."""
        if self._provider is None:
            self._provider = provider_for(self.place, self.access, self.request, parent=self.parent)
        return self._provider

    @property
    def place(self) -> str:
        """The name whose zone is changed."""
        return self.request.target

    def intend(self, now: datetime) -> Intention:
        """Read what is there and say what is wanted; raises PlanRefused, BadInput or WorldError."""
        raise PlanRefused("NOTHING_TO_DO", "There is nothing to do.")

    # Planning

    def plan(self, now: datetime) -> Plan:
        """The diff of the live zone against what is wanted, in batches."""
        where = self.provider.whereabouts()
        intention = self.intend(now)
        if not intention.changes:
            raise PlanRefused("NOTHING_TO_DO", f"Nothing has to be changed in {self.provider.zone}.")
        return self._written(intention, where, now, risk_of(self.request, intention.graver))

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """Each record set exactly as it was; raises PlanRefused when somebody changed one meanwhile."""
        where = self.provider.whereabouts()
        changes = [each.back for each in _changes(done.before, done.desired)]
        live = self.provider.records([each.key for each in changes])
        differing = [label(each.key) for each in changes if not _same_values(live[each.key], each.was)]
        if differing:
            raise PlanRefused("CHANGED_SINCE", f"Changed after that run: {', '.join(differing[:5])}.")
        intention = Intention(
            title=f"put {_counted(changes)} of {self.provider.zone} back to what was there before",
            changes=tuple(changes),
            message="The records are back to what they were",
            compare_ttl=bool(done.subject.get("compare_ttl")),
        )
        return self._written(intention, where, now, risk_again(self.request, done))

    def _written(self, intention: Intention, where: Whereabouts, now: datetime, risk: Risk) -> Plan:
        provider, changes = self.provider, intention.changes
        parts = batches(changes, provider.most)
        by_hand = provider.name == "by hand"
        account = self.access.profile.aws.account
        pinned = self.access.profile.kind == "prod" and where.account == account
        requests = f"{len(parts)} request{'' if len(parts) == 1 else 's'}"
        shown = f"{provider.name}, zone {provider.zone}: {_counted(changes)} in {requests}"
        return Plan(
            remedy=self.request.remedy,
            title=intention.title,
            target=self.request.target,
            account=where.account,
            region=where.region,
            caller=where.caller,
            before=as_state({each.key: each.was for each in changes}),
            desired=as_state({each.key: each.will for each in changes}),
            diff=(*_diff(changes), *intention.stays[:MOST_LINES]),
            reach=reach([each.name for each in changes], self.request.scope, _longest(changes)),
            undo=_way_back(changes, by_hand=by_hand),
            proof=(shown, *intention.proof, *(_paper(provider, changes) if by_hand else ())),
            checks=("every name server of the zone, asked afresh", "the resolvers, beside them"),
            risk=risk.level,
            steps=tuple(self._step(part, number, len(parts)) for number, part in enumerate(parts, start=1)),
            way_back=tuple(self._step([each.back for each in part], 0, 0) for part in parts),
            rolls_back=False,
            phrase=f"{self.request.target} {account[-4:]}" if pinned else self.request.target,
            subject={
                "zone": provider.zone,
                "provider": provider.name,
                "message": intention.message,
                "compare_ttl": intention.compare_ttl,
                **risk.subject,
            },
            made_at=now,
            expires_at=now + PLAN_LASTS,
            verify_s=BY_HAND_S if by_hand else _time_to_look(len(changes)),
        )

    def _step(self, changes: Sequence[Change], number: int, of: int) -> PlanStep:
        batch = f"batch {number} of {of}: " if of > 1 else ""
        return PlanStep(
            self.provider.operation,
            f"{batch}{_says(changes)}",
            as_state({each.key: each.was for each in changes}),
            as_state({each.key: each.will for each in changes}),
            self.provider.request(changes),
        )

    # Applying

    def identify(self) -> None:
        """Ask who would be calling where; raises ReadOnly or WrongIdentity."""
        self.provider.require_changes()
        self._where = self.provider.whereabouts()

    def read(self, plan: Plan) -> State:
        """The record sets of the plan as the provider keeps them now."""
        return as_state(self.provider.records([key_of(each) for each in plan.before]))

    def send(self, plan: Plan, step: PlanStep) -> str:
        """Make one batch of changes, all or none, in one request."""
        where = self._where
        if where is None or (plan.account, plan.region) != (where.account, where.region):
            raise WrongIdentity(f"The plan is for {plan.account}, {plan.region}.")
        if not same_caller(plan.caller, where.caller):
            raise WrongIdentity(f"The plan was made as {plan.caller}, and now {where.caller} is calling.")
        return self.provider.send(_changes(step.before, step.after))

    # Proving

    def verify(self, plan: Plan) -> Verification:
        """Ask every name server of the zone, and beside them the resolvers."""
        wanted = from_state(plan.desired)
        keys, missing, caches, held = list(wanted), [], 0, 0
        for start in range(0, len(keys), LOOK_AT_ONCE):
            for seen in self._look_up(self.access.profile, self.provider.zone, keys[start : start + LOOK_AT_ONCE]):
                key = seen.name, seen.rtype
                fits = holds(wanted[key], compare_ttl=plan.subject["compare_ttl"])
                have, servers, agree, asked = seen.agreeing(fits)
                if not servers or have < servers:
                    missing.append(f"{label(key)} is right at {have} of {servers} name servers")
                caches, held = caches + asked, held + agree
        pending = self.provider.settled()
        seen_words = f"{held} of {caches} answers of resolvers agree so far" if caches else "no resolver was asked"
        facts = {"zone": self.provider.zone, "records": len(keys), "resolver_answers": caches, "agreeing": held}
        if missing or pending:
            words = "; ".join(filter(None, (pending, *missing[:3])))
            more = f", and {len(missing) - 3} more" if len(missing) > 3 else ""
            return Verification(Outcome.WAITING, f"{words}{more}.", facts)
        return Verification(
            Outcome.DONE, f"Every name server has it ({len(keys)} record sets); {seen_words}.", facts
        )

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """What was done, where, and who sees it."""
        return {
            "statusCode": 200,
            "message": plan.subject["message"],
            "provider": plan.subject["provider"],
            **verification.seen,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _time_to_look(records: int) -> int:
    """Seconds that a verification may take; 0, which is the usual, for what is looked at within one."""
    return int(VERIFY_S + LOOK_S * records) if records > LOOK_AT_ONCE else 0


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    was, will = from_state(before), from_state(after)
    return [Change(*key, was[key], will[key]) for key in was]


def _same_values(one: RecordSet | None, other: RecordSet | None) -> bool:
    return (one and sorted(one.values)) == (other and sorted(other.values))


def _counted(changes: Sequence[Change]) -> str:
    return f"{len(changes)} record set{'' if len(changes) == 1 else 's'}"


def _says(changes: Sequence[Change]) -> str:
    told = [f"{each.verb} {label(each.key)}" for each in changes[:3]]
    return ", ".join(told) + (f" and {len(changes) - 3} more" if len(changes) > 3 else "")


def _longest(changes: Sequence[Change]) -> int:
    return max((each.was.ttl_s for each in changes if each.was is not None), default=0)


def _diff(changes: Sequence[Change]) -> list[Line]:
    backs = {"create": "deleted again", "upsert": "set back", "delete": "created again"}
    lines: list[Line] = []
    for each in changes:
        for sign, record in (("-", each.was), ("+", each.will)):
            if record is not None:
                lines += [Line(sign, label(each.key), f"{record.ttl_s} {value}") for value in record.values]
        if lines:
            lines[-1] = msgspec.structs.replace(lines[-1], undo=backs[each.verb])
        if len(lines) >= MOST_LINES:
            return [*lines[:MOST_LINES], Line(" ", "", "and more, as the steps of the plan say")]
    return lines


def _way_back(changes: Sequence[Change], *, by_hand: bool) -> str:
    exactly = f"yes: {_counted(changes)} exactly as before, TTL included"
    return f"{exactly}; printed for a person like the change itself" if by_hand else exactly


def _paper(provider: Provider, changes: Sequence[Change]) -> list[str]:
    """The change as a person pastes it, a line at a time."""
    told = [("zone file", "zone file"), ("nsupdate", "nsupdate")]
    request = provider.request(changes)
    return [visible(f"{name}: {line}", limit=2000) for name, key in told for line in request[key].splitlines()][:60]
