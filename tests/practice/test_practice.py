"""The calendar, the training requirements and the trends, from values alone."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.practice.calendar import WEEKS, SlotState, month_of
from cockpit.practice.history import by_person, by_scenario, comparison, previous, span
from cockpit.practice.register import REGISTER, Register
from cockpit.practice.run import Result, Run
from cockpit.practice.training import Change, Member, Requirement, Standing, requirements
from storage.event import Event

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def run(
    at: datetime,
    scenario: str = "zone-deletion",
    week: int | None = 1,
    percent: int = 80,
    people: tuple[str, ...] = (),
    detection_s: float | None = 60.0,
) -> Run:
    """A drill that was run."""
    result = Result(
        scenario=scenario,
        title=scenario,
        type="x",
        started=at,
        percent=percent,
        restored=True,
        week=week,
        detection_s=detection_s,
    )
    return Run(uid=f"{scenario}{at:%d%H%M}", result=result, operator="mona", participants=people, at=at)


def standing(found: tuple[Requirement, ...], person: str, kind: str) -> Requirement:
    (one,) = [one for one in found if (one.person, one.kind) == (person, kind)]
    return one


def test_the_calendar_is_that_of_the_document() -> None:
    told = [(week.drill, week.duration / timedelta(minutes=1)) for week in WEEKS]
    assert told == [
        ("DNS Failure Simulation", 30),
        ("Certificate Emergency", 45),
        ("Load Balancer Failure", 60),
        ("Communication Drill", 30),
    ]


def test_a_month_shows_what_was_held_missed_due_and_ahead() -> None:
    slots = month_of([run(datetime(2026, 11, 9, tzinfo=UTC))], NOW)
    assert [slot.state for slot in slots] == [SlotState.HELD, SlotState.MISSED, SlotState.DUE, SlotState.AHEAD]
    assert (slots[0].begins.day, slots[3].ends) == (1, datetime(2026, 12, 1, tzinfo=UTC))


@pytest.mark.parametrize("month", range(1, 13))
def test_the_weeks_of_every_month_follow_each_other_without_a_gap(month: int) -> None:
    slots = month_of([], datetime(2028, month, 15, tzinfo=UTC))
    assert all(early.ends == late.begins for early, late in zip(slots, slots[1:], strict=False))
    assert slots[-1].ends.day == 1


def test_a_drill_of_last_month_does_not_count_for_this_one() -> None:
    assert month_of([run(NOW - 30 * DAY)], NOW)[0].state is SlotState.MISSED


def test_a_new_member_has_thirty_days() -> None:
    for days, wanted in ((10, Standing.DUE), (30, Standing.OVERDUE)):
        member = Member("bob", joined=NOW - days * DAY)
        assert standing(requirements([member], [], [], NOW), "bob", "new-member").standing is wanted
    attended = [run(NOW - DAY, people=("bob",))]
    found = requirements([Member("bob", joined=NOW - 40 * DAY)], attended, [], NOW)
    assert standing(found, "bob", "new-member").standing is Standing.OK


def test_a_drill_before_joining_is_no_training_of_a_new_member() -> None:
    found = requirements([Member("bob", joined=NOW - 10 * DAY)], [run(NOW - 20 * DAY, people=("bob",))], [], NOW)
    assert standing(found, "bob", "new-member").standing is Standing.DUE


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        (datetime(2026, 10, 1, tzinfo=UTC), Standing.OK),
        (datetime(2026, 9, 30, tzinfo=UTC), Standing.DUE),
        (datetime(2026, 6, 30, tzinfo=UTC), Standing.OVERDUE),
    ],
)
def test_everybody_is_in_a_drill_each_quarter(last: datetime, wanted: Standing) -> None:
    found = requirements([Member("bob")], [run(last, people=("bob",))], [], NOW)
    assert standing(found, "bob", "quarterly").standing is wanted


def test_the_last_quarter_of_a_year_ends_with_the_year() -> None:
    found = requirements([Member("bob")], [run(datetime(2026, 8, 1, tzinfo=UTC), people=("bob",))], [], NOW)
    assert standing(found, "bob", "quarterly").due == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "wanted"), [(None, Standing.OVERDUE), (366, Standing.OVERDUE), (355, Standing.DUE), (100, Standing.OK)]
)
def test_an_incident_commander_is_certified_every_year(days: int | None, wanted: Standing) -> None:
    certified = None if days is None else NOW - days * DAY
    found = requirements([Member("mona", ("IC",), certified=certified)], [], [], NOW)
    assert standing(found, "mona", "certification").standing is wanted


def test_only_commanders_are_certified() -> None:
    found = requirements([Member("bob", ("TL",))], [], [], NOW)
    assert [one.kind for one in found] == ["quarterly"]


def test_a_changed_procedure_is_trained_within_two_weeks() -> None:
    change = Change("zone restore", NOW - 15 * DAY)
    late = requirements([Member("bob")], [], [change], NOW)
    assert standing(late, "bob", "procedure").standing is Standing.OVERDUE
    done = requirements([Member("bob")], [run(NOW - 3 * DAY, people=("bob",))], [change], NOW)
    assert standing(done, "bob", "procedure").standing is Standing.OK


def test_what_is_overdue_comes_first() -> None:
    found = requirements([Member("mona", ("IC",)), Member("bob")], [], [], NOW)
    assert [one.standing for one in found] == [Standing.OVERDUE, Standing.DUE, Standing.DUE]


def test_trends_are_told_by_scenario_and_by_person() -> None:
    runs = [
        run(NOW - 2 * DAY, percent=60, people=("bob",)),
        run(NOW - DAY, percent=85, detection_s=30.0),
        run(NOW, "certificate-expiry", 2, 90, detection_s=None),
    ]
    zone = {trend.subject: trend for trend in by_scenario(runs)}["zone-deletion"]
    assert (zone.scores, zone.change, zone.best, zone.detection_s) == ((60, 85), 25, 85, 45.0)
    assert {trend.subject: trend.runs for trend in by_person(runs)} == {"mona": 3, "bob": 1}


def test_a_run_is_compared_with_the_one_before_it() -> None:
    first, second = run(NOW - DAY, percent=60), run(NOW, percent=85, detection_s=30.0)
    assert previous([first, second], first) is None
    assert comparison(None, first) == ""
    assert comparison(previous([second, first], second), second) == (
        "85 of 100 after 60 on 2026-11-19, noticed 30 s earlier"
    )
    assert span(None) == "—"


def test_the_register_leaves_out_what_it_cannot_read() -> None:
    register = Register()
    bodies: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("drill/1", "drill.finished", {"result": {"percent": "many"}}),
        (REGISTER, "practice.joined", {"person": "bob", "at": "2026-11-01T00:00:00Z"}),
        (REGISTER, "practice.certified", {"person": "", "at": "soon"}),
        ("ops", "practice.joined", {"person": "eve", "at": "2026-11-01T00:00:00Z"}),
    )
    for number, (stream, kind, body) in enumerate(bodies, 1):
        register.absorb(_event(number, stream, kind, body))
    assert (register.unreadable, list(register.joined), register.certified) == (1, ["bob"], {})


def _event(seq: int, stream: str, kind: str, body: dict[str, object]) -> Event:
    return Event(
        seq=seq,
        id=str(seq),
        stream=stream,
        kind=kind,
        occurred_at=NOW,
        recorded_at=NOW,
        actor="mona",
        host="h",
        body=body,
        prev="",
        hash="",
    )
