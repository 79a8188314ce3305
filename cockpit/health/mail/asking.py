"""How the mail checks ask DNS without knowing how it is done: one question, one thing told."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What came of a question. `FAILED` says nothing about the record: it could not be looked at."""

    ANSWER = "answer"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Told:
    """What DNS says of one name and type.

    `values` are in presentation format, the strings of a TXT joined with nothing between (RFC 7208 section 3.3).
    `aliases` are the CNAME targets on the way. `reason` says in words why asking failed. `ttls_differ` notes a
    record set whose members have different TTLs (RFC 2181 section 5.2).
    """

    name: str
    rtype: str
    kind: Kind
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    reason: str = ""
    ttls_differ: bool = False

    @property
    def void(self) -> bool:
        """Whether it is an answer with nothing in it (RFC 7208 section 4.6.4)."""
        return self.kind in (Kind.NODATA, Kind.NXDOMAIN)


class Asker(Protocol):
    """Whoever can ask DNS; never raises for what the world does."""

    async def ask(self, name: str, rtype: str) -> Told:
        """Ask for the records of one type at one name (A-labels, no final dot)."""
        ...


@dataclass(slots=True)
class Notebook:
    """Asks each question once, for the length of one look, so that all checks judge the same world."""

    asker: Asker
    _told: dict[tuple[str, str], "asyncio.Task[Told]"] = field(default_factory=dict)

    async def ask(self, name: str, rtype: str) -> Told:
        """What was told the first time; names are equal whatever their case (RFC 4343)."""
        key = (name.lower(), rtype)
        if key not in self._told:
            self._told[key] = asyncio.ensure_future(self.asker.ask(name, rtype))
        return await self._told[key]

    @property
    def questions(self) -> int:
        """How many different questions were asked."""
        return len(self._told)
