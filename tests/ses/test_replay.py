"""A file of feedback: counted or kept, bad lines told and set aside, the same however often it is put through."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.clock import SystemClock
from cockpit.watch.replay import REPLAYED, STREAM, replay
from storage.database import Database
from storage.feedback import FeedbackStore
from storage.ledger import Ledger
from tests.ses.messages import AT, Replay

TARGET = "ses:447112341123/ca-central-1"
CONFIG = "aws:\n  account: '447112341123'\n  region: ca-central-1\n"


def written(path: Path) -> Replay:
    """Six hundred messages and three lines that are none."""
    made = Replay(600)
    bad = ["not json at all", json.dumps({"notificationType": "Telegram"}), made.bodies[0][:80]]
    lines = [*made.bodies, *bad]
    path.write_bytes(b"\n\n".join(line.encode() for line in lines) + b"\xff\n")
    return made


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `cockpit` with words, and gives its exit code and what it said."""
    config = tmp_path / "cockpit.yaml"
    config.write_text(CONFIG)
    config.chmod(0o600)
    frame = ["--config", str(config), "--database", str(tmp_path / "c.db"), "--as", "mhassan"]

    def ran(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main([*frame, *words])
        told = capsys.readouterr()
        return int(left.value.code or 0), told.out + told.err

    return ran


def test_a_file_is_only_counted_unless_it_is_to_be_kept(tmp_path: Path, run: Run) -> None:
    made = written(tmp_path / "f.jsonl")
    code, told = run("ses", "replay", str(tmp_path / "f.jsonl"))
    bounced = sum(reason == "BOUNCE" for _, reason in made.expected)
    assert code == 1
    assert f"suppresses {bounced} addresses for bounces" in told
    assert told.count("set aside") == 3
    assert "nothing was kept" in told
    assert not (tmp_path / "c.db").exists()


def test_a_file_that_is_kept_twice_is_kept_once_and_somebody_answers_for_it(tmp_path: Path, run: Run) -> None:
    made = written(tmp_path / "f.jsonl")
    for _ in range(2):
        code, told = run("ses", "replay", str(tmp_path / "f.jsonl"), "--keep", "--json")
        assert (code, json.loads(told)["replay"]["aside"]) == (1, 3)
    with closing(Database.open(tmp_path / "c.db")) as database:
        store = FeedbackStore(database)
        assert {(each.address, each.reason) for each in store.suppressed(TARGET)} == made.expected
        assert len(store.aside(TARGET)) == 3
        events = [each for each in Ledger(database, SystemClock().now).stream(STREAM) if each.kind == REPLAYED]
    assert [(each.actor, each.body["aside"]) for each in events] == [("mhassan", 3)] * 2


def test_bad_lines_are_told_by_their_number(tmp_path: Path) -> None:
    lines = [b"{}", b"", Replay(1).bodies[0].encode(), b"\xff\xfe"]
    found = replay(lines, AT)
    assert [each.line for each in found.bad] == [1, 4]
    assert (found.lines, found.aside, found.kept) == (3, 2, False)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path, run: Run) -> None:
    code, told = run("ses", "replay", str(tmp_path / "missing.jsonl"))
    assert code == 64
    assert "cannot be read: No such file" in told


def test_an_account_that_nobody_knows_is_refused(tmp_path: Path, run: Run) -> None:
    written(tmp_path / "f.jsonl")
    words = ["ses", "replay", str(tmp_path / "f.jsonl"), "--keep", "--account", "ses:1/x"]
    code, told = run(*words)
    assert (code, "There is no account" in told) == (1, True)
