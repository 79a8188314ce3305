"""Every colour that carries words can be read."""

import pytest
from rich.color import ColorSystem

from screens.present.lines import Tone
from screens.themes import THEMES, Colours, Paints, contrast


@pytest.mark.parametrize("colours", THEMES.values(), ids=lambda colours: colours.name)
def test_every_text_colour_can_be_read_on_every_surface(colours: Colours) -> None:
    wanted = 7.0 if colours.name.startswith("high-contrast") else 4.5
    for tone in Tone:
        if tone is Tone.RULE:
            continue
        for surface in (colours.background, colours.panel, colours.selection):
            assert contrast(colours.tones[tone], surface) >= wanted, (tone, surface)


@pytest.mark.parametrize("colours", THEMES.values(), ids=lambda colours: colours.name)
def test_lines_between_sections_can_be_seen(colours: Colours) -> None:
    assert contrast(colours.tones[Tone.RULE], colours.background) >= 3.0


def test_contrast_agrees_with_the_standard_s_two_ends() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#abcdef", "#abcdef") == 1


@pytest.mark.parametrize("colours", THEMES.values(), ids=lambda colours: colours.name)
def test_sixteen_colours_still_tell_the_verdicts_apart_and_show_the_cursor(colours: Colours) -> None:
    paints = Paints(colours, few_colours=True)
    telling = (Tone.FAIL, Tone.WARN, Tone.UNKNOWN, Tone.OK, Tone.PLAIN)
    shown = [paints.plain[tone].color for tone in telling]
    left = {colour.downgrade(ColorSystem.STANDARD).number for colour in shown if colour is not None}
    assert len(left) == len(telling)
    assert all(paints.selected[tone].reverse for tone in Tone)
