"""A long choice is narrowed down by typing; a short one is not."""

from screens.app import CockpitApp
from screens.asking.dialogs import Choose, Option
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene
from tests.screens.plain import screen_lines

BOOKS = [Option(f"{number}", f"Book {number:02} {'dkim' if number % 10 == 3 else 'other'}") for number in range(30)]


async def test_what_is_typed_narrows_a_long_choice_and_esc_takes_it_back(scene: Scene) -> None:
    async with cockpit(scene) as pilot:
        app = pilot.app
        assert isinstance(app, CockpitApp)
        answers: list[str | None] = []
        app.push_screen(Choose("Which?", BOOKS), answers.append)
        await pilot.pause()
        await pilot.press("d", "k", "j", "backspace", "i")
        assert "“dki” 3 of 30" in "\n".join(screen_lines(app))
        await pilot.press("escape")
        assert not answers
        assert "Book 04" in "\n".join(screen_lines(app))
        await pilot.press("d", "k", "down", "enter")
        assert answers == ["13"]


async def test_a_short_choice_keeps_its_keys(scene: Scene) -> None:
    async with cockpit(scene) as pilot:
        answers: list[str | None] = []
        pilot.app.push_screen(Choose("Which?", BOOKS[:4]), answers.append)
        await pilot.pause()
        await pilot.press("j", "enter")
        assert answers == ["1"]
