"""`cockpit run`, and `cockpit` alone: open the cockpit, with a watch beside it when nobody else keeps one."""

import os
import sys
from pathlib import Path

import click

from cockpit.cli.companion import companion_watch
from cockpit.cli.frame import Command
from cockpit.cli.session import Session
from cockpit.errors import BadInput


@click.command(cls=Command, example="cockpit --as mhassan run")
@click.pass_obj
def command(session: Session) -> int:
    """Open the cockpit (this is what `cockpit` alone does)."""
    if session.given.profile == "-":
        _take_the_terminal_back(session)
    need_terminal()
    return open_cockpit(session, session.log("watch"))


def need_terminal() -> None:
    """Raise BadInput unless there is somebody at a terminal to draw for."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadInput(
            "The cockpit needs a terminal; without one use: cockpit status, cockpit watch, cockpit check"
        )


def _take_the_terminal_back(session: Session) -> None:
    """Read the profile from the pipe, then let the keyboard be standard input again."""
    if session.given_profile is None:
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return
    os.dup2(terminal, 0)
    os.close(terminal)


def open_cockpit(session: Session, log: Path) -> int:
    """Run the app on the session's desk, beside a watch, until the operator leaves; returns its exit code."""
    from screens.app import run_app

    with (
        session.desk() as desk,
        companion_watch(
            session.database,
            log,
            config=session.own_config,
            profile=session.profile_line,
            operator=session.operator,
        ),
    ):
        return run_app(desk)
