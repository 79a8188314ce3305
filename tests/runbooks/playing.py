"""Plays a runbook of the library by keys alone, in its drill, and counts the keys until the repair is verified.

A play is one row of a table: the drill, the runbook, what is answered where the book asks, and the most keys it may
take. The player knows nothing of any book: it takes the Next line, and answers what is on the screen. Programs that
a book calls are stand-ins that only note how they were called; what such a call would mend, the world is told.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from textual.screen import ModalScreen

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.runbooks.run import StepState
from cockpit.runbooks.view import RunView, StepView
from screens.asking.dialogs import LONG, Ask, Choose, Confirm, Option, Write
from tests.whole.test_pilot_drill import Player

SPEED = 60.0
"""How many times faster than people these worlds go: most of a play waits for what a drill does by its clock."""

_SAFE = re.compile(r"earliest safe time is (\S+ \S+)Z")
Happening = Mapping[str, Any]
Deed = Callable[[LaunchedWorld], object]
TOOLS = ("aws", "dig", "openssl", "kubectl", "gcloud", "mongosh", "curl", "whois")


@dataclass(frozen=True)
class Play:
    """One book in its drill.

    `answers` are words of the answers to choose (the first answer without any), `values` what is typed by words of
    the question ("" leaves what stands there). `repairs` is how many remedies have to succeed; without one, the run
    has to end. `before` happens in the world at the beginning, `mended` when a stand-in was called so, `by_hand`
    when the step of that title is reached: what the person, or who was written to, does elsewhere. Where nothing
    raises an alert the drill is `calm`: the book is started from the board. `then` is the book for what is left.
    `zones` says who keeps which zone, as in the configuration.
    """

    drill: str
    book: str
    target: str
    most_keys: int
    answers: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    repairs: int = 1
    before: tuple[Happening, ...] = ()
    mended: Mapping[str, Happening] = field(default_factory=dict)
    restores: bool = True
    by_hand: Mapping[str, Happening | Deed] = field(default_factory=dict)
    calm: bool = False
    then: str = ""
    speed: float = SPEED
    zones: tuple[Mapping[str, str], ...] = ()


class Stage:
    """What is around the player: the world, the stand-ins, and a second person."""

    def __init__(self, world: LaunchedWorld, folder: Path, approve: Callable[[str], object]) -> None:
        self.world = world
        self.approve = approve
        self.folder = folder / "tools"
        self._calls = folder / "calls"
        self._told: set[str] = set()

    def stand_ins(self) -> None:
        """Put a program for each tool into the folder; it notes its arguments and says nothing else."""
        self.folder.mkdir()
        for tool in TOOLS:
            program = self.folder / tool
            program.write_text(f'#!/bin/sh\necho "{tool} $*" >> {self._calls}\n')
            program.chmod(0o755)

    def mend(self, mended: Mapping[str, Happening]) -> None:
        """Let happen in the world what the calls so far would have done."""
        called = self._calls.read_text() if self._calls.exists() else ""
        for words in set(mended) - self._told:
            if words in called:
                self._told.add(words)
                self.world.inject(**mended[words])

    def act(self, by_hand: Mapping[str, Happening | Deed], title: str) -> None:
        """Do once what belongs to the step of that title."""
        deed = by_hand.get(title)
        if deed is None or title in self._told:
            return
        self._told.add(title)
        if callable(deed):
            deed(self.world)
        else:
            self.world.inject(**deed)


async def play(player: Player, row: Play, stage: Stage, *, rounds: int = 60) -> int:
    """From the alert to the verified repair; returns the keys that it took of the person who works it."""
    await (begin_calmly if row.calm else begin)(player, row)
    left = row.then
    for _ in range(rounds):
        if over(player, row):
            return len(player.keys)
        if left and _repaired(player) == 1:
            await _then(player, row, left)
            left = ""
        await _one(player, row, stage)
    raise AssertionError(f"{row.book} never came to a verified repair:\n{player.screen}")


async def begin(player: Player, row: Play) -> None:
    """Open the incident from the alert, and start the book: the Next line does where it suggests that one."""
    await player.wait(lambda: _raised(player, row), f"an alert of {row.target}")
    if player.offered == "incident.open":
        await player.take("incident.open", row.target)
    else:
        # A warning is looked at first; the board opens an incident for the worst alert all the same.
        await player.press("i")
    await player.wait(lambda: player.desk.incidents.open_incidents(), "the incident")
    await player.wait(lambda: player.app.current_mode == "incident", "the incident's screen")
    await _start(player, row, row.book)


async def begin_calmly(player: Player, row: Play) -> None:
    """Look at what is not green and has no alert, and start the book for it."""

    def there() -> bool:
        return player.app.current_mode == "domain"

    while not there():
        await player.wait(lambda: player.offered == "domain.show" or there(), "something to look at")
        if not there():
            await player.press("enter")
    await _start(player, row, row.book)


async def _start(player: Player, row: Play, book: str) -> None:
    """Choose a book from the list by its place, and give what it asks for."""
    before = player.app.run_uid()

    def begun() -> bool:
        return player.app.run_uid() != before or isinstance(player.app.screen, Ask)

    await player.press("r")
    await player.wait(lambda: isinstance(player.app.screen, Choose), "the runbooks")
    dialog = player.app.screen
    assert isinstance(dialog, Choose)
    await player.press(*_to(book, dialog._options), "enter")
    await player.wait(begun, "the run")
    while isinstance(player.app.screen, Ask):
        await _ask(player, row, player.app.screen)
        await player.wait(begun, "the run")


def _to(book: str, options: Sequence[Option]) -> list[str]:
    """The fewest keys to a book in the list: down, or a part of its name and then down."""
    names = [option.name.casefold() for option in options]
    place = [option.value for option in options].index(book)
    words = names[place].split()
    parts = {
        word[:length] for word in words if word.isalnum() and word.isascii() for length in range(1, len(word) + 1)
    }
    ways = [["down"] * place]
    for part in parts if len(options) > LONG else ():
        ways.append([*part, *["down"] * sum(part in name for name in names[:place])])
    return min(sorted(ways), key=len)


async def _then(player: Player, row: Play, book: str) -> None:
    """Start the next book in the same incident."""
    await player.press("2")
    await player.wait(lambda: player.app.current_mode == "incident", "the incident's screen")
    await _start(player, row, book)


def _raised(player: Player, row: Play) -> bool:
    return any(line.incident is None and line.target.startswith(row.target) for line in player.desk.alerts())


def over(player: Player, row: Play) -> bool:
    """Whether as many remedies have succeeded, which means that they were verified by another way, as shall be."""
    if not row.repairs:
        return _view(player).ended_at is not None
    return _repaired(player) >= row.repairs


def _repaired(player: Player) -> int:
    actions = player.desk.actions.of_incident(player.app.incident_uid())
    return sum(action.state == "succeeded" for action in actions)


async def _one(player: Player, row: Play, stage: Stage) -> None:
    """Wait until something is asked for, and give it."""

    def ready() -> bool:
        stage.mend(row.mended)
        current = _view(player).current
        stage.act(row.by_hand, current.title if current else "")
        return over(player, row) or _asked(player)

    await player.wait(ready, f"something to do in {row.book}")
    dialog = player.app.screen
    if over(player, row):
        return
    if isinstance(dialog, Choose):
        await _choose(player, dialog, row)
    elif isinstance(dialog, Ask):
        await _ask(player, row, dialog)
    elif isinstance(dialog, Confirm):
        await player.press("right", "enter")
    elif isinstance(dialog, Write):
        await player.press("ctrl+s")
        await player.wait(lambda: player.app.screen is not dialog, "the words to go")
    elif _plans(player):
        await _confirm(player, row, stage)
    else:
        await _step(player, row)


async def _confirm(player: Player, row: Play, stage: Stage) -> None:
    action = next(each for each in player.desk.actions.of_incident(player.app.incident_uid()) if each.can_confirm)
    if player.app.current_mode != "action":
        await player.press("6")
        await player.wait(lambda: player.app.current_mode == "action", "the plan")
    await player.press(*action.phrase, "enter")
    await player.wait(lambda: not player.desk.actions.get(action.uid).can_confirm, "the confirmation")

    def settled() -> bool:
        view = player.desk.actions.get(action.uid)
        assert view.state not in ("failed", "refused", "undone"), f"{view.state}: {view.reason}\n{player.screen}"
        return view.state == "succeeded" or bool(_code(player))

    await player.wait(settled, "the repair or a second person")
    if player.desk.actions.get(action.uid).state != "succeeded":
        stage.approve(_code(player))
        await player.wait(lambda: player.desk.actions.get(action.uid).state == "succeeded", "the repair")


async def _step(player: Player, row: Play) -> None:
    view = _view(player)
    before = view.current
    assert before is not None, player.screen
    if before.state is StepState.FAILED:
        await _later(player, before)
    if player.app.current_mode != "runbook":
        await player.press("3")
    # Another alert may have taken the Next line meanwhile; the runbook's own key still means its step.
    await player.press("enter" if player.offered == "runbook.advance" else "x")
    await player.wait(lambda: _moved(player, before.id), f"the step {before.title}")


async def _later(player: Player, step: StepView) -> None:
    """A step that was refused as too early is taken again at the time that it names; any other failure is one."""
    found = _SAFE.search(step.said)
    assert found, f"{step.title}: {step.said}\n{player.screen}"
    safe = datetime.fromisoformat(f"{found[1]}+00:00")
    await player.wait(lambda: player.desk.clock.now() >= safe, f"the time for {step.title}: {step.said}")


def _code(player: Player) -> str:
    """The code by which a second person approves, as the screen shows it; empty when none is asked."""
    found = re.search(r"cockpit approve ([A-Z0-9-]+)", player.screen)
    return found[1] if found else ""


def _view(player: Player) -> RunView:
    return player.desk.runbooks.get(player.app.run_uid())


def _moved(player: Player, before: str) -> bool:
    current = _view(player).current
    if isinstance(player.app.screen, ModalScreen) or current is None or current.id != before:
        return True
    return current.state is not StepState.WAITING


def _asked(player: Player) -> bool:
    """Whether a person is asked for something now."""
    if isinstance(player.app.screen, ModalScreen) or _plans(player):
        return True
    view = _view(player)
    busy = any(action.running for action in player.desk.actions.of_incident(player.app.incident_uid()))
    return not busy and not view.waiting and view.current is not None


def _plans(player: Player) -> bool:
    """Whether a plan waits to be confirmed."""
    return any(action.can_confirm for action in player.desk.actions.of_incident(player.app.incident_uid()))


async def _ask(player: Player, row: Play, dialog: Ask) -> None:
    """Type what the row says for this question; what stands there already is left where it says nothing."""
    question = f"{dialog._title} {dialog._about}"
    known = next((value for words, value in row.values.items() if words in question), None)
    text = known if known is not None else ("" if dialog._value else "none")
    await player.press(*text, "enter")
    await player.wait(lambda: player.app.screen is not dialog, f"an answer to {question!r}")


async def _choose(player: Player, dialog: Choose, row: Play) -> None:
    names = [option.name for option in dialog._options]
    places = [place for place, name in enumerate(names) if any(words in name for words in row.answers or ("",))]
    assert places, f"no answer to {names}:\n{player.screen}"
    await player.press(*["down"] * places[0], "enter")
    await player.wait(lambda: player.app.screen is not dialog, f"an answer of {names}")
