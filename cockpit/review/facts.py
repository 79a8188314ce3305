"""Facts about an incident as Markdown blocks, which the post-mortem starts with and can be renewed from.

In a document each block stands between `<!-- facts:name -->` and `<!-- /facts:name -->`; `refreshed()` replaces
what is between the marks and leaves everything that people wrote alone.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from cockpit.comms.facts import moment, span
from cockpit.incident.alerts import Alert
from cockpit.incident.deadlines import Deadline, DeadlineState
from cockpit.incident.metrics import Metric
from cockpit.incident.model import Incident
from cockpit.incident.roles import ROLES, open_roles, title_of
from cockpit.incident.timeline import Entry
from cockpit.review.follow_up import follow_ups
from cockpit.review.markdown import inline, table

_DONE = ("action", "runbook")
_SPOKEN = ("decision", "evidence", "finding", "hypothesis", "question", "contact")
_BLOCK = re.compile(r"(<!-- facts:([a-z]+) -->\n).*?(\n<!-- /facts:\2 -->)", re.DOTALL)


class Sent(Protocol):
    """One message over one channel, as far as a review needs to know it."""

    @property
    def at(self) -> datetime:
        """When it was sent."""

    @property
    def audience(self) -> str:
        """Who was meant."""

    @property
    def channel(self) -> str:
        """What carried it."""

    @property
    def state(self) -> str:
        """What became of it."""

    @property
    def by(self) -> str:
        """Who sent it."""

    @property
    def text(self) -> str:
        """Its words."""


class Record(msgspec.Struct, frozen=True):
    """All that a review knows of one incident at one moment."""

    incident: Incident
    now: datetime
    entries: Sequence[Entry] = ()
    metrics: Sequence[Metric] = ()
    deadlines: Sequence[Deadline] = ()
    alerts: Sequence[Alert] = ()
    health: Sequence[Entry] = ()
    messages: Sequence[Sent] = ()
    document: str = ""


class Block(msgspec.Struct, frozen=True):
    """A piece of Markdown that can be put into a document."""

    name: str
    title: str
    text: str


def blocks(record: Record) -> tuple[Block, ...]:
    """Every block, in the order of the post-mortem."""
    return (
        Block("roles", "People", roles_table(record.incident)),
        Block("metrics", "Metrics", metrics_table(record.metrics)),
        Block("deadlines", "Deadlines", deadlines_table(record.deadlines)),
        Block("timeline", "Timeline", timeline_table(record.entries)),
        Block("updates", "Told to whom", updates_table(record.incident)),
        Block("actions", "Actions taken", actions_table(record.entries)),
        Block("messages", "Messages", messages_table(record.messages)),
        Block("health", "What the health looked like", health_table(record.health)),
        Block("followups", "Follow-up", follow_up_table(record)),
    )


def refreshed(text: str, fresh: Sequence[Block]) -> str:
    """`text` with the newest content between the marks of each block that it still has."""
    known: Mapping[str, str] = {block.name: block.text for block in fresh}

    def renew(match: re.Match[str]) -> str:
        return f"{match[1]}{known[match[2]]}{match[3]}" if match[2] in known else match[0]

    return _BLOCK.sub(renew, text)


def metrics_table(metrics: Sequence[Metric]) -> str:
    """Recorded numbers with their ends, and the word and reason where there is no number."""
    rows = [
        (
            metric.name,
            metric.title,
            span(metric.value) if metric.value is not None else str(metric.recording),
            moment(metric.start) if metric.start is not None else "",
            moment(metric.end) if metric.end is not None else "",
            metric.note,
        )
        for metric in metrics
    ]
    return table(("", "Metric", "Value", "From", "To", "Note"), rows, empty="No metrics.")


def deadlines_table(clocks: Sequence[Deadline]) -> str:
    """Every deadline that applied, with when it was due and when it was met."""
    rows = [
        (
            clock.title,
            moment(clock.due) if clock.due is not None else "",
            _verdict(clock),
            clock.says,
            clock.note,
        )
        for clock in clocks
        if clock.due is not None
    ]
    return table(("Deadline", "Due", "Result", "Source", "Note"), rows, empty="The profile sets no deadlines.")


def _verdict(clock: Deadline) -> str:
    if clock.met_at is None:
        return str(clock.state)
    late = clock.state is DeadlineState.BREACHED and clock.due is not None
    how = f"late by {span(clock.met_at - clock.due)}" if late and clock.due is not None else "met"
    return f"{how}, {moment(clock.met_at)}"


def timeline_table(entries: Sequence[Entry]) -> str:
    """What happened, what was done and by whom; struck entries stay readable, corrected and late ones say so."""
    rows = [(moment(entry.occurred_at), *_told(entry), entry.actor, _remarks(entry)) for entry in entries]
    return table(("Time", "Event", "Action taken", "Owner", "Remark"), rows, empty="No entries.")


def _told(entry: Entry) -> tuple[str, str]:
    if entry.kind in _DONE:
        return "", entry.text
    return (f"{entry.kind}: {entry.text}" if entry.kind in _SPOKEN else entry.text), ""


def _remarks(entry: Entry) -> str:
    remarks = []
    if entry.struck:
        remarks.append("struck out")
    if entry.history:
        remarks.append(f"amended {len(entry.history)}×: {entry.history[-1].reason}")
    if entry.late:
        remarks.append(f"recorded {moment(entry.recorded_at)}")
    return "; ".join(remarks)


def roles_table(incident: Incident) -> str:
    """Who held which role at the end, and which required role nobody held."""
    rows = [
        (title_of(incident, held.role), held.person, moment(held.since))
        for held in sorted(
            incident.roles, key=lambda held: tuple(ROLES).index(held.role) if held.role in ROLES else 99
        )
    ]
    rows += [(title_of(incident, role), "nobody", "") for role in open_roles(incident)]
    return table(("Role", "Person", "Since"), rows, empty="No roles were given.")


def updates_table(incident: Incident) -> str:
    """Who was told what, when and how; drafts were not sent and are left out."""
    rows = [
        (moment(sent.at), sent.audience, sent.channel, sent.text, sent.by)
        for sent in incident.updates
        if not sent.draft
    ]
    return table(("Time", "Audience", "Channel", "Text", "By"), rows, empty="Nobody was told anything.")


def actions_table(entries: Sequence[Entry]) -> str:
    """What was done: actions of the cockpit, steps of runbooks, and actions that people noted."""
    rows = [
        (moment(entry.occurred_at), entry.text, entry.actor)
        for entry in entries
        if entry.kind in _DONE and not entry.struck
    ]
    return table(("Time", "Action", "By"), rows, empty="No action was recorded.")


def messages_table(messages: Sequence[Sent]) -> str:
    """Every message over a channel with what became of it, oldest first."""
    rows = [
        (moment(sent.at), sent.audience, sent.channel, sent.state, sent.text.strip().partition("\n")[0], sent.by)
        for sent in sorted(messages, key=lambda sent: sent.at)
    ]
    return table(("Time", "Audience", "Channel", "State", "Begins with", "By"), rows, empty="No message was sent.")


def health_table(entries: Sequence[Entry]) -> str:
    """Every change of a verdict at the incident's domains, as it was seen."""
    rows = [(moment(entry.occurred_at), entry.text) for entry in entries]
    return table(("Time", "Change"), rows, empty="No change of a verdict was seen.")


def follow_up_table(record: Record) -> str:
    """What is due within a day and within a week of the resolution."""
    rows = [
        (each.title, each.says, moment(each.due), "done" if each.done else "open")
        for each in follow_ups(record.incident, record.document)
    ]
    return table(("Follow-up", "What", "Due", "State"), rows, empty="The incident is not resolved yet.")


def detection(record: Record) -> str:
    """How it was noticed, as far as the record tells."""
    alert = next(iter(record.alerts), None)
    if alert is None:
        return f"opened by hand by {inline(record.incident.opened_by)}"
    return f"alert {moment(alert.raised_at)}: {inline(alert.label)}, {inline(alert.headline)}"


def alert_line(alert: Alert) -> str:
    """One alert with when it was raised and whether it cleared."""
    ended = f"cleared {moment(alert.cleared_at)}" if alert.cleared_at is not None else "not cleared"
    return f"{inline(alert.label)} (raised {moment(alert.raised_at)}, {ended})"


def verification(incident: Incident) -> str:
    """What the checks said when it was resolved; empty before."""
    if incident.resolved_at is None or incident.checks is None:
        return ""
    return f"{inline(incident.checks.sentence)} at {moment(incident.checks.at)}"
