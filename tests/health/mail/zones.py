"""A DNS of a few lines in memory, written as zones are: a name, and lines of type and value."""

import asyncio
from collections.abc import Mapping, Sequence

from cockpit.health.mail.asking import Kind, Told

SILENT = "SILENT"
"""As a type: no question of this name is answered but for the types that are listed. As a value: not this type."""

Line = str | tuple[str, str]


class Zones:
    """Answers from lines such as `"TXT v=spf1 -all"`; names between a known name and the root exist."""

    def __init__(self, zones: Mapping[str, Sequence[Line]]) -> None:
        self.lines = {
            name.lower().removesuffix("."): [_pair(line) for line in lines] for name, lines in zones.items()
        }
        self.asked: list[tuple[str, str]] = []
        self._inner = {
            ".".join(labels[start:])
            for labels in (name.split(".") for name in self.lines)
            for start in range(1, len(labels))
        }

    async def ask(self, name: str, rtype: str) -> Told:
        self.asked.append((name, rtype))
        await asyncio.sleep(0)
        return self.told(name, rtype)

    def told(self, name: str, rtype: str, aliases: tuple[str, ...] = ()) -> Told:
        key = name.lower().removesuffix(".")
        lines = self.lines.get(key)
        if lines is None:
            kind = Kind.NODATA if key in self._inner else Kind.NXDOMAIN
            return Told(name, rtype, kind, aliases=aliases)
        values = [value for kind, value in lines if kind == rtype]
        if SILENT in values or (not values and any(kind == SILENT for kind, _ in lines)):
            return Told(name, rtype, Kind.FAILED, reason="timeout", aliases=aliases)
        if values:
            return Told(name, rtype, Kind.ANSWER, tuple(values), aliases)
        target = next((value for kind, value in lines if kind == "CNAME"), None)
        if target is not None and len(aliases) < 10:
            return self.told(target, rtype, (*aliases, target))
        return Told(name, rtype, Kind.NODATA, aliases=aliases)


def _pair(line: Line) -> tuple[str, str]:
    if isinstance(line, tuple):
        return line
    kind, _, value = line.partition(" ")
    return kind, value
