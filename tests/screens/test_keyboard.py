"""Keys mean what was typed: in their order, and Esc apart from the key that a line brought with it."""

import time
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input

from screens.keyboard import LOOK_S, LOOKS, InOrder, as_pressed


@pytest.mark.parametrize(
    ("came", "pressed"),
    [
        (Key("alt+n", "n"), ["escape", "n"]),
        (Key("alt+shift+n", "N"), ["escape", "N"]),
        (Key("infinity", "∞"), ["escape", "5"]),
        (Key("alt+left", None), ["alt+left"]),
        (Key("n", "n"), ["n"]),
    ],
)
def test_esc_and_a_key_that_came_as_one_are_two(came: Key, pressed: list[str]) -> None:
    assert [key.key for key in as_pressed(came, writing=False)] == pressed


def test_a_sign_that_is_written_stays_one() -> None:
    assert [key.character for key in as_pressed(Key("pound_sign", "£"), writing=True)] == ["£"]
    assert [key.key for key in as_pressed(Key("alt+n", "n"), writing=True)] == ["escape", "n"]


class Notes(InOrder):
    """One line to write in; to keep what it holds takes longer than a key may hold up the next one."""

    BINDINGS: ClassVar = [("escape", "leave", "Leave")]

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def compose(self) -> ComposeResult:
        yield Input()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.run_worker(self.keep(event.input), group="moves")

    async def keep(self, box: Input) -> None:
        busy_until = time.monotonic() + LOOK_S * LOOKS * 1.2
        while time.monotonic() < busy_until:
            pass
        self.kept.append(box.value)
        box.value = ""

    def action_leave(self) -> None:
        self.kept.append("left")


async def test_letters_do_not_overtake_a_key_while_the_app_is_busy() -> None:
    app = Notes()
    async with app.run_test() as pilot:
        for key in (Key("a", "a"), Key("enter", "\r"), Key("b", "b"), Key("enter", "\r"), Key("alt+c", "c")):
            app.post_message(key)
        while app.kept[2:] != ["left"]:
            await pilot.pause()
        assert app.kept == ["a", "b", "left"]
