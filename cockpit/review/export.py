"""Writes a review to a directory: Markdown for people, JSON for programs. Never over a file that is there."""

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from cockpit.clock import format_time
from cockpit.errors import Refused
from cockpit.review.facts import Record
from cockpit.text import visible
from storage.errors import Unwritable

MAX_VERSIONS = 999
"""Numbered names that are tried beside one that is taken."""


def file_name(record: Record, suffix: str) -> str:
    """`INC-42-dkim-missing-shop.example.md`, from what the incident is about."""
    incident = record.incident
    words = "-".join((incident.ref, incident.type or "incident", *incident.targets[:1]))
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '-', words).strip('.-')[:100]}{suffix}"


def write_new(directory: Path, name: str, text: str) -> Path:
    """Write `text` to a new file of mode 0600 in `directory`; a taken name gets `-2`, `-3`, … before its suffix.

    A directory that is not there is made, for the owner only. Links are not followed. Raises Refused for a
    directory that is none, Unwritable when the disk says no; a file that could not be written in full is removed.
    """
    stem, dot, suffix = name.rpartition(".")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"{visible(directory)} cannot be exported to: {error.strerror}.") from None
    try:
        for version in range(1, MAX_VERSIONS + 1):
            numbered = name if version == 1 else f"{stem}-{version}{dot}{suffix}"
            try:
                _write(folder, numbered, text.encode("utf-8"))
            except FileExistsError:
                continue
            return directory / numbered
    except OSError as error:
        raise Unwritable(f"{visible(directory / name)} could not be written: {error.strerror}.") from None
    finally:
        os.close(folder)
    raise Refused(f"{visible(directory)} holds {MAX_VERSIONS} exports of that name; move some away.")


def _write(folder: int, name: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(handle)
    os.fsync(folder)


def as_json(record: Record, text: str = "", classification: str = "") -> str:
    """The record as JSON with sorted keys: times as RFC 3339, durations in seconds, and the post-mortem's text."""
    body = {
        "ref": record.incident.ref,
        "incident": record.incident,
        "timeline": list(record.entries),
        "metrics": list(record.metrics),
        "deadlines": list(record.deadlines),
        "alerts": list(record.alerts),
        "postmortem": text,
        "messages": list(record.messages),
        "classification": classification,
        "exported_at": record.now,
    }
    return json.dumps(_plain(body), sort_keys=True, indent=2, ensure_ascii=True) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _plain(msgspec.structs.asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.value if isinstance(value, Enum) else value
