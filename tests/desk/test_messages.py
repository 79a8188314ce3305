"""Messages as a desk sends them: over the right channel, with no field unfilled, and all see what came of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.comms.courier import Errand, carry
from cockpit.comms.journal import Patience
from cockpit.desk import Desk
from cockpit.errors import BadInput, IllegalMove, NotFound, Refused
from storage.errors import EditConflict
from tests.comms.sinks import Sinks, SlackSink, slack
from tests.desk.halls import COMPANY, Hall, sending


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    sinks = Sinks()
    yield sinks
    sinks.close()


@pytest.fixture
def workspace() -> Iterator[SlackSink]:
    with slack() as sink:
        yield sink


@pytest.fixture
def hall(tmp_path: Path, sinks: Sinks, workspace: SlackSink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    monkeypatch.setenv("COCKPIT_TEST_SLACK", workspace.token)
    monkeypatch.setenv("COCKPIT_TEST_MONITORING", sinks.token("monitoring"))
    monkeypatch.setenv("COCKPIT_TEST_PAGE", sinks.token("status-page"))
    monkeypatch.setenv("COCKPIT_TEST_TICKET", sinks.token("ticket"))
    page = sinks.server.sink("status-page").page  # type: ignore[attr-defined]
    channels = {
        "status-page": {
            "kind": "statuspage",
            "url": sinks.url("status-page"),
            "place": page,
            "secret": "env:COCKPIT_TEST_PAGE",
            "audiences": ["customers"],
        },
        "paper": {"kind": "file", "place": str(tmp_path / "out"), "audiences": ["partners"]},
        "room": {"kind": "slack", "url": workspace.url, "secret": "env:COCKPIT_TEST_SLACK", "place": "#incidents"},
        "monitoring": {
            "kind": "monitoring",
            "url": sinks.url("monitoring"),
            "secret": "env:COCKPIT_TEST_MONITORING",
        },
        "tickets": {
            "kind": "freshdesk",
            "url": sinks.url("ticket"),
            "secret": "env:COCKPIT_TEST_TICKET",
            "audiences": ["owners"],
        },
        "ses": {"kind": "ses", "sender": "ops@shop.example", "audiences": ["executives"]},
    }
    settings = {**COMPANY, "channels": channels, "chat_webhook": f"url:{sinks.url('chat')}"}
    hall = Hall(tmp_path / "cockpit.db", settings)
    yield hall
    hall.leave()


def now_or_never(errand: Errand) -> bool:
    return carry(errand, wait=lambda _: None, patience=Patience(attempts=2))


@pytest.fixture
def mona(hall: Hall) -> Desk:
    desk = hall.sit("mona")
    desk.incidents.open_from_alert(hall.alert(desk), take_lead=True)
    sending(desk, now_or_never)
    return desk


def told(desk: Desk) -> list[tuple[str, str, str]]:
    desk.refresh()
    return [(each.audience, each.channel, each.state) for each in desk.messages.told(1)]


def test_customers_read_it_on_the_status_page_and_the_clock_is_met(mona: Desk, sinks: Sinks) -> None:
    draft = mona.messages.draft(1, "customers")
    assert draft.missing == ()
    assert mona.messages.send(1, "customers", draft.text) == "status-page"
    assert told(mona) == [("customers", "status-page", "sent")]
    (clock,) = [each for each in mona.incidents.deadlines(1) if each.name == "customers"]
    assert clock.met_at is not None
    mona.incidents.move(1, "identified")
    mona.messages.send(1, "customers", mona.messages.draft(1, "customers", eta="14:30Z").text)
    (incident,) = sinks.server.sink("status-page").incidents.values()  # type: ignore[attr-defined]
    assert [update["status"] for update in incident.updates] == ["identified", "investigating"]


def test_a_state_of_the_status_page_that_is_skipped_or_taken_back_has_a_reason(mona: Desk, sinks: Sinks) -> None:
    sinks.server.sink("status-page").incidents.clear()  # type: ignore[attr-defined]
    mona.messages.send(1, "customers", "Investigating\n\nWe look into it.")
    mona.refresh()
    mona.incidents.move(1, "monitoring")
    assert mona.messages.page_order(1) == "Customers would read monitoring without having read identified: say why."
    for channel in ("", "hand"):
        with pytest.raises(Refused, match="without having read identified"):
            mona.messages.send(1, "customers", "Watching\n\nAll is well.", channel=channel)
    mona.messages.send(1, "customers", "Watching\n\nAll is well.", reason="mended before it was understood")
    mona.refresh()
    texts = [entry.text for entry in mona.incidents.timeline(1)]
    assert "Status page at monitoring: mended before it was understood" in texts
    mona.incidents.move(1, "identified", reason="it is back")
    assert mona.messages.page_order(1) == "", "the incident's own reason is on record"
    mona.messages.send(1, "customers", "Found\n\nIt is back.", reason="it is back")
    (incident,) = sinks.server.sink("status-page").incidents.values()  # type: ignore[attr-defined]
    assert [update["status"] for update in incident.updates] == ["identified", "monitoring", "investigating"]


def test_a_channel_that_fails_is_on_record_and_another_one_settles_it(mona: Desk, sinks: Sinks) -> None:
    with sinks.trouble("chat", "error"):
        mona.messages.send(1, "internal", "INC-1: we are on it")
    assert told(mona) == [("internal", "chat", "failed")]
    (failed,) = mona.messages.undelivered(1)
    assert (failed.attempts, "answered 500" in failed.said) == (2, True)
    with pytest.raises(NotFound):
        mona.messages.resend("nonsense")
    assert mona.messages.resend(failed.id, channel="paper") == "paper"
    assert told(mona)[0] == ("internal", "paper", "sent")
    assert not mona.messages.undelivered(1)
    arrived = mona.messages.told(1)[0]
    with pytest.raises(Refused, match="has arrived"):
        mona.messages.resend(arrived.id)


def test_another_terminal_sees_who_was_told_what_when(hall: Hall, mona: Desk) -> None:
    ayumi = hall.sit("ayumi")
    mona.messages.send(1, "partners", "Your integration is affected", to=["api@partner.example"])
    ayumi.refresh()
    (delivery,) = ayumi.messages.told(1)
    assert (delivery.by, delivery.to, delivery.state) == ("mona", ("api@partner.example",), "sent")
    assert delivery.incident == mona.incidents.get(1).uid


def test_acknowledging_tells_the_chat_and_silences_monitoring_and_pagers_once(mona: Desk, sinks: Sinks) -> None:
    sinks.server.received.clear()
    assert mona.messages.acknowledged(1) == ("chat", "monitoring")
    mona.refresh()
    mona.messages.acknowledged(1)
    incident = mona.incidents.get(1)
    stamp = f"{incident.opened_at:%Y%m%d%H%M%S}"
    assert sinks.server.sink("monitoring").acknowledged == {stamp: "mona"}  # type: ignore[attr-defined]
    assert [each.text for each in sinks.got("chat")] == [f"🚨 INCIDENT {stamp} acknowledged by mona - Severity: P1"]
    mona.refresh()
    assert not [each for each in mona.incidents.get(1).updates if each.audience == "internal"], "that is no update"


def test_small_incidents_are_summed_up_for_the_team_once_a_day(mona: Desk, sinks: Sinks) -> None:
    sinks.server.received.clear()
    mona.incidents.open("A certificate ends in a month", severity="P3", targets=["web.example"])
    mona.incidents.open("A key has leaked", severity="P3", readers=[])
    text = mona.messages.digest(7).text
    assert "Opened: 1 · resolved: 0 · still open: 1" in text
    assert "- INC-2 A certificate ends in a month (web.example): detected, 0s" in text
    assert "leaked" not in text
    assert [mona.messages.send_digest(text, 7) for _ in range(2)] == ["chat", "chat"]
    assert len(sinks.got("chat")) == 1


def test_nobody_is_told_of_what_nobody_acknowledged(hall: Hall, mona: Desk) -> None:
    uid = mona.incidents.open("Mail is late", severity="P2").uid
    assert mona.messages.acknowledged(uid) == ()


def test_owners_get_a_ticket_each_and_what_follows_on_it(mona: Desk, sinks: Sinks) -> None:
    rows = "service_name,email_domain,owner_name,owner_email,is_active\n"
    rows += "".join(
        f"{name},orders@shop.example,{name},{name}@shop.example,t\n" for name in ("checkout", "receipts")
    )
    mona.owners.take(rows, "the query", "shop.example")
    assert mona.messages.recipients(1, "customers") == ()
    for text in ("Subject: DNS\n\nPlease publish the records.", "Subject: DNS\n\nAll is well again."):
        mona.messages.send(1, "owners", text)
        mona.refresh()
    tickets = list(sinks.server.sink("ticket").tickets.values())  # type: ignore[attr-defined]
    assert [ticket["email"] for ticket in tickets] == ["checkout@shop.example", "receipts@shop.example"]
    assert [[each["body"] for each in ticket["conversations"]] for ticket in tickets] == [
        ["All is well again."]
    ] * 2
    assert mona.messages.told(1)[0].to == ("checkout@shop.example", "receipts@shop.example")


def test_what_was_told_of_a_restricted_incident_is_shown_to_its_readers_only(hall: Hall, mona: Desk) -> None:
    mona.messages.send(1, "partners", "Your integration is affected", channel="hand")
    mona.declaring.restrict(1, [], reason="a key has leaked")
    assert mona.messages.told()
    ayumi = hall.sit("ayumi")
    assert not ayumi.messages.told()
    with pytest.raises(Refused, match="restricted"):
        ayumi.messages.told(1)


def test_what_is_lost_with_its_courier_is_shown_after_a_while(hall: Hall, mona: Desk) -> None:
    uid = mona.incidents.get(1).uid
    body = {"message": "m1", "channel": "chat", "audience": "internal", "text": "x"}
    hall.tell(mona, "message.intent", body, f"incident/{uid}")
    assert not mona.messages.undelivered(1)
    hall.forward(21)
    assert [each.id for each in mona.messages.undelivered(1)] == ["m1"]


def test_mail_by_ses_is_warned_of_while_ses_is_the_incident(mona: Desk) -> None:
    warning = mona.messages.warning(1, "ses")
    assert warning == "SES itself is the incident: this mail may not arrive"
    cards = {card.name: card for card in mona.messages.channels(1, "executives")}
    assert (cards["ses"].usual, cards["ses"].warning, cards["hand"].usual) == (True, warning, False)


def test_nothing_goes_out_with_a_field_unfilled_or_over_no_channel(mona: Desk) -> None:
    draft = mona.messages.draft(1, "internal")
    assert "impact" in draft.missing
    with pytest.raises(BadInput, match="still has a field"):
        mona.messages.send(1, "internal", draft.text)
    filled = mona.messages.draft(1, "internal", impact="one in three mails is late")
    assert filled.missing == ()
    with pytest.raises(BadInput, match="no channel 'carrier-pigeon'"):
        mona.messages.send(1, "internal", "x", channel="carrier-pigeon")
    with pytest.raises(BadInput, match="no audience"):
        mona.messages.send(1, "everybody", "x")


def test_a_template_is_edited_as_a_version_and_two_editors_meet(hall: Hall, mona: Desk) -> None:
    words = mona.messages.words
    known = words.get("slack_update")
    assert words.save("slack_update", known.text + "\nBridge: {{bridge}}", known.version).version == 2
    assert mona.messages.draft(1, "internal", "slack_update").missing[-1] == "bridge"
    with pytest.raises(EditConflict) as conflict:
        hall.sit("ayumi").messages.words.save("slack_update", "other {{status}}", known.version)
    assert "Bridge" in conflict.value.theirs
    assert words.restore("slack_update", 2).version == 3
    card = next(card for card in words.all() if card.name == "slack_update")
    assert (card.edited, card.version) == (False, 3)
    assert [(each.version, each.author) for each in words.versions("slack_update")] == [
        (1, "bundled"),
        (2, "mona"),
        (3, "mona"),
    ]
    assert "Bridge" in words.restore("slack_update", 3, version=2).text
    assert next(card for card in words.all() if card.name == "slack_update").edited
    with pytest.raises(NotFound, match="has no version 9; it stands at 4"):
        words.restore("slack_update", 4, version=9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ if x }}", "not a placeholder"),
        ("led by {{lead}}", "is internal and this text is for the public"),
        ("", "between 1 and"),
        ("token=abcdef123456", "looks like a secret"),
    ],
)
def test_what_is_no_template_for_the_public_is_refused(mona: Desk, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        mona.messages.words.save("status_resolved", text, 1)
    assert mona.messages.words.get("status_resolved").version == 1


def test_resolving_is_gated_and_an_override_says_what_was_open(mona: Desk) -> None:
    with pytest.raises(IllegalMove, match="Not resolved"):
        mona.validations.resolve(1)
    with pytest.raises(IllegalMove, match=r"Gradual Restoration: somebody has to confirm it"):
        mona.incidents.move(1, "resolved")
    mona.validations.confirm(1, "customers", said="three orders went through")
    mona.validations.start_run(1)
    with pytest.raises(BadInput, match="not for a person"):
        mona.validations.confirm(1, "green")
    incident = mona.validations.resolve(1, reason="the watch is down, seen by hand")
    assert incident.steps[-1].reason.endswith("(open: green, health, restoration, run)")
    assert mona.validations.inconsistencies(1) == ["The onset is not confirmed."]
    with pytest.raises(IllegalMove, match="onset is not confirmed"):
        mona.validations.review(1)
    mona.incidents.confirm_onset(1)
    assert mona.validations.review(1).state == "review"


def test_slack_gets_a_room_for_the_incident_and_what_follows_goes_there(mona: Desk, workspace: SlackSink) -> None:
    assert mona.messages.open_room(1) == "#incident-20261120140000"
    (room,) = workspace.channels.values()
    assert (
        workspace.topics[room] == "Incident ID: 20261120140000 (INC-1) | Severity: P1 | Status: ACTIVE | IC: @mona"
    )
    mona.refresh()
    mona.messages.send(1, "internal", "we look at it", channel="room")
    mona.refresh()
    mona.messages.send(1, "internal", "we know it", channel="room")
    assert [message["channel"] for message in workspace.messages] == [room, room]


def test_the_team_is_called_and_every_open_role_paged(mona: Desk, sinks: Sinks) -> None:
    sinks.server.received.clear()
    assert mona.messages.assemble(1) == ["chat", "monitoring"]
    assert "**Required Roles:** IC TL CL" in sinks.got("chat")[0].text
    paged = [each.text.split()[1] for each in sinks.got("monitoring")]
    assert paged == ["technical-lead", "communications-lead"]


def test_an_incident_is_closed_with_six_facts_on_record_or_for_a_reason(mona: Desk) -> None:
    mona.incidents.confirm_onset(1)
    mona.incidents.move(1, "resolved", reason="seen by hand")
    mona.incidents.move(1, "review")
    with pytest.raises(IllegalMove, match="Client contact is not on record .* Actions taken is not on record"):
        mona.incidents.move(1, "closed")
    mona.incidents.note(1, "c Ada of checkout, by phone")
    assert list(mona.closing.missing(1)) == ["actions"]
    mona.incidents.note(1, "x published the record anew")
    assert [fact.name for fact in mona.closing.facts(1)] == [
        "alert", "domains", "services", "clients", "actions", "resolved"
    ]  # fmt: skip
    assert mona.incidents.move(1, "closed").state == "closed"
