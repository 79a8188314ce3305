"""Lines of tones are measured, cut, padded and wrapped in terminal cells."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.text import cell_width
from screens.present.lines import Tone, cut, line, pad, plain, rule, spread, width_of, wrap

texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Mn", "Me", "Zl", "Zp"]), max_size=40)


@given(st.lists(texts, max_size=5), st.integers(1, 60))
def test_a_padded_line_has_exactly_the_cells_asked_for(parts: list[str], cells: int) -> None:
    assert width_of(pad(line(*parts), cells)) == cells


@given(st.lists(texts, max_size=5), st.integers(1, 60))
def test_a_cut_line_is_never_longer_and_says_that_it_was_cut(parts: list[str], cells: int) -> None:
    whole = line(*parts)
    shorter = cut(whole, cells)
    assert width_of(shorter) <= cells
    if width_of(whole) > cells:
        assert "…" in plain(shorter)
    else:
        assert shorter == whole


@given(texts, texts, st.integers(1, 80))
def test_two_ends_of_a_line_fill_it(left: str, right: str, cells: int) -> None:
    assert width_of(spread(line(left), line(right), cells)) <= cells


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Mn", "Me", "Zl", "Zp"]), max_size=300),
       st.integers(4, 40))  # fmt: skip
def test_wrapped_text_fits_and_loses_no_letter(text: str, cells: int) -> None:
    lines = wrap(text, cells, indent=2)
    assert all(width_of(one) <= cells for one in lines)
    together = "".join(plain(one).replace(" ", "") for one in lines)
    assert together == text.replace(" ", "").replace("\n", "")


def test_a_wide_character_counts_two_cells() -> None:
    assert cell_width("漢") == 2
    assert plain(cut(line("漢字漢字"), 5)) == "漢字…"


def test_a_rule_carries_its_title_and_what_stands_at_its_right() -> None:
    shown = plain(rule("SES", 24, "12s ago"))
    assert shown.startswith("─ SES ─")
    assert shown.endswith(" 12s ago ─")
    assert len(shown) == 24


def test_the_active_section_is_marked_by_more_than_colour() -> None:
    assert plain(rule("Alerts", 20, active=True)).startswith("━ Alerts ━")


def test_an_empty_span_is_left_out() -> None:
    assert line(("", Tone.FAIL), "x") == (("x", Tone.PLAIN),)
