"""Plays a runbook of the library by keys alone, in its drill, and counts the keys until the repair is verified.

A play is one row of a table: the drill, the runbook, what is answered where the book asks, and the most keys it may
take. The player knows nothing of any book: it takes the Next line, and answers what is on the screen.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from textual.screen import ModalScreen

from cockpit.runbooks.run import StepState
from cockpit.runbooks.view import RunView
from screens.dialogs import Ask, Choose, Confirm
from tests.whole.test_pilot_drill import Player


@dataclass(frozen=True)
class Play:
    """One book in its drill. `answers` are words of the answers to choose, `skips` steps not run here."""

    drill: str
    book: str
    target: str
    most_keys: int
    answers: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    skips: tuple[str, ...] = ()


Approve = Callable[[str], object]
"""What a second person does with the code that the screen shows."""


async def play(player: Player, row: Play, approve: Approve, *, rounds: int = 60) -> int:
    """From the alert to the verified repair; returns the keys that it took of the person who works it."""
    await player.take("incident.open", row.target)
    await player.wait(lambda: player.desk.incidents.open_incidents(), "the incident")
    await player.wait(lambda: player.app.current_mode == "incident", "the incident's screen")
    await player.press("r")
    await player.wait(lambda: isinstance(player.app.screen, Choose), "the runbooks")
    dialog = player.app.screen
    assert isinstance(dialog, Choose)
    await player.press(*["down"] * [option.value for option in dialog._options].index(row.book), "enter")
    await player.wait(lambda: player.app.run_uid(), "the run")
    for _ in range(rounds):
        if verified(player):
            return len(player.keys)
        await _one(player, row, approve)
    raise AssertionError(f"{row.book} never came to a verified repair:\n{player.screen}")


def verified(player: Player) -> bool:
    """Whether an action of the incident has succeeded, which means that it was verified by another way."""
    actions = player.desk.actions.of_incident(player.app.incident_uid())
    return any(action.state == "succeeded" for action in actions)


async def _one(player: Player, row: Play, approve: Approve) -> None:
    """Wait until something is asked for, and give it."""
    await player.wait(lambda: verified(player) or _asked(player), "something to do")
    dialog = player.app.screen
    if verified(player):
        return
    if isinstance(dialog, Choose):
        await _choose(player, dialog, row)
    elif isinstance(dialog, Ask):
        await player.press(
            *next((value for name, value in row.values.items() if name in player.screen), "none"), "enter"
        )
    elif isinstance(dialog, Confirm):
        await player.press("right", "enter")
    elif _plans(player):
        (action,) = player.desk.actions.of_incident(player.app.incident_uid())[-1:]
        if player.app.current_mode != "action":
            await player.press("6")
            await player.wait(lambda: player.app.current_mode == "action", "the plan")
        await player.press(*action.phrase, "enter")
        await player.wait(lambda: not player.desk.actions.get(action.uid).can_confirm, "the confirmation")
        await player.wait(lambda: verified(player) or _code(player), "the repair or a second person")
        if not verified(player):
            approve(_code(player))
    elif _view(player).current is not None and _view(player).current.id in row.skips:  # type: ignore[union-attr]
        await player.press("s")
        await player.wait(lambda: isinstance(player.app.screen, Ask), "the reason")
        await player.press(*"no tool", "enter")
    else:
        before = _view(player).current
        if player.app.current_mode != "runbook":
            await player.press("3")
        # Another alert may have taken the Next line meanwhile; the runbook's own key still means its step.
        await player.press("enter" if player.offered == "runbook.advance" else "x")
        await player.wait(lambda: _moved(player, before.id if before else ""), "the step")


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
    if isinstance(player.app.screen, ModalScreen):
        return True
    if _plans(player):
        return True
    view = _view(player)
    busy = any(action.running for action in player.desk.actions.of_incident(player.app.incident_uid()))
    return not busy and not view.waiting and view.current is not None


def _plans(player: Player) -> bool:
    """Whether a plan waits to be confirmed."""
    return any(action.can_confirm for action in player.desk.actions.of_incident(player.app.incident_uid()))


async def _choose(player: Player, dialog: Choose, row: Play) -> None:
    names = [option.name for option in dialog._options]
    places = [place for place, name in enumerate(names) if any(words in name for words in row.answers)]
    assert places, f"no answer to {names}:\n{player.screen}"
    await player.press(*["down"] * places[0], "enter")
