"""Gathers from the rooms what the Next line depends on."""

from collections.abc import Callable, Sequence
from datetime import datetime

from cockpit.desk.actions import Actions, ActionView
from cockpit.desk.board import Board
from cockpit.desk.incidents import Incidents
from cockpit.desk.next_step import ActionState, IncidentState, RunState, Situation
from cockpit.desk.reviews import Reviews
from cockpit.desk.views import AlertLine
from cockpit.health.model import Verdict
from cockpit.incident.deadlines import overdue
from cockpit.incident.model import Incident

TOLD = ("customers", "partners", "executives", "management", "update")
"""Deadlines that an update meets; the others are met by doing something else."""

RunOf = Callable[[str], RunState | None]
Suggest = Callable[[Sequence[str]], tuple[str, str] | None]


class Situations:
    """Looks at the rooms; changes nothing. `run_of` and `suggest` ask the runbooks."""

    def __init__(
        self,
        board: Board,
        incidents: Incidents,
        actions: Actions,
        reviews: Reviews,
        run_of: RunOf,
        suggest: Suggest,
    ) -> None:
        self._board = board
        self._incidents = incidents
        self._actions = actions
        self._reviews = reviews
        self._run_of = run_of
        self._suggest = suggest

    def now(
        self, focus: str, alerts: Sequence[AlertLine], now: datetime, *, watch_running: bool, is_drill: bool
    ) -> Situation:
        """The situation with the incident of uid `focus` in mind, else the worst open one, else the newest."""
        first = next(iter(self._board.rows()), None)
        incident = self._in_question(focus)
        return Situation(
            now=now,
            domains=self._board.targets,
            alerts=tuple(alerts),
            incident=self._incident_state(incident, now) if incident is not None else None,
            worst=first.target if first is not None and first.verdict.rank < Verdict.INFO.rank else "",
            watch_running=watch_running,
            is_drill=is_drill,
        )

    def _in_question(self, focus: str) -> Incident | None:
        if focus:
            return self._incidents.get(focus)
        waiting = self._incidents.open_incidents() or self._incidents.all()
        return waiting[0] if waiting else None

    def _incident_state(self, incident: Incident, now: datetime) -> IncidentState:
        late = [clock for clock in overdue(self._incidents.deadlines(incident.uid, now)) if clock.name in TOLD]
        suggested = self._suggest([self._incidents.alert(alert).kind for alert in incident.alerts])
        runs = [run for uid in incident.runs if (run := self._run_of(uid)) is not None]
        unfinished = [run for run in runs if not run.finished]
        return IncidentState(
            uid=incident.uid,
            number=incident.ref,
            severity=incident.severity,
            state=incident.state,
            lead=incident.lead,
            green=self._incidents.checks(incident.uid, now).green,
            suggested_runbook=suggested[0] if suggested else None,
            suggested_title=suggested[1] if suggested else "",
            run=(unfinished or runs)[-1] if runs else None,
            actions=tuple(_action_state(view) for view in self._actions.of_incident(incident.uid)),
            overdue=f"{late[0].title} is overdue" if late else None,
            has_review=self._reviews.find(incident.uid) is not None,
        )


def _action_state(view: ActionView) -> ActionState:
    return ActionState(view.uid, view.title, view.state, view.waits_for_person, view.in_doubt, view.running)
