"""A book that is worked every so often says when its turn is due, and is told of only where it is for us."""

from datetime import timedelta

import pytest

from cockpit.runbooks.format import parse
from cockpit.runbooks.turn import TurnState
from tests.runbooks.conftest import Desk

DAILY = "---\nid: daily\nowner: a\nreviewed: 2026-11-20\nalerts: []\nevery: 1d\n---\n# Daily\n\n## Look\n\nLook.\n"


def test_a_turn_is_due_after_its_interval_and_overdue_after_a_quarter_more(desk: Desk) -> None:
    book = desk.write("daily", DAILY)
    terminal = desk.terminal("mhassan")

    def state() -> TurnState:
        return terminal.turns()[0].state

    assert state() is TurnState.NEVER
    uid = terminal.start(book, {})
    assert state() is TurnState.GOING
    terminal.advance(uid)
    assert state() is TurnState.DONE
    desk.clock.advance(24 * 3600)
    assert state() is TurnState.DUE
    desk.clock.advance(6 * 3600)
    assert state() is TurnState.OVERDUE
    assert terminal.turns()[0].due_at == terminal.turns()[0].last + timedelta(days=1)  # type: ignore[operator]


def test_a_run_that_was_stopped_is_no_turn(desk: Desk) -> None:
    book = desk.write("daily", DAILY)
    terminal = desk.terminal("mhassan")
    terminal.abort(terminal.start(book, {}), "called away")
    assert terminal.turns()[0].state is TurnState.NEVER


def test_a_check_of_an_account_is_for_nobody_without_one(desk: Desk) -> None:
    assert [turn.runbook for turn in desk.mine.turns()] == []


@pytest.mark.parametrize("every", ["0s", "soon", "-1d"])
def test_an_interval_that_is_none_is_an_error(every: str) -> None:
    book = parse(DAILY.replace("1d", every), "daily.md")
    assert book.every is None
    assert any("every" in problem.message for problem in book.problems)
