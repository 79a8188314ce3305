"""Each clock starts, is met, missed or put off as the profile's document says."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from cockpit.incident.deadlines import (
    TITLES,
    Deadline,
    DeadlineState,
    deadlines,
    next_deadline,
    overdue,
)
from cockpit.incident.office_hours import OfficeHours
from tests.incident.history import T0, History, minute, stamp

MINUTES = {
    ("emergency", "P0"): {
        "acknowledge": 5,
        "customers": 5,
        "update": 30,
        "escalation-1": 5,
        "escalation-2": 15,
        "escalation-3": 30,
        "escalation-4": 60,
        "rto": 15,
    },
    ("emergency", "P1"): {
        "acknowledge": 15,
        "customers": 15,
        "update": 30,
        "escalation-1": 5,
        "escalation-2": 15,
        "rto": 15,
    },
    ("emergency", "P2"): {"acknowledge": 60, "customers": 60, "update": 30, "escalation-1": 5},
    ("standard", "P0"): {"acknowledge": 15, "customers": 60, "partners": 30, "executives": 15, "update": 30},
    ("standard", "P1"): {"acknowledge": 30, "customers": 60, "partners": 30, "management": 60, "update": 30},
    ("standard", "P2"): {"acknowledge": 120, "partners": 30, "update": 30},
    ("notify", "P2"): {},
    ("notify", "P3"): {},
}


def clock(history: History, name: str, at: float) -> Deadline:
    return {deadline.name: deadline for deadline in deadlines(history.incident, minute(at))}[name]


@pytest.mark.parametrize(("profile", "severity"), list(MINUTES))
def test_the_numbers_are_those_of_the_document(profile: str, severity: str) -> None:
    history = History(profile, severity).opened(services=["partner gateway"])
    clocks = deadlines(history.incident, T0)
    assert [deadline.name for deadline in clocks] == list(TITLES)
    due = {c.name: (c.due - T0) / timedelta(minutes=1) for c in clocks if c.due is not None}
    assert due == MINUTES[profile, severity]
    for c in clocks:
        pending = DeadlineState.PENDING if c.name in due else DeadlineState.NOT_APPLICABLE
        assert c.state is pending


@pytest.mark.parametrize(("profile", "severity"), list(MINUTES))
def test_every_clock_breaks_one_second_after_it_is_due(profile: str, severity: str) -> None:
    incident = History(profile, severity).opened(services=["partner gateway"]).incident
    for name, minutes in MINUTES[profile, severity].items():
        for extra, state in ((0, DeadlineState.PENDING), (1, DeadlineState.BREACHED)):
            now = minute(minutes) + timedelta(seconds=extra)
            judged = {c.name: c for c in deadlines(incident, now)}[name]
            assert judged.state is state, name


def test_acknowledging_in_time_meets_and_late_stays_visible() -> None:
    assert clock(History().opened().tell("acknowledged", at=15), "acknowledge", 60).state is DeadlineState.MET
    late = clock(History().opened().tell("acknowledged", at=16), "acknowledge", 60)
    assert late.state is DeadlineState.BREACHED
    assert late.met_at == minute(16)
    assert not late.is_running


def test_the_update_clock_starts_again_with_every_update_sent() -> None:
    history = History().opened().tell("update", {"audience": "internal", "text": "x"}, 20)
    assert clock(history, "update", 49).state is DeadlineState.PENDING
    assert clock(history, "update", 51).state is DeadlineState.BREACHED
    history.tell("update", {"audience": "internal", "text": "x", "draft": True}, 45)
    assert clock(history, "update", 51).state is DeadlineState.BREACHED


def test_only_the_right_audience_counts() -> None:
    history = History().opened().tell("update", {"audience": "internal", "text": "x"}, 2)
    assert clock(history, "customers", 3).state is DeadlineState.PENDING
    history.tell("update", {"audience": "public", "text": "x"}, 4)
    assert clock(history, "customers", 60).state is DeadlineState.MET


def test_partners_are_asked_for_only_where_a_partner_is_hurt() -> None:
    history = History("standard", "P1").opened()
    assert clock(history, "partners", 1).state is DeadlineState.NOT_APPLICABLE
    assert "no partner service" in clock(history, "partners", 1).note


def test_levels_are_engaged_by_acknowledging_and_by_role() -> None:
    history = History("emergency", "P0").opened().tell("acknowledged", at=2)
    assert clock(history, "escalation-1", 3).state is DeadlineState.MET
    assert clock(history, "escalation-2", 3).state is DeadlineState.PENDING
    history.tell("role", {"role": "L3", "person": "dana", "kind": "assigned"}, 9)
    assert clock(history, "escalation-2", 10).state is DeadlineState.MET
    assert clock(history, "escalation-3", 10).state is DeadlineState.MET
    assert clock(history, "escalation-4", 10).state is DeadlineState.PENDING


def test_rto_runs_from_the_confirmed_onset_and_says_so() -> None:
    history = History().opened().tell("onset", {"at": stamp(-4), "source": "ns2", "confirmed": False})
    assert clock(history, "rto", 0).due == minute(15)
    assert "not confirmed" in clock(history, "rto", 0).note
    history.tell("onset", {"at": stamp(-4), "source": "ns2", "confirmed": True})
    assert clock(history, "rto", 0).due == minute(11)
    history.tell("acknowledged", at=1).moved("acknowledged", "monitoring", 10)
    assert clock(history, "rto", 60).state is DeadlineState.MET


def test_raising_the_severity_starts_its_clocks_anew() -> None:
    history = History("emergency", "P2").opened().tell("acknowledged", at=2)
    history.tell("severity", {"old": "P2", "new": "P0", "reason": "all domains"}, 40)
    assert clock(history, "customers", 41).due == minute(45)
    assert clock(history, "acknowledge", 41).state is DeadlineState.MET
    history.tell("severity", {"old": "P0", "new": "P2", "reason": "one domain"}, 42)
    assert clock(history, "customers", 43).due == minute(100)


def test_a_snooze_moves_the_update_until_the_next_one() -> None:
    history = History().opened()
    history.tell("snoozed", {"deadline": "update", "until": stamp(50), "reason": "customers asleep"}, 25)
    snoozed = clock(history, "update", 40)
    assert (snoozed.state, snoozed.due, snoozed.snoozed_until) == (DeadlineState.PENDING, minute(50), minute(50))
    assert "customers asleep" in snoozed.note
    history.tell("update", {"audience": "internal", "text": "x"}, 45)
    assert clock(history, "update", 46).due == minute(75)


def test_the_rto_is_a_fact_and_cannot_be_put_off() -> None:
    history = History().opened().tell("snoozed", {"deadline": "rto", "until": stamp(90), "reason": "x"}, 1)
    assert clock(history, "rto", 2).due == minute(15)


def test_clocks_that_ran_when_it_ended_are_not_applicable_and_missed_ones_stay_missed() -> None:
    history = History().opened().tell("acknowledged", at=1).moved("acknowledged", "resolved", 20)
    assert clock(history, "update", 90).state is DeadlineState.NOT_APPLICABLE
    assert clock(history, "customers", 90).state is DeadlineState.BREACHED
    missed = clock(history, "escalation-2", 90)
    assert (missed.state, missed.is_running, missed.ended_at) == (DeadlineState.BREACHED, False, minute(20))


def test_the_next_deadline_is_the_most_overdue_one() -> None:
    history = History().opened().tell("acknowledged", at=1)
    soonest = next_deadline(deadlines(history.incident, minute(2)))
    assert soonest is not None
    assert soonest.name == "customers"
    late = deadlines(history.incident, minute(31))
    assert [c.name for c in overdue(late)] == ["customers", "update", "escalation-2", "rto"]
    assert next_deadline(deadlines(History("notify", "P3").opened().incident, T0)) is None


def test_business_hours_stand_still_over_the_weekend() -> None:
    history = History("emergency", "P3").opened()
    friday_14, monday_10 = T0, datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert deadlines(history.incident, friday_14)[0].due == monday_10
    standard = History("standard", "P3").opened()
    assert deadlines(standard.incident, friday_14)[0].due == datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-20T08:00+00:00", 4, "2026-11-20T13:00+00:00"),
        ("2026-11-20T16:00+00:00", 4, "2026-11-23T12:00+00:00"),
        ("2026-11-21T12:00+00:00", 8, "2026-11-23T17:00+00:00"),
        ("2026-11-20T17:00+00:00", 9, "2026-11-24T10:00+00:00"),
    ],
)
def test_office_time_counts_office_time_only(start: str, hours: int, end: str) -> None:
    after = OfficeHours().after(datetime.fromisoformat(start), timedelta(hours=hours))
    assert after == datetime.fromisoformat(end)


def test_office_hours_follow_their_zone_through_a_clock_change() -> None:
    office = OfficeHours(time(9), time(17), ZoneInfo("America/Toronto"))
    friday = datetime(2026, 10, 30, 20, 0, tzinfo=UTC)
    assert office.after(friday, timedelta(hours=2)) == datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
