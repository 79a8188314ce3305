"""Durable appends with an answer per event, over raw SQLite committing each event, measured in one run.

`python tests/bench/bench_append.py` prints the rates and their ratio, best of a few rounds taken in turns. The
ledger side does the whole work: 64 asyncio producers, the group-commit writer, the hash chain, the triggers, three
indexes. The raw side inserts the same text into a bare table with one index and commits, WAL and FULL. Under
pytest only the count is asserted, never a time.
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from storage.database import Database, connect
from storage.event import Draft, body_text, new_id
from storage.group_commit import Writer
from storage.ledger import Ledger

PRODUCERS = 64
BODY = {"target": "shop.example", "check": "dkim", "headline": "1 of 3 CNAMEs gone at all 3 name servers" * 3}


def _now() -> datetime:
    return datetime.now(UTC)


def _draft(producer: int, number: int) -> Draft:
    body = BODY | {"producer": producer, "number": number}
    return Draft(stream="ops", kind="bench", body=body, occurred_at=_now(), actor="bench")


async def append_from_producers(path: Path, each: int, producers: int = PRODUCERS) -> tuple[float, list[int]]:
    """Append `each` events from each of the producers; return the seconds taken and the numbers answered."""
    answered: list[int] = []

    async def produce(producer: int) -> None:
        for number in range(each):
            answered.append(await writer.append(_draft(producer, number)))

    async with Writer(path, _now) as writer:
        start = time.perf_counter()
        await asyncio.gather(*(produce(producer) for producer in range(producers)))
        return time.perf_counter() - start, answered


def append_raw(path: Path, count: int) -> float:
    """Insert and commit `count` events one by one on a bare connection; return the seconds taken."""
    path.touch(0o600)
    connection = connect(path)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, at TEXT, body TEXT)")
    start = time.perf_counter()
    for number in range(count):
        body = body_text(BODY | {"producer": 0, "number": number})
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO event (id, at, body) VALUES (?, ?, ?)", (new_id(), _now().isoformat(), body)
        )
        connection.execute("COMMIT")
    taken = time.perf_counter() - start
    connection.close()
    return taken


@pytest.mark.bench
async def test_every_answered_event_is_in_the_ledger_and_the_chain_holds(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    _, answered = await append_from_producers(path, each=20, producers=16)
    ledger = Ledger(Database.open(path), _now)
    checked = ledger.verify()
    assert checked.ok, checked.reason
    assert sorted(answered) == list(range(1, 321))
    assert [event.seq for event in ledger.since(0)] == sorted(answered)


def main(rounds: int = 5) -> None:
    """Measure in turns, so that both sides see the same machine, and print rates and the ratio."""
    raw_rates, group_rates = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as directory:
            raw_rates.append(4_000 / append_raw(Path(directory, "raw.db"), 4_000))
            taken, answered = asyncio.run(append_from_producers(Path(directory, "ledger.db"), each=800))
            group_rates.append(len(answered) / taken)
    pairs = sorted(group / raw for group, raw in zip(group_rates, raw_rates, strict=True))
    print(f"raw SQLite, commit per event       {max(raw_rates):>10,.0f} events/s (best of {rounds})")
    print(f"ledger, {PRODUCERS} producers, group commit {max(group_rates):>10,.0f} acks/s")
    print(f"ratio, paired rounds               {median(pairs):>10.1f} median ({pairs[0]:.1f}-{pairs[-1]:.1f})")


if __name__ == "__main__":
    main()
