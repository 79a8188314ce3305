"""`ses.restore-dkim`: sign as before, with the keys that SES makes (Easy DKIM) or with a former key of ours.

A former key goes back by the same road as a new one: it has to lie in S3 and be published, or nothing is sent.
Easy DKIM needs nothing of ours but its three CNAMEs; which tokens they have SES tells only once it signs with them
again, so the plan cannot look whether they are still published and says so.

Parameters: `domain`, and `to`: a selector, `easy`, or nothing for what the last repair of this desk replaced.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cockpit.actions.cards import Access
from cockpit.actions.contract import Plan, PlanRefused, Remedy, Request
from cockpit.actions.ses.byodkim import SesByodkim
from cockpit.actions.ses.dkim_state import EASY, OWN, state_of, status_of

TO_EASY = "easy"


def restore(request: Request, access: Access) -> Remedy:
    """The remedy for what was asked; raises PlanRefused when nothing is known of what was there before."""
    to = request.parameters.get("to") or _former(access.database, request.parameters["domain"])
    if not to:
        raise PlanRefused(
            "NOT_KNOWN", "No repair of this desk replaced the signing: say `easy` or name the former selector."
        )
    parameters = {**request.parameters, "selector": to}
    asked = replace(request, parameters=parameters)
    return (EasyDkim if to == TO_EASY else SesByodkim)(asked, access)


class EasyDkim(SesByodkim):
    """Back to the keys that SES makes."""

    def plan(self, now: datetime) -> Plan:
        """The origin as it shall be, and whether the present key could come back."""
        caller = self._clients.caller()
        identity = self._identity()
        before = state_of(identity)
        if before["origin"] == EASY:
            raise PlanRefused("NOTHING_TO_DO", f"SES signs {self._domain} with its own keys already.")
        back = self._way_back(before, "")
        desired: dict[str, Any] = {"origin": EASY, "selector": "", "signing": before["signing"]}
        step = self._signing_step(before, desired, "")
        return self._written(
            now,
            caller,
            title=f"let SES sign {self._domain} with its own keys again (Easy DKIM)",
            before={key: before[key] for key in desired},
            desired=desired,
            steps=(replace(step, before={key: before[key] for key in desired}),),
            way_back=(self._signing_step(desired, before, back.sha256),) if back.possible else (),
            undo=back.sentence,
            rolls_back=False,
            proof=("whether the three CNAMEs are still published can be seen only afterwards", *back.proof),
            sha256=back.sha256,
            subject={
                "message": "SES signs with its own keys again",
                "wanted_status": "SUCCESS",
                "former_status": status_of(identity),
            },
        )


def _former(database: Path | None, domain: str) -> str:
    """What signed before the last repair that succeeded: a selector, `easy`, or empty for nothing known."""
    if database is None:
        return ""
    from storage.database import Database
    from storage.ledger import Ledger

    held = Database.open(database)
    try:
        befores: dict[str, Mapping[str, Any]] = {}
        last: Mapping[str, Any] = {}
        for event in Ledger(held, _never).since(0, stream="action/"):
            plan = event.body.get("plan") or {}
            if event.kind == "action.planned" and plan.get("target") == domain and "origin" in plan["before"]:
                befores[event.stream] = plan["before"]
            elif event.kind == "action.succeeded":
                last = befores.get(event.stream, last)
    finally:
        held.close()
    if not last:
        return ""
    return str(last.get("selector") or "") if last.get("origin") == OWN else TO_EASY


def _never() -> datetime:
    raise PlanRefused("READING", "Nothing is written while a plan is made.")
