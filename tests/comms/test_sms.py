"""Text messages by SNS: what is asked of the service, and what its answers amount to."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from cockpit.comms.channels import Way, open_channel, ways
from cockpit.comms.line import NotTaken
from cockpit.comms.notify import recipients
from cockpit.comms.outcome import Fate, Letter, Outcome
from cockpit.config import settings_from
from cockpit.config.command import ChannelConfig
from cockpit.errors import ConfigError
from cockpit.profile import Aws, Profile
from tests.comms.sinks import DRILL

LETTER = Letter(
    id="m1",
    text="P0 DKIM record missing\n1 of 3 CNAMEs gone\ntoken=abcdef123456",
    ref="INC-1",
    to=("+1-555-012-3456",),
)


@dataclass
class Sns:
    """A service that takes `Publish`; `fault` is the code that it refuses with from the second message on."""

    port: int = 0
    fault: str = ""
    got: list[dict[str, str]] = field(default_factory=list)

    @property
    def profile(self) -> Profile:
        aws = Aws(
            region="ca-central-1",
            endpoint=f"http://127.0.0.1:{self.port}",
            access_key="AKIDEXAMPLE",
            secret_key="not-a-real-one",  # noqa: S106
        )
        return Profile(kind="drill", name="drill", loopback_only=True, aws=aws)

    def answer(self, asked: dict[str, str]) -> tuple[int, str]:
        if self.fault and self.got:
            return (
                400,
                f"<ErrorResponse><Error><Code>{self.fault}</Code><Message>no</Message></Error></ErrorResponse>",
            )
        self.got.append(asked)
        inner = f"<PublishResult><MessageId>m-{len(self.got)}</MessageId></PublishResult>"
        return 200, f"<PublishResponse>{inner}</PublishResponse>"


@pytest.fixture
def sns() -> Iterator[Sns]:
    service = Sns()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, text = service.answer({name: values[0] for name, values in parse_qs(body).items()})
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield service
    server.shutdown()
    thread.join()
    server.server_close()


def told(profile: Profile, letter: Letter = LETTER) -> Outcome:
    return open_channel(Way("text", ChannelConfig(kind="sms", sender="COCKPIT")), profile).send(letter, again=False)


def test_a_number_is_told_shortly_and_without_secrets(sns: Sns) -> None:
    assert told(sns.profile) == Outcome(Fate.SENT, "message m-1")
    (asked,) = sns.got
    assert (asked["Action"], asked["PhoneNumber"]) == ("Publish", "+15550123456")
    assert asked["Message"].startswith("INC-1: P0 DKIM record missing / 1 of 3 CNAMEs gone")
    assert "abcdef123456" not in asked["Message"]
    assert {"Transactional", "COCKPIT"} <= set(asked.values())


def test_throttling_is_tried_later_unless_somebody_was_told_already(sns: Sns) -> None:
    sns.fault = "Throttled"
    both = replace(LETTER, to=("+15550123456", "+15550123457"))
    outcome = told(sns.profile, both)
    assert outcome == Outcome(Fate.REFUSED, "SNS answered Throttled: no 1 of 2 were told.")
    sns.fault = "ThrottlingException"
    assert told(sns.profile).fate is Fate.LATER


@pytest.mark.parametrize("to", [(), ("ops@shop.example",), ("15550123456",), ("+1555",)])
def test_what_is_no_number_is_refused_in_a_sentence(sns: Sns, to: tuple[str, ...]) -> None:
    outcome = told(sns.profile, replace(LETTER, to=to))
    assert outcome.fate is Fate.REFUSED
    assert "is no telephone number" in outcome.said
    assert not sns.got


def test_nothing_leaves_a_drill_without_an_aws_of_its_own() -> None:
    with pytest.raises(ConfigError, match="outside the profile"):
        told(DRILL)
    with pytest.raises(NotTaken):
        told(Sns(port=9).profile)


def test_routing_finds_the_channel_by_its_way() -> None:
    settings = settings_from({"channels": {"text": {"kind": "sms"}}}, "the test")
    (found,) = recipients(["sms +1-555-0123"], ways(settings))
    assert found.channel is not None
    assert (found.channel.name, found.name) == ("text", "+1-555-0123")
