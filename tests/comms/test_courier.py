"""A courier carries one message in its own process and leaves the whole story in the ledger."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.comms.channels import Way
from cockpit.comms.courier import Errand, carry, dispatch
from cockpit.comms.journal import Patience
from cockpit.config.command import ChannelConfig
from cockpit.profile import Profile
from storage.database import Database
from storage.ledger import Event
from tests.comms.chat_sink import Sink, listening
from tests.incident.terminals import Hall

DRILL = Profile(kind="drill", name="drill", loopback_only=True)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as sink:
        yield sink


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "cockpit.db")
    yield hall
    hall.leave()


def errand_for(hall: Hall, webhook: str, stream: str = "ops") -> Errand:
    return Errand(
        database=str(hall.path),
        stream=stream,
        actor="mhassan",
        text="INC-1 P1: investigating",
        way=Way("chat", ChannelConfig(kind="slack-webhook", secret=webhook)),
        profile=DRILL,
        audience="customers",
    )


def told(hall: Hall) -> list[Event]:
    events = hall.sit("reader").feed.ledger.since(0)
    return [event for event in events if event.kind.startswith("message.") or event.kind == "incident.update"]


def test_a_courier_of_its_own_sends_and_meets_the_deadline(hall: Hall, sink: Sink) -> None:
    terminal = hall.sit("mhassan")
    incident = terminal.incidents.open_from_alert(terminal.alert(), take_lead=True)
    errand = errand_for(hall, f"url:{sink.url}", f"incident/{incident.uid}")
    assert dispatch(errand).wait(60) == 0
    assert [text["text"] for _, _, text in sink.posts] == ["INC-1 P1: investigating"]
    terminal.feed.catch_up()
    (update,) = terminal.incidents.get(1).updates
    assert (update.audience, update.channel, update.by) == ("customers", "chat", "mhassan")
    assert [event.kind for event in told(hall)] == ["message.intent", "message.sent", "incident.update"]


def test_what_lies_in_the_working_directory_is_not_taken_for_ours(
    hall: Hall, sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert dispatch(errand_for(hall, f"url:{sink.url}")).wait(60) == 0
    assert len(sink.posts) == 1


def test_an_errand_carried_twice_is_sent_once(hall: Hall, sink: Sink) -> None:
    errand = errand_for(hall, f"url:{sink.url}")
    assert carry(errand)
    assert not carry(errand)
    assert len(sink.posts) == 1
    assert [event.kind for event in told(hall)] == ["message.intent", "message.sent"]


def test_a_missing_secret_is_an_outcome(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COCKPIT_TEST_WEBHOOK", raising=False)
    assert not carry(errand_for(hall, "env:COCKPIT_TEST_WEBHOOK"))
    intent, failed = told(hall)
    assert failed.kind == "message.failed"
    assert "COCKPIT_TEST_WEBHOOK is not set" in failed.body["reason"]


def test_the_url_behind_a_reference_stays_out_of_the_file(
    hall: Hall, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_TEST_WEBHOOK", sink.url)
    assert carry(errand_for(hall, "env:COCKPIT_TEST_WEBHOOK"))
    sink.status = 500
    sink.answer = sink.url.encode()
    assert not carry(errand_for(hall, "env:COCKPIT_TEST_WEBHOOK"), patience=Patience(attempts=1))
    Database.open(hall.path).close()
    stored = b"".join(path.read_bytes() for path in hall.path.parent.glob("cockpit.db*"))
    assert b"s3cr3t" not in stored


def test_an_errand_that_cannot_be_read_ends_with_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cockpit.comms.courier"], input=b"{}", capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"The errand cannot be read")
    assert b"Traceback" not in done.stderr


def test_an_errand_names_a_reference_in_its_json(hall: Hall) -> None:
    plain = msgspec.json.decode(msgspec.json.encode(errand_for(hall, "env:HOOK")))
    assert plain["way"]["config"]["secret"] == "env:HOOK"
