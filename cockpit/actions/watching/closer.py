"""`monitoring.enhance`: look at a domain more often for a while, and tell at the first bad look.

Nothing outside changes but how often it is asked. What it amounts to stands in `cockpit.watch.closer`: every ten
seconds instead of the usual interval, and one bad look instead of several. It ends by itself.

Parameters: `domain`, `minutes`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from cockpit.actions.aws_remedy import PLAN_LASTS
from cockpit.actions.cards import Access
from cockpit.actions.contract import Line, Outcome, Plan, PlanRefused, PlanStep, Request, State, Verification
from cockpit.actions.risk import risk_of
from cockpit.clock import format_time, parse_time
from cockpit.health.closer import CALMED, CLOSER, LONGEST, Closer
from cockpit.watch.closer import PACE_S
from storage.database import Database
from storage.ledger import Draft, Ledger

_USUAL, _CLOSER = "as usual", "closer"


class EnhanceMonitoring:
    """A closer watch with an end."""

    def __init__(self, request: Request, access: Access) -> None:
        self._request = request
        self._access = access
        self._domain = request.parameters["domain"]
        self._length = timedelta(minutes=int(request.parameters.get("minutes") or 60))
        if not timedelta() < self._length <= LONGEST:
            raise PlanRefused("BAD_PARAMETER", f"It lasts from 1 to {LONGEST // timedelta(minutes=1)} minutes.")
        if access.database is None:
            raise PlanRefused("NOT_THERE", "There is no database that a watch could read.")

    def plan(self, now: datetime) -> Plan:
        """From the usual pace to the closer one."""
        if self._state(now)["watch"] == _CLOSER:
            raise PlanRefused("NOTHING_TO_DO", f"{self._domain} is watched closer already.")
        until = now + self._length
        return self._written(now, until, {"watch": _USUAL}, {"watch": _CLOSER}, back=False)

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """The usual pace again; raises PlanRefused when it has ended by itself."""
        if self._state(now)["watch"] == _USUAL:
            raise PlanRefused("CHANGED_SINCE", f"{self._domain} is watched as usual again: it ended by itself.")
        until = parse_time(str(done.subject["until"]))
        return self._written(now, until, {"watch": _CLOSER}, {"watch": _USUAL}, back=True)

    def _written(
        self, now: datetime, until: datetime, before: dict[str, Any], after: dict[str, Any], *, back: bool
    ) -> Plan:
        steps = (_step(self._domain, until, before, after),)
        paces = ", ".join(f"{name.removesuffix('_s')} every {pace_s:g} s" for name, pace_s in PACE_S.items())
        pace = f"{paces}; told at the first bad look" if not back else "the configured intervals"
        title = f"watch {self._domain} {'as usual again' if back else f'closer until {until:%H:%MZ}'}"
        risk = risk_of(self._request)
        return Plan(
            remedy=self._request.remedy,
            title=title,
            target=self._request.target,
            account=self._access.profile.aws.account,
            region="cockpit",
            caller="this cockpit's own watch",
            before=before,
            desired=after,
            diff=(
                Line("-", "watch", str(before["watch"])),
                Line(
                    "+", "watch", f"{after['watch']}: {pace}", f"{before['watch']} again, or by itself at the end"
                ),
            ),
            reach="1 domain is asked more often; no mail, nobody is hurt",
            undo="yes, at any time; otherwise it ends by itself",
            proof=(),
            checks=("the ledger as the watch reads it",),
            risk=risk.level,
            steps=steps,
            way_back=(_step(self._domain, until, after, before),),
            rolls_back=False,
            phrase=self._request.target,
            subject={"until": format_time(until), **risk.subject},
            made_at=now,
            expires_at=now + PLAN_LASTS,
        )

    def identify(self) -> None:
        """Raise ReadOnly when nothing may be changed from here."""
        self._access.clients.require_changes()

    def read(self, plan: Plan) -> State:
        """Whether the domain is watched closer."""
        return self._state(self._access.clock.now())

    def send(self, plan: Plan, step: PlanStep) -> str:
        """Write the one event that the watch goes by."""
        body = dict(step.request)
        kind = CLOSER if "until" in body else CALMED
        with self._ledger() as ledger:
            ledger.append([Draft(stream="ops", kind=kind, body=body, occurred_at=self._now(), actor="cockpit")])
        return step.says

    def verify(self, plan: Plan) -> Verification:
        """Read the ledger anew, as the watch does."""
        state = self._state(self._now())
        right = state == dict(plan.desired)
        words = f"{self._domain} is watched {state['watch']}."
        return Verification(Outcome.DONE if right else Outcome.FAILED, words, dict(state))

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """Until when."""
        return {"message": verification.sentence, "until": plan.subject["until"], **verification.seen}

    def _state(self, now: datetime) -> Mapping[str, Any]:
        closer = Closer()
        with self._ledger() as ledger:
            for event in ledger.stream("ops"):
                closer.absorb(event)
        return {"watch": _CLOSER if closer.until(self._domain, now) else _USUAL}

    def _now(self) -> datetime:
        return self._access.clock.now()

    @contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        assert self._access.database is not None
        database = Database.open(self._access.database)
        try:
            yield Ledger(database, self._now)
        finally:
            database.close()


def _step(domain: str, until: datetime, before: dict[str, Any], after: dict[str, Any]) -> PlanStep:
    closer = after["watch"] == _CLOSER
    request = {"target": domain} | ({"until": format_time(until)} if closer else {})
    says = f"watch {domain} {after['watch']}"
    return PlanStep(CLOSER if closer else CALMED, says, before, after, request)
