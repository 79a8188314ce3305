"""The whole drill through keys, on a terminal of 80x24 against a served world, to the referee's own word.

The app does not poll by itself here: the test gives it the tick, so that each key waits for a condition and nothing
else. What is pressed is counted; a typed name counts as its letters.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cockpit.desk import Desk
from cockpit.incident.model import State
from screens.app import CockpitApp
from tests.screens.plain import screen_lines
from tests.whole.home import until
from tests.whole.place import Place, changes_at_aws, quick, referees_word, served
from tests.whole.test_desk_drill import all_green

pytestmark = pytest.mark.xdist_group("whole")

MOST_KEYS = 16
"""Three times ⏎, twelve letters of the domain, and ⏎: what may lie between an alert and its verified repair."""

ATTACH = "incident.attach"
LOOKS = 1500


class Player:
    """One person at the keys, who reads the screen."""

    def __init__(self, app: CockpitApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot
        self.keys: list[str] = []
        self.aside = 0
        """Keys that attached an alert which came in between: whether one does is a matter of moments."""

    @property
    def desk(self) -> Desk:
        """The desk that the screen shows."""
        return self.app.desk

    @property
    def screen(self) -> str:
        """What stands on the screen."""
        return "\n".join(screen_lines(self.app))

    async def press(self, *keys: str) -> None:
        """Press keys and count them."""
        self.keys += keys
        await self.pilot.press(*keys)

    async def wait(self, condition: Callable[[], object], what: str) -> bool:
        """Let the app tick until the condition holds; fails with what is on the screen."""
        for look in range(LOOKS):
            if condition():
                return True
            self.app.poll()
            if look % 10 == 0:
                self.app.second()
            await self.pilot.pause(0.02)
        raise AssertionError(f"{what} never came:\n{self.screen}")

    async def wait_for(self, *words: str) -> None:
        """Wait until all words stand on the screen."""
        await self.wait(lambda: all(word in self.screen for word in words), repr(words))

    async def take(self, command: str, *words: str) -> None:
        """Wait until the Next line offers a command in these words, and take it with ⏎.

        What SES says of the same fault may raise an alert of its own by then; it is attached first.
        """
        while await self.wait(lambda: self.offered in (command, ATTACH), f"the step {command}"):
            if self.offered == command:
                break
            await self.press("enter")
            self.aside += 1
            await self.wait(lambda: self.offered != ATTACH, "the alert in its incident")
        await self.wait_for("Next ⏎", *words)
        await self.press("enter")

    @property
    def offered(self) -> str:
        """The command behind the Next line."""
        return self.desk.next_step(self.app.incident_uid()).command


async def test_the_drill_is_played_with_keys_until_the_referee_says_that_mail_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.chdir(tmp_path)
    with served("dkim-missing") as world:
        place = Place(tmp_path, quick(world))
        with place.watch(), place.desk() as desk:
            until(lambda: desk.refresh() is not None and all_green(desk), "a green board")
            app = CockpitApp(desk, poll=False, settle_s=0.0)
            async with app.run_test(size=(80, 24), notifications=True) as pilot:
                player = Player(app, pilot)
                await player.wait_for("DRILL", "shop.example", "all checks are green")
                world.resume()
                await repair(player)
                print(f"keys from alert to verified repair: {len(player.keys)}: {' '.join(player.keys)}")
                assert len(player.keys) - player.aside <= MOST_KEYS
                assert world.status()["restored"]
                await review(player, tmp_path)
            word = referees_word(world, desk)
            assert word["Mail from shop.example is signed and can be verified"] == "✔ met"
            assert word["The incident was resolved, and not too early"] == "✔ met"
            assert len(changes_at_aws(world)) == 1
            assert world.status()["escapes"] == 0
        assert place.verified().ok


async def repair(player: Player) -> None:
    """From the alert on the board to the repair that is verified."""
    await player.take("incident.open", "open an incident for shop.example", "✖")
    await player.wait_for("INC-1", "DKIM record missing: shop.example", "mhassan")
    await player.take("runbook.start", "start the runbook")
    await player.wait_for("DKIM record missing", "Let SES sign with our own key")
    await player.take("runbook.advance", "Let SES sign with our own key")
    await player.wait_for("Type shop.example to apply", "EXTERNAL selector s2026b")
    assert "AWS_SES (Easy DKIM, 3 tokens)" in player.screen
    await player.press(*"shop.example", "enter")
    await player.wait(lambda: player.desk.actions.of_incident(player.app.incident_uid()), "the run")
    (action,) = player.desk.actions.of_incident(player.app.incident_uid())
    await player.wait(lambda: player.desk.actions.get(action.uid).state == "succeeded", "the repair")
    await player.wait_for("✔ succeeded", "final_dkim_status  SUCCESS")


async def review(player: Player, folder: Path) -> None:
    """From the repair to the exported post-mortem, with a line of one's own."""
    uid = player.app.incident_uid()
    await player.take("runbook.advance", "Tell the owner")
    await player.take("incident.resolve", "its checks are green again")
    await player.wait(lambda: player.desk.incidents.get(uid).state is State.RESOLVED, "the resolution")
    await player.take("review.open", "open the post-mortem of INC-1")
    await player.wait_for("The onset is not confirmed.", "confirm")
    await player.press("enter")
    await player.wait_for("Incident summary")
    await player.press("e", "end", "enter", *"Well", "space", *"done", "escape", "x")
    await player.wait_for("Export as", "markdown")
    await player.press("enter")
    await player.wait(lambda: exported(folder), "the export")
    text = exported(folder)
    assert text.startswith("> **CONFIDENTIAL**\n\n# INC-1 DKIM record missing: shop.example")
    assert "\nWell done\n" in text
    assert "shop.example DKIM: 1 of 3 CNAMEs gone at all 3 name servers" in text


def exported(folder: Path) -> str:
    """The one Markdown file in a folder; empty before there is one."""
    return "".join(path.read_text() for path in folder.glob("*.md"))
