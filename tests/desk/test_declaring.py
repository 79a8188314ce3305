"""Declaring, merging and restricting, and clocks and contacts as a desk has them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.desk import Desk
from cockpit.errors import BadInput, ConfigError, Refused
from cockpit.incident.model import State
from cockpit.incident.roles import open_roles
from tests.desk.halls import COMPANY, Hall

OWN = {
    **COMPANY,
    "own_severity": {"P1": {"customers": 0.1, "update_s": "10m", "criteria": ["ten percent of shops"]}},
    "office_hours": {"start": "08:00", "end": "16:00", "zone": "America/Toronto"},
}


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "cockpit.db")
    yield hall
    hall.leave()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "own.db", OWN)
    yield hall
    hall.leave()


@pytest.fixture
def mona(hall: Hall) -> Desk:
    return hall.sit("mona")


def test_the_sheet_says_what_an_incident_is(mona: Desk) -> None:
    sheet = mona.declaring.sheet()
    assert sheet.definition[0] == "Service disruption or degradation"
    assert list(sheet.objectives) == [
        "Minimize Impact",
        "Restore Service",
        "Preserve Evidence",
        "Communicate",
        "Learn",
    ]
    assert [level.severity for level in sheet.levels] == ["P0", "P1", "P2", "P3"]
    assert {question.name for question in sheet.questions} >= {"customers", "services", "production"}


def test_answers_suggest_and_another_severity_needs_a_reason(mona: Desk) -> None:
    answers = {"customers": "60%", "services": "3", "production": "yes"}
    assert mona.declaring.suggest(answers).severity == "P1"
    with pytest.raises(BadInput, match="amount to P1 .* say why P0"):
        mona.declaring.declare("Mail is late", answers, severity="P0")
    incident = mona.declaring.declare("Mail is late", answers, source="customer", targets=["shop.example"])
    assert (incident.severity, incident.source, incident.lead) == ("P1", "customer", "mona")
    with pytest.raises(BadInput, match="answer yes, no or"):
        mona.declaring.suggest({"outage": "perhaps"})
    with pytest.raises(BadInput, match="between 0 and 100"):
        mona.declaring.suggest({"customers": "120%"})


def test_own_severities_have_their_own_thresholds_and_clocks(own: Hall) -> None:
    desk = own.sit("mona")
    suggestion = desk.declaring.suggest({"customers": "12"})
    assert suggestion.severity == "P1"
    assert "the organisation has set" in suggestion.reason
    assert desk.declaring.sheet().levels[1].criteria == ("ten percent of shops",)
    incident = desk.declaring.declare("Mail is late", {"customers": "12"})
    assert incident.own_terms == (("P1", "update", 600.0),)
    (update,) = [clock for clock in desk.incidents.deadlines(incident.uid) if clock.name == "update"]
    assert update.due == incident.detected_at + timedelta(minutes=10)


def test_an_incident_takes_over_another_with_everything_it_had(hall: Hall, mona: Desk) -> None:
    first = mona.incidents.open_from_alert(hall.alert(mona), take_lead=True)
    second = mona.incidents.open("Website is down", severity="P2", targets=["web.example"])
    third = mona.incidents.open("API is down", severity="P2", services=["api"])
    kept = mona.declaring.merge(second.ref, into=first.ref)
    kept = mona.declaring.merge(third.ref, into=kept.ref)
    assert kept.targets == ("shop.example", "web.example")
    assert kept.services == ("checkout", "newsletter", "api")
    assert kept.merged == (second.uid, third.uid)
    gone = mona.incidents.get(second.ref)
    assert (gone.state, gone.close_code, gone.duplicate_of) == (State.CLOSED, "superseded", first.uid)
    assert mona.declaring.survivor("INC-3").ref == "INC-1"
    assert any("took over incident INC-2" in entry.text for entry in mona.incidents.timeline(1))
    with pytest.raises(Refused, match="merged before"):
        mona.declaring.merge(2, into=1)
    with pytest.raises(Refused, match="into itself"):
        mona.declaring.merge(1, into=1)


def test_more_may_be_hurt_than_was_known(mona: Desk) -> None:
    mona.incidents.open("x", severity="P2", targets=["a.example"])
    assert mona.declaring.widen(1, targets=["b.example"], services=["api"]).targets == ("a.example", "b.example")
    with pytest.raises(BadInput):
        mona.declaring.widen(1)


def test_a_restricted_incident_is_shown_to_its_people_only(hall: Hall, mona: Desk) -> None:
    mona.declaring.declare("Key has leaked", {"breach": "yes"}, readers=["noor"])
    ayumi, noor = hall.sit("ayumi"), hall.sit("noor")
    assert not ayumi.incidents.all()
    with pytest.raises(Refused, match="INC-1 is restricted; ask mona"):
        ayumi.incidents.get(1)
    assert ayumi.next_step().text
    assert noor.incidents.get(1).restricted
    mona.incidents.assign(1, "SL", "ayumi")
    ayumi.refresh()
    assert ayumi.incidents.get(1).restricted
    assert ayumi.incidents.open("Another one", severity="P3").number == 2
    assert not mona.declaring.lift(1, reason="it was told to all").restricted


def test_the_header_counts_the_worst_breach_of_all_incidents(hall: Hall, mona: Desk) -> None:
    mona.incidents.open("Small", severity="P2", take_lead=True)
    mona.incidents.open("Big", severity="P0")
    first = mona.clocks.header(hall.clock.now())
    assert first is not None
    assert (first.ref, first.name) == ("INC-2", "lead")
    hall.forward(6)
    breached = mona.clocks.breaches(hall.clock.now())
    assert {clock.ref for clock in breached} == {"INC-2"}
    assert {"acknowledge", "customers", "escalation-1"} <= {clock.name for clock in breached}
    keys = {clock.key for clock in breached}
    mona.clocks.snooze(2, "customers", 10, "the text is being written")
    assert "customers" not in {clock.name for clock in mona.clocks.breaches(hall.clock.now())}
    assert keys & {clock.key for clock in mona.clocks.breaches(hall.clock.now())}


def test_tasks_offers_and_check_ins_are_clocks_too(hall: Hall, mona: Desk) -> None:
    mona.incidents.open("Small", severity="P3", take_lead=True)
    mona.people.give_task(1, "look at the queue", "ayumi", minutes=3)
    mona.people.offer(1, "IC", "ayumi")
    names = [(clock.name.partition("-")[0], clock.who) for clock in mona.clocks.of(1, hall.clock.now())]
    assert ("task", "ayumi") in names
    assert ("handover", "ayumi") in names
    assert ("checkin", "mona") in names


def test_the_chain_says_who_should_be_there_by_now(hall: Hall, mona: Desk) -> None:
    mona.incidents.open("Big", severity="P0", take_lead=True)
    hall.forward(16)
    now = hall.clock.now()
    assert mona.clocks.escalation_due(1, now).startswith("Level 2, Senior Engineer / Team Lead, should be engaged")
    mona.clocks.escalate(1, 2, "ayumi", reason="nobody else answers")
    assert mona.clocks.escalation_due(1, now) == ""
    line = mona.clocks.chain(1, now)[1]
    assert (line.person, line.level.authority) == ("ayumi", "P1 incidents, non-standard procedures")
    assert mona.clocks.call_out(1, now) == "INC-1 has lasted 10 minutes."


def test_phases_have_clocks(hall: Hall, mona: Desk) -> None:
    mona.incidents.open("Big", severity="P1", take_lead=True)
    phase = mona.clocks.phase(1)
    assert phase is not None
    assert (phase.number, phase.ends) == (1, hall.clock.now() + timedelta(minutes=15))
    assert phase.steps[0].startswith("Acknowledge Alert")
    mona.incidents.move(1, "investigating")
    phase = mona.clocks.phase(1)
    assert phase is not None
    assert not phase.is_late(hall.clock.now() + timedelta(minutes=60))
    assert phase.is_late(hall.clock.now() + timedelta(minutes=61))


def test_the_office_knows_its_own_time(own: Hall) -> None:
    desk = own.sit("mona")
    morning = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
    assert desk.clocks.office(morning).says.startswith("office hours, 08:30 in America/Toronto")
    night = desk.clocks.office(morning - timedelta(hours=2))
    assert (night.open, night.opens) == (False, datetime(2026, 11, 20, 13, 0, tzinfo=UTC))


def test_an_unknown_time_zone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no time zone 'Mars/Base'"):
        Hall(tmp_path / "x.db", {"office_hours": {"zone": "Mars/Base"}}).sit("mona")


def test_executives_are_called_at_their_severity_only(mona: Desk) -> None:
    mona.incidents.open("Small", severity="P2")
    mona.incidents.open("Big", severity="P0")
    assert {"CTO", "CEO"}.isdisjoint(contact.name for contact in mona.contacts.all(1))
    assert {"CTO", "CEO"} <= {contact.name for contact in mona.contacts.all(2)}
    assert {contact.name for contact in mona.contacts.all(severity="P1")} >= {"CTO"}
    assert [contact.name for contact in mona.contacts.of_level(3, 1)] == ["Engineering Manager"]
    assert [contact.phone for contact in mona.contacts.find("mona", 1)] == ["+1 613 555 0142"]


def test_the_registrar_gets_its_five_items(hall: Hall, mona: Desk) -> None:
    mona.incidents.open_from_alert(hall.alert(mona), take_lead=True)
    case = mona.contacts.registrar_case(1, "ds", impact="no mail leaves")
    assert case.to == "Example Registrar"
    assert case.missing == ()
    for line in (
        "Subject: URGENT: DNSSEC DS record updates required urgently for shop.example",
        "Domain name(s) affected: shop.example",
        "Account credentials/verification: account 4711, PIN by phone",
        "Description of emergency: DKIM record missing: shop.example",
        "Business impact assessment: no mail leaves",
        "Requested resolution timeframe: within 1 hour",
    ):
        assert line in case.text
    assert [contact.name for contact in case.contacts] == ["Registrar emergency"]
    with pytest.raises(BadInput, match="known are delegation"):
        mona.contacts.registrar_case(1, "boredom")


def test_cases_for_clouds_and_vendors_are_ready_to_copy(hall: Hall, mona: Desk) -> None:
    mona.incidents.open_from_alert(hall.alert(mona), take_lead=True)
    case = mona.contacts.aws_case(1, "please lift the pause")
    assert "Account 123456789012, region ca-central-1" in case.text
    assert (case.severity, case.missing) == ("urgent", ())
    line = mona.contacts.gcloud_case(1, "dns")
    assert line.text.startswith("gcloud support cases create '--display-name=DNS Resolution Issues - Example Mail'")
    assert line.command[-2:] == ("--classification=technical", "--severity=S2")
    assert "support@cdn.example" in mona.contacts.vendor_case(1, "cdn", "flush").contacts[0].mail


def test_at_night_the_chain_is_called_and_by_day_those_who_do_it(own: Hall) -> None:
    desk = own.sit("mona")
    severe = desk.incidents.open("Mail is late", severity="P2").uid
    small = desk.incidents.open("A certificate ends in a month", severity="P3").uid
    saturday = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    night = desk.contacts.to_call(severe, saturday)
    assert (
        night.says == "After hours (Sat 03:00 in America/Toronto): the on-call escalation, from the first level up."
    )
    assert [(call.what[:7], call.contacts[0].name) for call in night.calls] == [
        ("level 1", "Primary On-Call"),
        ("level 3", "Engineering Manager"),
    ]
    assert desk.contacts.to_call(small, saturday).says.endswith("P3 waits for Mon 08:00.")
    day = desk.contacts.to_call(severe, datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    assert day.says == "Office hours (Fri 10:00 in America/Toronto)."
    assert [(call.what, [each.name for each in call.contacts]) for call in day.calls] == [
        ("technical", ["Mona Hassan", "Ayumi Sato"]),
        ("clients", []),
    ]


def test_what_is_known_of_a_domain_is_filled_in_and_what_was_said_stays(hall: Hall, mona: Desk) -> None:
    mona.owners.take(
        "service_name,email_domain,owner_name,owner_email,is_active\nreceipts,shop.example,Ada,ada@shop.example,t\n",
        "the query",
    )
    filled = mona.declaring.declare("Mail is late", {"customers": "30%"}, targets=["shop.example"])
    assert filled.services == ("checkout", "newsletter", "receipts")
    assert mona.incidents.timeline(filled.uid)[-1].text == "Owners: shop.example: Ada"
    said = mona.declaring.declare("Web is slow", {"customers": "30%"}, targets=["shop.example"], services=["web"])
    assert said.services == ("web",)
    assert mona.declaring.declare("All is odd", {"customers": "30%"}, targets=["else.example"]).services == ()


def test_roles_of_our_own_are_needed_given_and_handed_over(tmp_path: Path) -> None:
    roles = {
        "LEG": {"title": "Legal counsel", "required": ["P0"]},
        "CL": {"required": []},
        "SL": {"required": ["P2"]},
    }
    hall = Hall(tmp_path / "cockpit.db", {**COMPANY, "roles": roles})
    desk, other = hall.sit("mona"), hall.sit("ayumi")
    incident = desk.incidents.open("Customer data is out", severity="P0", take_lead=True)
    assert open_roles(incident) == ("TL", "LEG")
    with pytest.raises(BadInput, match="is not a role; known are IC, .*LEG"):
        desk.incidents.assign(incident.uid, "PR", "ayumi")
    desk.incidents.assign(incident.uid, "leg", "mona")
    assert "Role: Legal counsel (LEG)" in desk.people.offer(incident.uid, "LEG", "ayumi").card
    other.refresh()
    other.people.accept(incident.uid)
    desk.refresh()
    texts = [entry.text for entry in desk.incidents.timeline(incident.uid)]
    assert [text for text in texts if text.startswith("Legal")] == ["Legal counsel: mona", "Legal counsel: ayumi"]
    assert desk.people.check_ins(incident.uid)[-1].title == "Legal counsel"
    assert open_roles(desk.incidents.open("Mail is slow", severity="P2")) == ("TL", "SL")
    hall.leave()


def test_an_incident_opened_by_hand_takes_on_the_alert_about_the_same(hall: Hall, mona: Desk) -> None:
    mine = mona.incidents.open("Mail is refused", severity="P1", type="dkim-missing", targets=["shop.example"])
    other = mona.incidents.open("Web is down", severity="P1", type="service-down", targets=["shop.example"])
    opened = mona.incidents.open_from_alert(hall.alert(mona), take_lead=True)
    assert (opened.uid, opened.alerts, opened.lead) == (mine.uid, ("a1",), "mona")
    assert not mona.incidents.get(other.uid).alerts


def test_what_is_restricted_is_not_merged_into_what_everybody_reads(mona: Desk) -> None:
    secret = mona.incidents.open("A key has leaked", severity="P1", readers=[])
    known = mona.incidents.open("Mail is late", severity="P2")
    with pytest.raises(Refused, match="INC-1 is restricted: restrict INC-2, too"):
        mona.declaring.merge(secret.uid, into=known.uid)
    mona.declaring.restrict(known.uid, [], reason="the same key")
    assert mona.declaring.merge(secret.uid, into=known.uid).merged == (secret.uid,)
