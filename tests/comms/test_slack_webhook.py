"""The chat webhook against a real server on loopback: journalled, bounded, and its URL never told."""

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cockpit.comms.journal import Patience, attempt, deliver
from cockpit.comms.line import Line
from cockpit.comms.outcome import Fate, Letter, Outcome
from cockpit.comms.slack import SlackWebhook
from cockpit.errors import ConfigError
from cockpit.profile import Profile
from tests.comms.chat_sink import PATH, Sink, listening
from tests.comms.journal import Journal
from tests.comms.sinks import DRILL


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as sink:
        yield sink


def letter(text: str = "INC-42 P1: investigating") -> Letter:
    return Letter(id="m1", text=text)


def carried(webhook: SlackWebhook, journal: Journal, text: str = "x", tries: int = 1) -> Outcome:
    patience = Patience(attempts=tries)
    return deliver(webhook, letter(text), journal, name="chat", wait=journal.waits.append, patience=patience)


def test_a_message_arrives_once_between_intent_and_outcome(sink: Sink) -> None:
    journal = Journal()
    assert carried(SlackWebhook(sink.url, DRILL), journal, "INC-42 P1: investigating").fate is Fate.SENT
    assert sink.posts == [(PATH, f"127.0.0.1:{sink.port}", {"text": "INC-42 P1: investigating"})]
    assert journal.kinds == ["message.intent", "message.sent"]
    assert journal.events[0][1]["message"] == journal.events[1][1]["message"]
    assert journal.events[1][1]["answer"] == "ok"


def test_a_refusal_is_an_outcome_and_is_not_tried_again(sink: Sink) -> None:
    sink.status, sink.answer = 403, b"invalid_token " + sink.url.encode() + b"\x1b[2J"
    journal = Journal()
    assert carried(SlackWebhook(sink.url, DRILL), journal, tries=5).fate is Fate.REFUSED
    assert len(sink.posts) == 1
    assert journal.kinds == ["message.intent", "message.failed"]
    reason = journal.events[1][1]["reason"]
    assert reason.startswith("The chat webhook answered 403 (invalid_token")
    assert reason.isprintable()


def test_a_silent_chat_may_have_taken_it_and_is_not_told_twice(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    sink.hang = threading.Event()
    webhook = SlackWebhook(sink.url, DRILL)
    monkeypatch.setattr(webhook, "_line", Line(sink.url, DRILL, "chat webhook", timeout_s=0.2))
    journal = Journal()
    outcome = carried(webhook, journal, tries=5)
    assert outcome == Outcome(Fate.UNKNOWN, "The chat webhook did not answer within 0.2 s.")
    assert journal.kinds == ["message.intent", "message.unknown"]
    assert len(sink.posts) == 1


def test_an_error_of_the_chat_is_tried_again_with_longer_and_longer_pauses(sink: Sink) -> None:
    sink.status = 500
    journal = Journal()
    assert carried(SlackWebhook(sink.url, DRILL), journal, tries=4).fate is Fate.LATER
    assert journal.kinds == ["message.intent", *["message.attempt"] * 3, "message.failed"]
    assert journal.waits == [1.0, 2.0, 4.0]
    assert len(sink.posts) == 4


def test_the_url_is_told_nowhere(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    journal = Journal()
    webhook = SlackWebhook(sink.url, DRILL)
    carried(webhook, journal, f"posted by {webhook!r}")
    sink.status = 500
    carried(webhook, journal)
    carried(SlackWebhook(f"http://127.0.0.1:1{PATH}", DRILL), journal)
    assert journal.kinds[-1] == "message.failed"
    told = f"{journal.events} {caplog.text} {webhook!r} {Line(sink.url, DRILL, 'x')!r}"
    assert "s3cr3t" not in told


def test_nothing_is_sent_when_the_intent_cannot_be_recorded(sink: Sink) -> None:
    def full(kind: str, body: Mapping[str, Any]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        deliver(SlackWebhook(sink.url, DRILL), letter(), full, name="chat", wait=lambda _: None)
    assert sink.posts == []


def test_the_profile_decides_where_a_name_leads(sink: Sink) -> None:
    profile = Profile(dial={"hooks.chat.example:80": f"127.0.0.1:{sink.port}"}, loopback_only=True)
    SlackWebhook(f"http://hooks.chat.example{PATH}", profile).send(letter(), again=False)
    assert sink.posts[0][1] == "hooks.chat.example"
    with pytest.raises(ConfigError, match="outside the profile"):
        SlackWebhook("https://hooks.slack.com/services/x", DRILL).send(letter(), again=False)
    outcome = attempt(SlackWebhook("http://192.0.2.1/x", DRILL), letter(), again=False)
    assert outcome.fate is Fate.REFUSED
    assert "stays on this machine" in outcome.said


@pytest.mark.parametrize("url", ["", "ftp://x/y", "https://", "https://user:pw@chat.example/x", "nonsense"])
def test_what_is_no_webhook_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        SlackWebhook(url, DRILL)
    assert not url or url not in str(refused.value)


def test_nothing_in_a_message_calls_a_channel_or_carries_a_secret(sink: Sink) -> None:
    text = "<!channel> & <http://evil|bank> \x1b[2J token=abcdef123456"
    SlackWebhook(sink.url, DRILL).send(letter(text), again=False)
    sent = sink.posts[0][2]["text"]
    assert sent == r"&lt;!channel&gt; &amp; &lt;http://evil|bank&gt; \u{1b}[2J token=[redacted]"
