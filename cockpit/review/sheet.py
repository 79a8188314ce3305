"""The timeline and the action items as CSV (RFC 4180) for spreadsheets, in which no text becomes a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from cockpit.clock import format_time
from cockpit.review.facts import Record
from cockpit.review.items import ActionItem
from cockpit.text import visible

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula."""


def timeline_csv(record: Record) -> str:
    """One row per entry: both times, kind, who, text, and whether it was struck out or amended."""
    header = ("incident", "occurred_at", "recorded_at", "kind", "actor", "text", "struck", "pinned", "amended")
    rows = [
        (
            record.incident.ref,
            format_time(entry.occurred_at),
            format_time(entry.recorded_at),
            entry.kind,
            entry.actor,
            entry.text,
            "yes" if entry.struck else "no",
            "yes" if entry.pinned else "no",
            str(len(entry.history)),
        )
        for entry in record.entries
    ]
    return _sheet(header, rows)


def items_csv(items: Iterable[ActionItem]) -> str:
    """One row per action item."""
    rows = [
        (one.ref, one.action, one.owner, one.due.isoformat() if one.due else "", one.horizon, one.status)
        for one in items
    ]
    return _sheet(("incident", "action", "owner", "due", "horizon", "status"), rows)


def _sheet(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([[_cell(cell) for cell in row] for row in rows])
    return text.getvalue()


def _cell(text: str) -> str:
    shown = visible(text, limit=len(text) + 1, newlines=True)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
