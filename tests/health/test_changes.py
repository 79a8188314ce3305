"""The record as it was against the record as it is."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.health.changes import since, since_good
from storage.record_history import RecordState

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def state(record: str, value: str, minute: float, *, good: bool = True, why: str = "") -> RecordState:
    before = at(minute - 0.5) if minute else None
    return RecordState("shop.example", "mail.dkim", record, "CNAME", value, good, why, at(minute), before)


def test_a_record_that_vanished_is_shown_as_it_was_with_both_times() -> None:
    states = [
        state("a", "a.dkim", 0),
        state("b", "b.dkim", 0),
        state("a", "", 60, good=False, why="does not exist"),
    ]
    diff = since_good(states)
    (change,) = diff.changes
    assert (change.record, change.old, change.new, change.because) == ("a", "a.dkim", "", "does not exist")
    assert (change.old_at, change.at) == (at(59.5), at(60))
    assert (diff.bad_since, diff.good_at) == (at(60), at(59.5))


def test_a_record_that_goes_from_bad_to_worse_is_still_held_against_its_last_good_state() -> None:
    states = [state("a", "x", 0), state("a", "y", 10, good=False), state("a", "", 20, good=False)]
    (change,) = since_good(states).changes
    assert (change.old, change.new, change.at) == ("x", "", at(10))


def test_what_else_changed_around_that_time_stands_beside_it_and_older_news_does_not() -> None:
    states = [
        state("ns", "old", 0), state("mx", "old", 0), state("a", "x", 0), state("mx", "new", 5),
        state("ns", "new", 90), state("a", "", 100, good=False),
    ]  # fmt: skip
    assert [(each.record, each.old, each.new) for each in since_good(states).changes] == [
        ("ns", "old", "new"),
        ("a", "x", ""),
    ]


def test_when_all_is_well_again_nothing_is_different() -> None:
    states = [state("a", "x", 0), state("a", "", 10, good=False), state("a", "x", 20)]
    assert since_good(states).changes == ()
    assert since_good(states).bad_since is None


def test_a_record_that_never_was_good_is_named_and_not_compared() -> None:
    diff = since_good([state("a", "", 0, good=False)])
    assert diff.changes == ()
    assert diff.never_good == ("a CNAME",)


def test_since_a_moment_every_step_is_told() -> None:
    states = [state("a", "x", 0), state("a", "", 10, good=False), state("a", "z", 20), state("b", "n", 15)]
    assert [(each.record, each.old, each.new) for each in since(states, at(5)).changes] == [
        ("a", "x", ""),
        ("b", None, "n"),
        ("a", "", "z"),
    ]
    assert since(states, at(20)).changes == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "x", "y"]), st.booleans()), max_size=30))
def test_the_old_value_was_good_and_the_new_one_is_the_last(steps: list[tuple[str, str, bool]]) -> None:
    states = [state(record, value, minute, good=good) for minute, (record, value, good) in enumerate(steps)]
    last = {each.record: each for each in states}
    diff = since_good(states)
    bad = {record for record, each in last.items() if not each.good}
    assert {each.record for each in diff.changes if not each.good} <= bad
    assert (diff.bad_since is None) == all(f"{record} CNAME" in diff.never_good for record in bad)
    for change in diff.changes:
        assert change.new == last[change.record].value
        if not change.good:
            assert any(each.good and each.value == change.old for each in states if each.record == change.record)
        assert change.old_at is None or change.old_at <= change.at
