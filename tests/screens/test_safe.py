"""The last net under hostile text, and what a crash may say."""

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from screens.safe import Net, Uncoloured, crash_report

BLACK = Color(0, 0, 0)
HOSTILE = [
    "\x1b[2J",
    "\x1b]52;c;cHduZWQ=\x07",
    "\x9b31m",
    "\u202eevil",
    "zero\u200bwidth",
    "\U000e0041",
    "\x00",
    "\x7f",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_a_terminal_would_obey_is_replaced(text: str) -> None:
    (segment,) = Net().apply([Segment(text)], BLACK)
    assert "\ufffd" in segment.text
    assert segment.text.replace("\ufffd", "").isprintable()


def test_harmless_lines_pass_as_they_are() -> None:
    segments = [Segment("✖ shop.example  DKIM 漢字 é ─│╔ ▁▇"), Segment("plain")]
    assert Net().apply(segments, BLACK) is segments


def test_links_and_click_actions_are_taken_out_of_styles() -> None:
    hostile = Style(link="https://evil.example/\x1b[2J", bold=True) + Style.from_meta(
        {"@click": "app.quit", "row": 3}
    )
    (segment,) = Net().apply([Segment("x", hostile)], BLACK)
    assert segment.style is not None
    assert segment.style.link is None
    assert segment.style.meta == {"row": 3}
    assert segment.style.bold


def test_without_colour_bold_and_reverse_stay() -> None:
    (segment,) = Uncoloured().apply([Segment("x", Style.parse("bold reverse red on blue"))], BLACK)
    assert segment.style is not None
    assert segment.style.color is None
    assert segment.style.bgcolor is None
    assert segment.style.bold
    assert segment.style.reverse


def test_a_crash_report_names_the_place_and_no_secret() -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    try:
        raise ValueError(f"bad key {secret}\x1b[2J")
    except ValueError as error:
        report = crash_report(error)
    assert "test_safe:" in report
    assert "ValueError" in report
    assert secret not in report
    assert "\x1b" not in report
