"""Gathers from the rooms what the Next line depends on."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.desk.health.alerts import home_of
from cockpit.desk.state import ActionState, Home, IncidentState, OfferState, RunState, Situation, TurnState
from cockpit.desk.views import AlertLine
from cockpit.errors import NotFound
from cockpit.health.model import Verdict
from cockpit.incident.deadlines import overdue
from cockpit.incident.model import Incident

if TYPE_CHECKING:
    from cockpit.desk.remedies.actions import ActionView
    from cockpit.desk.rooms import Rooms
    from cockpit.desk.runbooks import Runbooks

TOLD = ("customers", "partners", "executives", "management", "update")
"""Deadlines that an update meets; the others are met by doing something else."""


class Situations:
    """Looks at the rooms; changes nothing. Without an incident it enters none but board and incidents."""

    def __init__(self, rooms: "Rooms") -> None:
        self._rooms = rooms

    def now(
        self, focus: str, alerts: Sequence[AlertLine], now: datetime, *, watch_running: bool, is_drill: bool
    ) -> Situation:
        """The situation with the incident of uid `focus` in mind, else the worst open one, else the newest."""
        board = self._rooms.board
        first = next(iter(board.rows()), None)
        incident = self._in_question(focus)
        return Situation(
            now=now,
            domains=board.targets,
            alerts=tuple(alerts),
            homes=self._homes(alerts),
            incident=self._incident_state(incident, now) if incident is not None else None,
            worst=first.target
            if first is not None and first.at is not None and first.verdict.rank < Verdict.INFO.rank
            else "",
            unseen=board.unseen,
            watch_running=watch_running,
            is_drill=is_drill,
            offer=self._offer(),
            turn=None if is_drill else self._turn(now),
        )

    def _turn(self, now: datetime) -> TurnState | None:
        """The checklist that waits longest; the runbooks are not read for it alone."""
        if "runbooks" not in vars(self._rooms):
            return None
        turn = next((each for each in self._rooms.runbooks.turns() if each.waits), None)
        if turn is None:
            return None
        since = now - turn.due_at if turn.due_at is not None else None
        return TurnState(turn.runbook, turn.title, since)

    def _offer(self) -> OfferState | None:
        """The oldest handover that waits here; the room of the people is entered only while an incident is open."""
        offers = self._rooms.people.offers_to_me() if self._rooms.incidents.open_incidents() else ()
        return next((OfferState(each.id, one.ref, each.role, each.giver) for one, each in offers), None)

    def _homes(self, alerts: Sequence[AlertLine]) -> dict[str, Home]:
        """The open incident that covers each alert which none has taken."""
        waiting = self._rooms.incidents.open_incidents()
        found = {alert.id: home_of(alert, waiting) for alert in alerts if waiting and alert.incident is None}
        return {id_: Home(home[0].uid, home[0].ref, home[1]) for id_, home in found.items() if home is not None}

    def _in_question(self, focus: str) -> Incident | None:
        if focus:
            return self._rooms.incidents.get(focus)
        waiting = self._rooms.incidents.open_incidents() or self._rooms.incidents.all()
        return waiting[0] if waiting else None

    def _incident_state(self, incident: Incident, now: datetime) -> IncidentState:
        rooms, incidents = self._rooms, self._rooms.incidents
        late = [clock for clock in overdue(incidents.deadlines(incident.uid, now)) if clock.name in TOLD]
        runbook = suggested(rooms.runbooks, [incidents.alert(alert).kind for alert in incident.alerts])
        runs = [run for uid in incident.runs if (run := _run_state(rooms.runbooks, uid)) is not None]
        unfinished = [run for run in runs if not run.finished]
        return IncidentState(
            uid=incident.uid,
            number=incident.ref,
            severity=incident.severity,
            state=incident.state,
            lead=incident.lead,
            green=incidents.checks(incident.uid, now).green,
            suggested_runbook=runbook[0] if runbook else None,
            suggested_title=runbook[1] if runbook else "",
            run=(unfinished or runs)[-1] if runs else None,
            actions=tuple(_action_state(view) for view in rooms.actions.of_incident(incident.uid)),
            overdue=f"{late[0].title} is overdue" if late else None,
            has_review=rooms.reviews.find(incident.uid) is not None,
        )


def suggested(runbooks: "Runbooks", kinds: Sequence[str]) -> tuple[str, str] | None:
    """Id and title of the runbook that is written for the first of these alert kinds that has one."""
    for kind in kinds:
        for card in runbooks.suggested(kind):
            return card.id, card.title
    return None


def _run_state(runbooks: "Runbooks", uid: str) -> RunState | None:
    try:
        run = runbooks.get(uid)
    except NotFound:
        return None
    step = run.current
    return RunState(
        uid=uid,
        title=run.title,
        step_number=run.number,
        step_count=run.total,
        step_title=step.title if step else "",
        step_kind=step.kind if step else "",
        waiting=run.waiting,
        finished=run.ended_at is not None,
        paused_by=run.paused_by,
    )


def _action_state(view: "ActionView") -> ActionState:
    return ActionState(view.uid, view.title, view.state, view.waits_for_person, view.in_doubt, view.running)
