"""Moments as text: RFC 3339, UTC, always 27 characters, so that text order is time order."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """Write an aware datetime as `2026-11-20T14:03:22.000000Z`; raises ValueError for a naive one."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError(f"{moment!r} has no time zone")
        moment = moment.astimezone(UTC)
    text = moment.isoformat()
    return f"{text[:26]}Z" if len(text) == 32 else f"{text[:19]}.000000Z"


def moment(text: str) -> datetime:
    """Read what `stamp()` wrote, as an aware datetime in UTC; raises ValueError for anything without a zone."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return parsed.astimezone(UTC)
