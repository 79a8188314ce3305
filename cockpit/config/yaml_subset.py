"""YAML 1.2 as people write configuration in it, and nothing else of YAML.

Mappings, lists and scalars of the core schema (YAML 1.2.2 section 10.3): `true`/`false`, `null`/`~`, decimal
integers, floats, text. So `on`, `no`, `12:30:00` and `0755` are text. Anchors, aliases, tags and a second
document are refused; so is a key given twice. Limits on size, depth and number of values keep a hostile file
from costing more than it is long.
"""

import re
from typing import Any

from cockpit.errors import ConfigError
from cockpit.text import visible

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 24
MAX_VALUES = 500_000

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}


class Document:
    """Plain values and the line each of them stands on."""

    def __init__(self, value: Any, lines: dict[Path, int]) -> None:
        self.value = value
        self._lines = lines

    def line(self, path: Path) -> int | None:
        """The line, counted from 1, of the value at `path` or of the nearest part that holds it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path)


def read_yaml(text: str, source: str) -> Document:
    """Read one document; raises ConfigError naming `source` and the line."""
    import yaml

    if len(text) > MAX_BYTES:
        raise ConfigError(f"{source} is larger than {MAX_BYTES // 1024 // 1024} MiB, which no configuration is.")
    builder = _Builder(source)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(type(event).__name__, event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{source}{line} is not YAML: {visible(error.problem or 'unreadable')}.") from None
    except (yaml.YAMLError, UnicodeError):
        raise ConfigError(
            f"{source} is not text that YAML allows; save it as UTF-8 without control characters."
        ) from None
    return Document(builder.root, builder.lines)


class _Builder:
    """Puts the parser's events together without recursion, so that depth costs nothing but a refusal."""

    def __init__(self, source: str) -> None:
        self.root: Any = None
        self.lines: dict[Path, int] = {}
        self._source = source
        self._open: list[tuple[Any, Path]] = []
        self._key: list[str | None] = []
        self._documents = 0
        self._values = 0

    def take(self, kind: str, event: Any) -> None:
        """Add one parser event to the tree."""
        line = event.start_mark.line + 1
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                raise self._refusal(line, "a second document begins; keep one document per file")
        elif kind == "AliasEvent" or getattr(event, "anchor", None):
            raise self._refusal(line, "anchors (&) and aliases (*) are not read here; write the value out")
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._enter({} if kind == "MappingStartEvent" else [], event, line)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._open.pop()
            self._key.pop()
        elif kind == "ScalarEvent":
            self._scalar(event, line)

    def _refusal(self, line: int, reason: str) -> ConfigError:
        return ConfigError(f"{self._source} line {line}: {reason}.")

    def _enter(self, container: Any, event: Any, line: int) -> None:
        if event.tag:
            raise self._refusal(line, "tags (!) are not read here; write a plain value")
        if len(self._open) >= MAX_DEPTH:
            raise self._refusal(line, f"values are nested more than {MAX_DEPTH} deep")
        path = self._place(container, line)
        self._open.append((container, path))
        self._key.append(None)

    def _scalar(self, event: Any, line: int) -> None:
        if event.tag:
            raise self._refusal(line, "tags (!) are not read here; write a plain value")
        if self._open and isinstance(self._open[-1][0], dict) and self._key[-1] is None:
            self._begin_key(event.value, line)
            return
        self._place(_plain(event.value) if event.implicit[0] else event.value, line)

    def _begin_key(self, key: str, line: int) -> None:
        mapping, path = self._open[-1]
        if key in mapping:
            first = self.lines.get((*path, key), 0)
            raise self._refusal(line, f"the key {visible(key, limit=60)!r} is given twice, first in line {first}")
        self._key[-1] = key
        self.lines[(*path, key)] = line

    def _place(self, value: Any, line: int) -> Path:
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._refusal(line, f"there are more than {MAX_VALUES} values")
        if not self._open:
            self.root = value
            self.lines[()] = line
            return ()
        container, path = self._open[-1]
        if isinstance(container, list):
            place: Path = (*path, len(container))
            container.append(value)
            self.lines[place] = line
            return place
        key = self._key[-1]
        if key is None:
            raise self._refusal(line, "a key must be plain text, not a list or a mapping")
        container[key] = value
        self._key[-1] = None
        return (*path, key)


def _plain(text: str) -> Any:
    """An unquoted scalar by the core schema; whole numbers with a leading zero stay text, as in an account."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 19:
        return int(text)
    if _FLOAT.fullmatch(text) and len(text) <= 40:
        return float(text)
    return text
