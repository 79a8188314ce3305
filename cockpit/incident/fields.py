"""Reads values out of event bodies without trusting them: whatever is missing or of the wrong type is empty."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.clock import parse_time


def text(body: Mapping[str, Any], key: str) -> str:
    """The string under `key`, or an empty one."""
    value = body.get(key)
    return value if isinstance(value, str) else ""


def texts(body: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The strings in the list under `key`, without repetition, in order."""
    value = body.get(key)
    if not isinstance(value, list | tuple):
        return ()
    return tuple(dict.fromkeys(item for item in value if isinstance(item, str)))


def number(body: Mapping[str, Any], key: str) -> int:
    """The whole number under `key`, or 0."""
    value = body.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def flag(body: Mapping[str, Any], key: str) -> bool:
    """Whether the value under `key` is exactly true."""
    return body.get(key) is True


def moment(body: Mapping[str, Any], key: str) -> datetime | None:
    """The RFC 3339 time under `key` as aware UTC, or None."""
    value = body.get(key)
    if not isinstance(value, str):
        return None
    try:
        return parse_time(value)
    except (ValueError, OverflowError):
        return None
