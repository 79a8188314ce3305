"""Pasted chat keeps its times, its people and its order, and says what it cannot read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import BadInput
from cockpit.incident.chat import read_chat

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def test_every_form_is_read_and_a_line_without_a_time_goes_on() -> None:
    lines = read_chat(
        "[14:02] jroy: NS changed\nby the host\n2026-11-19 23:50 mhassan: earlier\n14:05:30 <ann> look\n"
        "bob  2:06 PM\nit is back",
        NOW,
    )
    assert [(f"{one.at:%d %H:%M:%S}", one.who, one.text) for one in lines] == [
        ("19 23:50:00", "mhassan", "earlier"),
        ("20 14:02:00", "jroy", "NS changed by the host"),
        ("20 14:05:30", "ann", "look"),
        ("20 14:06:00", "bob", "it is back"),
    ]


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("no time here", "No time stands in the first line"),
        ("", "no line of chat"),
        ("[15:30] jroy: soon", "has not come yet"),
        ("[25:30] jroy: never", "not a time of day"),
        ("bob 14:06 PM\nx", "between 1 and 12"),
        ("[14:02] jroy: x\n" * 2001, "too many"),
    ],
)
def test_what_cannot_be_read_is_said(pasted: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_chat(pasted, NOW)


@given(st.text(alphabet="[]0123456789: <>ajroyAPM-\nTZ", max_size=120))
def test_any_text_is_read_or_refused_in_words(pasted: str) -> None:
    try:
        lines = read_chat(pasted, NOW)
    except BadInput:
        return
    assert all(line.at <= NOW and line.text for line in lines)
