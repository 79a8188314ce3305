"""Only what lasts becomes an alert, only what lasts ends it, and a restart changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.health.hysteresis import (
    FLAP_WINDOW,
    Changed,
    Clear,
    Policy,
    Raise,
    Track,
    Transition,
    Worsen,
    opened,
    replay,
    step,
    weight_of,
)
from cockpit.health.model import DECISION, Observation, Verdict

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
VERDICTS = st.lists(st.sampled_from(list(Verdict)), max_size=FLAP_WINDOW)


def seen(verdict: Verdict, number: int = 0, rung: int = 0) -> Observation:
    return Observation(
        "shop.example",
        "mail.dkim",
        DECISION,
        verdict,
        f"it is {verdict}",
        START + timedelta(seconds=number),
        evidence={"rung": rung},
    )


def run(
    verdicts: list[Verdict], policy: Policy | None = None, track: Track | None = None
) -> tuple[Track, list[Transition]]:
    track = track or Track()
    followed: list[Transition] = []
    for number, verdict in enumerate(verdicts):
        track, transitions = step(track, seen(verdict, number), policy or Policy())
        for transition in transitions:
            if isinstance(transition, Raise):
                track = opened(track, f"alert-{number}", transition)
        followed.extend(transitions)
    return track, followed


def kinds(transitions: list[Transition]) -> list[str]:
    return [type(each).__name__ for each in transitions]


def test_one_failure_is_a_change_and_no_alert() -> None:
    _, followed = run([Verdict.OK, Verdict.FAIL])
    assert kinds(followed) == ["Changed"]


def test_failures_in_a_row_raise_one_alert_that_knows_when_it_began() -> None:
    _, followed = run([Verdict.OK, Verdict.FAIL, Verdict.FAIL, Verdict.FAIL])
    assert kinds(followed) == ["Changed", "Raise"]
    raised = followed[1]
    assert isinstance(raised, Raise)
    assert raised.first_bad_at == START + timedelta(seconds=1)
    assert raised.verdict is Verdict.FAIL


def test_an_alert_clears_after_as_many_good_decisions_as_asked_for() -> None:
    bad = [Verdict.FAIL, Verdict.FAIL]
    assert "Clear" not in kinds(run([*bad, Verdict.OK])[1])
    assert kinds(run([*bad, Verdict.OK, Verdict.OK])[1])[-1] == "Clear"


def test_unknown_in_between_neither_ends_nor_lengthens_a_bad_patch() -> None:
    _, followed = run([Verdict.FAIL, Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.FAIL])
    assert [type(each) for each in followed if isinstance(each, Raise)] == [Raise]
    track, followed = run([Verdict.FAIL, Verdict.FAIL, *[Verdict.UNKNOWN] * 9])
    assert track.open is not None
    assert not [each for each in followed if isinstance(each, Clear)]


def test_a_warning_that_becomes_a_failure_worsens_once() -> None:
    _, followed = run([Verdict.WARN, Verdict.WARN, Verdict.FAIL, Verdict.FAIL, Verdict.FAIL])
    assert kinds(followed) == ["Changed", "Raise", "Changed", "Worsen"]


def test_a_higher_rung_of_a_ladder_worsens_an_alert() -> None:
    track, policy = Track(), Policy(1, 1)
    names = []
    for rung in (1, 1, 2, 2):
        track, followed = step(track, seen(Verdict.WARN, rung=rung), policy)
        for each in followed:
            track = opened(track, "a", each) if isinstance(each, Raise) else track
        names.extend(kinds(followed))
    assert names == ["Changed", "Raise", "Worsen"]


def test_a_first_good_decision_is_no_news() -> None:
    assert run([Verdict.OK, Verdict.OK])[1] == []
    assert run([Verdict.UNKNOWN, Verdict.OK])[1] != []


def test_a_flapping_check_raises_once_and_is_not_reported_at_every_turn() -> None:
    _, followed = run([Verdict.FAIL, Verdict.OK] * 10)
    assert len([each for each in followed if isinstance(each, Raise)]) == 1
    assert not [each for each in followed if isinstance(each, Clear)]
    assert len([each for each in followed if isinstance(each, Changed)]) < 10


def test_a_check_that_stops_flapping_clears_and_says_how_it_ended() -> None:
    track, followed = run([Verdict.FAIL, Verdict.OK] * 5 + [Verdict.OK] * FLAP_WINDOW)
    assert track.open is None
    assert not track.flapping
    last = [each for each in followed if isinstance(each, Changed)][-1]
    assert last.observation.verdict is Verdict.OK


@given(VERDICTS, st.integers(1, 4), st.integers(1, 4))
def test_alerts_alternate_between_raised_and_cleared(verdicts: list[Verdict], to_raise: int, to_clear: int) -> None:
    _, followed = run(verdicts, Policy(to_raise, to_clear))
    opens = False
    for each in followed:
        if isinstance(each, Raise):
            assert not opens
            opens = True
        if isinstance(each, Worsen):
            assert opens
        if isinstance(each, Clear):
            assert opens
            opens = False


@given(VERDICTS)
def test_not_being_able_to_look_never_moves_an_alert(verdicts: list[Verdict]) -> None:
    track, _ = run(verdicts)
    after, followed = step(track, seen(Verdict.UNKNOWN, 99), Policy())
    assert not [each for each in followed if not isinstance(each, Changed)]
    assert after.open == track.open
    assert after.weights == track.weights


@given(VERDICTS)
def test_a_restart_goes_on_where_the_stored_decisions_left_off(verdicts: list[Verdict]) -> None:
    track, _ = run(verdicts)
    stored = [(each, weight_of(seen(each)), START + timedelta(seconds=n)) for n, each in enumerate(verdicts)]
    assert replay(stored, track.open) == track


@given(VERDICTS, VERDICTS)
def test_a_restart_at_any_point_raises_nothing_twice(before: list[Verdict], after: list[Verdict]) -> None:
    straight, _ = run(after, track=run(before)[0])
    half, _ = run(before)
    stored = [(each, weight_of(seen(each)), START + timedelta(seconds=n)) for n, each in enumerate(before)]
    resumed, _ = run(after, track=replay(stored, half.open))
    assert resumed.open == straight.open


@pytest.mark.parametrize("verdict", [Verdict.OK, Verdict.INFO, Verdict.NA])
def test_good_weighs_nothing_and_unknown_has_no_weight(verdict: Verdict) -> None:
    assert weight_of(seen(verdict)) == 0
    assert weight_of(seen(Verdict.UNKNOWN)) is None
