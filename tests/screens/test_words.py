"""Numbers, ages and clocks as words."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.desk.views import Freshness
from cockpit.health.model import Verdict
from screens.present.lines import Tone, plain
from screens.present.trend import plot, sparkline
from screens.present.words import age, bare_percent, countdown, elapsed, glyph, hour, percent, span_words

NOW = datetime(2026, 11, 20, 14, 3, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (12, "12s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (172_799, "47h"),
        (172_800, "2d"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    assert span_words(timedelta(seconds=seconds)) == words


def test_an_age_of_nothing_is_a_dash_and_a_clock_that_runs_ahead_is_zero() -> None:
    assert age(None, NOW) == "–"
    assert age(NOW + timedelta(seconds=5), NOW) == "0s"


def test_a_clock_counts_down_and_says_when_it_ran_over() -> None:
    assert countdown(NOW + timedelta(seconds=259), NOW) == ("4:19", Tone.PLAIN)
    assert countdown(NOW + timedelta(seconds=60), NOW) == ("1:00", Tone.WARN)
    assert countdown(NOW - timedelta(seconds=130), NOW) == ("2:10 over", Tone.FAIL)
    assert countdown(NOW + timedelta(hours=1, minutes=4, seconds=19), NOW)[0] == "1:04:19"


def test_time_since_the_start_counts_hours() -> None:
    assert elapsed(NOW - timedelta(seconds=461), NOW) == "00:07:41"
    assert elapsed(NOW - timedelta(days=5, hours=3), NOW) == "5d 03h"


def test_another_day_is_told_by_its_date() -> None:
    assert hour(NOW, NOW) == "14:03"
    assert hour(NOW - timedelta(days=1), NOW) == "19 Nov"


def test_percent_exists_only_here_and_unknown_is_not_zero() -> None:
    assert percent(0.0231) == "2.31 %"
    assert percent(None) == "– %"
    assert [bare_percent(value) for value in (0.05, 0.1, 0.001, 0.0005)] == ["5", "10", ".1", ".05"]


def test_a_silent_value_never_keeps_its_colour() -> None:
    assert glyph(Verdict.OK, Freshness.SILENT) == ("?", Tone.MUTED)
    assert glyph(Verdict.FAIL, Freshness.SILENT) == ("✖", Tone.MUTED)
    assert glyph(Verdict.FAIL) == ("✖", Tone.FAIL)


def test_a_trend_drops_what_is_not_known() -> None:
    assert sparkline([float("nan"), None, 0.0, 0.5, 1.0], 10) == "▁▅█"
    assert sparkline([], 10) == ""
    assert sparkline([0.0, 0.0], 10) == "▁▁"
    assert sparkline([1, 2, 3], 0) == ""


def test_a_plot_draws_the_lines_that_must_not_be_crossed() -> None:
    lines = [
        plain(one) for one in plot([0.01, 0.03, None], 20, 4, [(0.05, "5 %", Tone.WARN), (0.1, "10 %", Tone.FAIL)])
    ]
    assert len(lines) == 4
    assert any(one.startswith(" 5 % ") and "┄" in one for one in lines)
    assert any(one.startswith("10 % ") and "┄" in one for one in lines)
