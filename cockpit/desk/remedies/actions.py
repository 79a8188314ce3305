"""Remedies as the desk sees them: ask for a plan, confirm it, follow the run, take it back.

Nothing is done here. The desk writes what a person decided; the runner, a process of its own, does the rest and
journals it.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from cockpit.actions.approval import CODE
from cockpit.actions.contract import Request
from cockpit.actions.journal import (
    IN_DOUBT,
    ActionRun,
    ActionState,
    absorb,
    admit,
    stream_of,
)
from cockpit.actions.launch import Launcher, Spawn
from cockpit.actions.parameters import checked_parameters
from cockpit.actions.registry import card
from cockpit.actions.telling import JournalLine, tell
from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.desk.remedies.action_scope import scope_of
from cockpit.desk.remedies.action_view import ActionView, view_of
from cockpit.desk.remedies.command_log import Sent, command_log
from cockpit.errors import BadInput, IllegalMove, NotFound, ReadOnly
from cockpit.incident.recovery import Recovery
from cockpit.text import visible
from storage.event import Event
from storage.leases import Leases, holder_is_alive

__all__ = ["ORPHAN_AFTER_S", "ActionView", "Actions"]

ORPHAN_AFTER_S = 10.0
"""How long a runner's heartbeat may stand still, and how long a started runner has to appear."""


class _Beat(msgspec.Struct):
    """A runner's heartbeat as last seen, and when by our own clock it was first seen so."""

    fencing: int
    heartbeat: int
    since: float


class Actions:
    """The action runs of this database.

    `linked` is told (incident, action) when a run belongs to an incident. `recovery` is asked (remedy, incident,
    failed tries) whose approval a remedy needs. `spawn` starts a module of ours as a process of its own.
    """

    def __init__(
        self,
        feed: Feed,
        settings: Settings,
        profile_path: Path,
        database_path: Path,
        operator: str,
        *,
        read_only: bool = False,
        linked: Callable[[str, str], object] | None = None,
        recovery: Callable[[str, str | None, int], Recovery | None] | None = None,
        spawn: Spawn | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed = feed
        self._linked = linked
        self._recovery = recovery
        self._settings = settings
        self._profile_path = profile_path
        self._database_path = database_path
        self._operator = operator
        self._read_only = read_only
        self._spawn = spawn or Launcher(database_path.with_name("runner.log"))
        self._monotonic = monotonic
        self._leases = Leases(feed.database)
        self._runs: dict[str, ActionRun] = {}
        self._lines: dict[str, list[JournalLine]] = {}
        self._beats: dict[str, _Beat] = {}
        self._started: dict[str, float] = {}

    def absorb(self, event: Event) -> None:
        """Fold one event of an action's stream."""
        if not event.stream.startswith("action/"):
            return
        uid = event.stream.removeprefix("action/")
        run = absorb(self._runs.get(uid), uid, event)
        if run is not None:
            self._runs[uid] = run
            self._lines.setdefault(uid, []).append(tell(event))

    # What a person decides

    def request(
        self, remedy: str, parameters: Mapping[str, str], incident: str | None = None, run: str | None = None
    ) -> str:
        """Ask for a plan and return the run's uid; raises NotFound or BadInput. Nothing is changed by it."""
        offered = card(remedy)
        checked = checked_parameters(offered, parameters)
        target = checked[offered.target]
        return self._begin(
            Request(
                remedy=remedy,
                target=target,
                parameters=checked,
                scope=self._scope(remedy, target, incident),
                incident=incident,
                run=run,
            )
        )

    def undo(self, uid: str) -> str:
        """Ask for a plan that takes run `uid` back; raises IllegalMove when there is no way back."""
        done = self._get(uid)
        if not self._can_undo(done):
            raise IllegalMove(self._why_no_undo(done))
        asked = done.request
        scope = self._scope(asked.remedy, asked.target, asked.incident)
        return self._begin(replace(asked, scope=scope, undoes=uid))

    def confirm(self, uid: str, typed: str) -> None:
        """Let the runner apply the plan as it is shown.

        Raises ReadOnly, BadInput when what was typed is not the plan's phrase, IllegalMove when there is no plan
        to confirm any more.
        """
        if self._read_only:
            raise ReadOnly("This cockpit is read-only: plans can be looked at, not applied.")
        with self._feed.decide() as pen:
            run = self._get(uid)
            if run.confirmed_by:
                raise IllegalMove(
                    f"{run.confirmed_by} has confirmed this plan already and it is under way ({run.state}): look "
                    "here at how it goes on; nothing is sent twice."
                )
            if run.plan is None or run.state is not ActionState.PLANNED:
                raise IllegalMove(f"There is no plan to confirm: the action is {run.state}.")
            if _canonical(typed) != _canonical(run.plan.phrase):
                raise BadInput(f"Type {run.plan.phrase!r} to apply the plan.")
            body = {"plan_hash": run.plan_hash, "typed": visible(typed.strip(), limit=300)}
            admit(run, uid, "action.confirmed", body, pen.now, self._operator)
            pen.append(stream_of(uid), "action.confirmed", body)

    def discard(self, uid: str, reason: str = "") -> None:
        """Drop a plan before it is confirmed; raises IllegalMove."""
        self._decide(uid, "action.discarded", {"reason": visible(reason)})

    def cancel(self, uid: str, reason: str = "") -> None:
        """Stop before the next step; what is on its way is settled first. Raises IllegalMove."""
        self._decide(uid, "action.cancelled", {"reason": visible(reason)})

    def close(self, uid: str, reason: str) -> None:
        """End a run that needs a person, with what the person found; raises BadInput without a reason."""
        if not reason.strip():
            raise BadInput("Say what you found before closing the run.")
        self._decide(uid, "action.closed", {"reason": visible(reason)})

    # What there is to see

    def get(self, uid: str) -> ActionView:
        """One run; raises NotFound."""
        return self._view(self._get(uid))

    def run_of(self, uid: str) -> ActionRun:
        """The run itself, for deciding what may follow; raises NotFound."""
        return self._get(uid)

    def runs(self) -> list[ActionRun]:
        """Every run there is, in the order in which they were asked for."""
        return sorted(self._runs.values(), key=lambda run: run.requested_at)

    def codes_used(self) -> set[str]:
        """The one-time codes that plans were approved with, as hashes."""
        return {each.proof for run in self._runs.values() for each in run.all_approvals if each.method == CODE}

    def all(self) -> list[ActionView]:
        """Every run there is, the newest first."""
        return [self._view(run) for run in reversed(self.runs())]

    def newest_open(self) -> str:
        """The uid of the newest run that has not ended; empty when there is none."""
        return next((run.uid for run in reversed(self._runs.values()) if not run.finished), "")

    def running(self) -> list[ActionView]:
        """Runs that have not ended, those in doubt first, then the oldest."""
        open_runs = [run for run in self._runs.values() if not run.finished]
        ordered = sorted(open_runs, key=lambda run: (run.state not in IN_DOUBT, run.requested_at))
        return [self._view(run) for run in ordered]

    def of_incident(self, incident: str) -> list[ActionView]:
        """Every run of one incident, oldest first."""
        return [self._view(run) for run in self._runs.values() if run.request.incident == incident]

    def sent(self, target: str) -> list[Sent]:
        """Every request that was ever sent for this target, the newest first."""
        return command_log(self._feed.ledger, target)[::-1]

    def resume_orphans(self) -> list[str]:
        """Start a runner for every unfinished run that has none; returns their uids.

        The runner finds out by reading what the former one may have sent.
        """
        resumed = []
        for run in list(self._runs.values()):
            if self._orphaned(run):
                self._start(run.uid)
                resumed.append(run.uid)
        return resumed

    # Inside

    def _scope(self, remedy: str, target: str, incident: str | None) -> dict[str, Any]:
        """What the configuration and the incident say of a request."""
        scope = scope_of(self._settings, target)
        tries = sum(
            1
            for run in self._runs.values()
            if (run.request.remedy, run.request.target, run.request.incident) == (remedy, target, incident)
            and run.intents
            and run.finished
            and run.state is not ActionState.SUCCEEDED
        )
        ruled = self._recovery(remedy, incident, tries) if self._recovery is not None else None
        return scope if ruled is None else {**scope, "recovery": ruled.plain()}

    def _begin(self, request: Request) -> str:
        uid = uuid4().hex
        with self._feed.decide() as pen:
            pen.append(stream_of(uid), "action.requested", msgspec.to_builtins(request))
        if request.incident is not None and self._linked is not None:
            self._linked(request.incident, uid)
        self._start(uid)
        return uid

    def _start(self, uid: str) -> None:
        self._started[uid] = self._monotonic()
        arguments = ["cockpit.actions.runner", "--database", str(self._database_path), "--run", uid]
        arguments += ["--profile", str(self._profile_path), f"--operator={self._operator}"]
        self._spawn([*arguments, "--read-only"] if self._read_only else arguments)

    def _orphaned(self, run: ActionRun) -> bool:
        if run.finished or run.state is ActionState.NEEDS_HUMAN or self._alive(run.uid):
            return False
        if run.state is ActionState.REQUESTED and run.uid not in self._started:
            # Another terminal has just asked: its runner is on its way, and a second one would only be turned away.
            age_s = (self._feed.clock.now() - run.requested_at).total_seconds()
            if 0 <= age_s < ORPHAN_AFTER_S:
                return False
        return self._monotonic() - self._started.get(run.uid, -ORPHAN_AFTER_S) >= ORPHAN_AFTER_S

    def _decide(self, uid: str, kind: str, body: dict[str, Any]) -> None:
        with self._feed.decide() as pen:
            admit(self._get(uid), uid, kind, body, pen.now, self._operator)
            pen.append(stream_of(uid), kind, body)

    def _get(self, uid: str) -> ActionRun:
        run = self._runs.get(uid)
        if run is None:
            raise NotFound(f"There is no action {visible(uid, limit=40)}.")
        return run

    def _view(self, run: ActionRun) -> ActionView:
        return view_of(
            run,
            tuple(self._lines[run.uid]),
            alive=not run.finished and self._alive(run.uid),
            can_undo=self._can_undo(run),
            undone_by=self._undone_by(run.uid),
            read_only=self._read_only,
        )

    def _undone_by(self, uid: str) -> str | None:
        dead = (ActionState.REFUSED, ActionState.EXPIRED, ActionState.DISCARDED, ActionState.CANCELLED)
        found = (run for run in self._runs.values() if run.request.undoes == uid and run.state not in dead)
        return next((run.uid for run in found), None)

    def _can_undo(self, run: ActionRun) -> bool:
        applied = run.state is ActionState.SUCCEEDED and run.plan is not None and run.plan.reversible
        return applied and self._undone_by(run.uid) is None

    def _why_no_undo(self, run: ActionRun) -> str:
        """Why a run is not taken back, in a sentence."""
        taken_back = self._undone_by(run.uid)
        if taken_back is not None:
            return f"It is taken back already, by run {taken_back[:8]}."
        if not run.finished:
            return f"It has not ended ({run.state}): stop it first, or wait for its end."
        if run.state is ActionState.SUCCEEDED:
            return "There is no way back: the plan said so before it was applied."
        return f"It ended as {run.state}: there is nothing to undo."

    def _alive(self, uid: str) -> bool:
        row = self._leases.holder(f"runner/{uid}")
        if row is None:
            self._beats.pop(uid, None)
            return False
        if not holder_is_alive(row):
            return False
        seen = self._beats.get(uid)
        if seen is None or (seen.fencing, seen.heartbeat) != (row.fencing, row.heartbeat):
            seen = self._beats[uid] = _Beat(row.fencing, row.heartbeat, self._monotonic())
        return self._monotonic() - seen.since < ORPHAN_AFTER_S


def _canonical(phrase: str) -> list[str]:
    """The words of a typed phrase, names as A-labels, so that a look-alike is not taken for the target."""
    words = []
    for word in phrase.lower().split():
        try:
            words.append(word.rstrip(".").encode("idna").decode("ascii"))
        except UnicodeError:
            words.append(word)
    return words
