"""Pasted chat as lines with their original times. Pure.

Read are `[14:02] jroy: text`, `14:02:30 jroy: text`, `14:02 <jroy> text`, the same with a date in front of the time
(`2026-11-20 14:02`), and a line `jroy  2:02 PM` with the text below it. A line without a time goes on from the one
before. Clock times are those of the given zone, today's where no date is written.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from cockpit.errors import BadInput
from cockpit.incident.entry import MAX_TEXT, clean_text, parse_time_words
from cockpit.text import fit, visible

MAX_LINES = 2_000
"""Lines that are read at once."""

_TIME = (
    r"(?P<day>\d{4}-\d{2}-\d{2}[ T])?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?P<half>\s?[AaPp][Mm])?(?P<utc>Z)?"
)
_NAME = r"(?P<who>[^\s:<>\[\]][^:<>\[\]]{0,60}?)"
_SAID = (
    re.compile(rf"\[{_TIME}\]\s*{_NAME}:\s*(?P<text>.*)"),
    re.compile(rf"{_TIME}\s+<{_NAME}>\s*(?P<text>.*)"),
    re.compile(rf"{_TIME}\s+{_NAME}:\s+(?P<text>.*)"),
)
_HEAD = re.compile(rf"{_NAME}\s+\[?{_TIME}\]?")


class ChatLine(msgspec.Struct, frozen=True):
    """One thing that somebody said in a chat."""

    at: datetime
    who: str
    text: str


def read_chat(pasted: str, now: datetime, zone: tzinfo = UTC) -> Sequence[ChatLine]:
    """The lines of `pasted` by time; raises BadInput where none has a time, or one has not come yet."""
    rows = [row.strip() for row in pasted.replace("\r\n", "\n").split("\n") if row.strip()]
    if len(rows) > MAX_LINES:
        raise BadInput(f"{len(rows)} lines are too many; {MAX_LINES} can be brought in at once.")
    said: list[tuple[datetime, str, list[str]]] = []
    for row in rows:
        match = next((found for form in _SAID if (found := form.fullmatch(row)) is not None), None)
        match = match or _HEAD.fullmatch(row)
        if match is not None:
            text = match.groupdict().get("text") or ""
            said.append((_moment(match, now, zone), match["who"].strip(), [text] if text else []))
        elif said:
            said[-1][2].append(row)
        else:
            raise BadInput(
                f"No time stands in the first line, {visible(fit(row, 60))!r}; begin with [14:02] name: text."
            )
    lines = [ChatLine(at, _clean(who, 60), _clean(" ".join(words), MAX_TEXT)) for at, who, words in said if words]
    if not lines:
        raise BadInput("There is no line of chat with a time and a text.")
    return sorted(lines, key=lambda line: line.at)


def _moment(match: re.Match[str], now: datetime, zone: tzinfo) -> datetime:
    hour, half = int(match["hour"]), (match["half"] or "").strip().lower()
    if half:
        if not 1 <= hour <= 12:
            raise BadInput(f"{match[0][:40]!r}: an hour with {half} lies between 1 and 12.")
        hour = hour % 12 + (12 if half == "pm" else 0)
    clock = f"{hour:02}:{match['minute']}:{match['second'] or '00'}{match['utc'] or ''}"
    day = f"{match['day'].strip(' T')} " if match["day"] else ""
    return parse_time_words(f"{day}{clock}", now, zone)


def _clean(text: str, limit: int) -> str:
    return clean_text(text[: limit - 1] + "…" if len(text) > limit else text, limit=limit)
