"""The drill's clock: speed and pause bend durations and leave the wall clock alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.drill.clock import DrillClock
from cockpit.errors import BadInput

_SECONDS = st.floats(0.001, 10_000, allow_nan=False)
_STEPS = st.lists(st.tuples(st.sampled_from(["wait", "pause", "resume", "speed"]), _SECONDS), max_size=30)


def test_the_wall_clock_is_the_real_one_at_any_speed() -> None:
    before = datetime.now(UTC)
    clock = DrillClock(speed=500)
    assert before - timedelta(seconds=1) <= clock.now() <= datetime.now(UTC) + timedelta(seconds=1)


@pytest.mark.parametrize("speed", [0, -1, 1001, float("nan")])
def test_a_speed_without_sense_is_refused(speed: float) -> None:
    with pytest.raises(BadInput, match="speed"):
        DrillClock(speed)
    clock = DrillClock()
    with pytest.raises(BadInput):
        clock.set_speed(speed)
    assert clock.speed == 1.0


def test_durations_shrink_by_the_speed() -> None:
    assert DrillClock(20).shrink(timedelta(minutes=1)) == timedelta(seconds=3)


@given(steps=_STEPS)
def test_scenario_time_never_runs_back_and_counts_each_stretch_at_its_speed(steps: list[tuple[str, float]]) -> None:
    wall = 0.0
    clock = DrillClock(monotonic=lambda: wall)
    expected, speed, paused = 0.0, 1.0, False
    for word, value in steps:
        if word == "wait":
            wall += value
            expected += 0.0 if paused else value * speed
        elif word == "pause":
            clock.pause()
            paused = True
        elif word == "resume":
            clock.resume()
            paused = False
        else:
            speed = min(1000.0, value)
            clock.set_speed(speed)
        assert clock.elapsed().total_seconds() == pytest.approx(expected, rel=1e-6, abs=1e-5)
        assert clock.paused == paused


@given(steps=_STEPS, back=st.floats(0, 1))
def test_a_past_moment_has_the_scenario_time_that_it_had(steps: list[tuple[str, float]], back: float) -> None:
    wall = 0.0
    clock = DrillClock(monotonic=lambda: wall)
    seen = []
    for word, value in steps:
        if word == "wait":
            wall += value
        elif word == "speed":
            clock.set_speed(min(1000.0, value))
        else:
            clock.pause() if word == "pause" else clock.resume()
        seen.append((clock.now(), clock.elapsed()))
    a_microsecond_at_top_speed = timedelta(milliseconds=2)
    for at, elapsed in seen:
        assert clock.scenario_at(at) == pytest.approx(elapsed, abs=a_microsecond_at_top_speed)
    assert clock.scenario_at(clock.started - timedelta(seconds=back)) <= a_microsecond_at_top_speed
