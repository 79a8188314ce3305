"""The quick entry line: a past time first, a kind by one letter, then text. All but the text may be left out.

    -10m NS changed by hosting team
    14:02 d roll back, no objections
    yesterday 23:50 h the registrar lost the DS record

Times: `14:02`, `14:02:30`, `yesterday 23:50`, `2026-11-20 14:02`, `2026-11-20T14:02:30Z`, `-10m`, `-1h30m`, `-45s`.
Clock times are in the given zone, or in UTC with a `Z` behind. A time that has not come yet is never taken for
yesterday's by guessing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType

import msgspec

from cockpit.errors import BadInput
from cockpit.text import redact, visible

MAX_TEXT = 2000
"""Characters that one entry may have; more belongs into a document."""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "n": "note",
        "d": "decision",
        "e": "evidence",
        "f": "finding",
        "h": "hypothesis",
        "q": "question",
        "x": "action",
        "c": "contact",
    }
)
"""Letters with their kinds. `a` and `i` are words and therefore none of them."""

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(Z|z)?")
_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2})T(\S+)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_AGO = re.compile(r"-(?=\d)(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")


class QuickEntry(msgspec.Struct, frozen=True):
    """What an entry line amounts to; `timed` says whether a time was written or now was taken."""

    occurred_at: datetime
    kind: str
    text: str
    timed: bool


def parse_entry(line: str, now: datetime, zone: tzinfo = UTC) -> QuickEntry:
    """Read an entry line at `now`; raises BadInput with what was expected."""
    rest = line.strip()
    at, rest = _time(rest, now, zone)
    kind, rest = _kind(rest)
    return QuickEntry(at or now, kind, clean_text(rest), at is not None)


def parse_time_words(words: str, now: datetime, zone: tzinfo = UTC) -> datetime:
    """Read a past time alone, in any of the forms of an entry line; raises BadInput."""
    at, rest = _time(words.strip(), now, zone)
    if at is None or rest:
        raise BadInput(f"{visible(words, limit=60)!r} is not a time; write 14:02, -10m or yesterday 23:50.")
    return at


def clean_text(text: str, *, limit: int = MAX_TEXT, newlines: bool = False) -> str:
    """Text as it may enter the ledger: visible, without secrets, not empty; raises BadInput."""
    text = text.strip()
    if not text:
        raise BadInput("There is no text to write down.")
    if len(text) > limit:
        raise BadInput(f"The text has {len(text)} characters; {limit} are kept. Put the long form into a document.")
    return visible(redact(text), limit=2 * limit, newlines=newlines)


def _kind(rest: str) -> tuple[str, str]:
    letter, _, text = rest.partition(" ")
    kind = KINDS.get(letter.removesuffix(":"))
    return (kind, text) if kind is not None and text.strip() else ("note", rest)


def _time(line: str, now: datetime, zone: tzinfo) -> tuple[datetime | None, str]:
    first, _, rest = line.partition(" ")
    if (ago := _AGO.fullmatch(first)) is not None:
        return _ago(ago, now), rest
    today = now.astimezone(zone).date()
    if first.lower() == "yesterday" or _DATE.fullmatch(first):
        second, _, behind = rest.lstrip().partition(" ")
        clock = _CLOCK.fullmatch(second)
        if clock is None:
            return _day_without_time(first, line)
        day = today - timedelta(days=1) if first.lower() == "yesterday" else _date(first)
        if first.lower() == "yesterday" and clock[4]:
            day = now.astimezone(UTC).date() - timedelta(days=1)
        return _past(_on(day, clock, zone), now, first=False), behind
    if (stamp := _STAMP.fullmatch(first)) is not None and (clock := _CLOCK.fullmatch(stamp[2])) is not None:
        return _past(_on(_date(stamp[1]), clock, zone), now, first=False), rest
    if (clock := _CLOCK.fullmatch(first)) is not None:
        day = now.astimezone(UTC).date() if clock[4] else today
        return _past(_on(day, clock, zone), now, first=True), rest
    return None, line


def _day_without_time(first: str, line: str) -> tuple[None, str]:
    """`yesterday` may begin a sentence; a bare date is meant as a time."""
    if first.lower() == "yesterday":
        return None, line
    raise BadInput(f"Write a time of day behind {first}, as in {first} 14:02.")


def _ago(match: re.Match[str], now: datetime) -> datetime:
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return now - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise BadInput(f"{match[0]} lies too far back.") from None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text} is not a day; write it as 2026-11-20.") from None


def _on(day: date, clock: re.Match[str], zone: tzinfo) -> datetime:
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise BadInput(f"{clock[0]} is not a time of day; hours go to 23, minutes and seconds to 59.")
    in_zone = UTC if clock[4] else zone
    local = datetime.combine(day, time(hour, minute, second), tzinfo=in_zone)
    try:
        early, late = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    except OverflowError:
        raise BadInput(f"{day} is out of range.") from None
    if early != late:
        raise BadInput(f"{clock[0]} on {day} is skipped or comes twice in this zone; write it in UTC with a Z.")
    return early


def _past(at: datetime, now: datetime, *, first: bool) -> datetime:
    if at <= now:
        return at
    shown = f"{at:%H:%M:%S}Z"
    hint = "; for the day before, write yesterday in front" if first else ""
    raise BadInput(f"{shown} has not come yet{hint}.")
