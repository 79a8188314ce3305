"""The live list keeps its cursor on its item and paints only what changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from textual.app import ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from screens.present.lines import Line, line
from screens.shell import Shell
from screens.widgets.rows import Rows
from tests.screens.plain import screen_lines

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    name: str
    state: str = "ok"


class Counting(Rows[Item]):
    painted: int = 0

    def refresh(self, *regions: Region, **kwargs: bool) -> "Counting":
        self.painted += sum(region.height for region in regions) if regions else 1000
        super().refresh(*regions, **kwargs)
        return self


class ListApp(Shell):
    def compose(self) -> ComposeResult:
        yield Counting(lambda item: item.name, self._draw)

    def _draw(self, item: Item, width: int, now: datetime) -> Line:
        return line(f"{item.name} {item.state}")


@asynccontextmanager
async def list_of(count: int) -> AsyncIterator[tuple[Pilot[int], Counting, list[Item]]]:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        rows = app.query_one(Counting)
        items = [Item(f"d{number:05}") for number in range(count)]
        rows.set_items(items, NOW)
        rows.focus()
        await pilot.pause()
        yield pilot, rows, items


async def test_the_cursor_stays_with_its_item_when_the_order_changes() -> None:
    async with list_of(20) as (pilot, rows, items):
        rows.action_move(3)
        assert rows.selected == items[3]
        rows.set_items([*items[10:], *items[:10]], NOW)
        assert rows.selected == items[3]
        await pilot.pause()
        assert "d00003 ok" in screen_lines(pilot.app)


async def test_the_cursor_goes_to_the_neighbour_when_its_item_disappears() -> None:
    async with list_of(5) as (_, rows, items):
        rows.action_move(4)
        rows.set_items(items[:3], NOW)
        assert rows.selected == items[2]
        rows.set_items([], NOW)
        assert rows.selected is None


async def test_only_the_row_that_changed_is_painted_again() -> None:
    async with list_of(10_000) as (pilot, rows, items):
        rows.painted = 0
        changed = [*items]
        changed[4] = Item("d00004", "FAIL")
        changed[9_000] = Item("d09000", "FAIL")
        rows.set_items(changed, NOW)
        assert rows.painted == 1
        await pilot.pause()
        assert screen_lines(pilot.app)[4] == "d00004 FAIL"


async def test_a_filter_shows_what_contains_the_words_and_keeps_the_cursor_if_it_can() -> None:
    async with list_of(100) as (_, rows, items):
        rows.select("d00042")
        rows.set_filter("42")
        assert [item.name for item in rows.shown] == ["d00042"]
        assert rows.selected == items[42]
        rows.set_filter("")
        assert rows.selected == items[42]
        assert rows.total == 100


async def test_keys_move_the_cursor_and_the_window_follows() -> None:
    async with list_of(100) as (pilot, rows, items):
        await pilot.press("G", "k", "pageup")
        assert rows.selected == items[89]
        assert rows.span[0] <= 90 <= rows.span[1]
        await pilot.press("g")
        assert rows.selected == items[0]
        assert rows.span == (1, 10)


async def test_a_new_worst_row_does_not_move_the_window_of_a_list_at_its_top() -> None:
    async with list_of(50) as (pilot, rows, items):
        rows.set_items([Item("new", "FAIL"), *items], NOW)
        await pilot.pause()
        assert rows.selected == items[0]
        assert screen_lines(pilot.app)[0] == "new FAIL"
