"""The handover card: what somebody needs to know who takes over a role, from the record."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.comms.facts import span
from cockpit.desk.incident.told import Delivery
from cockpit.incident.deadlines import Deadline, next_deadline
from cockpit.incident.model import Checks, Incident
from cockpit.incident.roles import title_of
from cockpit.incident.team import Team
from cockpit.incident.timeline import Entry

if TYPE_CHECKING:
    from cockpit.desk.remedies.action_view import ActionView
    from cockpit.runbooks.view import RunView

NOTHING = "none"


def card_facts(
    incident: Incident,
    role: str,
    people: tuple[str, str],
    folded: Team,
    entries: Sequence[Entry],
    clocks: tuple[Deadline, ...],
    checks: Checks,
    told: Iterable[Delivery],
    work: Sequence[str],
    now: datetime,
) -> dict[str, str]:
    """Values for the template `handover`; what there is none of says so, so that nothing is left to guess.

    `work` is every run and action of the incident in words.
    """
    giver, taker = people
    ruled_out = {entry.text for entry in entries if entry.struck}
    hypotheses = [entry.text for entry in entries if entry.kind == "hypothesis" and entry.text not in ruled_out]
    waiting = [each for each in told if each.is_open or each.wants_person]
    return {
        "role": f"{title_of(incident, role)} ({role})",
        "from_person": giver,
        "to_person": taker,
        "checks": checks.sentence,
        "hypotheses": _joined(hypotheses),
        "decisions": _joined(_decisions(folded)),
        "tasks": _joined(f"{task.title} ({task.to}, due {task.due:%H:%M}Z)" for task in folded.open_tasks),
        "work": _joined(work),
        "messages_open": _joined(f"{each.audience} by {each.channel}: {each.state}" for each in waiting),
        "last_customers": _last_words(incident, now),
        "next_due": _due(next_deadline(clocks), now),
        "roles": _joined(f"{held.role} {held.person}" for held in incident.roles),
        "services": ", ".join(incident.services) or "no services named",
        "targets": ", ".join(incident.targets) or "no domain named",
    }


def work_words(runs: "Iterable[RunView]", actions: "Iterable[ActionView]") -> list[str]:
    """Runbooks and remedies by their titles, each with how far it is."""
    words = [
        f"{run.title} (step {run.number} of {run.total})"
        if run.status == "active"
        else f"{run.title} ({run.status})"
        for run in runs
    ]
    return words + [f"{action.title} ({str(action.state).replace('_', ' ')})" for action in actions]


def _decisions(folded: Team) -> Iterable[str]:
    for decision in folded.decisions.values():
        if decision.is_open:
            objections = f", {len(decision.objections)} objections" if decision.objections else ""
            yield f"open: {decision.text}{objections}"
        elif decision.step == "decided":
            yield f"{decision.text}: {decision.outcome}"


def _last_words(incident: Incident, now: datetime) -> str:
    told = [
        update for update in incident.updates if not update.draft and update.audience in ("customers", "public")
    ]
    if not told:
        return "nothing yet"
    return f"{span(now - told[-1].at)} ago: {told[-1].text.strip().splitlines()[0]}"


def _due(clock: Deadline | None, now: datetime) -> str:
    if clock is None or clock.due is None:
        return "nothing"
    left = clock.due - now
    words = f"in {span(left)}" if left.total_seconds() >= 0 else f"overdue by {span(-left)}"
    return f"{clock.title} {words} ({clock.due:%H:%M}Z)"


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts) or NOTHING
