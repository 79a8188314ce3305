"""Who is not written to: SES's account list and our table side by side, searched, masked unless asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from textual.widget import Widget

from cockpit.clock import parse_time
from cockpit.ses.suppression import masked
from cockpit.text import visible
from screens.commands import Standing
from screens.listing import Listing
from screens.present.lines import Line, Tone, cut, line, pad, spread, wrap
from screens.present.words import age
from screens.widgets.lines import Lines
from screens.widgets.rows import Rows


class Person(msgspec.Struct, frozen=True):
    """One address with its reason in each place, empty where it is not suppressed; `full` shows it unmasked."""

    address: str
    listed: str
    tabled: str
    at: datetime | None
    full: bool = False

    @property
    def apart(self) -> bool:
        """Whether only one of the two places has it."""
        return bool(self.listed) != bool(self.tabled)


class SuppressedScreen(Listing):
    """What was read when the list was asked for; nothing changes here without a plan."""

    NAME = "suppressed"
    LIST = "#people"
    FILTER_HINT = "a part of an address, bounce, complaint, only-list, only-table"

    _people: Sequence[Person] = ()
    _read_at: datetime | None = None
    _trouble = ""
    asking = False
    full = False

    def body(self) -> Iterable[Widget]:
        """The counts, the risk light, and the list."""
        yield Lines(self._title_lines, id="title")
        yield Rows[Person](lambda person: person.address, self._draw, search=_words, id="people")

    def on_mount(self) -> None:
        """Give the keys to the list, and read it."""
        super().on_mount()
        self.query_one("#people").focus()
        self.bridge.perform("suppression.read")

    def show_people(self, answer: dict[str, Any]) -> None:
        """Take in what `cockpit suppression list --json --full` answered."""
        self._people, self._read_at, self._trouble = _people(answer.get("entries", ())), self.now, ""
        people = [replace(each, full=self.full) for each in self._people]
        self.query_one("#people", Rows).set_items(people, self.now)
        self.tick(self.now)

    def show_trouble(self, sentence: str) -> None:
        """Say why it could not be read; what was read before stays, with its age."""
        self._trouble = sentence
        self.tick(self.now)

    def turn_masks(self) -> None:
        """Show addresses in full, or masked again."""
        self.full = not self.full
        people = [replace(each, full=self.full) for each in self._people]
        self.query_one("#people", Rows).set_items(people, self.now)
        self.tick(self.now)

    @property
    def selected(self) -> Person | None:
        """The address under the cursor."""
        return self.query_one("#people", Rows).selected

    def standing(self) -> Standing:
        """The address under the cursor can be copied once addresses are shown in full."""
        person = self.selected
        return replace(super().standing(), copyable=person.address if person is not None and self.full else "")

    def _title_lines(self, width: int) -> Sequence[Line]:
        listed, tabled = (
            sum(bool(each.listed) for each in self._people),
            sum(bool(each.tabled) for each in self._people),
        )
        apart = sum(each.apart for each in self._people)
        table = self.bridge.desk.settings.ses.suppression_table
        # What was not read is not nobody.
        known = self._read_at is not None
        counts = line(
            ("Suppressed ", Tone.TITLE),
            (f"{listed if known else '?'} on SES's list", Tone.STRONG if known else Tone.UNKNOWN),
            (f" · {tabled if known else '?'} in the table" if table else " · no table is configured", Tone.PLAIN),
            (f" · {apart} in one place only" if table and apart else "", Tone.WARN),
        )
        state = (
            "reading…"
            if self.asking
            else f"read {age(self._read_at, self.now)} ago"
            if self._read_at
            else "not read"
        )
        lines = [spread(counts, line((state, Tone.MUTED)), width), *self._risk_lines(width)]
        if self._trouble:
            lines += wrap(self._trouble, width, Tone.FAIL, indent=2, first=line(("✖ ", Tone.FAIL)))
        return [
            *lines,
            cut(
                pad(
                    line(
                        (
                            f"  {'address':<{min(40, max(16, width - 42))}} {'list':<11}{'table':<11}since",
                            Tone.MUTED,
                        )
                    ),
                    width,
                ),
                width,
            ),
        ]

    def _risk_lines(self, width: int) -> list[Line]:
        """The light for senders that send when the table cannot be asked."""
        room = self.bridge.desk.sending
        view = room.suppression(room.accounts()[0]) if room.accounts() else None
        if view is not None and view.evidence.get("risk"):
            return wrap(
                "✖ FAIL-OPEN: the table cannot be asked, and senders write to everybody meanwhile", width, Tone.FAIL
            )
        if self.bridge.desk.settings.ses.suppression_table and self.bridge.desk.settings.ses.fails_open:
            return wrap("▲ senders fail open: they send when the table cannot be asked", width, Tone.WARN)
        return []

    def _draw(self, person: Person, width: int, now: datetime) -> Line:
        shown = visible(person.address if person.full else masked(person.address), limit=80)
        table = bool(self.bridge.desk.settings.ses.suppression_table)
        sign = ("≠ ", Tone.WARN) if person.apart and table else ("  ", Tone.PLAIN)
        room = min(40, max(16, width - 42))
        since = f"{person.at:%Y-%m-%d %H:%M}Z" if person.at is not None else "–"
        return cut(
            line(sign, *pad(line((shown, Tone.STRONG)), room), f" {person.listed.lower() or '–':<11}",
                 f"{person.tabled.lower() or '–':<11}", (since, Tone.MUTED)),
            width,
        )  # fmt: skip


def _words(person: Person) -> str:
    where = "" if not person.apart else " only-list" if person.listed else " only-table"
    return f"{person.address} {person.listed} {person.tabled}{where}"


def _people(entries: Iterable[dict[str, Any]]) -> list[Person]:
    """One line per address, newest first; in the table an address may stand for several reasons."""
    found: dict[str, dict[str, list[str]]] = {}
    newest: dict[str, datetime] = {}
    for each in entries:
        address, place = str(each["address"]), str(each["in"])
        found.setdefault(address, {}).setdefault(place, []).append(str(each["reason"]))
        if each.get("at"):
            at = parse_time(str(each["at"]))
            newest[address] = max(newest.get(address, at), at)
    people = [
        Person(
            address,
            ", ".join(sorted(in_.get("list", ()))),
            ", ".join(sorted(in_.get("table", ()))),
            newest.get(address),
        )
        for address, in_ in found.items()
    ]
    return sorted(people, key=lambda each: (-(each.at.timestamp() if each.at else 0), each.address))
