"""What the YAML reader made of a file, kept for the next start, because reading it is a large part of one.

Only the plain values are kept, under the digest of the text that they came from: they are checked anew each time,
and a file that was changed is read again. A note that is missing, broken or of another reader counts as none.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

READER = 1
"""To be counted up when `yaml_subset` makes other values of the same text."""


def recall(directory: Path, source: Path, text: str) -> Mapping[str, Any] | None:
    """The values that were read from `source` when it had this very text, or None."""
    try:
        note = json.loads(_place(directory, source).read_text(encoding="utf-8"))
        values = note["values"] if note["reader"] == READER and note["text"] == _digest(text) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return values if isinstance(values, dict) else None


def remember(directory: Path, source: Path, text: str, values: Mapping[str, Any]) -> None:
    """Keep the values in a file of the owner's; where none can be written, the next start reads YAML again."""
    note = json.dumps({"reader": READER, "text": _digest(text), "values": values})
    place = _place(directory, source)
    fresh = place.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(note)
        fresh.replace(place)


def _place(directory: Path, source: Path) -> Path:
    return directory / f"config-{_digest(str(source.absolute()))[:16]}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
