"""Alert routing really delivers: each recipient of a route once, and what nobody reaches is on record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.comms.channels import ways
from cockpit.comms.courier import carry
from cockpit.comms.notify import Notifier, recipients
from cockpit.config import settings_from
from cockpit.desk.incident.told import Told
from tests.comms.sinks import DRILL, Sinks
from tests.incident.terminals import Hall

NOTIFY = (
    "page oncall-primary, oncall-secondary",
    "slack #critical-alerts",
    "email alerts@shop.example",
    "sms +1555",
)


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    sinks = Sinks()
    yield sinks
    sinks.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "cockpit.db")
    yield hall
    hall.leave()


@pytest.fixture
def notifier(sinks: Sinks, hall: Hall, monkeypatch: pytest.MonkeyPatch) -> Notifier:
    for name in ("pager", "mail"):
        secret = sinks.mail.token if name == "mail" else sinks.token(name)
        monkeypatch.setenv(f"COCKPIT_TEST_{name.upper()}", secret)
    channels = {
        "pager": {
            "kind": "pagerduty",
            "url": sinks.url("pager"),
            "secret": "env:COCKPIT_TEST_PAGER",
            "names": ["oncall-primary", "oncall-secondary"],
        },
        "chat": {"kind": "slack-webhook", "secret": f"url:{sinks.url('chat')}", "names": ["#critical-alerts"]},
        "mail": {
            "kind": "smtp",
            "url": sinks.mail_url,
            "user": sinks.mail.user,
            "secret": "env:COCKPIT_TEST_MAIL",
            "sender": "cockpit@shop.example",
        },
    }
    settings = settings_from({"channels": channels}, "the test")
    return Notifier(settings, DRILL, hall.path, send=carry, clock=hall.clock)


def test_each_recipient_is_found_by_name_or_by_way() -> None:
    settings = settings_from({"channels": {"mail": {"kind": "ses", "sender": "a@b.example"}}}, "the test")
    found = recipients(NOTIFY, ways(settings))
    assert [(each.way, each.name, each.channel is not None) for each in found] == [
        ("page", "oncall-primary", False),
        ("page", "oncall-secondary", False),
        ("slack", "#critical-alerts", False),
        ("email", "alerts@shop.example", True),
        ("sms", "+1555", False),
    ]


def test_a_routed_alert_reaches_pager_chat_and_mail_once(sinks: Sinks, hall: Hall, notifier: Notifier) -> None:
    terminal = hall.sit("mona")
    terminal.alert(route={"name": "critical_alerts", "severity": "P0", "condition": "x", "notify": list(NOTIFY)})
    events = terminal.feed.ledger.since(0)
    told = notifier.after(events)
    assert len(told) == 5
    notifier.after(events)
    assert len(sinks.got("pager")) == 2
    assert [each.text.splitlines()[0] for each in sinks.got("chat")] == ["P0 DKIM record missing: shop.example"]
    (letter,) = sinks.got("mail")
    assert letter.request == "MAIL cockpit@shop.example -> alerts@shop.example"
    deliveries = Told()
    for event in terminal.feed.ledger.since(0):
        deliveries.absorb(event)
    states = {(each.channel, each.state) for each in deliveries.all()}
    assert states == {("pager", "sent"), ("chat", "sent"), ("mail", "sent"), ("sms", "failed")}
    assert len(deliveries.all()) == 5
    (missed,) = [each for each in deliveries.all() if each.state == "failed"]
    assert missed.said == "no channel is configured that reaches +1555 by sms; call by hand"


def test_an_alert_that_is_routed_later_is_told_then(sinks: Sinks, hall: Hall, notifier: Notifier) -> None:
    terminal = hall.sit("mona")
    terminal.alert()
    sinks.server.received.clear()
    assert notifier.after(terminal.feed.ledger.since(0)) == []
    route = {"name": "high", "severity": "P1", "condition": "x", "notify": ["slack #critical-alerts"]}
    terminal.tell("alert.routed", {"alert": "a1", "route": route})
    assert [each.name for each in notifier.after(terminal.feed.ledger.since(0))] == ["#critical-alerts"]
    assert len(sinks.got("chat")) == 1
