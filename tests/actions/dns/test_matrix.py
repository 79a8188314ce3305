"""Crash x second crash x behaviour of the provider, for changes of records in batches and for taking them back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from cockpit.actions.aws import AwsClients
from cockpit.actions.cards import Access
from cockpit.actions.contract import EffectRefused, EffectUnknown, Plan, Request, State
from cockpit.actions.dns.providers.provider import Whereabouts
from cockpit.actions.dns.published import Published
from cockpit.actions.dns.record_remedy import Intention, RecordRemedy
from cockpit.actions.dns.record_state import Change, Key, Records, changes_between
from cockpit.actions.driver import Driver, Patience
from cockpit.actions.journal import ActionRun, ActionState
from cockpit.errors import WorldError
from cockpit.health.zone_copy import RecordSet
from cockpit.probes.names.answer import AUTHORITATIVE, Answer, Server
from cockpit.profile import Profile
from tests.actions.fakes import PATIENCE, START, Crash, Disk, HandClock, MemoryJournal, Points

KEYS: tuple[Key, ...] = tuple((f"n{number}.shop.example", "A") for number in range(6))
OLD = {key: RecordSet(*key, 300, ("192.0.2.1",)) for key in KEYS[:4]}
NEW: dict[Key, RecordSet | None] = {
    **{key: RecordSet(*key, 60, ("192.0.2.9",)) for key in KEYS[1:]},
    KEYS[0]: None,
}
FAULTS: dict[str, tuple[str, ...]] = {
    "ok": (),
    "refused": ("refused",),
    "dropped": ("drop",),
    "applied, then dropped": ("applied-then-drop",),
    "lands late": ("late",),
    "late twice": ("late", "late"),
    "second refused": ("ok", "refused"),
    "second dropped": ("ok", "applied-then-drop"),
    "third late": ("ok", "ok", "late"),
    "third refused, way back late": ("ok", "ok", "refused", "late"),
    "third refused, way back dropped": ("ok", "ok", "refused", "applied-then-drop"),
}
POINTS = range(1, 44, 2)
ACCESS = Access(Profile(), AwsClients(Profile(), "test"))


@dataclass
class MemoryZone:
    """A provider in memory: batches are made whole or not at all, and only where the records are as was said."""

    clock: HandClock
    behaviours: list[str]
    points: Points = field(default_factory=Points)
    held: dict[Key, RecordSet | None] = field(default_factory=lambda: dict(OLD))
    late: list[tuple[Any, Sequence[Change]]] = field(default_factory=list)
    sent: int = 0
    broken: int = 0
    name: str = "memory"
    operation: str = "change"
    zone: str = "shop.example"
    most: int = 2

    def whereabouts(self) -> Whereabouts:
        return Whereabouts("memory", "DNS", "nobody")

    def require_changes(self) -> None:
        self.points.pass_by()

    def records(self, keys: Sequence[Key]) -> Records:
        self.settle()
        return {key: self.held.get(key) for key in keys}

    def everything(self) -> Records:
        self.settle()
        return dict(self.held)

    def notes(self) -> Sequence[str]:
        return ()

    def request(self, changes: Sequence[Change]) -> dict[str, Any]:
        return {"changes": [[each.verb, each.name] for each in changes]}

    def settled(self) -> str:
        return ""

    def settle(self) -> None:
        for moment, changes in list(self.late):
            if moment <= self.clock.now():
                self.late.remove((moment, changes))
                self._make(changes)

    def send(self, changes: Sequence[Change]) -> str:
        self.points.pass_by()
        self.settle()
        self.sent += 1
        behaviour = self.behaviours.pop(0) if self.behaviours else "ok"
        if behaviour == "refused":
            raise EffectRefused("REFUSED", "The provider refused it.")
        if behaviour == "drop":
            raise EffectUnknown("The connection broke.")
        if behaviour == "late":
            self.late.append((self.clock.now() + timedelta(seconds=45), changes))
            raise EffectUnknown("The answer did not come.")
        if not self._make(changes):
            raise EffectRefused("CHANGED_SINCE", "A record was changed meanwhile.")
        self.points.pass_by()
        if behaviour == "applied-then-drop":
            raise EffectUnknown("The connection broke.")
        return "made"

    def _make(self, changes: Sequence[Change]) -> bool:
        if any(self.held.get(each.key) != each.was for each in changes):
            return False
        for each in changes:
            self.held[each.key] = each.will
        return True

    def state(self) -> dict[Key, RecordSet]:
        self.settle()
        return {key: record for key, record in self.held.items() if record is not None}


class Swap(RecordRemedy):
    """Makes the zone what it shall be, in three batches."""

    def intend(self, now: Any) -> Intention:
        return Intention("swap", changes_between(self.provider.everything(), NEW), "swapped")

    def read(self, plan: Plan) -> State:
        zone = self.provider
        assert isinstance(zone, MemoryZone)
        if zone.clock.now() < START:
            raise WorldError("never")
        return super().read(plan)


def _remedy(zone: MemoryZone, asked: Request) -> Swap:
    def look(profile: Profile, domain: str, questions: Sequence[Key]) -> list[Published]:
        server = Server("ns1", "192.0.2.53", 53, AUTHORITATIVE)
        found = []
        for name, rtype in questions:
            record = zone.state().get((name, rtype))
            status = "answer" if record else "nxdomain"
            answer = Answer(server, name, rtype, status, values=record.values if record else (), ttl_s=60)
            found.append(Published(name, rtype, (answer,), ()))
        return found

    remedy = Swap(asked, ACCESS, look_up=look)
    remedy._provider = zone
    return remedy


class UndoJournal(MemoryJournal):
    """A journal that also knows the plan that is taken back."""

    done: Plan | None = None

    def plan_of(self, uid: str) -> Plan:
        assert self.done is not None
        return self.done


def play(
    faults: tuple[str, ...], first: int | None, second: int | None, *, undo: bool, patience: Patience = PATIENCE
) -> tuple[ActionRun, MemoryZone, list[str]]:
    """One run with two deaths; the way back of a run that went well when `undo`. What is wrong comes third."""
    clock = HandClock()
    zone = MemoryZone(clock, [])
    asked = Request(remedy="dns.swap", target="shop.example", parameters={})
    done = _remedy(zone, asked).plan(clock.now())
    start, goal = OLD, {key: each for key, each in NEW.items() if each is not None}
    body: dict[str, Any] = {"remedy": "dns.swap", "target": "shop.example", "parameters": {}}
    if undo:
        zone.held = dict(NEW)
        start, goal = goal, start
        asked = Request(remedy="dns.swap", target="shop.example", parameters={}, undoes="before")
        body["undoes"] = "before"
    zone.behaviours = list(faults)
    disk = Disk(clock)
    disk.write("action.requested", body, "mhassan")
    for fatal in (first, second, None):
        zone.points = Points(fatal)
        journal = UndoJournal(disk, zone.points)
        journal.done = done
        try:
            Driver(journal, _remedy(zone, asked), clock, patience).run()
        except Crash:
            continue
        break
    zone.points = Points()
    run = MemoryJournal(disk, Points()).load()
    clock.moment += timedelta(hours=1)
    return run, zone, _wrong(run, zone, disk, start, goal)


def _wrong(run: ActionRun, zone: MemoryZone, disk: Disk, start: Any, goal: Any) -> list[str]:
    found = []
    if run.state is ActionState.SUCCEEDED and zone.state() != goal:
        found.append("claims success")
    if run.state in (ActionState.ROLLED_BACK, ActionState.REFUSED, ActionState.EXPIRED) and zone.state() != start:
        found.append(f"claims {run.state}")
    if not run.finished and run.state is not ActionState.NEEDS_HUMAN:
        found.append(f"stopped in {run.state}")
    if zone.sent > disk.kinds().count("effect"):
        found.append("sent without a record")
    return found + list(run.anomalies)


@pytest.mark.parametrize("undo", [False, True], ids=["forward", "undo"])
def test_no_change_in_batches_claims_what_is_not_so_wherever_it_dies(undo: bool) -> None:
    played = 0
    for name, faults in FAULTS.items():
        for first in (None, *POINTS):
            for second in (None, 4, 9) if first is not None else (None,):
                _, _, wrong = play(faults, first, second, undo=undo)
                assert wrong == [], f"{name} / {first} / {second}"
                played += 1
    assert played >= 700


def test_every_way_to_end_is_reached_and_each_crash_point_too() -> None:
    ends = {play(faults, first, None, undo=False)[0].state for faults in FAULTS.values() for first in (None, 20)}
    assert {ActionState.SUCCEEDED, ActionState.REFUSED, ActionState.ROLLED_BACK} <= ends
    _, zone, _ = play(("ok", "ok", "late"), None, None, undo=False)
    assert zone.sent == 3


def test_without_a_quiet_period_the_matrix_finds_wrong_claims() -> None:
    hasty = Patience(quiet=timedelta(0), apart=timedelta(milliseconds=1), poll=PATIENCE.poll)
    wrong = [each for faults in FAULTS.values() for each in play(faults, None, None, undo=False, patience=hasty)[2]]
    assert any("claims" in each for each in wrong)
