"""The Next line: the one step the cockpit would take now, derived from the state and never from the cursor.

`next_step()` is pure: a `Situation` in, a `NextStep` out. The order of the rules is the order of what hurts most:
an unexplained change to the world, a failure that is worse than the incident in hand, a plan that waits, a role
that is offered, a clock that ran out, a step that waits for a person, another failure that nobody has taken on, the
runbook to begin with, an alert that belongs to an open incident, what runs by itself, a way out of the incident,
its record, and at last a checklist that is due, or practice.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cockpit.desk.state import ActionState, IncidentState, RunState, Situation
from cockpit.desk.views import AlertLine, NextStep
from cockpit.health.model import Verdict

Rule = Callable[[Situation], NextStep | None]


def next_step(situation: Situation) -> NextStep:
    """The first rule that has something to say; there is always one."""
    for rule in _RULES:
        step = rule(situation)
        if step is not None:
            return step
    return _rest(situation)


def _doubt(situation: Situation) -> NextStep | None:
    for action in _actions(situation):
        if action.in_doubt:
            return NextStep(
                f"look at {action.title}: its outcome is not known yet", "reads only", "action.show", action.uid
            )
    return None


def _plan(situation: Situation) -> NextStep | None:
    for action in _actions(situation):
        if action.waits_for_person:
            return NextStep(
                f"review the plan: {action.title}", "shown before anything changes", "action.show", action.uid
            )
    return None


def _running(situation: Situation) -> NextStep | None:
    for action in _actions(situation):
        if action.running:
            return NextStep(f"watch {action.title} ({action.state})", "under way", "action.show", action.uid)
    return None


def _worse(situation: Situation) -> NextStep | None:
    """A failure that does not wait: nothing is in hand, or what is in hand is less bad."""
    alert, current = _failing(situation), _in_hand(situation)
    return _open(alert) if alert is not None and (current is None or alert.severity < current.severity) else None


def _graver(situation: Situation) -> NextStep | None:
    """An alert that its incident covers and that is worse than the incident: it may raise the severity."""
    current = _in_hand(situation)
    return (
        None
        if current is None
        else _joined(situation, [a for a in _covered(situation) if a.severity < current.severity])
    )


def _attach(situation: Situation) -> NextStep | None:
    """An alert that its incident covers anyway: it can wait until the runbook is under way."""
    return _joined(situation, _covered(situation))


def _covered(situation: Situation) -> list[AlertLine]:
    return [alert for alert in _untaken(situation) if alert.id in situation.homes]


def _joined(situation: Situation, covered: list[AlertLine]) -> NextStep | None:
    if not covered:
        return None
    alert = min(covered, key=_worst_first)
    home = situation.homes[alert.id]
    same = sum(situation.homes[each.id].uid == home.uid for each in covered)
    others = f" and {same - 1} more" if same > 1 else ""
    return NextStep(
        f"attach to {home.number}: {alert.target}, {alert.headline}{others}",
        f"{home.because}; i on the board opens another incident",
        "incident.attach",
        alert.id,
    )


def _another(situation: Situation) -> NextStep | None:
    """A failure as bad as the incident in hand; a lesser one waits until that is resolved."""
    alert, current = _failing(situation), _in_hand(situation)
    if alert is None or (current is not None and current.severity < alert.severity):
        return None
    return _open(alert)


def _open(alert: AlertLine) -> NextStep:
    return NextStep(
        f"open an incident for {alert.target} ({alert.severity}: {alert.headline})",
        f"you lead it; {alert.severity_reason}",
        "incident.open",
        alert.id,
    )


def _failing(situation: Situation) -> AlertLine | None:
    """The worst failure that no incident took and none covers."""
    failing = [
        alert for alert in _untaken(situation) if alert.verdict is Verdict.FAIL and alert.id not in situation.homes
    ]
    return min(failing, key=_worst_first, default=None)


def _untaken(situation: Situation) -> list[AlertLine]:
    """Alerts that stand and that no incident has; one that cleared by itself asks for nothing any more."""
    return [alert for alert in situation.alerts if alert.incident is None and alert.cleared_at is None]


def _worst_first(alert: AlertLine) -> tuple[str, datetime]:
    return alert.severity, alert.at


def _in_hand(situation: Situation) -> IncidentState | None:
    """The incident in question while its service is not back."""
    incident = situation.incident
    return None if incident is None or incident.state in ("resolved", "review", "closed") else incident


def _offered(situation: Situation) -> NextStep | None:
    offer = situation.offer
    if offer is None:
        return None
    return NextStep(
        f"accept {offer.role} of {offer.incident} from {offer.giver}",
        "the role is yours from then on; p shows the card",
        "handover.accept",
        offer.id,
    )


def _leaderless(situation: Situation) -> NextStep | None:
    incident = situation.incident
    if incident is None or incident.lead is not None or incident.state in ("resolved", "review", "closed"):
        return None
    return NextStep(f"take the lead of {incident.number}", "nobody leads it", "incident.lead", incident.uid)


def _overdue(situation: Situation) -> NextStep | None:
    incident = situation.incident
    if incident is None or incident.overdue is None:
        return None
    return NextStep(f"{incident.number}: {incident.overdue}", "overdue", "incident.update", incident.uid)


def _way_out(situation: Situation) -> NextStep | None:
    incident = situation.incident
    if incident is None or incident.state in ("resolved", "review", "closed"):
        return None
    if not incident.green or (incident.run is not None and not incident.run.finished):
        return None
    return NextStep(
        f"resolve {incident.number}: its checks are green again",
        "ends the clocks",
        "incident.resolve",
        incident.uid,
    )


def _step(situation: Situation) -> NextStep | None:
    run = _run(situation)
    if run is None or run.waiting:
        return None
    if run.paused_by:
        return NextStep(
            f"go on with {run.title}, {_where(run)}", f"paused by {run.paused_by}", "runbook.advance", run.uid
        )
    return NextStep(f"{_where(run)} of {run.title}: {run.step_title}", run.step_kind, "runbook.advance", run.uid)


def _follow(situation: Situation) -> NextStep | None:
    run = _run(situation)
    if run is None:
        return None
    return NextStep(
        f"follow {run.title}, {_where(run)}: {run.step_title}", "runs by itself", "runbook.show", run.uid
    )


def _run(situation: Situation) -> RunState | None:
    """The run that is under way; one that was left behind when its incident was resolved is not gone on with."""
    incident = _in_hand(situation)
    run = incident.run if incident is not None else None
    return None if run is None or run.finished else run


def _where(run: RunState) -> str:
    return f"step {run.step_number} of {run.step_count}"


def _runbook(situation: Situation) -> NextStep | None:
    incident = _unbegun(situation)
    if incident is None or incident.suggested_runbook is None or incident.green:
        return None
    return NextStep(
        f"start the runbook “{incident.suggested_title}” for {incident.number}",
        "its first steps only read",
        "runbook.start",
        incident.uid,
    )


def _unwritten(situation: Situation) -> NextStep | None:
    incident = _unbegun(situation)
    if incident is None:
        return None
    return NextStep(
        f"note what is known about {incident.number}",
        "no runbook is written for this alert",
        "incident.note",
        incident.uid,
        sure=False,
    )


def _unbegun(situation: Situation) -> IncidentState | None:
    """The incident in hand on which no runbook was started."""
    incident = _in_hand(situation)
    return None if incident is None or incident.run is not None else incident


def _waits(situation: Situation) -> NextStep | None:
    incident = situation.incident
    if incident is None or incident.state in ("resolved", "review", "closed"):
        return None
    return NextStep(
        f"wait for green, or note what is known about {incident.number}",
        "the runbook ended and a check still fails",
        "incident.note",
        incident.uid,
        sure=False,
    )


def _review(situation: Situation) -> NextStep | None:
    incident = situation.incident
    if incident is None or incident.state not in ("resolved", "review"):
        return None
    verb = "finish" if incident.has_review else "open"
    return NextStep(
        f"{verb} the post-mortem of {incident.number}",
        "timeline and metrics are filled in",
        "review.open",
        incident.uid,
    )


def _blind(situation: Situation) -> NextStep | None:
    if situation.domains and not situation.watch_running:
        return NextStep("start the watch: nobody is probing", "values are growing old", "watch.start")
    return None


def _empty(situation: Situation) -> NextStep | None:
    if situation.domains:
        return None
    return NextStep("practise on a simulated outage", "nothing leaves this machine", "drill.start")


def _rest(situation: Situation) -> NextStep:
    if situation.worst:
        alerted = any(alert.target == situation.worst and alert.cleared_at is None for alert in situation.alerts)
        cost = "a warning; i opens an incident for it" if alerted else "not green, and no alert yet"
        return NextStep(f"look at {situation.worst}", cost, "domain.show", situation.worst, sure=False)
    if situation.unseen:
        domains = "1 domain was" if situation.unseen == 1 else f"{situation.unseen} domains were"
        return NextStep(f"wait for first answers: {domains} not looked at yet", "the watch asks", "board.show")
    if situation.is_drill:
        return NextStep("watch the board: the drill has its own clock", "all checks are green", "board.show")
    if situation.turn is not None:
        late = situation.turn.late
        since = f"due since {_length(late)}" if late is not None else "it was never worked here"
        return NextStep(f"work “{situation.turn.title}”", since, "runbook.turn", situation.turn.runbook)
    return NextStep(
        "all checks are green: practise with a drill", "nothing leaves this machine", "drill.start", sure=False
    )


def _length(time: timedelta) -> str:
    hours = int(time.total_seconds()) // 3600
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h"


def _actions(situation: Situation) -> Iterator[ActionState]:
    if situation.incident is not None:
        yield from situation.incident.actions


_RULES: tuple[Rule, ...] = (
    _doubt,
    _worse,
    _plan,
    _running,
    _offered,
    _leaderless,
    _overdue,
    _step,
    _graver,
    _another,
    _runbook,
    _attach,
    _follow,
    _way_out,
    _unwritten,
    _waits,
    _review,
    _blind,
    _empty,
)
