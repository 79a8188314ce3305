"""`python -m cockpit.actions.runner`: carries one action run to its end, in a process and session of its own.

Started by a desk for each run, and again by any desk for a run whose runner is gone. It continues from whatever
the run's events say. A dropped line or a closed terminal does not reach it.

Exit status: 0 when the run has ended or waits for a person, 1 for an error, 3 when another runner has the run.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from cockpit.actions.approval import by_policy
from cockpit.actions.contract import PlanRefused
from cockpit.actions.driver import Driver, Patience
from cockpit.actions.journal import ActionState
from cockpit.actions.ledger_journal import LedgerJournal
from cockpit.actions.pulse import Pulse
from cockpit.clock import SystemClock
from cockpit.errors import CockpitError, NotFound, WorldError
from cockpit.own_process import leave_no_core
from cockpit.profile import Profile, load_profile
from cockpit.text import redact, visible
from storage.database import Database
from storage.errors import LeaseHeld
from storage.leases import Leases
from storage.ledger import Ledger

TAKEN = 3
"""Exit status when another runner has the run."""

AGAIN_S = 5.0
"""Seconds until a configuration that cannot be used is tried again by a run that is under way."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.actions.runner", description=__doc__)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--run", required=True, metavar="UID")
    parser.add_argument("--profile", type=Path, required=True, metavar="FILE")
    parser.add_argument("--operator", default="", help="on whose behalf, for the request's user agent")
    parser.add_argument("--read-only", action="store_true", help="plan only: refuse every change")
    given = parser.parse_args(arguments)
    os.umask(0o077)
    leave_no_core()
    # The line may drop and the terminal close: the run goes on, and its journal says how.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        profile = load_profile(given.profile)
        carry(given.database, given.run, profile, given.operator, read_only=given.read_only)
    except LeaseHeld as taken:
        print(visible(taken), file=sys.stderr)
        return TAKEN
    except CockpitError as error:
        print(redact(visible(error)), file=sys.stderr)
        return 1
    return 0


def carry(path: Path, uid: str, profile: Profile, operator: str, *, read_only: bool) -> None:
    """Carry run `uid` as far as it goes; raises LeaseHeld when another runner has it or takes it over."""
    clock = SystemClock()
    database = Database.open(path)
    try:
        journal = LedgerJournal(database, Ledger(database, clock.now), Leases(database), clock, uid)
        journal.take_over()
        try:
            with Pulse(path, lambda: journal.held):
                _drive(journal, path, profile, operator, clock, read_only=read_only)
        except Exception as mistake:
            _give_up(journal, mistake)
            raise
        finally:
            journal.give_back()
    finally:
        database.close()


def _drive(
    journal: LedgerJournal, path: Path, profile: Profile, operator: str, clock: SystemClock, *, read_only: bool
) -> None:
    from cockpit.actions.aws import AwsClients
    from cockpit.actions.cards import Access
    from cockpit.actions.registry import make_remedy

    request, told = journal.load().request, ""
    while True:
        try:
            clients = AwsClients(profile, operator, read_only=read_only)
            clients.fence_changes(journal.still_ours)
            remedy = make_remedy(request, Access(profile, clients, path))
            break
        except (PlanRefused, NotFound) as error:
            code = error.code if isinstance(error, PlanRefused) else "NO_SUCH_REMEDY"
            _refuse(journal, code, error)
            return
        except WorldError as error:
            if journal.load().state is ActionState.REQUESTED:
                _refuse(journal, "NOT_USABLE", error)
                return
            # What was sent before has to be settled: the configuration is waited for, and that is said once.
            sentence = redact(visible(error))
            if sentence != told:
                journal.append("action.noted", {"text": sentence}, fenced=False)
                told = sentence
            journal.wait(AGAIN_S)
    Driver(journal, remedy, clock, Patience().at_speed(profile.speed), require=by_policy).run()


def _give_up(journal: LedgerJournal, mistake: Exception) -> None:
    """End a run that a mistake of ours kept from being planned: each runner after this one would make it again."""
    if not isinstance(mistake, CockpitError) and journal.load().state is ActionState.REQUESTED:
        kind = type(mistake).__name__
        sentence = f"A mistake inside the cockpit ({kind}): nothing was changed. Its runner.log has the details."
        _refuse(journal, "MISTAKE", WorldError(sentence))


def _refuse(journal: LedgerJournal, code: str, error: CockpitError) -> None:
    journal.append("action.refused", {"code": code, "sentence": redact(visible(error))}, fenced=False)


if __name__ == "__main__":
    sys.exit(main())
