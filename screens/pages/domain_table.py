"""The board's list of domains: what the filter line asks for, the order, the groups, and the line of each row."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from cockpit.desk import Desk
from cockpit.desk.health.table import (
    GROUPS,
    SORTS,
    Belonging,
    Group,
    Listed,
    Placed,
    Query,
    grouped,
    ordered,
    parse,
    passing,
    row_of,
)
from cockpit.desk.views import DomainRow
from cockpit.health.model import Verdict
from screens.present.lines import Line
from screens.present.table import Layout, group_line, heading, layout_for, row_line

_NOBODY = Belonging()
_SORT_WORDS = {"worst": "", "name": "by name", "age": "longest unseen first", "check": "by check"}


class DomainTable:
    """What is listed of all domains; `sort`, `group` and the folded heads stay when the filter goes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._query = Query()
        self._belongings: Mapping[str, Belonging] | None = None
        self._recent: dict[str, tuple[DomainRow, int, tuple[Verdict | None, ...]]] = {}
        self._names = 12
        self._resolvers = 0
        self.text = ""
        self.sort = "worst"
        self.group = ""
        self.folded: set[str] = set()

    @property
    def wrong(self) -> str:
        """What of the filter line means nothing, in a sentence; else empty."""
        return self._query.wrong

    def ask(self, text: str) -> None:
        """Take the filter line."""
        self.text = text
        self._query = parse(text, self._belongs)

    def next_sort(self) -> None:
        """Change the order."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]

    def next_group(self) -> None:
        """Change what is grouped by."""
        self.group = GROUPS[(GROUPS.index(self.group) + 1) % len(GROUPS)]
        self.folded.clear()

    def fold(self, item: Listed | None) -> str | None:
        """Fold or unfold the head on a line or above it; returns the head's name, None where there is none."""
        name = item.name if isinstance(item, Group) else item.group if isinstance(item, Placed) else None
        if name is not None:
            self.folded.symmetric_difference_update({name})
        return name

    def listed(self, rows: Sequence[DomainRow]) -> Sequence[Listed]:
        """The lines for these domains, which come worst first."""
        self._names = max((len(row.target) for row in rows), default=12)
        self._resolvers = max((len(self._desk.board.resolvers(row.target)) for row in rows[:20]), default=0)
        found = ordered(passing(rows, self._query), self._query.sort or self.sort)
        return grouped(found, self._query.group or self.group, self.folded, self._belongs)

    def forget_owners(self) -> None:
        """Read anew who owns what, when it is needed next."""
        self._belongings = None

    def title(self, shown: int, total: int) -> str:
        """`Domains 12 of 312 · group owner · by name`: how many are listed, and how."""
        number = f"{shown} of {total}" if shown != total else f"{total}"
        group, sort = self._query.group or self.group, self._query.sort or self.sort
        parts = [f"Domains {number}", f"group {group}" if group else "", _SORT_WORDS[sort]]
        return " · ".join(filter(None, parts))

    def heading(self, width: int) -> Line:
        """The names above the columns."""
        return heading(self._layout(width), width)

    def has_columns(self, width: int) -> bool:
        """Whether there is something to name above them."""
        layout = self._layout(width)
        return layout.columns or layout.spark

    def draw(self, item: Listed, width: int, now: datetime) -> Line:
        """One line of the list."""
        if isinstance(item, Group):
            return group_line(item, width)
        row = row_of(item)
        assert row is not None
        layout = self._layout(width)
        return row_line(
            row,
            now,
            width,
            layout,
            recent=self._last_hour(row, now) if layout.spark else (),
            resolvers=self._desk.board.resolvers(row.target) if layout.dots else (),
            indent="  " if isinstance(item, Placed) else "",
        )

    def _layout(self, width: int) -> Layout:
        return layout_for(width, self._names + (2 if self._query.group or self.group else 0), self._resolvers)

    def _last_hour(self, row: DomainRow, now: datetime) -> tuple[Verdict | None, ...]:
        """Counted anew when the row changed or a minute went by."""
        minute = int(now.timestamp()) // 60
        known = self._recent.get(row.target)
        if known is not None and known[0] is row and known[1] == minute:
            return known[2]
        found = self._desk.board.recent(row.target)
        self._recent[row.target] = (row, minute, found)
        return found

    def _belongs(self, target: str) -> Belonging:
        if self._belongings is None:
            self._belongings = self._desk.owners.belongings()
        known = self._belongings.get(target, _NOBODY)
        return replace(known, zone=self._desk.board.zone(target)) if self._by_zone else known

    @property
    def _by_zone(self) -> bool:
        return (self._query.group or self.group) == "zone"
