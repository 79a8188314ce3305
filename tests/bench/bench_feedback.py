"""Feedback from SES: reading and deciding over bare `json.loads`, and a replay that ends in the suppression set.

`python tests/bench/bench_feedback.py [EVENTS]` prints events a second on one core, the ratio to what parsing the
same text costs by itself, and, for a million events with duplicates and disorder unless told otherwise, whether the
suppression set is the right one. Under pytest a small replay is held to its set, and never to a time.
"""

import json
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.ses.sorting import Message, sort
from storage.database import Database
from storage.feedback import FeedbackStore, Report
from tests.ses.messages import AT, Replay

TARGET = "ses:447112341123/ca-central-1"
BATCH = 2_000
PARSED = 20_000


def parsing(bodies: list[str]) -> tuple[float, float]:
    """Events a second of `json.loads` alone (twice where there is an envelope), and of reading and deciding."""
    begun = time.perf_counter()
    for body in bodies:
        found = json.loads(body)
        if "Message" in found:
            json.loads(found["Message"])
    bare = time.perf_counter() - begun
    messages = [Message(str(number), body, AT) for number, body in enumerate(bodies)]
    begun = time.perf_counter()
    sort(messages)
    return len(bodies) / bare, len(bodies) / (time.perf_counter() - begun)


def replayed(replay: Replay, path: Path) -> tuple[float, bool]:
    """Events a second down to the commit, and whether the suppression set is the right one."""
    with closing(Database.open(path)) as database:
        store = FeedbackStore(database)
        begun = time.perf_counter()
        for start in range(0, len(replay.bodies), BATCH):
            batch = replay.bodies[start : start + BATCH]
            found = sort([Message(str(start + number), body, AT) for number, body in enumerate(batch)])
            store.put(TARGET, [Report(*each) for each in found.reports], found.counts)
        rate = len(replay.bodies) / (time.perf_counter() - begun)
        return rate, {(each.address, each.reason) for each in store.suppressed(TARGET)} == replay.expected


@pytest.mark.bench
def test_a_small_replay_ends_in_the_right_set(tmp_path: Path) -> None:
    replay = Replay(2_000)
    assert replayed(replay, tmp_path / "c.db")[1]
    assert min(parsing(replay.bodies[:500])) > 0


def main(number: int) -> int:
    """Print the figures; returns 1 when the set is wrong."""
    bare, read = parsing(Replay(PARSED).bodies)
    print(f"json.loads alone:      {bare:>10,.0f} events/s")
    print(f"read, decide and sort: {read:>10,.0f} events/s ({bare / read:.2f} times the work)")
    replay = Replay(number)
    with tempfile.TemporaryDirectory() as place:
        rate, right = replayed(replay, Path(place) / "c.db")
    verdict = "right" if right else "WRONG"
    print(f"{len(replay.bodies):,} events into the database: {rate:,.0f} events/s; the set is {verdict}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
