"""Action items as they stand in post-mortems: what, who, by when, how far off, and whether it is done. Pure.

A post-mortem's own table is where they live, so that there is one text to edit and every change of it is a
revision. A table counts when its head is `Action | Owner | Due | Horizon | Status`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from html import unescape

import msgspec

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
    found: list[ActionItem] = []
    inside = False
    for row in text.split("\n"):
        cells = _cells(row)
        if not cells:
            inside = False
        elif tuple(cell.lower() for cell in cells) == _HEAD:
            inside = True
        elif inside and len(cells) == len(_HEAD) and not set("".join(cells)) <= set("-: "):
            action, owner, due, horizon, status = cells
            if not action.startswith("[fill:"):
                gap = any(cell.startswith("[fill:") or not cell for cell in (owner, due))
                name = "" if owner.startswith("[fill:") else owner
                word = horizon.split(" ")[0].lower()
                found.append(ActionItem(incident, ref, action, name, _date(due), word, status or "open", gap))
    return tuple(found)


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
