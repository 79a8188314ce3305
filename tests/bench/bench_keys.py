"""Key to screen with 10,000 domains and 1,000 observations a second: our viewport over Textual's DataTable.

Both apps run under a pseudo-terminal and change one cell per observation; a key counts as shown when the row it
leads to reaches the terminal in the cursor's colours. Observations come in batches, ten a second: with twenty the
table repaints without end and shows no key at all. `python tests/bench/bench_keys.py` prints ratios.
"""

import os
import random
import re
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

import pytest
from msgspec.structs import replace
from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from cockpit.desk.views import DomainRow, Freshness
from cockpit.health.model import Verdict
from screens.present.lines import Line
from screens.present.table import COLUMNS, layout_for, row_line
from screens.present.words import GLYPHS, age
from screens.shell import Shell
from screens.widgets.rows import Rows
from tests.screens.terminal import Terminal

DOMAINS = 10_000
UPDATES_PER_S = 1_000
TICK_S = 0.1
PER_TICK = int(UPDATES_PER_S * TICK_S)
CHECKS = [names[0] for _, names in COLUMNS if not names[0].endswith(".")]
DOWN, PAGE_DOWN = "\x1b[B", "\x1b[6~"
STYLED = re.compile(rb"(\x1b\[[0-9;]+m) ?d00001\.example")
VERDICTS = [Verdict.OK, Verdict.OK, Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN]


class Feed:
    """The same stream of observations for both apps."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        now = datetime.now(UTC)
        good = dict.fromkeys(CHECKS, Verdict.OK)
        self.rows = [
            DomainRow(f"d{number:05}.example", Verdict.OK, "mail.dkim", "all checks are good", now, now,
                      Freshness.FRESH, 1, good)
            for number in range(DOMAINS)
        ]  # fmt: skip

    def step(self) -> list[tuple[int, str]]:
        """Apply one tick's observations; returns which check of which row each of them is about."""
        seen = [(self._random.randrange(DOMAINS), self._random.choice(CHECKS)) for _ in range(PER_TICK)]
        for index, check in seen:
            row = self.rows[index]
            self.rows[index] = replace(row, checks={**row.checks, check: self._random.choice(VERDICTS)})
        return seen


class RowsApp(Shell):
    """Our viewport."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = Feed()

    def compose(self) -> ComposeResult:
        yield Rows[DomainRow](lambda row: row.target, self._draw)

    def on_mount(self) -> None:
        rows = self.query_one(Rows)
        rows.set_items(self.feed.rows, datetime.now(UTC))
        rows.focus()
        self.set_interval(TICK_S, self._step)

    def _step(self) -> None:
        self.feed.step()
        self.query_one(Rows).set_items(list(self.feed.rows), datetime.now(UTC))

    def _draw(self, row: DomainRow, width: int, now: datetime) -> Line:
        recent, resolvers = (Verdict.OK,) * 12, (("google", Verdict.OK), ("cloudflare", Verdict.OK))
        layout = layout_for(width, 16, len(resolvers))
        return row_line(row, now, width, layout, recent=recent, resolvers=resolvers)


class TableApp(App[int]):
    """Textual's own table doing the same."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = Feed()

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for name, width in (
            ("", 1),
            ("domain", 16),
            *((check, 4) for check in CHECKS),
            ("headline", 60),
            ("age", 4),
        ):
            table.add_column(name, width=width, key=name or "glyph")
        for row in self.feed.rows:
            table.add_row(*self._cells(row), key=row.target)
        table.focus()
        self.set_interval(TICK_S, self._step)

    def _cells(self, row: DomainRow) -> list[Text]:
        signs = [Text(GLYPHS[row.checks[check]]) for check in CHECKS]
        now = datetime.now(UTC)
        return [Text(GLYPHS[row.verdict]), Text(row.target), *signs, Text(row.headline), Text(age(row.since, now))]

    def _step(self) -> None:
        table = self.query_one(DataTable)
        for index, check in self.feed.step():
            row = self.feed.rows[index]
            table.update_cell(row.target, check, Text(GLYPHS[row.checks[check]]), update_width=False)


APPS: dict[str, Callable[[], App[int]]] = {"rows": RowsApp, "table": TableApp}


def press_keys(which: str, count: int) -> list[float]:
    """Seconds from key to screen for `count` keys, every tenth of them a page down."""
    command = [sys.executable, os.path.abspath(__file__), "--child", which]
    pause, times, place = random.Random(3), [], 0
    with Terminal(command, columns=200, rows=50) as terminal:
        terminal.wait_for(b"d00040.example", timeout_s=60)
        terminal.send(DOWN)
        cursor = _cursor_style(terminal)
        place = _shown_after(terminal, cursor, 0, 0)
        for number in range(1, count + 1):
            terminal.read_for(0.02 + pause.random() * 0.03)
            mark, before = len(terminal.output), perf_counter()
            terminal.send(PAGE_DOWN if number % 10 == 0 else DOWN)
            place = _shown_after(terminal, cursor, mark, place)
            times.append(perf_counter() - before)
    return times


def _cursor_style(terminal: Terminal) -> bytes:
    """The escape sequence before the row that the cursor came to: d00001 has been painted in two styles then."""

    def styles() -> list[bytes]:
        return list(dict.fromkeys(STYLED.findall(terminal.output)))

    terminal.wait_until(lambda: len(styles()) > 1, "a second style of d00001", timeout_s=60)
    return styles()[1]


def _shown_after(terminal: Terminal, cursor: bytes, mark: int, place: int) -> int:
    """Wait until a row below `place` is painted as the cursor's; returns which."""
    pattern = re.compile(re.escape(cursor) + rb" ?d(\d{5})\.example")

    def shown() -> int:
        return max((int(number) for number in pattern.findall(terminal.output, mark)), default=-1)

    terminal.wait_until(lambda: shown() > place, f"a cursor below {place}", timeout_s=60)
    return shown()


def percentile(times: list[float], share: float) -> float:
    """The value below which `share` of the times lie, in milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def main(keys: int, rounds: int) -> None:
    """Print both apps' latencies and their ratios, the median over interleaved rounds."""
    ratios: dict[str, list[float]] = {"p50": [], "p99": []}
    for number in range(1, rounds + 1):
        measured = {which: press_keys(which, keys) for which in APPS}
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            ours, theirs = (percentile(measured[which], share) for which in ("rows", "table"))
            ratios[name].append(ours / theirs)
            print(f"round {number} {name}: viewport {ours:.2f} ms, DataTable {theirs:.2f} ms, {ours / theirs:.3f}x")
    for name, values in ratios.items():
        print(f"key to screen {name}: {statistics.median(values):.3f}x DataTable ({keys} keys, {rounds} rounds)")


@pytest.mark.bench
@pytest.mark.parametrize("which", APPS)
def test_every_key_reaches_the_screen_under_load(which: str) -> None:
    assert len(press_keys(which, 10)) == 10


if __name__ == "__main__":
    if "--child" in sys.argv:
        APPS[sys.argv[-1]]().run()
    else:
        main(*(int(argument) for argument in sys.argv[1:3] or (200, 3)))
