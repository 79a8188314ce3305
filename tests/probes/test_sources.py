"""Other monitoring is asked over its own protocol; what cannot be asked is told apart from what is silent."""

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from cockpit.config import settings_from
from cockpit.errors import ConfigError
from cockpit.probes.aws import AwsFailure, AwsReader
from cockpit.probes.sources import AlertmanagerSource, AwsHealthSource, CloudWatchSource, all_sources
from cockpit.profile import Profile
from tests.incident.test_outside import GETTABLE

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
DRILL = Profile(kind="drill", name="drill", loopback_only=True)


@dataclass
class Manager:
    """An Alertmanager that answers as it is told."""

    port: int = 0
    status: int = 200
    body: bytes = json.dumps([GETTABLE]).encode()
    path: str = ""


@contextmanager
def listening() -> Iterator[Manager]:
    manager = Manager()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            manager.path = self.path
            self.send_response(manager.status)
            self.send_header("Content-Length", str(len(manager.body)))
            self.end_headers()
            self.wfile.write(manager.body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    manager.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield manager
    server.shutdown()
    thread.join()
    server.server_close()


def test_alertmanager_gives_its_active_alerts() -> None:
    with listening() as manager:
        told = asyncio.run(AlertmanagerSource(f"http://127.0.0.1:{manager.port}", DRILL).ask(NOW))
        assert (told.failure, told.complete) == ("", True)
        assert [each.target for each in told.alerts] == ["shop.example"]
        assert manager.path.startswith("/api/v2/alerts?active=true&silenced=false")


@pytest.mark.parametrize(
    ("status", "body", "failure"), [(500, b"", "answered 500"), (200, b"{", "no list"), (200, b"{}", "no list")]
)
def test_an_alertmanager_in_trouble_clears_nothing(status: int, body: bytes, failure: str) -> None:
    with listening() as manager:
        manager.status, manager.body = status, body
        told = asyncio.run(AlertmanagerSource(f"http://127.0.0.1:{manager.port}", DRILL).ask(NOW))
    assert failure in told.failure
    assert not told.complete
    gone = asyncio.run(AlertmanagerSource(f"http://127.0.0.1:{manager.port}", DRILL).ask(NOW))
    assert gone.failure.startswith("not reached")


def test_a_profile_that_stays_here_asks_nobody_outside() -> None:
    told = asyncio.run(AlertmanagerSource("http://alertmanager.example:9093", DRILL).ask(NOW))
    assert "outside the profile" in told.failure
    with pytest.raises(ConfigError, match="write an http"):
        AlertmanagerSource("alertmanager", DRILL)


class Account:
    """Answers reading calls as an account would; `down` fails each of them."""

    def __init__(self, down: bool = False) -> None:
        self.down = down

    async def call(self, service: str, operation: str, **given: Any) -> dict[str, Any]:
        if self.down:
            raise AwsFailure("throttled", "slow down")
        arn = "arn:aws:health:ca-central-1::event/SES/X/1"
        match operation:
            case "describe_alarms":
                name = "ses-complaint-rate" if "NextToken" in given else "ses-bounce-rate"
                alarm = {"AlarmName": name, "StateValue": "ALARM", "StateUpdatedTimestamp": NOW}
                return {"MetricAlarms": [alarm], **({} if "NextToken" in given else {"NextToken": "2"})}
            case "describe_events":
                return {"events": [{"arn": arn, "eventTypeCode": "AWS_SES_DKIM_FAILED", "statusCode": "open"}]}
            case "describe_event_details":
                words = {"event": {"arn": arn}, "eventDescription": {"latestDescription": "DKIM failed"}}
                return {"successfulSet": [words]}
        return {"entities": [{"eventArn": arn, "entityValue": "shop.example"}]}


def test_alarms_and_health_events_come_page_by_page_with_what_they_concern() -> None:
    reader = cast(AwsReader, Account())
    alarms = asyncio.run(CloudWatchSource(reader).ask(NOW))
    assert [each.kind for each in alarms.alerts] == ["ses-bounce", "ses-complaint"]
    (event,) = asyncio.run(AwsHealthSource(reader).ask(NOW)).alerts
    assert (event.target, event.kind) == ("shop.example", "dkim-missing")


def test_an_account_that_does_not_answer_is_a_failure() -> None:
    reader = cast(AwsReader, Account(down=True))
    for source in (CloudWatchSource(reader), AwsHealthSource(reader)):
        told = asyncio.run(source.ask(NOW))
        assert (told.failure, told.complete) == ("throttled: slow down", False)


def test_only_what_is_configured_is_asked() -> None:
    assert all_sources(settings_from({}, "x"), DRILL) == ()
    plain = {"alertmanager": "http://127.0.0.1:9093", "sources": ["cloudwatch", "aws-health"]}
    assert len(all_sources(settings_from(plain, "x"), DRILL)) == 3
