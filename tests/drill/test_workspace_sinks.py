"""A workspace of the chat and an Alertmanager, as the product's own clients meet them."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from cockpit.comms.outcome import Fate, Letter
from cockpit.comms.slack import SlackApi
from cockpit.drill.sinks import SlackSink
from cockpit.probes.sources.alertmanager import AlertmanagerSource
from tests.comms.sinks import DRILL, Sinks


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    made = Sinks()
    yield made
    made.close()


def letter(id: str, text: str, **more: Any) -> Letter:
    return Letter(id=id, text=text, **more)


def test_an_incidents_channel_is_opened_once_with_its_topic_and_its_messages_are_found_again(sinks: Sinks) -> None:
    workspace = sinks.server.sink("slack")
    assert isinstance(workspace, SlackSink)
    api = SlackApi(workspace.token, "#general", DRILL, base=sinks.url("slack"))
    opened = api.open_channel("INC-42 DKIM", "P1, lead mhassan")
    assert opened.fate is Fate.SENT
    room = workspace.rooms["inc-42-dkim"]
    assert (opened.said, room.topic) == (room.id, "P1, lead mhassan")
    assert api.open_channel("INC-42 DKIM", "P2").said == "#inc-42-dkim", "it is taken as ours"
    assert room.topic == "P2"
    sent = api.send(letter("m1", "Half of the mail is unsigned.", to=(room.id,)), again=False)
    assert sent.fate is Fate.SENT
    again = api.send(letter("m1", "Half of the mail is unsigned.", to=(room.id,)), again=True)
    assert again.fate is Fate.SENT
    assert [message["text"] for message in room.messages] == ["Half of the mail is unsigned."]
    with sinks.trouble("slack", "lost-answer"), pytest.raises(Exception, match="Slack"):
        api.send(letter("m2", "Signed again.", to=(room.id,)), again=False)
    assert api.send(letter("m2", "Signed again.", to=(room.id,)), again=True).fate is Fate.SENT
    assert len(room.messages) == 2


def test_a_workspace_refuses_in_the_words_of_the_real_one(sinks: Sinks) -> None:
    workspace = sinks.server.sink("slack")

    def call(method: str, body: Any, token: str = workspace.token) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"{sinks.url('slack')}/{method}", json=body, headers=headers, trust_env=False)
        assert answer.status_code == 200
        return answer.json().get("error")

    assert call("chat.postMessage", {"channel": "general", "text": "x"}, "") == "not_authed"
    assert call("chat.postMessage", {"channel": "general", "text": "x"}, "xoxb-other") == "invalid_auth"
    assert call("chat.postMessage", {"channel": "nowhere", "text": "x"}) == "channel_not_found"
    assert call("chat.postMessage", {"channel": "general", "text": " "}) == "no_text"
    assert call("conversations.create", {"name": "Not Allowed"}) == "invalid_name_specials"
    assert call("conversations.setTopic", {"channel": "general", "topic": "x" * 251}) == "too_long"
    assert call("chat.delete", {}) == "unknown_method"
    assert call("chat.postMessage", [1]) == "invalid_json"


def test_alerts_that_prometheus_posts_are_listed_until_they_are_over(sinks: Sinks) -> None:
    base, now = sinks.url("alertmanager"), datetime.now(UTC)
    one = {"labels": {"alertname": "HighBounceRate", "severity": "critical"}, "annotations": {"summary": "6 %"}}
    other = {"labels": {"alertname": "QueueLag", "severity": "warning"}}

    def post(alerts: Any) -> int:
        return httpx.post(f"{base}/api/v2/alerts", content=json.dumps(alerts), trust_env=False).status_code

    def listed() -> list[str]:
        told = asyncio.run(AlertmanagerSource(base, DRILL).ask(now))
        assert told.failure == ""
        return sorted(f"{alert.headline} {alert.id}" for alert in told.alerts)

    assert listed() == []
    assert post([one, other]) == post([one]) == 200
    assert len(listed()) == 2
    assert post([{**other, "endsAt": (now - timedelta(seconds=1)).isoformat()}]) == 200
    (left,) = listed()
    assert "HighBounceRate" in left
    wrong: tuple[Any, ...] = ([1], [{"labels": {}}], [{"labels": {"alertname": "x"}, "startsAt": "noon"}])
    for bad in wrong:
        assert post(bad) == 400
    with sinks.trouble("alertmanager", "error"):
        assert asyncio.run(AlertmanagerSource(base, DRILL).ask(now)).failure == "answered 503"
