"""A timeline of 100,000 entries against one of 100: opening it, key to screen, jumping to its ends, an entry of
somebody else's.

    python -m tests.bench.bench_timeline [ENTRIES] [KEYS]

The cockpit runs under a pseudo-terminal; a key counts as shown when the entry that it leads to stands in full below
the list. Prints ratios of both sizes measured in one run.
"""

import statistics
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from cockpit.clock import SystemClock, format_time
from cockpit.config import Settings
from cockpit.desk import open_desk
from cockpit.profile import Profile
from screens.app import CockpitApp
from storage.database import Database
from storage.ledger import Draft, Ledger
from tests.screens.terminal import Terminal

UID = "a" * 32
BATCH = 2_000
FEW = 100


def fill(path: Path, entries: int) -> None:
    """Append one incident with that many notes, each with its number in it."""
    database = Database.open(path)
    ledger = Ledger(database, SystemClock().now, host="bench")
    begins = datetime.now(UTC) - timedelta(hours=30)
    opened: dict[str, Any] = {
        "title": "bench", "type": "", "severity": "P3", "severity_reason": "bench", "targets": [], "services": [],
        "dedup_key": "", "alert": None, "number": 1, "profile": "emergency", "detected_at": format_time(begins),
    }  # fmt: skip
    drafts = [_draft("opened", opened, begins), _draft("acknowledged", {}, begins)]
    for number in range(entries):
        body = {"text": f"seen e{number:06}", "kind": "note"}
        drafts.append(_draft("note", body, begins + timedelta(seconds=number)))
    for first in range(0, len(drafts), BATCH):
        ledger.append(drafts[first : first + BATCH])
    database.close()


def _draft(kind: str, body: dict[str, Any], at: datetime) -> Draft:
    return Draft(stream=f"incident/{UID}", kind=f"incident.{kind}", body=body, occurred_at=at, actor="bench")


def measure(path: Path, entries: int, keys: int) -> dict[str, float]:
    """Median seconds of each thing that is done, on the cockpit with that database."""
    command = [sys.executable, "-m", "tests.bench.bench_timeline", "--child", str(path)]
    found: dict[str, list[float]] = {"key": [], "end": [], "entry": []}
    with Terminal(command, columns=80, rows=24) as terminal:
        terminal.wait_for(b"INC-1", timeout_s=120)
        found["open"] = [_until(terminal, "4", f"e{entries - 1:06}")]
        place = entries - 1
        for _ in range(keys):
            place -= 1
            found["key"].append(_until(terminal, "k", f"e{place:06}"))
        last = f"e{entries - 1:06}"
        database = Database.open(path)
        ledger = Ledger(database, SystemClock().now, host="bench")
        for number in range(3):
            found["end"].append(_until(terminal, "g", "opened: bench"))
            found["end"].append(_until(terminal, "G", last))
            last = f"fresh{number}"
            before = perf_counter()
            ledger.append([_draft("note", {"text": last, "kind": "note"}, datetime.now(UTC))])
            _until(terminal, "", last)
            found["entry"].append(perf_counter() - before)
        database.close()
    return {name: statistics.median(times) for name, times in found.items()}


def _until(terminal: Terminal, keys: str, *shown: str) -> float:
    mark, before = len(terminal.output), perf_counter()
    terminal.send(keys)
    for each in shown:
        terminal.wait_for(each.encode(), since=mark, timeout_s=120)
    return perf_counter() - before


def main(entries: int, keys: int) -> dict[str, float]:
    """Print each figure at both sizes, and how many times slower the long one is."""
    ratios = {}
    with tempfile.TemporaryDirectory() as folder:
        measured = {}
        for number in (FEW, entries):
            path = Path(folder) / str(number) / "cockpit.db"
            path.parent.mkdir()
            fill(path, number)
            measured[number] = measure(path, number, min(keys, FEW // 2))
    for name in measured[FEW]:
        few, many = measured[FEW][name] * 1000, measured[entries][name] * 1000
        ratios[name] = many / few
        print(f"{name}: {few:.1f} ms with {FEW} entries, {many:.1f} ms with {entries}: {many / few:.2f}x")
    return ratios


@pytest.mark.bench
def test_keys_reach_the_screen_on_a_longer_timeline() -> None:
    assert set(main(400, 3)) == {"open", "key", "end", "entry"}


if __name__ == "__main__":
    if "--child" in sys.argv:
        desk = open_desk(Settings(), Profile(), Path(sys.argv[-1]), "bench", read_only=False)
        CockpitApp(desk).run()
    else:
        main(*(int(argument) for argument in (sys.argv[1:] or ("100000", "40"))[:2]))
