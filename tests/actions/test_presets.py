"""Commands that are written already: filled in word by word, checked, and refused where their tool is missing."""

import shlex

import pytest

from cockpit.actions.commands.presets import CARDS, PRESETS, Preset
from cockpit.actions.parameters import checked_parameters
from cockpit.errors import BadInput
from tests.actions.asked import ASKED


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_becomes_commands_of_one_tool_with_every_name_filled_in(preset: Preset) -> None:
    (card,) = [each for each in CARDS if each.name == preset.name]
    filled = preset.filled(checked_parameters(card, ASKED[preset.name]))
    for name in ("apply", "check", "read", "undo"):
        words = shlex.split(filled[name])
        assert not words or words[0] == preset.name.partition(".")[0]
        assert "{" not in filled[name].replace("{..image}", "")
        assert len(words) == len(shlex.split(getattr(preset, name)))
    assert filled["apply"]
    assert filled["check"]
    assert not filled["undo"] or filled["read"]


@pytest.mark.parametrize("text", ["--all", "a b", "a;b", "../x", "$(id)"])
def test_a_name_cannot_become_an_option_or_a_second_word(text: str) -> None:
    (card,) = [each for each in CARDS if each.name == "kubectl.rollout-undo"]
    with pytest.raises(BadInput):
        checked_parameters(card, {"deployment": text})
