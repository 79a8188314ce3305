"""Action items as they stand in post-mortems: what, who, by when, how far off, and whether it is done. Pure.

A post-mortem's own table is where they live, so that there is one text to edit and every change of it is a
revision. A table counts when its head is `Action | Owner | Due | Horizon | Status`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from html import unescape

import msgspec

from cockpit.errors import NotFound
from cockpit.review.markdown import inline
from cockpit.text import visible

HORIZONS = ("short", "medium", "long")
"""1 to 2 weeks, 1 to 3 months, 3 months and more."""

DONE = ("done", "dropped", "closed")
"""Words that end an item."""

_HEAD = ("action", "owner", "due", "horizon", "status")
_CELL = re.compile(r"(?<!\\)\|")
_BACKSLASHED = re.compile(r"\\([!-/:-@\[-`{-~])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class ActionItem(msgspec.Struct, frozen=True):
    """One item; `due` is None where no date is written, and `gap` says that something is still to be filled."""

    incident: str
    ref: str
    action: str
    owner: str
    due: date | None
    horizon: str
    status: str
    gap: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return not self.status.lower().startswith(DONE)

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed and it is not done."""
        return self.is_open and self.due is not None and self.due < today


def action_items(text: str, incident: str, ref: str) -> tuple[ActionItem, ...]:
    """The items of one post-mortem, in its order; rows that nobody has begun to fill are left out."""
    rows = text.split("\n")
    items = (_item(_cells(rows[number]), incident, ref) for number in _rows_of(rows))
    return tuple(item for item in items if item is not None)


def board(items: Iterable[ActionItem], today: date) -> Sequence[ActionItem]:
    """Open items over all incidents: overdue ones first, then by day, those without a day last."""
    waiting = [item for item in items if item.is_open]
    return sorted(waiting, key=lambda one: (not one.is_overdue(today), one.due or date.max, one.ref))


def _cells(row: str) -> list[str]:
    if not row.strip().startswith("|"):
        return []
    cells = [cell.strip() for cell in _CELL.split(row.strip())[1:-1]]
    return [visible(unescape(_BACKSLASHED.sub(r"\1", cell)), limit=400) for cell in cells]


def _date(text: str) -> date | None:
    match = _DATE.search(text)
    try:
        return date.fromisoformat(match[0]) if match is not None else None
    except ValueError:
        return None


def with_item(text: str, item: ActionItem, *, status: str = "", owner: str = "", due: date | None = None) -> str:
    """The text with that item's row changed; what is left empty stays. Raises NotFound when the row is gone."""
    rows = text.split("\n")
    for number in _rows_of(rows):
        found = _item(_cells(rows[number]), item.incident, item.ref)
        if found == item:
            cells = [cell.strip() for cell in _CELL.split(rows[number].strip())[1:-1]]
            new = (cells[0], inline(owner), due.isoformat() if due else "", cells[3], inline(status))
            kept = [fresh or cell for fresh, cell in zip(new, cells, strict=True)]
            rows[number] = f"| {' | '.join(kept)} |"
            return "\n".join(rows)
    raise NotFound(f"“{item.action}” does not stand like this in the post-mortem of {item.ref} any more.")


def with_new_item(text: str, action: str, owner: str, due: date | None, horizon: str) -> str:
    """The text with one more item in its table, in place of the first row that nobody has filled for that horizon.

    Raises NotFound where the post-mortem has no such table.
    """
    rows = text.split("\n")
    known = _rows_of(rows)
    if not known and not any(_is_head(row) for row in rows):
        raise NotFound("The post-mortem has no table Action | Owner | Due | Horizon | Status.")
    row = f"| {inline(action)} | {inline(owner)} | {due.isoformat() if due else ''} | {inline(horizon)} | open |"
    for number in known:
        cells = _cells(rows[number])
        if cells[0].startswith("[fill:") and cells[3].split(" ")[0].lower() == horizon.split(" ")[0].lower():
            rows[number] = row
            return "\n".join(rows)
    last = max(known, default=next(number for number, each in enumerate(rows) if _is_head(each)) + 1)
    return "\n".join([*rows[: last + 1], row, *rows[last + 1 :]])


def _is_head(row: str) -> bool:
    return tuple(cell.lower() for cell in _cells(row)) == _HEAD


def _rows_of(rows: Sequence[str]) -> list[int]:
    """Where the rows of the tables of action items stand."""
    found, inside = [], False
    for number, row in enumerate(rows):
        cells = _cells(row)
        if not cells:
            inside = False
        elif _is_head(row):
            inside = True
        elif inside and len(cells) == len(_HEAD) and not set("".join(cells)) <= set("-: "):
            found.append(number)
    return found


def _item(cells: Sequence[str], incident: str, ref: str) -> ActionItem | None:
    """The item of a row; None for one that nobody has begun to fill."""
    action, owner, due, horizon, status = cells
    if action.startswith("[fill:"):
        return None
    gap = any(cell.startswith("[fill:") or not cell for cell in (owner, due))
    name = "" if owner.startswith("[fill:") else owner
    word = horizon.split(" ")[0].lower()
    return ActionItem(incident, ref, action, name, _date(due), word, status or "open", gap)
