"""`cockpit run`, and `cockpit` alone: open the cockpit, with a watch beside it when nobody else keeps one."""

import gc
import os
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.companion import CompanionWatch, watch_is_held
from cockpit.cli.frame import Command
from cockpit.cli.session import Session
from cockpit.errors import BadInput, CockpitError

if TYPE_CHECKING:
    from cockpit.desk import Desk


@click.command(cls=Command, example="cockpit --as mhassan run")
@click.pass_obj
def command(session: Session) -> int:
    """Open the cockpit (this is what `cockpit` alone does)."""
    if session.given.profile == "-" and session.given_profile is not None:
        take_the_terminal_back()
    need_terminal()
    from cockpit.cli.fence import behind_the_fence

    with behind_the_fence(session.profile, session.database.parent / "fence"):
        return open_cockpit(session, session.log("watch-stderr"))


def need_terminal() -> None:
    """Raise BadInput unless there is somebody at a terminal to draw for."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadInput(
            "The cockpit needs a terminal; without one use: cockpit status, cockpit watch, cockpit check"
        )


def take_the_terminal_back() -> None:
    """Let the keyboard be standard input again, after the profile was read from a pipe."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return
    os.dup2(terminal, 0)
    os.close(terminal)


def open_cockpit(session: Session, log: Path) -> int:
    """Run the app until the operator leaves, opening it anew when the configuration changed; its exit code.

    A watch is started beside it once the first frame stands; where another one holds the lease, ours leaves again
    by itself.
    """
    gc.disable()  # Until the first frame stands; see `cli.main()`.
    from cockpit.cli.launcher import TerminalLauncher
    from cockpit.launching import REOPEN
    from screens.app import run_app

    code = REOPEN
    while code == REOPEN:
        held = partial(watch_is_held, session.database)
        with (
            session.desk() as desk,
            CompanionWatch(session.watch_arguments, log, session.profile_line, held) as watch,
        ):
            launcher = TerminalLauncher(session, watch)
            remember = partial(_remember_signal, desk)
            code = run_app(desk, launcher=launcher, on_signal=remember, ensure_watch=partial(_first_frame, watch))
        session = Session(session.given)
    return code


def _first_frame(watch: CompanionWatch) -> None:
    """Do what waited for it."""
    gc.enable()
    watch.start()


def _remember_signal(desk: "Desk", number: signal.Signals) -> None:
    """Write down that the terminal went away, so that the timeline says why nobody answered.

    A database that cannot be written must not keep the cockpit from ending, and nobody is there to be told.
    """
    with suppress(CockpitError), desk.feed.decide() as pen:
        pen.append("ops", "session.lost", {"signal": number.name})
