"""Feedback in every shape that SES has, the one rule who is suppressed, and what of it is counted."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.ses.feedback import Feedback, NotFeedbackError, address, decide, moment, read
from cockpit.ses.sorting import Message, sort
from cockpit.ses.tally import provider_of, tally
from storage.database import Database
from storage.feedback import FeedbackStore, Report
from tests.ses.messages import AT, Replay, bounce, complaint, envelope, event

TARGET = "ses:447112341123/ca-central-1"


@pytest.mark.parametrize("form", ["notificationType", "eventType"])
@pytest.mark.parametrize("wrap", [envelope, json.dumps])
def test_both_forms_come_bare_and_in_an_envelope(form: str, wrap: Any) -> None:
    (found,) = read(wrap(bounce("Ann@Mail.Example", form=form)))
    assert (found.recipient, found.kind, found.subtype, found.suppress) == (
        "ann@mail.example",
        "Bounce",
        "Permanent",
        "BOUNCE",
    )
    assert found.configuration_set == "campaigns"
    assert found.at == AT


def test_events_that_eventbridge_carries_are_read_too() -> None:
    text = json.dumps({"source": "aws.ses", "detail-type": "Email Bounced", "detail": bounce("a@b.example")})
    assert read(text)[0].suppress == "BOUNCE"


@pytest.mark.parametrize(
    ("kind", "subtype", "suppress"),
    [
        ("Bounce", "Permanent", "BOUNCE"),
        ("Bounce", "Transient", ""),
        ("Bounce", "Undetermined", ""),
        ("Complaint", "abuse", "COMPLAINT"),
        ("Complaint", "", "COMPLAINT"),
        ("Complaint", "virus", "COMPLAINT"),
        ("Complaint", "not-spam", ""),
        ("Delivery", "", ""),
    ],
)
def test_the_one_rule(kind: str, subtype: str, suppress: str) -> None:
    assert decide(kind, subtype) == suppress


def test_one_message_may_be_about_many_recipients() -> None:
    found = read(json.dumps(complaint("a@x.example", "b@x.example", "A@x.example")))
    assert [each.recipient for each in found] == ["a@x.example", "b@x.example"]
    assert {each.id for each in found} == {"fb-2"}


@pytest.mark.parametrize(
    "text",
    ["2026-11-21T03:00:00.000Z", "2026-11-21T03:00:00.000000 +0000", "Sat, 21 Nov 2026 03:00:00 +0000"],
)
def test_times_come_in_several_forms(text: str) -> None:
    assert moment(text) == AT


@pytest.mark.parametrize("text", ["", "yesterday", None, 7, "2026-13-41"])
def test_a_time_that_is_none_is_none(text: Any) -> None:
    assert moment(text) is None


@pytest.mark.parametrize("kind", ["Send", "Reject", "Open", "Click", "Rendering Failure", "DeliveryDelay"])
def test_every_event_is_understood(kind: str) -> None:
    found = read(json.dumps(event(kind, "a@x.example")))
    assert all(each.kind == kind and not each.suppress for each in found)


@pytest.mark.parametrize(
    "text",
    [
        envelope("Successfully validated SNS topic for Amazon SES event publishing."),
        json.dumps({"Type": "SubscriptionConfirmation", "Message": "x", "SubscribeURL": "https://e.example"}),
        envelope({"AlarmName": "ses-bounce", "NewStateValue": "ALARM"}),
    ],
)
def test_what_says_nothing_about_mail_is_no_poison(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        envelope("not json"),
        json.dumps({"notificationType": "Bounce"}),
        json.dumps({"notificationType": "Bounce", "mail": {"timestamp": "x"}, "bounce": {}}),
        json.dumps({"notificationType": ["Bounce"], "mail": {}}).replace("[", "").replace("]", ""),
        json.dumps(bounce()),
        json.dumps({**bounce("a@b.example"), "bounce": "text"}),
    ],
)
def test_what_is_no_feedback_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(NotFeedbackError, match=r"\w"):
        read(text)


@settings(max_examples=40)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.dictionaries(st.text(), s)))
def test_no_message_at_all_makes_it_fall_over(value: Any) -> None:
    for text in (json.dumps(value), json.dumps({"eventType": "Bounce", "mail": value, "bounce": value})):
        try:
            read(text)
        except NotFeedbackError:
            continue


def test_an_address_is_compared_without_its_name() -> None:
    assert address('"Ann" <Ann@Mail.Example>') == address(" ann@mail.example ") == "ann@mail.example"


def reports(bodies: list[str]) -> list[Report]:
    sorted_ = sort([Message(str(number), body, AT) for number, body in enumerate(bodies)])
    assert sorted_.aside == ()
    return [Report(*each) for each in sorted_.reports]


def test_20000_events_with_duplicates_and_disorder_end_in_the_right_set(tmp_path: Path) -> None:
    replay = Replay(20_000)
    with closing(Database.open(tmp_path / "c.db")) as database:
        store = FeedbackStore(database)
        for start in range(0, len(replay.bodies), 500):
            store.put(TARGET, reports(replay.bodies[start : start + 500]), {})
        found = {(each.address, each.reason) for each in store.suppressed(TARGET)}
        assert found == replay.expected
        again = reports(replay.bodies[:2000])
        before = store.since(TARGET, AT - timedelta(days=1))
        store.put(TARGET, again, {})
        assert store.since(TARGET, AT - timedelta(days=1)) == before


def test_a_suppression_that_was_taken_back_stays_so_for_old_reports_only(tmp_path: Path) -> None:
    with closing(Database.open(tmp_path / "c.db")) as database:
        store = FeedbackStore(database)
        old = reports([json.dumps(bounce("a@x.example", at=AT))])
        store.put(TARGET, old, {})
        store.take_back(TARGET, "a@x.example", AT + timedelta(hours=1))
        store.put(TARGET, old, {})
        assert store.suppressed(TARGET) == []
        newer = json.dumps(bounce("a@x.example", at=AT + timedelta(hours=2), id_="fb-9"))
        store.put(TARGET, reports([newer]), {})
        assert [each.address for each in store.suppressed(TARGET)] == ["a@x.example"]
        store.put(TARGET, old, {})
        assert store.suppressed_number(TARGET) == 1


def test_the_last_hour_is_counted_by_domain_reason_set_and_provider() -> None:
    bodies = [
        bounce("a@gmail.com", "b@gmail.com", at=AT - timedelta(minutes=5)),
        bounce("c@mail.example", kind="Transient", at=AT - timedelta(minutes=6), id_="fb-3"),
        complaint("d@hotmail.fr", at=AT - timedelta(minutes=7)),
        complaint("e@gmail.com", kind="not-spam", at=AT - timedelta(minutes=8), id_="fb-4"),
        bounce("old@gmail.com", at=AT - timedelta(hours=2), id_="fb-5"),
    ]
    found = tally([each for body in bodies for each in read(json.dumps(body))], AT)
    assert (found.permanent, found.transient, found.complaints, found.not_spam) == (2, 1, 2, 1)
    assert (found.domains[0].name, found.domains[0].number) == ("gmail.com", 3)
    assert found.reasons[0].name == "Permanent General 5.1.1" or "550" in found.reasons[0].name
    assert {each.name for each in found.sets} == {"campaigns", "(none)"}
    assert {each.name for each in found.providers} == {"Google", "Microsoft", "mail.example"}
    assert provider_of("x@yahoo.co.uk") == "Yahoo"


def test_mail_without_trouble_is_only_counted() -> None:
    bodies = [json.dumps(event("Send", "a@x.example", "b@x.example")), json.dumps(event("Delivery", "a@x.example"))]
    found = sort([Message(str(number), body, AT) for number, body in enumerate(bodies)])
    assert found.reports == ()
    assert {(kind, number) for (kind, _, _), number in found.counts.items()} == {("Send", 2), ("Delivery", 1)}


def test_what_is_not_believed_is_set_aside_with_the_reason() -> None:
    found = sort([Message("1", json.dumps(bounce("a@x.example")), AT)], lambda _: "it bears no signature")
    assert [(each.message.id, each.why) for each in found.aside] == [("1", "it bears no signature")]
    assert found.reports == ()


def test_feedback_is_plain_enough_for_a_function_elsewhere() -> None:
    """The decision is carried into AWS Lambda as it is, so its file may import the standard library only."""
    import ast
    import sys

    import cockpit.ses.feedback as module

    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)
    assert Feedback("i", "r", "k", "s", "d", "x", "y", "z", datetime.now(UTC)).suppress == ""
