"""The driver's journal over the ledger: admit, check the lease and append in one transaction."""

import os
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from cockpit.actions.approval import STREAM, approvers, trouble
from cockpit.actions.contract import Plan
from cockpit.actions.journal import ActionRun, absorb, admit, fold, stream_of
from cockpit.clock import Clock
from cockpit.errors import NotFound
from storage.database import Database
from storage.errors import LeaseHeld
from storage.leases import Lease, Leases, boot_id
from storage.ledger import Draft, Ledger

POLL_S = 0.05
"""How often a waiting runner looks whether another process has written."""

ACTOR = "runner"


def runner_lease(uid: str) -> str:
    """The lease that the one runner of a run holds while it lives."""
    return f"runner/{uid}"


def target_lease(target: str) -> str:
    """The lease on what is changed; whoever holds it is the only one who may change it."""
    return f"target/{target}"


class LedgerJournal:
    """The journal of one run, for one runner process. `sleep` waits that many seconds."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        leases: Leases,
        clock: Clock,
        uid: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._leases = leases
        self._clock = clock
        self._uid = uid
        self._sleep = sleep
        self._holder = f"{ACTOR} {uuid4().hex[:8]}"
        self._run: ActionRun | None = None
        self._seq = 0
        self._others: dict[str, ActionRun | None] = {}
        self._others_seq = 0
        self._own: Lease | None = None
        self._target: Lease | None = None

    @property
    def held(self) -> tuple[Lease, ...]:
        """The leases that have to be kept alive."""
        return tuple(lease for lease in (self._own, self._target) if lease is not None)

    def take_over(self) -> None:
        """Become the run's runner; raises LeaseHeld while another one lives, NotFound for no such run.

        One that stands still, or that ran before the machine was started anew, is watched until its time is up.
        """
        self.load()
        name, seen = runner_lease(self._uid), None
        while self._own is None:
            try:
                self._own = self._acquire(name)
            except LeaseHeld:
                row = self._leases.holder(name)
                beats = (row.fencing, row.heartbeat) if row is not None else None
                seen = seen or beats
                if beats not in (seen, None):
                    raise
                self._sleep(POLL_S)

    def give_back(self) -> None:
        """Give both leases back."""
        self.unlock()
        if self._own is not None:
            self._leases.release(self._own)
            self._own = None

    def load(self) -> ActionRun:
        """The run as its events tell it now; raises NotFound."""
        for event in self._ledger.since(self._seq, stream=stream_of(self._uid)):
            self._run = absorb(self._run, self._uid, event)
            self._seq = event.seq
        if self._run is None:
            raise NotFound(f"There is no action {self._uid}.")
        return self._run

    def append(self, kind: str, body: dict[str, Any], *, fenced: bool) -> None:
        """Admit and commit one event.

        Raises IllegalMove when it may not follow, LeaseHeld when a lease is no longer ours, or when another run
        left the target in doubt.
        """
        now = self._clock.now()
        draft = Draft(stream=stream_of(self._uid), kind=kind, body=body, occurred_at=now, actor=ACTOR)
        with self._database.write() as transaction:
            admit(self.load(), self._uid, kind, body, now, ACTOR)
            if self._own is not None:
                self._leases.check(self._own, transaction)
            if fenced:
                if self._target is None:
                    raise LeaseHeld("The lease on the target was given back.")
                self._leases.check(self._target, transaction)
            if kind == "action.intent":
                self._refuse_if_in_doubt()
            self._ledger.append([draft], transaction)

    def lock(self, target: str) -> int:
        """Take the lease on the target; raises LeaseHeld, also while another run left the target in doubt."""
        try:
            self._refuse_if_in_doubt()
        except LeaseHeld as held:
            raise LeaseHeld(f"{held} {self._afterwards()}") from None
        try:
            self._target = self._acquire(target_lease(target))
        except LeaseHeld as held:
            raise LeaseHeld(f"{self._busy_with(target) or held} {self._afterwards()}") from None
        return self._target.fencing

    def _busy_with(self, target: str) -> str:
        """Which other run is changing the target, in a sentence; empty when its events do not tell."""
        for run in self._others.values():
            if run is not None and run.confirmed_by and not run.finished and run.request.target == target:
                return (
                    f"{_named(run)}, confirmed by {run.confirmed_by}{_since(run)}, is changing {target}"
                    f" ({run.state}). To free it: cockpit action stop {run.uid[:8]}."
                )
        return ""

    def _afterwards(self) -> str:
        """What becomes of this run, which waits, once the target is free."""
        plan = self.load().plan
        until = f" before {plan.expires_at:%H:%M:%S}Z, when its plan expires" if plan is not None else ""
        return (
            f"This one waits. If the target is free{until}, it looks at the live state again and goes ahead by"
            " itself where that is still what its plan says; else nothing is sent."
        )

    def unlock(self) -> None:
        """Give the lease on the target back."""
        if self._target is not None:
            self._leases.release(self._target)
            self._target = None

    def still_ours(self) -> None:
        """Raise LeaseHeld when a lease was taken over: this process slept, and may not act any more."""
        with self._database.write() as transaction:
            for lease in self.held:
                self._leases.check(lease, transaction)

    def approval_flaw(self) -> str:
        """Why the approvals that the run counts do not stand: each signature is checked anew."""
        run = self.load()
        if run.approvals_missing:
            return "An approval was taken back."
        known = approvers(self._ledger.stream(STREAM))
        flaws = (trouble(run.uid, run.plan_hash, each, known) for each in run.approvals)
        return next((flaw for flaw in flaws if flaw), "")

    def plan_of(self, uid: str) -> Plan:
        """The plan of another run; raises NotFound."""
        run = fold(uid, self._ledger.stream(stream_of(uid)))
        if run is None or run.plan is None:
            raise NotFound(f"There is no action {uid} that could be undone.")
        return run.plan

    def wait(self, seconds: float) -> None:
        """Wait that long, or until another process wrote to this run's stream."""
        until = self._clock.monotonic() + seconds
        version = self._database.data_version()
        while (left := until - self._clock.monotonic()) > 0:
            self._sleep(min(left, POLL_S))
            now = self._database.data_version()
            # Probes commit many times a second, and must not hurry a runner into asking AWS as often.
            if now != version and self._ledger.since(self._seq, stream=stream_of(self._uid), limit=1):
                return
            version = now

    def _acquire(self, name: str) -> Lease:
        return self._leases.acquire(name, self._holder, os.getpid(), boot_id(), os.uname().nodename)

    def _refuse_if_in_doubt(self) -> None:
        """A lease that ran out says nothing about what its holder sent: whoever sent it has to find out first."""
        target = self.load().request.target
        for event in self._ledger.since(self._others_seq, stream="action/"):
            uid = event.stream.removeprefix("action/")
            self._others_seq = event.seq
            if uid != self._uid:
                self._others[uid] = absorb(self._others.get(uid), uid, event)
        for run in self._others.values():
            if run is not None and run.holds_target and run.request.target == target:
                raise LeaseHeld(
                    f"{_named(run)} on {target}, confirmed by {run.confirmed_by}{_since(run)}, is {run.state}: what"
                    " it sent has to be settled before anything else."
                    f" To free it: cockpit action stop {run.uid[:8]}."
                )


def _since(run: ActionRun) -> str:
    """Since when a run may change its target, as words to append."""
    return f" at {run.confirmed_at:%H:%M:%S}Z" if run.confirmed_at is not None else ""


def _named(run: ActionRun) -> str:
    """The other run as its plan calls it."""
    return f"Another action ({run.plan.title if run.plan is not None else run.request.remedy})"
