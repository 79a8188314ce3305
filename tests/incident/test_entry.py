"""The entry line reads a past time, a kind and text, and says clearly what it cannot read."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import BadInput
from cockpit.incident.entry import KINDS, MAX_TEXT, parse_entry, parse_time_words
from tests.incident.history import is_clean

NOW = datetime(2026, 11, 20, 14, 3, 22, tzinfo=UTC)
TORONTO = ZoneInfo("America/Toronto")


@pytest.mark.parametrize(
    ("line", "at", "kind", "text"),
    [
        ("NS changed", NOW, "note", "NS changed"),
        ("14:02 NS changed", NOW.replace(minute=2, second=0), "note", "NS changed"),
        ("14:02:30 NS changed", NOW.replace(minute=2, second=30), "note", "NS changed"),
        ("9:05Z d roll back", NOW.replace(hour=9, minute=5, second=0), "decision", "roll back"),
        ("-10m NS changed by hosting team", NOW - timedelta(minutes=10), "note", "NS changed by hosting team"),
        ("-1h30m x restarted", NOW - timedelta(minutes=90), "action", "restarted"),
        ("-2d old news", NOW - timedelta(days=2), "note", "old news"),
        ("-45s h: DS lost", NOW - timedelta(seconds=45), "hypothesis", "DS lost"),
        ("yesterday 23:50 e log of ns2", datetime(2026, 11, 19, 23, 50, tzinfo=UTC), "evidence", "log of ns2"),
        ("2026-11-18 08:00 f seen", datetime(2026, 11, 18, 8, 0, tzinfo=UTC), "finding", "seen"),
        ("2026-11-18T08:00:01Z c called", datetime(2026, 11, 18, 8, 0, 1, tzinfo=UTC), "contact", "called"),
        ("d decided", NOW, "decision", "decided"),
        ("a domain vanished", NOW, "note", "a domain vanished"),
        ("yesterday it still worked", NOW, "note", "yesterday it still worked"),
        ("-10 of 12 answers", NOW, "note", "-10 of 12 answers"),
        ("3 of 4 resolvers silent", NOW, "note", "3 of 4 resolvers silent"),
        ("d", NOW, "note", "d"),
    ],
)
def test_lines_are_read_as_they_are_meant(line: str, at: datetime, kind: str, text: str) -> None:
    entry = parse_entry(line, NOW)
    assert (entry.occurred_at, entry.kind, entry.text) == (at, kind, text)
    assert entry.timed == (at != NOW)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "no text"),
        ("14:02", "no text"),
        ("14:20 too early", "yesterday in front"),
        ("25:00 nonsense", "hours go to 23"),
        ("14:61 nonsense", "hours go to 23"),
        ("2026-13-01 10:00 x y", "not a day"),
        ("2026-11-18 without time", "Write a time of day"),
        ("2027-01-01 10:00 later", "has not come yet"),
        ("-9999d0h99999m long ago " + "x" * 3000, "are kept"),
        ("x" * (MAX_TEXT + 1), "are kept"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(line: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        parse_entry(line, NOW)


def test_clock_times_follow_the_zone_and_z_means_utc() -> None:
    assert parse_entry("09:02 x y", NOW, TORONTO).occurred_at == NOW.replace(minute=2, second=0)
    assert parse_entry("09:02Z x y", NOW, TORONTO).occurred_at == NOW.replace(hour=9, minute=2, second=0)


def test_yesterday_is_the_one_of_the_zone() -> None:
    now = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    assert parse_entry("yesterday 21:00 x y", now, TORONTO).occurred_at == datetime(2026, 11, 19, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("line", ["2026-11-01 01:30 x y", "2026-03-08 02:30 x y"])
def test_a_wall_time_that_is_doubled_or_skipped_asks_for_utc(line: str) -> None:
    with pytest.raises(BadInput, match="write it in UTC"):
        parse_entry(line, NOW, TORONTO)


def test_a_time_alone_is_read_and_nothing_else() -> None:
    assert parse_time_words("-10m", NOW) == NOW - timedelta(minutes=10)
    for words in ("", "soon", "14:02 and more"):
        with pytest.raises(BadInput, match="is not a time"):
            parse_time_words(words, NOW)


def test_secrets_and_escape_sequences_do_not_get_in() -> None:
    text = parse_entry("posted to https://hooks.slack.com/services/T0/B0/abc \x1b[2J\u202e", NOW).text
    assert "hooks.slack.com" not in text
    assert text.isprintable()


@given(st.text(max_size=200))
def test_any_line_is_read_or_refused(line: str) -> None:
    try:
        entry = parse_entry(line, NOW, TORONTO)
    except BadInput:
        return
    assert entry.occurred_at <= NOW
    assert entry.text
    assert is_clean(entry.text)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2026, 11, 20, 14, 3)),  # noqa: DTZ001 - made aware below
    st.sampled_from(sorted(KINDS)),
    st.from_regex(r"[A-Za-z][a-z]{2,8}( [a-z0-9.]{2,9}){0,4}", fullmatch=True),
)
def test_what_is_written_out_in_full_is_read_back(at: datetime, letter: str, words: str) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    for line in (f"{at:%Y-%m-%dT%H:%M:%S}Z {letter} {words}", f"{at:%Y-%m-%d %H:%M:%S} {letter}: {words}"):
        entry = parse_entry(line, NOW)
        assert (entry.occurred_at, entry.kind, entry.text) == (at, KINDS[letter], words)


@given(st.integers(0, 9999), st.integers(0, 99999), st.integers(0, 99999))
def test_a_span_back_is_subtracted(hours: int, minutes: int, seconds: int) -> None:
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    assert parse_entry(f"-{hours}h{minutes}m{seconds}s x y", NOW).occurred_at == NOW - span
