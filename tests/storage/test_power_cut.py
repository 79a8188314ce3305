"""Power cuts, by the model in `power_cut`: FULL loses nothing acknowledged, and the model proves NORMAL would."""

import json
import random
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import StorageError
from storage.ledger import Ledger
from tests.storage.crew import Crew, needs_strace
from tests.storage.material import ledger_file, needs_wal, noon
from tests.storage.power_cut import CALLS, Disk, read_recording

STATES = 300
CHECKPOINTS = "wal_autocheckpoint = 12"


def lost_in_power_cuts(tmp_path: Path, crew: Crew, *pragmas: str, states: int = STATES) -> tuple[int, int]:
    """Record one writer, cut the power at random points; return (states that lost acknowledged, damaged states)."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    path = home / "ledger.db"
    before = set(ledger_file(path, 5))
    original = path.read_bytes()
    trace = tmp_path / "trace"
    pid = crew.start("append", path=str(path), count=25, pragmas=pragmas)
    with crew.traced(pid, "-y", "-xx", "-s", "100000", "-e", f"trace={CALLS}", output=str(trace)):
        assert crew.wait(pid) == 0
    crew.heard()
    recording = read_recording(trace.read_text())
    assert sum(operation.kind == "ack" for operation in recording) == 25
    dice = random.Random(7)
    cuts = sorted(dice.randrange(len(recording) + 1) for _ in range(states))
    disk = Disk(home, {str(path): original})
    lost = damaged = done = 0
    for number, cut in enumerate(cuts):
        for operation in recording[done:cut]:
            disk.apply(operation)
        done = cut
        acknowledged = before | {json.loads(line)["ack"] for line in disk.acknowledged}
        present = _after(tmp_path / f"cut-{number}", home, disk.cut(dice))
        damaged += present is None
        lost += present is not None and not acknowledged <= present
    return lost, damaged


def _after(place: Path, home: Path, state: dict[str, bytes]) -> set[str] | None:
    """The ids in the ledger after the machine has come up again; None if it does not check out."""
    place.mkdir(mode=0o700)
    for name, content in state.items():
        file = place / Path(name).relative_to(home)
        file.write_bytes(content)
        file.chmod(0o600)
    try:
        database = Database.open(place / "ledger.db")
    except StorageError:
        return None
    ledger = Ledger(database, noon)
    sound = ledger.verify().ok
    present = {event.id for event in ledger.since(0)} if sound else None
    database.close()
    return present


@pytest.mark.peer
@needs_strace
def test_no_power_cut_loses_an_acknowledged_event(tmp_path: Path, crew: Crew) -> None:
    assert lost_in_power_cuts(tmp_path, crew, CHECKPOINTS) == (0, 0)


@pytest.mark.peer
@needs_strace
def test_no_power_cut_loses_an_acknowledged_event_without_wal(tmp_path: Path, crew: Crew) -> None:
    """The mode of an unfixed SQLite: rollback journal with synchronous EXTRA."""
    lost = lost_in_power_cuts(tmp_path, crew, "journal_mode = DELETE", "synchronous = EXTRA", states=200)
    assert lost == (0, 0)


@pytest.mark.peer
@needs_strace
@needs_wal
def test_the_model_shows_that_synchronous_normal_would_lose_acknowledged_events(tmp_path: Path, crew: Crew) -> None:
    lost, damaged = lost_in_power_cuts(tmp_path, crew, CHECKPOINTS, "synchronous = NORMAL", states=150)
    assert lost > 10
    assert damaged == 0


@pytest.mark.peer
@needs_strace
def test_the_model_shows_that_synchronous_off_would_damage_the_file(tmp_path: Path, crew: Crew) -> None:
    _, damaged = lost_in_power_cuts(tmp_path, crew, CHECKPOINTS, "synchronous = OFF", states=150)
    assert damaged > 0
