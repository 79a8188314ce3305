"""Incident command over a real database: few keys, one incident per alert, races put in order."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.errors import BadInput, IllegalMove, NotFound, Refused
from cockpit.incident.deadlines import DeadlineState
from cockpit.incident.metrics import Recording
from cockpit.incident.model import Incident, State
from storage.errors import EditConflict
from tests.incident.terminals import Hall, Terminal

T0 = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "cockpit.db")
    yield hall
    hall.leave()


@pytest.fixture
def mine(hall: Hall) -> Terminal:
    return hall.sit("mhassan")


def led(terminal: Terminal) -> Incident:
    return terminal.incidents.open_from_alert(terminal.alert(), take_lead=True)


def test_one_key_opens_acknowledges_and_leads(mine: Terminal) -> None:
    incident = led(mine)
    assert (incident.ref, incident.state, incident.lead) == ("INC-1", State.ACKNOWLEDGED, "mhassan")
    assert incident.title == "DKIM record missing: shop.example"
    assert (incident.severity, incident.profile) == ("P1", "emergency")
    assert incident.onset is not None
    assert not incident.onset.confirmed
    assert incident.onset.at == T0 - timedelta(minutes=4)


def test_opening_an_alert_twice_gives_the_same_incident(mine: Terminal) -> None:
    first = led(mine)
    assert mine.incidents.open_from_alert("a1").uid == first.uid
    assert len(mine.incidents.all()) == 1


def test_a_new_alert_about_the_same_thing_joins_the_open_incident(mine: Terminal) -> None:
    first = led(mine)
    joined = mine.incidents.open_from_alert(mine.alert("a2"))
    assert joined.uid == first.uid
    assert joined.alerts == ("a1", "a2")
    assert [incident.uid for incident in mine.incidents.related("a2")] == [first.uid]


def test_the_same_thing_after_the_end_is_a_new_incident(mine: Terminal) -> None:
    first = led(mine)
    mine.cleared()
    mine.incidents.move(first.ref, "resolved")
    second = mine.incidents.open_from_alert(mine.alert("a2"))
    assert second.number == 2
    again = mine.incidents.open_from_alert("a1", take_lead=True)
    assert again.uid == first.uid
    assert again.state is State.RESOLVED


def test_an_unknown_alert_is_not_found(mine: Terminal) -> None:
    with pytest.raises(NotFound):
        mine.incidents.open_from_alert("nothing")


@pytest.mark.parametrize("name", [1, "1", "INC-1", "inc-1", "#1"])
def test_an_incident_is_found_by_what_people_call_it(mine: Terminal, name: int | str) -> None:
    incident = led(mine)
    assert mine.incidents.get(name) == incident
    assert mine.incidents.get(incident.uid) == incident


@pytest.mark.parametrize("name", [2, 0, "INC-", "INC-2", "", "x\x1b[2J", "٣"])
def test_a_name_that_is_none_is_not_found(mine: Terminal, name: int | str) -> None:
    led(mine)
    with pytest.raises(NotFound) as missing:
        mine.incidents.get(name)
    assert "\x1b" not in str(missing.value)


def test_opening_by_hand_checks_what_it_is_given(mine: Terminal) -> None:
    incident = mine.incidents.open("Mail refused by gmail", severity="p2", targets=["shop.example"], take_lead=True)
    assert (incident.severity, incident.lead) == ("P2", "mhassan")
    with pytest.raises(BadInput):
        mine.incidents.open("x", severity="P9")
    with pytest.raises(BadInput):
        mine.incidents.open("  ", severity="P1")
    with pytest.raises(BadInput):
        mine.incidents.open("x", severity="P1", detected_at=T0 + timedelta(hours=1))
    assert len(mine.incidents.all()) == 1


def test_an_alert_without_a_severity_gets_a_suggested_one(mine: Terminal) -> None:
    incident = mine.incidents.open_from_alert(mine.alert(severity="", severity_reason=""))
    assert incident.severity == "P1"
    assert "several services" in incident.severity_reason


def test_acknowledging_twice_names_who_did_it(mine: Terminal, hall: Hall) -> None:
    mine.incidents.open_from_alert(mine.alert())
    mine.incidents.acknowledge(1)
    with pytest.raises(IllegalMove, match="mhassan took it on"):
        hall.sit("ayumi").incidents.acknowledge(1)


def test_a_past_note_stands_where_it_happened(mine: Terminal) -> None:
    led(mine)
    mine.forward(3)
    mine.incidents.note(1, "-10m NS changed by hosting team")
    first, *_ = mine.incidents.timeline(1)
    assert (first.text, first.late) == ("NS changed by hosting team", True)
    assert mine.incidents.get(1).notes == 1


def test_a_refused_command_leaves_nothing_behind(mine: Terminal) -> None:
    led(mine)
    before = mine.feed.ledger.head()
    commands: tuple[Callable[[], Incident], ...] = (
        lambda: mine.incidents.note(1, "14:59 not yet"),
        lambda: mine.incidents.move(1, "review"),
        lambda: mine.incidents.assign(1, "king", "x"),
        lambda: mine.incidents.release(1, "TL"),
        lambda: mine.incidents.snooze(1, "rto", timedelta(minutes=5), "why not"),
        lambda: mine.incidents.snooze(1, "update", timedelta(minutes=-5), "why not"),
        lambda: mine.incidents.confirm_onset(1, T0 + timedelta(minutes=1)),
        lambda: mine.incidents.set_severity(1, "P1", "same"),
        lambda: mine.incidents.amend(1, "nothing", reason="x", text="y"),
        lambda: mine.incidents.link(1, alert="nothing"),
        lambda: mine.incidents.link(1, run="a", action="b"),
        lambda: mine.incidents.mark_duplicate(1, 1),
        lambda: mine.incidents.record_update(1, audience="customers", text=" "),
    )
    for refused in commands:
        with pytest.raises((BadInput, Refused, NotFound)):
            refused()
    assert mine.feed.ledger.head() == before


def test_a_runbook_and_an_action_move_it_along(mine: Terminal) -> None:
    led(mine)
    assert mine.incidents.link(1, run="r1").state is State.INVESTIGATING
    assert mine.incidents.link(1, action="x1").state is State.MITIGATING
    incident = mine.incidents.link(1, run="r2")
    assert incident.state is State.MITIGATING
    assert (incident.runs, incident.actions) == (("r1", "r2"), ("x1",))


def test_events_of_linked_runs_and_actions_stand_in_the_timeline(mine: Terminal) -> None:
    led(mine)
    mine.incidents.link(1, action="x1")
    with mine.feed.decide() as pen:
        pen.append("action/x1", "action.succeeded", {"sentence": "SES signs with s2026b"})
        pen.append("action/x2", "action.succeeded", {"sentence": "somebody else's"})
    texts = [entry.text for entry in mine.incidents.timeline(1)]
    assert "succeeded: SES signs with s2026b" in texts
    assert not any("somebody" in text for text in texts)


def test_resolving_waits_for_the_alert_and_the_checks(mine: Terminal) -> None:
    led(mine)
    mine.health("OK", "FAIL")
    with pytest.raises(IllegalMove, match=r"still failing: shop\.example dkim"):
        mine.incidents.move(1, State.RESOLVED)
    mine.cleared()
    mine.health("FAIL", "UNKNOWN")
    with pytest.raises(IllegalMove, match=r"not known: shop\.example dkim"):
        mine.incidents.move(1, State.RESOLVED)
    mine.health("UNKNOWN", "OK")
    assert mine.incidents.checks(1).green
    incident = mine.incidents.move(1, State.RESOLVED)
    assert incident.checks is not None
    assert incident.checks.green
    assert "→ resolved" in mine.incidents.timeline(1)[-1].text


def test_resolving_against_the_checks_needs_words_that_are_kept(mine: Terminal) -> None:
    led(mine)
    incident = mine.incidents.move(1, State.RESOLVED, reason="watch is down, verified by dig")
    assert incident.state is State.RESOLVED
    assert incident.steps[-1].reason == "watch is down, verified by dig"


def test_the_clocks_and_metrics_follow(mine: Terminal) -> None:
    led(mine)
    mine.forward(2)
    mine.incidents.record_update(1, audience="Customers", text="We are investigating.", channel="status page")
    clocks = {deadline.name: deadline for deadline in mine.incidents.deadlines(1)}
    assert clocks["customers"].state is DeadlineState.MET
    assert clocks["update"].due == mine.clock.now() + timedelta(minutes=30)
    mine.incidents.snooze(1, "update", timedelta(minutes=45), "nothing new to say")
    clocks = {deadline.name: deadline for deadline in mine.incidents.deadlines(1)}
    assert clocks["update"].due == mine.clock.now() + timedelta(minutes=45)
    assert mine.incidents.metrics(1)[0].recording is Recording.PENDING
    mine.incidents.confirm_onset(1)
    assert mine.incidents.metrics(1)[0].value == timedelta(minutes=4)


def test_a_duplicate_is_closed_and_linked_both_ways(mine: Terminal) -> None:
    led(mine)
    mine.incidents.open("SES says DKIM failed", severity="P2")
    duplicate = mine.incidents.mark_duplicate(2, 1)
    assert (duplicate.state, duplicate.duplicate_of) == (State.CLOSED, mine.incidents.get(1).uid)
    assert mine.incidents.get(1).related == (duplicate.uid,)
    with pytest.raises(Refused):
        mine.incidents.mark_duplicate(1, 2)


def test_reopening_keeps_the_same_incident(mine: Terminal) -> None:
    led(mine)
    mine.incidents.move(1, "resolved", reason="verified by hand")
    with pytest.raises(IllegalMove, match="at least 10"):
        mine.incidents.move(1, "investigating", reason="again")
    assert mine.incidents.move(1, "investigating", reason="it failed again at ns2").reopened == 1


def test_open_incidents_come_worst_first(mine: Terminal) -> None:
    for severity in ("P2", "P0", "P1"):
        mine.incidents.open(f"trouble {severity}", severity=severity)
    assert [incident.severity for incident in mine.incidents.open_incidents()] == ["P0", "P1", "P2"]
    assert [incident.number for incident in mine.incidents.all()] == [3, 2, 1]


def test_hostile_alert_text_reaches_no_title_and_no_entry(mine: Terminal) -> None:
    mine.alert(kind="invented", headline="\x1b]52;c;cHduZWQ=\x07 \u202e[/bold]", target="shop\x9b.example")
    incident = mine.incidents.open_from_alert("a1")
    for text in (incident.title, *(entry.text for entry in mine.incidents.timeline(1, noise=True))):
        assert text.isprintable()


def test_a_second_terminal_sees_everything(mine: Terminal, hall: Hall) -> None:
    led(mine)
    theirs = hall.sit("ayumi")
    mine.incidents.note(1, "from mhassan")
    theirs.incidents.note(1, "from ayumi")
    mine.feed.catch_up()
    assert mine.incidents.get(1) == theirs.incidents.get(1)
    assert mine.incidents.timeline(1) == theirs.incidents.timeline(1)


def test_an_edit_race_shows_both_texts(mine: Terminal, hall: Hall) -> None:
    led(mine)
    mine.incidents.note(1, "NS chnged")
    theirs = hall.sit("ayumi")
    entry = mine.incidents.timeline(1)[-1]
    theirs.incidents.amend(1, entry.id, text="NS changed at 13:50", reason="time", base=0)
    with pytest.raises(EditConflict) as lost:
        mine.incidents.amend(1, entry.id, text="NS changed", reason="typo", base=len(entry.history))
    assert (lost.value.mine, lost.value.theirs, lost.value.author) == ("NS changed", "NS changed at 13:50", "ayumi")
    mine.incidents.amend(1, entry.id, text="NS changed", reason="typo", base=1)
    assert [before.old_text for before in mine.incidents.timeline(1)[-1].history] == [
        "NS chnged",
        "NS changed at 13:50",
    ]


def test_terminals_that_race_open_one_incident_and_number_the_others_without_gaps(hall: Hall) -> None:
    hall.sit("watch").alert()
    start = threading.Barrier(3)
    opened: list[str] = []
    numbers: list[int] = []

    def race(operator: str) -> None:
        own = Hall(hall.path, hall.clock)
        terminal = own.sit(operator)
        try:
            start.wait(10)
            opened.append(terminal.incidents.open_from_alert("a1", take_lead=True).uid)
            for count in range(5):
                numbers.append(terminal.incidents.open(f"{operator} {count}", severity="P3").number)
        finally:
            own.leave()

    racers = [threading.Thread(target=race, args=(name,)) for name in ("a", "b", "c")]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    assert len(opened) == 3
    assert len(set(opened)) == 1
    assert sorted(numbers) == list(range(2, 17))
    late = hall.sit("late").incidents
    assert late.get(1).anomalies == 0
    assert len(late.get(1).roles) == 1
    assert [entry.text for entry in late.timeline(1)].count("acknowledged") == 1
