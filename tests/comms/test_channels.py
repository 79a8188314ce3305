"""Every channel against the service that it speaks to: taken once, told apart when not, its secret told nowhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.comms.channels import Channel, Way, open_channel, ways
from cockpit.comms.freshdesk import tickets_of
from cockpit.comms.journal import Patience, deliver
from cockpit.comms.outcome import Fate, Letter, Outcome
from cockpit.comms.pagers import Monitoring
from cockpit.comms.slack import SlackApi, channel_name
from cockpit.config import settings_from
from cockpit.config.command import ChannelConfig
from cockpit.errors import ConfigError
from tests.comms.journal import Journal
from tests.comms.sinks import DRILL, Sinks, SlackSink, slack

SECRETS = {"statuspage": "status-page", "freshdesk": "ticket", "pagerduty": "pager", "opsgenie": "opsgenie",
           "monitoring": "monitoring", "webhook": "webhook", "smtp": "mail"}  # fmt: skip
LETTER = Letter(
    id="0f1e2d3c4b5a",
    text="Investigating checkout Issues\n\nWe are currently investigating reports of issues with checkout.",
    audience="customers",
    to=("ops@shop.example",),
    key="cockpit-u1",
    ref="INC-1",
    state="investigating",
    severity="P1",
)


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    sinks = Sinks()
    yield sinks
    sinks.close()


@pytest.fixture
def workspace() -> Iterator[SlackSink]:
    with slack() as sink:
        yield sink


@pytest.fixture(autouse=True)
def forgotten(sinks: Sinks) -> None:
    sinks.server.received.clear()
    sinks.server.refused.clear()
    sinks.server.sink("status-page").incidents.clear()  # type: ignore[attr-defined]
    sinks.server.sink("ticket").tickets.clear()  # type: ignore[attr-defined]
    for name in ("pager", "opsgenie"):
        sinks.server.sink(name).alerts.clear()  # type: ignore[attr-defined]


def channel(sinks: Sinks, kind: str, monkeypatch: pytest.MonkeyPatch) -> Channel:
    """One channel as the configuration makes it, its secret behind a reference."""
    name = SECRETS[kind]
    mail = kind == "smtp"
    monkeypatch.setenv("COCKPIT_TEST_SECRET", sinks.mail.token if mail else sinks.token(name))
    config = {
        "kind": kind,
        "secret": "env:COCKPIT_TEST_SECRET",
        "url": sinks.mail_url if mail else sinks.url(name),
        "place": getattr(sinks.server.sink("status-page"), "page", ""),
        "user": sinks.mail.user,
        "sender": "incidents@shop.example",
    }
    settings = settings_from({"channels": {name: config}}, "the test")
    return open_channel(ways(settings)[name], DRILL)


def carried(channel: Channel, letter: Letter = LETTER, tries: int = 3) -> tuple[Outcome, Journal]:
    journal = Journal()
    outcome = deliver(
        channel, letter, journal, name="x", wait=journal.waits.append, patience=Patience(attempts=tries)
    )
    return outcome, journal


@pytest.mark.parametrize("kind", sorted(SECRETS))
def test_each_service_takes_what_its_channel_sends(
    sinks: Sinks, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = channel(sinks, kind, monkeypatch)
    outcome, journal = carried(opened)
    assert outcome.fate is Fate.SENT, outcome
    assert len(sinks.got(SECRETS[kind])) == 1
    assert not sinks.server.refused
    secret = sinks.mail.token if kind == "smtp" else sinks.token(SECRETS[kind])
    assert secret not in f"{journal.events} {opened!r} {outcome}"


@pytest.mark.parametrize("kind", sorted(SECRETS))
def test_each_service_that_has_had_enough_is_asked_again_later(
    sinks: Sinks, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = channel(sinks, kind, monkeypatch)
    with sinks.trouble(SECRETS[kind], "rate-limit"):
        outcome, journal = carried(opened)
    assert outcome.fate is Fate.LATER
    assert journal.kinds == ["message.intent", "message.attempt", "message.attempt", "message.failed"]
    if kind in ("freshdesk", "monitoring", "webhook", "opsgenie"):
        assert journal.waits == [30.0, 30.0]
    assert carried(opened)[0].fate is Fate.SENT


@pytest.mark.parametrize("kind", sorted(SECRETS))
def test_a_lost_answer_tells_nobody_twice(sinks: Sinks, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = channel(sinks, kind, monkeypatch)
    once = Once(sinks, opened, SECRETS[kind])
    outcome, journal = carried(once)
    told = len(sinks.got(SECRETS[kind]))
    if kind in ("smtp", "monitoring"):
        assert (outcome.fate, told) == (Fate.UNKNOWN, 1)
        assert journal.kinds == ["message.intent", "message.unknown"]
        return
    assert outcome.fate is Fate.SENT
    match kind:
        case "statuspage":
            (incident,) = sinks.server.sink("status-page").incidents.values()  # type: ignore[attr-defined]
            assert len(incident.updates) == 1
        case "freshdesk":
            assert len(sinks.server.sink("ticket").tickets) == 1  # type: ignore[attr-defined]
        case "pagerduty":
            assert list(sinks.server.sink("pager").alerts) == ["cockpit-u1"]  # type: ignore[attr-defined]
        case "opsgenie":
            assert list(sinks.server.sink("opsgenie").alerts) == ["cockpit-u1"]  # type: ignore[attr-defined]


class Once:
    """A channel whose first answer is lost; after that the service is well."""

    def __init__(self, sinks: Sinks, channel: Channel, name: str) -> None:
        self._sinks, self._channel, self._name = sinks, channel, name
        sinks.server.inject(name, "lost-answer")

    @property
    def safe_to_repeat(self) -> bool:
        return self._channel.safe_to_repeat

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        try:
            return self._channel.send(letter, again=again)
        finally:
            self._sinks.server.heal(self._name)


def test_the_status_page_follows_the_incident_and_never_goes_backward(
    sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = channel(sinks, "statuspage", monkeypatch)
    first = page.send(LETTER, again=False)
    assert first.thread
    later = replace(LETTER, id="m2", state="monitoring", thread=first.thread, text="Watching\n\nAll is well.")
    assert page.send(later, again=False).thread == first.thread
    (incident,) = sinks.server.sink("status-page").incidents.values()  # type: ignore[attr-defined]
    assert [update["status"] for update in incident.updates] == ["monitoring", "investigating"]
    assert incident.impact == "major"
    back = replace(later, id="m3", state="identified", text="Found\n\nWe know why.")
    outcome = page.send(back, again=False)
    assert outcome.fate is Fate.REFUSED
    assert "cannot go back to identified" in outcome.said


def test_each_owner_gets_a_ticket_of_their_own(sinks: Sinks, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = channel(sinks, "freshdesk", monkeypatch)
    text = "Subject: Action Required: DNS Configuration Issue for shop.example\n\nHello,\n<b>records</b>"
    outcome, _ = carried(desk, replace(LETTER, to=("a@shop.example", "b@shop.example"), text=text))
    assert outcome.said.startswith("ticket ")
    tickets = list(sinks.server.sink("ticket").tickets.values())  # type: ignore[attr-defined]
    assert [ticket["email"] for ticket in tickets] == ["a@shop.example", "b@shop.example"]
    assert tickets[0]["subject"] == "Action Required: DNS Configuration Issue for shop.example"
    assert "&lt;b&gt;" in tickets[0]["description"]
    assert carried(desk, replace(LETTER, to=()))[0].fate is Fate.REFUSED


def test_what_follows_a_letter_is_a_reply_on_the_ticket_it_opened(
    sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = channel(sinks, "freshdesk", monkeypatch)
    tickets = sinks.server.sink("ticket").tickets  # type: ignore[attr-defined]
    first, _ = carried(desk, replace(LETTER, to=("a@shop.example", "b@shop.example")))
    later = replace(LETTER, id="m2", text="It is\nmended.", thread=first.thread)
    second, _ = carried(desk, replace(later, to=("b@shop.example", "c@shop.example")))
    assert [ticket["email"] for ticket in tickets.values()] == [
        "a@shop.example",
        "b@shop.example",
        "c@shop.example",
    ]
    a, b, c = tickets
    assert [len(tickets[number]["conversations"]) for number in (a, b, c)] == [0, 1, 0]
    assert second.said == f"reply on ticket {b}, ticket {c}"
    assert list(tickets_of(second.thread)) == ["a@shop.example", "b@shop.example", "c@shop.example"]


def test_a_reply_whose_answer_was_lost_is_not_made_twice(sinks: Sinks, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = channel(sinks, "freshdesk", monkeypatch)
    first, _ = carried(desk)
    later = replace(LETTER, id="m2", text="It is\nmended.", thread=first.thread)
    outcome, journal = carried(Once(sinks, desk, "ticket"), later)
    (ticket,) = sinks.server.sink("ticket").tickets.values()  # type: ignore[attr-defined]
    assert (outcome.fate, len(journal.waits), len(ticket["conversations"])) == (Fate.SENT, 1, 1)


def test_a_ticket_is_replied_on_by_its_number_and_one_that_is_gone_is_opened_anew(
    sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = channel(sinks, "freshdesk", monkeypatch)
    tickets = sinks.server.sink("ticket").tickets  # type: ignore[attr-defined]
    first, _ = carried(desk)
    (number,) = tickets
    assert carried(desk, replace(LETTER, id="m2", to=(f"#{number}",)))[0].said == f"reply on ticket {number}"
    assert carried(desk, replace(LETTER, id="m3", to=("#99",)))[0].fate is Fate.REFUSED
    tickets.clear()
    assert carried(desk, replace(LETTER, id="m4", thread=first.thread))[0].fate is Fate.SENT
    assert len(tickets) == 1


def test_a_pager_is_rung_once_and_silenced_by_the_same_key(sinks: Sinks, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, name, silent in (("pagerduty", "pager", "resolve"), ("opsgenie", "opsgenie", "closed")):
        pager = channel(sinks, kind, monkeypatch)
        assert carried(pager)[0].fate is Fate.SENT
        assert carried(pager, replace(LETTER, id="m2"))[0].fate is Fate.SENT
        assert carried(pager, replace(LETTER, about="resolve"))[0].fate is Fate.SENT
        (alert,) = sinks.server.sink(name).alerts.values()  # type: ignore[attr-defined]
        assert silent in (alert, alert["status"] if isinstance(alert, dict) else "")


def test_the_procedures_acknowledgement_reaches_the_monitoring(sinks: Sinks) -> None:
    service = Monitoring(sinks.token("monitoring"), sinks.url("monitoring"), DRILL)
    letter = replace(LETTER, about="acknowledge", key="20261120140000", text="mhassan 2026-11-20T14:02:00Z", to=())
    assert service.send(letter, again=False).fate is Fate.SENT
    assert sinks.server.sink("monitoring").acknowledged == {"20261120140000": "mhassan"}  # type: ignore[attr-defined]


def test_a_letter_arrives_with_its_subject_and_one_message_id(
    sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Subject: [URGENT] Service Disruption - Example\n\nDear customer,\ntoken=abcdef123456"
    assert carried(channel(sinks, "smtp", monkeypatch), replace(LETTER, text=text))[0].fate is Fate.SENT
    (letter,) = sinks.got("mail")
    assert "Subject: [URGENT] Service Disruption - Example" in letter.body
    assert f"Message-ID: <{LETTER.id}@shop.example>" in letter.body
    assert "abcdef123456" not in letter.body


def test_the_signed_webhook_carries_the_idempotency_key(sinks: Sinks, monkeypatch: pytest.MonkeyPatch) -> None:
    assert carried(channel(sinks, "webhook", monkeypatch))[0].fate is Fate.SENT
    assert json.loads(sinks.got("webhook")[0].text)["id"] == LETTER.id
    monkeypatch.setenv("COCKPIT_TEST_SECRET", "another")
    wrong = open_channel(
        Way("x", ChannelConfig(kind="webhook", secret="env:COCKPIT_TEST_SECRET", url=sinks.url("webhook"))),  # noqa: S106
        DRILL,
    )
    assert carried(wrong)[0].fate is Fate.REFUSED


def test_slack_opens_the_channel_sets_its_topic_and_posts(workspace: SlackSink) -> None:
    api = SlackApi(workspace.token, "#incidents", DRILL, base=workspace.url)
    opened = api.open_channel("#incident-20261120140000", "Severity: P1 | Status: ACTIVE")
    assert opened.said == workspace.channels["incident-20261120140000"]
    assert workspace.topics[opened.said] == "Severity: P1 | Status: ACTIVE"
    assert api.open_channel("#incident-20261120140000", "again").said == "#incident-20261120140000"
    outcome, _ = carried(api, replace(LETTER, to=("#critical-alerts",)))
    assert outcome.fate is Fate.SENT
    assert workspace.messages[0]["channel"] == "#critical-alerts"


@pytest.mark.parametrize("fault", ["lost", "ratelimited", "internal_error"])
def test_slack_is_asked_again_and_told_once(workspace: SlackSink, fault: str) -> None:
    workspace.faults = [fault]
    outcome, journal = carried(SlackApi(workspace.token, "#incidents", DRILL, base=workspace.url))
    assert outcome.fate is Fate.SENT
    assert journal.kinds == ["message.intent", "message.attempt", "message.sent"]
    assert len(workspace.messages) == 1


def test_slack_says_why_it_refuses_without_the_token(workspace: SlackSink) -> None:
    outcome, _ = carried(SlackApi("xoxb-wrong-token", "#x", DRILL, base=workspace.url))
    assert outcome == Outcome(Fate.REFUSED, "Slack refused chat.postMessage: invalid_auth.")


@pytest.mark.parametrize(("words", "name"), [("#Incident 42!", "incident-42"), ("x" * 99, "x" * 80)])
def test_a_channel_name_is_what_slack_takes(words: str, name: str) -> None:
    assert channel_name(words) == name


def test_files_are_private_and_written_once(tmp_path: Path) -> None:
    way = Way("paper", ChannelConfig(kind="file", place=str(tmp_path / "out")))
    assert carried(open_channel(way, DRILL))[0].fate is Fate.SENT
    assert carried(open_channel(way, DRILL))[0].said.endswith("is there already")
    (file,) = (tmp_path / "out").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "We are currently investigating" in file.read_text()


@pytest.mark.parametrize(
    "config",
    [
        ChannelConfig(kind="slack"),
        ChannelConfig(kind="file"),
        ChannelConfig(kind="ses"),
        ChannelConfig(kind="smtp", url="mail.example"),
        ChannelConfig(kind="webhook", url="nonsense"),
    ],
)
def test_a_channel_that_cannot_work_is_a_sentence(config: ChannelConfig) -> None:
    with pytest.raises(ConfigError):
        open_channel(Way("x", config), DRILL)
