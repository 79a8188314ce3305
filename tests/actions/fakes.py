"""A remote, a disk and a clock in memory, so that thousands of crashes can be played in a second."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.actions.contract import (
    EffectRefused,
    EffectUnknown,
    Line,
    Outcome,
    Plan,
    PlanRefused,
    PlanStep,
    State,
    Verification,
)
from cockpit.actions.driver import Driver, Patience
from cockpit.actions.journal import ActionRun, absorb, admit
from cockpit.errors import NotFound, WorldError
from storage.errors import LeaseHeld
from storage.event import Event

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
PATIENCE = Patience()


class Crash(BaseException):
    """The process is gone: nothing after this line runs, no handler catches it."""


class HandClock:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - START).total_seconds()


@dataclass
class Points:
    """Counts the places where a process can die, and kills it at the chosen one."""

    fatal: int | None = None
    passed: int = 0

    def pass_by(self) -> None:
        self.passed += 1
        if self.passed == self.fatal:
            raise Crash


@dataclass
class Remote:
    """Two values at a service, what it does to each request, and what is still on its way to it."""

    clock: HandClock
    behaviours: list[str]
    state: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    late: list[tuple[datetime, str, int]] = field(default_factory=list)
    sent: list[tuple[str, int]] = field(default_factory=list)
    deaf_until: datetime = START

    def settle(self) -> None:
        for moment, key, value in list(self.late):
            if moment <= self.clock.now():
                self.state[key] = value
                self.late.remove((moment, key, value))

    def read(self) -> dict[str, int]:
        self.settle()
        if self.clock.now() < self.deaf_until:
            raise WorldError("the service does not answer")
        return dict(self.state)

    def write(self, key: str, value: int, points: Points) -> str:
        self.settle()
        self.sent.append((key, value))
        behaviour = self.behaviours.pop(0) if self.behaviours else "ok"
        if behaviour == "refused":
            raise EffectRefused("BadRequest", "The service refused it.")
        if behaviour == "drop-before":
            raise EffectUnknown("The connection broke.")
        if behaviour == "error-500":
            raise EffectUnknown("HTTP 500")
        if behaviour == "late":
            self.late.append((self.clock.now() + timedelta(seconds=45), key, value))
            raise EffectUnknown("The read timed out.")
        self.state[key] = value
        points.pass_by()
        if behaviour == "applied-then-drop":
            raise EffectUnknown("The connection broke.")
        if behaviour == "applied-then-deaf":
            self.deaf_until = self.clock.now() + timedelta(minutes=10)
            raise EffectUnknown("The connection broke.")
        return "HTTP 200"


def _step(key: str, value: int, before: dict[str, int], after: dict[str, int]) -> PlanStep:
    return PlanStep("Put", f"set {key} to {value}", before, after, {"key": key, "value": value})


def plan_at(now: datetime, *, rolls_back: bool = True, reversible: bool = True) -> Plan:
    zero, half, full = {"a": 0, "b": 0}, {"a": 1, "b": 0}, {"a": 1, "b": 1}
    forward = (_step("a", 1, zero, half), _step("b", 1, half, full))
    back = (_step("a", 0, half, zero), _step("b", 0, full, half))
    return Plan(
        remedy="fake.pair",
        title="set both",
        target="pair",
        account="447112341123",
        region="ca-central-1",
        caller="arn:aws:sts::447112341123:assumed-role/ic-remediate/mhassan",
        before=zero,
        desired=full,
        diff=(Line("-", "a", "0"), Line("+", "a", "1")),
        reach="nobody",
        undo="yes",
        proof=(),
        checks=(),
        risk="low",
        steps=forward,
        way_back=back if reversible else (),
        rolls_back=rolls_back,
        phrase="pair",
        subject={},
        made_at=now,
        expires_at=now + timedelta(minutes=15),
    )


class PairRemedy:
    """Sets two values, one request each."""

    def __init__(self, remote: Remote, points: Points, *, verdict: Outcome = Outcome.DONE) -> None:
        self.remote = remote
        self.points = points
        self.verdict = verdict
        self.reversible = True

    def plan(self, now: datetime) -> Plan:
        if self.remote.read() != {"a": 0, "b": 0}:
            raise PlanRefused("ALREADY_SET", "It is set already.")
        return plan_at(now, reversible=self.reversible)

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        raise NotFound("nothing to undo")

    def identify(self) -> None:
        self.points.pass_by()

    def read(self, plan: Plan) -> State:
        return self.remote.read()

    def send(self, plan: Plan, step: PlanStep) -> str:
        self.points.pass_by()
        return self.remote.write(step.request["key"], step.request["value"], self.points)

    def verify(self, plan: Plan) -> Verification:
        if self.remote.read() != plan.desired:
            return Verification(Outcome.FAILED, "not what was asked for")
        return Verification(self.verdict, "both are set")

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        return {"statusCode": 200}


class Disk:
    """Events that survive every crash, and the lease table."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.events: list[Event] = []
        self.fencing = 0
        self.run: ActionRun | None = None

    def write(self, kind: str, body: dict[str, Any], actor: str = "runner") -> None:
        number = len(self.events) + 1
        now = self.clock.now()
        event = Event(
            seq=number,
            id=f"e{number}",
            stream="action/x",
            kind=kind,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            host="bastion",
            body=body,
            prev="",
            hash="",
        )
        self.events.append(event)
        self.run = absorb(self.run, "x", event)

    def kinds(self) -> list[str]:
        return [event.kind.removeprefix("action.") for event in self.events]


class MemoryJournal:
    """The driver's journal over a `Disk`; every commit has a crash point before and after it."""

    def __init__(self, disk: Disk, points: Points, *, confirms: bool = True) -> None:
        self.disk = disk
        self.points = points
        self.confirms = confirms
        self.fencing: int | None = None

    def load(self) -> ActionRun:
        run = self.disk.run
        assert run is not None
        assert run.anomalies == ()
        return run

    def append(self, kind: str, body: dict[str, Any], *, fenced: bool) -> None:
        self.points.pass_by()
        if fenced and self.fencing != self.disk.fencing:
            raise LeaseHeld("somebody else took the lease")
        admit(self.load(), "x", kind, body, self.disk.clock.now(), "runner")
        self.disk.write(kind, body)
        self.points.pass_by()

    def lock(self, target: str) -> int:
        self.disk.fencing += 1
        self.fencing = self.disk.fencing
        return self.fencing

    def unlock(self) -> None:
        self.fencing = None

    def approval_flaw(self) -> str:
        return ""

    def plan_of(self, uid: str) -> Plan:
        raise NotFound(uid)

    def wait(self, seconds: float) -> None:
        run = self.load()
        if run.state == "planned" and self.confirms:
            self.disk.write("action.confirmed", {"plan_hash": run.plan_hash}, "mhassan")
            return
        self.disk.clock.moment += timedelta(seconds=max(seconds, 0.01))


@dataclass
class Scenario:
    """One play: a remote's behaviour, and where the first and the second process die."""

    behaviours: tuple[str, ...]
    first: int | None = None
    second: int | None = None
    verdict: Outcome = Outcome.DONE
    reversible: bool = True
    patience: Patience = PATIENCE
    driver: Callable[..., Driver] = Driver

    def play(self) -> "Played":
        clock = HandClock()
        disk = Disk(clock)
        remote = Remote(clock, list(self.behaviours))
        disk.write(
            "action.requested",
            {"remedy": "fake.pair", "target": "pair", "parameters": {}},
            "mhassan",
        )
        passed = 0
        for fatal in (self.first, self.second, None):
            points = Points(fatal)
            journal = MemoryJournal(disk, points)
            remedy = PairRemedy(remote, points, verdict=self.verdict)
            remedy.reversible = self.reversible
            try:
                self.driver(journal, remedy, clock, self.patience).run()
            except Crash:
                passed = points.passed
                continue
            passed = points.passed
            break
        return Played(disk, remote, MemoryJournal(disk, Points()).load(), passed)


@dataclass
class Played:
    """How a scenario ended, and what is wrong about it."""

    disk: Disk
    remote: Remote
    run: ActionRun
    passed: int

    def faults(self) -> list[str]:
        """Every claim or deed that breaks an invariant; empty when all is well."""
        self.remote.clock.moment += timedelta(hours=1)
        self.remote.settle()
        state, plan = self.remote.state, self.run.plan or plan_at(START)
        found: list[str] = []
        if self.run.state == "succeeded" and state != plan.desired:
            found.append("claims success")
        if self.run.state in ("rolled back", "refused", "expired") and state != plan.before:
            found.append(f"claims {self.run.state}")
        if not self.run.finished and self.run.state != "needs human":
            found.append(f"stopped in {self.run.state}")
        if self.run.anomalies:
            found.append("broke the state machine")
        kinds = self.disk.kinds()
        if len(self.remote.sent) > kinds.count("effect"):
            found.append("sent without a record")
        if kinds.count("intent") != len(self.run.intents):
            found.append("an intent twice")
        return found
