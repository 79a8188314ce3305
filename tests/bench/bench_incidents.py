"""A week of incidents in one file: opening, searching, listing and exporting, against plain work on the same bytes.

    python -m tests.bench.bench_incidents [INCIDENTS] [EVENTS]

1,000 incidents with 100,000 events unless said otherwise. Each figure stands beside what SQLite or the standard
library needs for the same bytes in the same run: a full scan with LIKE, or json.loads of every body.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cockpit.clock import SystemClock, format_time
from cockpit.config import Settings
from cockpit.desk import Desk, open_desk
from cockpit.desk.incident.reviews import SUFFIXES, Form
from cockpit.profile import Profile
from screens.present.incident import entry_line
from storage.database import Database
from storage.ledger import Draft, Ledger

BEGAN = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)
WORDS = (
    "registrar",
    "delegation",
    "resolver",
    "bounce",
    "selector",
    "certificate",
    "rollback",
    "quota",
    "zone",
    "mail",
)
BATCH = 2_000


def fill(path: Path, incidents: int, events: int) -> None:
    """Append the week: every incident is opened, taken, noted on and resolved; the last has a tenth of it all."""
    database = Database.open(path)
    ledger = Ledger(database, SystemClock().now, host="bench")
    drafts: list[Draft] = []
    long = events // 10
    each = max(1, (events - long) // incidents - 4)
    for number in range(1, incidents + 1):
        begins = BEGAN + timedelta(minutes=10 * number)
        notes = each + (long if number == incidents else 0)
        drafts += _incident(number, begins, notes)
        while len(drafts) >= BATCH:
            ledger.append(drafts[:BATCH])
            del drafts[:BATCH]
    ledger.append(drafts)
    database.close()


def _incident(number: int, begins: datetime, notes: int) -> list[Draft]:
    stream, target = f"incident/{number:032x}", f"d{number % 40}.example"
    kinds = ("dkim-missing", "dnssec-failure", "certificate-expiring")
    opened = {
        "title": f"{kinds[number % 3]} at {target}", "type": kinds[number % 3], "severity": f"P{number % 4}",
        "severity_reason": "bench", "targets": [target], "services": ["mail"], "dedup_key": "", "alert": None,
        "number": number, "profile": "emergency", "detected_at": format_time(begins),
    }  # fmt: skip
    made: list[tuple[str, dict[str, Any]]] = [
        ("opened", opened),
        ("acknowledged", {}),
        ("role", {"role": "IC", "person": "bench", "kind": "assigned"}),
    ]
    for note in range(notes):
        words = (
            f"{WORDS[note % 10]} {WORDS[(note + number) % 10]} seen at {target}, look {note} of incident {number}"
        )
        made.append(("note", {"text": words, "kind": "finding"}))
    made.append(("moved", {"old": "acknowledged", "new": "resolved", "reason": "over"}))
    return [
        Draft(
            stream=stream,
            kind=f"incident.{kind}",
            body=body,
            occurred_at=begins + timedelta(seconds=at),
            actor="bench",
        )
        for at, (kind, body) in enumerate(made)
    ]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that it took, and what came of it."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def report(what: str, ours_s: float, than: str, plain_s: float) -> None:
    """One line: ours, plain, and the ratio of both."""
    print(f"{what:<46} {ours_s * 1e3:9.1f} ms   {than:<34} {plain_s * 1e3:9.1f} ms   {ours_s / plain_s:7.3f} x")


def main(incidents: int = 1_000, events: int = 100_000) -> None:
    """Fill, open, search, list, scroll and export, and print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cockpit" / "cockpit.db"
        path.parent.mkdir()
        wrote, _ = timed(lambda: fill(path, incidents, events))
        print(
            f"{incidents} incidents, {events} events, {path.stat().st_size / 1e6:.0f} MB, written in {wrote:.1f} s"
        )
        opening, desk = timed(lambda: _opened(path))
        bodies = [row[0] for row in desk.database.rows("SELECT body FROM event")]
        parsing, _ = timed(lambda: [json.loads(body) for body in bodies])
        report("open, all incidents folded", opening, "json.loads of every body", parsing)
        _search(desk)
        _long_timeline(desk, parsing)
        desk.close()


def _opened(path: Path) -> Desk:
    desk = open_desk(Settings(), Profile(), path, "bench", read_only=False)
    desk.refresh()
    return desk


def _search(desk: Desk) -> None:
    from storage.search import Search

    indexing, number = timed(lambda: Search(desk.database).catch_up())
    print(f"first index of {number} entries: {indexing:.2f} s; later searches find what is new since")
    for words in ("registrar delegation", "look 50 incident 777", "nothingofthekind"):
        ours, hits = timed(partial(desk.search.find, words))
        like = "%" + words.split()[0] + "%"
        scan, _ = timed(partial(desk.database.rows, "SELECT seq FROM event WHERE body LIKE ?", (like,)))
        report(f"search “{words}” ({len(hits)} hits)", ours, "full scan with LIKE of one word", scan)
    newest = desk.incidents.all()[0]
    ours, found = timed(lambda: desk.search.similar(newest.uid))
    scan, _ = timed(lambda: desk.database.rows("SELECT body FROM event WHERE kind = 'incident.opened'"))
    report(f"similar incidents ({len(found)})", ours, "reading every opening", scan)


def _export(desk: Desk, uid: str, form: Form) -> str:
    return desk.reviews.exported(desk.reviews.record(uid), form)


def _long_timeline(desk: Desk, parsing: float) -> None:
    newest = desk.incidents.all()[0]
    telling, entries = timed(lambda: desk.incidents.timeline(newest.uid))
    report(f"timeline of {len(entries)} entries", telling, "json.loads of every body", parsing)
    now = desk.clock.now()
    page, _ = timed(lambda: [entry_line(entry, now, 200, UTC) for entry in entries[-50:]])
    print(f"one page of 50 rows at 200 cells: {page * 1e3:.2f} ms, whatever the length (a frame has 16 ms)")
    whole = desk.reviews.exported(desk.reviews.record(newest.uid), "json")
    plain, _ = timed(lambda: json.loads(whole))
    for form in SUFFIXES:
        ours, text = timed(partial(_export, desk, newest.uid, form))
        report(f"export {form} ({len(text) / 1e6:.1f} MB)", ours, "json.loads of the JSON export", plain)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
