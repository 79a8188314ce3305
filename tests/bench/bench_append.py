"""Durable appends with an answer per event, over raw SQLite committing each event, measured in one run.

`python tests/bench/bench_append.py` prints the rates and their ratio. What group commit wins is syncs, so the ratio
depends on what a sync costs: it is measured on this disk, and again with each sync made slower. The ledger side
does the whole work: 64 asyncio producers, the group-commit writer, the hash chain, the triggers, three indexes. The
raw side inserts the same text into a bare table with one index and commits, WAL and FULL. Under pytest only the
count is asserted, never a time.
"""

import asyncio
import os
import shutil
import subprocess
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


def sync_latency_us(directory: Path) -> float:
    """The median time of writing and syncing 4 KiB over itself, which is what one commit costs at least."""
    times = []
    with (directory / "sync").open("wb", buffering=0) as file:
        for _ in range(200):
            start = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return median(times) * 1e6


def measure(rounds: int) -> None:
    """Measure in turns, so that both sides see the same machine, and print rates and the ratio."""
    raw_rates, group_rates = [], []
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as directory:
        here = Path(directory)
        sync_us = sync_latency_us(here)
        count = int(min(4_000, 1e6 / sync_us))
        for number in range(rounds):
            raw_rates.append(count / append_raw(here / f"raw-{number}.db", count))
            taken, answered = asyncio.run(append_from_producers(here / f"ledger-{number}.db", each=count // 8))
            group_rates.append(len(answered) / taken)
    pairs = sorted(group / raw for group, raw in zip(group_rates, raw_rates, strict=True))
    print(
        f"sync {sync_us:6,.0f} us   raw commit per event {median(raw_rates):7,.0f}/s   "
        f"{PRODUCERS} producers {median(group_rates):7,.0f} acks/s   "
        f"ratio {median(pairs):5.1f} ({pairs[0]:.1f}-{pairs[-1]:.1f})",
        flush=True,
    )


def main() -> None:
    """Measure on this disk, then with each sync slowed as on slower disks, where strace can do that."""
    if sys.argv[1:] == ["--once"]:
        measure(rounds=3)
        return
    print("durable appends, median of rounds; the ratio is taken within each round")
    measure(rounds=5)
    if shutil.which("strace") is None:
        return
    for delay_us in (100, 1_000):
        inject = f"inject=fsync,fdatasync:delay_exit={delay_us}"
        strace = [
            "strace",
            "-f",
            "-qq",
            "--seccomp-bpf",
            "-o",
            os.devnull,
            "-e",
            "trace=fsync,fdatasync",
            "-e",
            inject,
        ]
        subprocess.run([*strace, sys.executable, __file__, "--once"], check=True)


if __name__ == "__main__":
    main()
