"""Reviews, follow-ups and drills as an iCalendar file (RFC 5545) that any calendar takes.

Every event has an identity of its own that stays the same, so that importing the file again moves events instead
of doubling them. Times are UTC. Lines end in CRLF and are folded at 75 octets (section 3.1).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from cockpit.text import visible

PRODUCT = "-//incident cockpit//cockpit//EN"
FOLD_AT = 75
"""Octets of a content line without its line break (RFC 5545 section 3.1)."""


class Appointment(msgspec.Struct, frozen=True):
    """One event of a calendar; `uid` stays the same for as long as it means the same thing."""

    uid: str
    title: str
    begins: datetime
    lasts: timedelta
    says: str = ""
    private: bool = True


def as_calendar(appointments: Iterable[Appointment], now: datetime) -> str:
    """A VCALENDAR with one VEVENT and an alarm an hour before for each appointment (sections 3.4, 3.6.1, 3.6.6)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for each in sorted(appointments, key=lambda one: (one.begins, one.uid)):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(each.uid)}@cockpit.invalid",
            f"DTSTAMP:{_moment(now)}",
            f"DTSTART:{_moment(each.begins)}",
            f"DTEND:{_moment(each.begins + each.lasts)}",
            f"SUMMARY:{_text(each.title)}",
            *([f"DESCRIPTION:{_text(each.says)}"] if each.says else []),
            f"CLASS:{'CONFIDENTIAL' if each.private else 'PUBLIC'}",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_text(each.title)}",
            "TRIGGER:-PT1H",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """A TEXT value (section 3.3.11): backslash, comma, semicolon and line breaks are escaped."""
    shown = visible(text, limit=4000, newlines=True).replace("\\", "\\\\")
    return shown.replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> list[str]:
    """The line in pieces of at most 75 octets, none of which ends inside a character."""
    pieces, piece, used = [], "", 0
    for character in line:
        size = len(character.encode("utf-8"))
        if used + size > FOLD_AT:
            pieces.append(piece)
            piece, used = " ", 1
        piece += character
        used += size
    return [*pieces, piece]
