"""The chat webhook against a real server on loopback: journalled, bounded, and its URL never told."""

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cockpit.comms.chat import ChatWebhook, Message, deliver
from cockpit.errors import ConfigError, WorldError
from cockpit.profile import Profile
from tests.comms.chat_sink import PATH, Sink, listening

DRILL = Profile(kind="drill", name="drill", loopback_only=True)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as sink:
        yield sink


@dataclass
class Journal:
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __call__(self, kind: str, body: Mapping[str, Any]) -> None:
        self.events.append((kind, body))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


def test_a_message_arrives_once_between_intent_and_outcome(sink: Sink) -> None:
    journal = Journal()
    assert deliver(ChatWebhook(sink.url, DRILL), Message("INC-42 P1: investigating"), journal)
    assert sink.posts == [(PATH, f"127.0.0.1:{sink.port}", {"text": "INC-42 P1: investigating"})]
    assert journal.kinds == ["message.intent", "message.sent"]
    assert journal.events[0][1]["message"] == journal.events[1][1]["message"]
    assert journal.events[1][1]["answer"] == "ok"


def test_a_refusal_is_an_outcome_and_is_not_tried_again(sink: Sink) -> None:
    sink.status, sink.answer = 403, b"invalid_token " + sink.url.encode() + b"\x1b[2J"
    journal = Journal()
    assert not deliver(ChatWebhook(sink.url, DRILL), Message("x"), journal)
    assert len(sink.posts) == 1
    assert journal.kinds == ["message.intent", "message.failed"]
    reason = journal.events[1][1]["reason"]
    assert reason.startswith("The chat webhook answered 403 (invalid_token")
    assert reason.isprintable()


def test_a_silent_chat_ends_in_a_sentence(sink: Sink) -> None:
    sink.hang = threading.Event()
    with pytest.raises(WorldError, match=r"did not answer within 0\.2 s"):
        ChatWebhook(sink.url, DRILL, timeout_s=0.2).send(Message("x"))


def test_the_url_is_told_nowhere(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    journal = Journal()
    webhook = ChatWebhook(sink.url, DRILL)
    deliver(webhook, Message(f"posted by {webhook!r}"), journal)
    sink.status = 500
    deliver(webhook, Message("x"), journal)
    closed = ChatWebhook(f"http://127.0.0.1:1{PATH}", DRILL)
    deliver(closed, Message("x"), journal)
    assert journal.kinds[-1] == "message.failed"
    told = f"{journal.events} {caplog.text} {webhook!r}"
    assert "s3cr3t" not in told


def test_nothing_is_sent_when_the_intent_cannot_be_recorded(sink: Sink) -> None:
    def full(kind: str, body: Mapping[str, Any]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        deliver(ChatWebhook(sink.url, DRILL), Message("x"), full)
    assert sink.posts == []


def test_the_profile_decides_where_a_name_leads(sink: Sink) -> None:
    profile = Profile(dial={"hooks.chat.example:80": f"127.0.0.1:{sink.port}"}, loopback_only=True)
    ChatWebhook(f"http://hooks.chat.example{PATH}", profile).send(Message("x"))
    assert sink.posts[0][1] == "hooks.chat.example"
    with pytest.raises(ConfigError, match="outside the profile"):
        ChatWebhook("https://hooks.slack.com/services/x", DRILL).send(Message("x"))
    with pytest.raises(ConfigError, match="stays on this machine"):
        ChatWebhook("http://192.0.2.1/x", DRILL).send(Message("x"))


@pytest.mark.parametrize("url", ["", "ftp://x/y", "https://", "https://user:pw@chat.example/x", "nonsense"])
def test_what_is_no_webhook_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        ChatWebhook(url, DRILL)
    assert not url or url not in str(refused.value)


def test_nothing_in_a_message_calls_a_channel_or_carries_a_secret(sink: Sink) -> None:
    text = "<!channel> & <http://evil|bank> \x1b[2J token=abcdef123456"
    ChatWebhook(sink.url, DRILL).send(Message(text))
    sent = sink.posts[0][2]["text"]
    assert sent == r"&lt;!channel&gt; &amp; &lt;http://evil|bank&gt; \u{1b}[2J token=[redacted]"
