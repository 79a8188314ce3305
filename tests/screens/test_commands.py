"""One registry: every command can be reached, explained and rebound, and no two want the same key."""

import pytest

from cockpit.errors import ConfigError
from screens.asking.palette import entries
from screens.commands import BY_ID, REGISTRY, SCREENS, Standing
from screens.keys import LIST_KEYS, KeyMap, display, hints
from screens.moves import MOVES
from screens.present.guide import help_lines
from screens.present.lines import plain, width_of
from tests.screens.desks import Scene


def test_every_command_has_a_key_a_title_help_and_something_that_does_it() -> None:
    for command in REGISTRY:
        assert command.keys, command.id
        assert command.title, command.id
        assert command.help.endswith("."), command.id
        assert command.group, command.id
        assert command.id in MOVES or command.id == "next.take"
    assert set(MOVES) <= set(BY_ID)
    assert len(BY_ID) == len(REGISTRY)


def test_commands_name_screens_that_exist_and_no_key_that_moves_in_lists() -> None:
    for command in REGISTRY:
        assert set(command.where) <= set(SCREENS), command.id
        assert not set(command.keys) & LIST_KEYS, command.id


def test_the_keys_as_shipped_do_not_clash() -> None:
    KeyMap()


def test_a_key_can_be_given_to_another_command() -> None:
    keys = KeyMap({"incident.note": "ctrl+n, f6"})
    assert keys.keys("incident.note") == ("ctrl+n", "f6")
    assert keys.label("incident.note") == "ctrl+n"
    assert any(binding.id == "incident.note" and "f6" in binding.key for binding in keys.bindings("incident"))


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"incident.nte": "n"}, "keys: there is no command 'incident.nte'; did you mean 'incident.note'?"),
        ({"incident.note": "nn"}, "keys: 'nn' for incident.note is not a key; write n, ctrl+n, f5 or enter."),
        (
            {"incident.note": "hyper+n"},
            "keys: 'hyper+n' for incident.note is not a key; write n, ctrl+n, f5 or enter.",
        ),
        ({"incident.note": "j"}, "keys: j for incident.note moves in lists and cannot be taken."),
        ({"incident.update": "n"}, "keys: n is taken by both incident.note and incident.update."),
        ({"list.filter": "?"}, "keys: ? is taken by both list.filter and help.show."),
    ],
)
def test_keys_that_cannot_be_used_are_named_in_one_sentence(keys: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        KeyMap(keys)
    assert str(refused.value) == sentence


def test_a_clash_is_looked_for_only_where_both_commands_work() -> None:
    KeyMap({"review.export": "d"})


@pytest.mark.parametrize("screen", SCREENS)
def test_the_footer_has_hints_for_every_screen_its_own_first(screen: str) -> None:
    shown = hints(screen)
    assert shown
    own = [bool(command.where) for command in shown]
    assert own == sorted(own, reverse=True)


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("width", [40, 120])
def test_help_names_every_command_of_the_screen_and_fits(screen: str, width: int) -> None:
    lines = help_lines(screen, KeyMap().label, width)
    text = "\n".join(plain(one) for one in lines)
    for command in REGISTRY:
        assert not command.works_on(screen) or command.title in text
    assert width < 60 or all(width_of(one) <= width for one in lines)


def test_the_palette_says_why_a_command_does_not_work(scene: Scene) -> None:
    listed = {entry.command.id: entry.reason for entry in entries(Standing(scene.desk, "board"), KeyMap())}
    assert listed["theme.next"] == ""
    assert listed["incident.show"] == "No incident is open: open one from an alert on the board (1)."
    assert listed["review.export"]


def test_a_read_only_cockpit_keeps_the_record_and_applies_nothing(scene: Scene) -> None:
    scene.desk.read_only = True
    standing = Standing(scene.desk, "action", incident="x", action="y")
    assert BY_ID["incident.note"].when(standing) is None
    reason = "This cockpit was started read-only: plans can be looked at, not applied."
    assert BY_ID["action.apply"].when(standing) == reason


def test_keys_are_written_as_people_write_them() -> None:
    assert [display(key) for key in ("enter", "slash", "ctrl+p", "n", "escape")] == ["⏎", "/", "ctrl+p", "n", "esc"]
