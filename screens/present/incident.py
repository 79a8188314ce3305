"""One incident's lines: its head with the clocks, its roles, and the entries of its timeline."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from cockpit.desk.views import IncidentCard
from cockpit.incident.alerts import Alert
from cockpit.incident.deadlines import Deadline, DeadlineState, next_deadline
from cockpit.incident.metrics import Metric, Recording
from cockpit.incident.model import Incident
from cockpit.incident.roles import needed_roles, open_roles, title_of
from cockpit.incident.timeline import Entry
from screens.present.lines import EMPTY, Line, Span, Tone, cut, join, line, pad, rule, spread, wrap
from screens.present.words import clock_length, count, countdown, elapsed

_SHORT_CLOCKS: Mapping[str, str] = {
    "acknowledge": "ack", "customers": "customers", "partners": "partners", "executives": "executives",
    "management": "management", "update": "update", "escalation-1": "L1", "escalation-2": "L2",
    "escalation-3": "L3", "escalation-4": "L4", "rto": "RTO",
}  # fmt: skip

_SIGNS: Mapping[str, Span] = {
    "state": ("●", Tone.ACCENT),
    "severity": ("▲", Tone.WARN),
    "role": ("●", Tone.INFO),
    "onset": ("◦", Tone.INFO),
    "update": ("✔", Tone.OK),
    "message": ("✔", Tone.MUTED),
    "alert": ("✖", Tone.FAIL),
    "health": ("·", Tone.MUTED),
    "check": ("·", Tone.MUTED),
    "link": ("·", Tone.MUTED),
    "runbook": ("✔", Tone.ACCENT),
    "action": ("▸", Tone.KEY),
    "clock": ("⏸", Tone.WARN),
    "drill": ("·", Tone.DRILL),
}
_WRITTEN: Span = ("✎", Tone.KEY)

SEVERITY_TONES: Mapping[str, Tone] = {"P0": Tone.FAIL, "P1": Tone.FAIL, "P2": Tone.WARN, "P3": Tone.INFO}


def card_of(incident: Incident, clocks: Sequence[Deadline], progress: str, now: datetime) -> IncidentCard:
    """What the board and the header say of an incident; `progress` is where its runbook stands."""
    due = next_deadline(tuple(clocks))
    late = sum(1 for clock in clocks if clock.is_running and clock.due is not None and clock.due < now)
    return IncidentCard(
        uid=incident.uid,
        number=incident.ref,
        severity=incident.severity,
        title=incident.title,
        state=str(incident.state),
        opened_at=incident.detected_at,
        lead=incident.lead,
        progress=progress,
        next_deadline=_SHORT_CLOCKS.get(due.name, due.title) if due is not None else "",
        next_due=due.due if due is not None else None,
        breached=late,
    )


def clock_words(name: str, title: str) -> str:
    """A clock's name as short as it can be said; those without a short one keep their title."""
    return _SHORT_CLOCKS.get(name, title)


def head_lines(incident: Incident, clocks: Sequence[Deadline], now: datetime, cells: int) -> list[Line]:
    """Three lines: what it is and how long; who is on it and who is hurt; every clock that runs or was met."""
    tone = SEVERITY_TONES.get(incident.severity, Tone.STRONG)
    left = line((f"{incident.ref} ", Tone.STRONG), (f"{incident.severity} ", tone), (incident.title, Tone.TITLE))
    lasted = clock_length(incident.elapsed(now)) if not incident.is_open else elapsed(incident.detected_at, now)
    right = line((f"{incident.state} ", Tone.ACCENT), (lasted, Tone.STRONG))
    return [spread(left, right, cells), cut(_people(incident), cells), cut(clocks_line(clocks, now), cells)]


def _people(incident: Incident) -> Line:
    lead = line(("lead ", Tone.MUTED), incident.lead) if incident.lead else line(("nobody leads", Tone.WARN))
    missing = [role for role in open_roles(incident) if role != "IC"]
    gaps = line((f" ({', '.join(missing)} open!)", Tone.WARN)) if missing and incident.is_open else EMPTY
    parts = [
        (*lead, *gaps),
        line(count(len(incident.targets), "domain")),
        line(count(len(incident.services), "service")),
        line((f"profile {incident.profile}", Tone.MUTED)),
    ]
    return join(parts, (" · ", Tone.RULE))


def clocks_line(clocks: Sequence[Deadline], now: datetime) -> Line:
    """The clocks that run, first due first, then those that were met."""
    running = sorted(
        (clock for clock in clocks if clock.is_running and clock.due is not None),
        key=lambda clock: clock.due or now,
    )
    met = [clock for clock in clocks if clock.met_at is not None or clock.ended_at is not None]
    parts = [_running(clock, now) for clock in running] + [_met(clock) for clock in met]
    if not parts:
        return line(("no clock runs for this severity", Tone.MUTED))
    return (("clocks ", Tone.MUTED), *join(parts, ("  ", Tone.PLAIN)))


def _running(clock: Deadline, now: datetime) -> Line:
    if clock.due is None:
        return EMPTY
    paused = ("⏸", Tone.WARN) if clock.snoozed_until is not None else ("", Tone.PLAIN)
    return line((f"{_SHORT_CLOCKS.get(clock.name, clock.name)} ", Tone.MUTED), paused, countdown(clock.due, now))


def _met(clock: Deadline) -> Line:
    late = clock.state is DeadlineState.BREACHED
    sign = (" late", Tone.WARN) if late else (" ✔", Tone.OK)
    return line((_SHORT_CLOCKS.get(clock.name, clock.name), Tone.MUTED), sign)


def entry_line(entry: Entry, now: datetime, cells: int, zone: tzinfo, *, folded: bool = False) -> Line:
    """One entry: when it occurred, a sign for its kind, its words, who; a late or changed one says so.

    A row that stands for several entries has a `+`.
    """
    moment = entry.occurred_at.astimezone(zone)
    day = "" if moment.date() == now.astimezone(zone).date() else f"{moment:%d %b} "
    marks = "".join(mark for mark, on in (("^", entry.late), ("*", bool(entry.history)), ("⚑", entry.pinned)) if on)
    sign = _SIGNS.get(entry.kind, _WRITTEN)
    if entry.kind == "alert" and entry.text.startswith("cleared"):
        sign = ("✔", Tone.OK)
    if entry.kind == "runbook" and ": left out, " in entry.text:
        sign = ("»", Tone.WARN)
    if folded:
        sign = ("+", Tone.KEY)
    if entry.failed:
        sign = ("✖", Tone.FAIL)
    tone = Tone.MUTED if entry.noise or entry.struck else Tone.PLAIN
    words = f"{entry.kind}: {entry.text}" if sign is _WRITTEN and entry.kind != "note" else entry.text
    if entry.struck:
        words = f"struck out: {words}"
    head = line((f"{day}{moment:%H:%M:%S}", Tone.MUTED), (marks or " ", Tone.WARN), sign, " ", (words, tone))
    return spread(head, line((entry.actor, Tone.MUTED)), cells)


def entry_detail(entry: Entry, cells: int, zone: tzinfo) -> list[Line]:
    """An entry in full: both times, its whole text, and every earlier text with who changed it and why."""
    occurred, recorded = entry.occurred_at.astimezone(zone), entry.recorded_at.astimezone(zone)
    lines = [rule(f"{entry.kind} by {entry.actor}", cells)]
    lines += wrap(f"occurred {occurred:%Y-%m-%d %H:%M:%S %Z}, recorded {recorded:%H:%M:%S}", cells, Tone.MUTED)
    lines += wrap(entry.text, cells)
    for change in entry.history:
        before = f"until {change.at.astimezone(zone):%H:%M:%S}: “{change.old_text}”"
        lines += wrap(f"{before} (changed by {change.by}: {change.reason})", cells, Tone.MUTED)
    return lines


def side_lines(incident: Incident, clocks: Sequence[Deadline], metrics: Sequence[Metric], now: datetime,
               cells: int, alerts: Sequence[Alert] = ()) -> list[Line]:  # fmt: skip
    """What a wide screen has room for: roles, every clock with the document's words, metrics, reasons."""
    lines: list[Line] = [rule("Roles", cells)]
    needed = needed_roles(incident)
    for role in dict.fromkeys([*needed, *(given.role for given in incident.roles)]):
        holder = incident.holder(role)
        who = (holder, Tone.PLAIN) if holder else ("open", Tone.WARN)
        lines.append(
            cut(line((f"{role:<4}", Tone.STRONG), who, (f"  {title_of(incident, role)}", Tone.MUTED)), cells)
        )
    lines += [EMPTY, rule("Clocks", cells)]
    for clock in clocks:
        if clock.state is not DeadlineState.NOT_APPLICABLE:
            state = _running(clock, now) if clock.is_running else _met(clock)
            lines.append(cut((*pad(state, 18), (f" {clock.says}", Tone.MUTED)), cells))
    lines += [EMPTY, rule("Times", cells)]
    lines += [spread(*_metric(metric), cells) for metric in metrics]
    lines += [
        EMPTY,
        rule(f"Why {incident.severity}", cells),
        *wrap(incident.severity_reason or "no reason given", cells),
    ]
    lines += [EMPTY, rule("Hurt", cells), *wrap(", ".join(incident.services) or "no services named", cells)]
    lines += wrap(", ".join(incident.targets), cells, Tone.MUTED)
    return lines + _notify_lines(alerts, cells)


def _notify_lines(alerts: Sequence[Alert], cells: int) -> list[Line]:
    """Whom the routing rules name for the incident's alerts."""
    routed = dict.fromkeys((alert.route, alert.notify) for alert in alerts if alert.route)
    if not routed:
        return []
    lines = [EMPTY, rule("Notify", cells)]
    for route, notify in routed:
        lines += wrap("; ".join(notify) or "nobody named", cells, first=line((f"{route}: ", Tone.MUTED)), indent=2)
    return lines


def _metric(metric: Metric) -> tuple[Line, Line]:
    """TTD and so on: the time when recorded, else the word for why there is none."""
    tone = {Recording.RECORDED: Tone.STRONG, Recording.INVALID: Tone.FAIL}.get(metric.recording, Tone.MUTED)
    value = clock_length(metric.value) if metric.value is not None else str(metric.recording)
    return (
        line((f"{metric.name} ", Tone.STRONG), (value, tone), (f"  {metric.title}", Tone.MUTED)),
        line((metric.note, Tone.MUTED)),
    )


def no_incident(cells: int) -> list[Line]:
    """What stands on the incident screen while there is none."""
    return [
        EMPTY,
        *wrap("No incident is open. When an alert comes, the Next line offers to open one, filled from the alert; "
              "i on the board (1) does the same for the alert under the cursor.", cells, Tone.MUTED),
    ]  # fmt: skip
