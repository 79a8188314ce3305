"""The calls to one account in one region: a queue per action, a budget that can be seen, and a breaker.

SES takes one call a second per action (AWS quota). The queue keeps to it for every service that is asked here, so
that the cockpit never is the reason for a throttle that hurts whoever sends mail.
"""

import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from cockpit.health.model import Reading
from cockpit.probes.aws import AwsFailure, AwsReader
from cockpit.probes.pace import ROUTINE, Pace
from cockpit.probes.ses.breaker import SESSION, SESSION_S, TROUBLE, Breaker

APART_S = 1.0
"""Seconds between two calls of one action."""

UNPACED = frozenset({"sqs", "dynamodb"})
"""Services whose quotas are far away; a queue is worked off as fast as it gives."""

MINUTE_S = 60.0


class Asker(Protocol):
    """Whoever can put a reading question to AWS; raises AwsFailure."""

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """The answer of one reading operation (snake_case as in boto3)."""
        ...

    async def read(
        self,
        target: str,
        check: str,
        vantage: str,
        at: datetime,
        look: "Callable[[Asker], Awaitable[Mapping[str, Any]]]",
    ) -> Reading:
        """A reading from `look(self)`; failures become the reading's own."""
        ...


class Budget(msgspec.Struct, frozen=True):
    """How one action stands: calls of the last minute, calls that wait, seconds since the last answer.

    `answered_s` is None before the first answer; `rests_s` is for how long the breaker lets nothing through.
    """

    action: str
    last_minute: int
    per_minute: int
    waiting: int
    answered_s: float | None
    failing: str = ""
    rests_s: float = 0.0


class _Action:
    """The queue of one action and what became of its calls."""

    def __init__(self, apart_s: float, monotonic: Callable[[], float]) -> None:
        self.pace = Pace(apart_s, monotonic=monotonic)
        self.begun: deque[float] = deque(maxlen=600)
        self.answered: float | None = None
        self.failing = ""
        self.service = ""
        self.has_turn = False


class Calls:
    """Everything that is asked of one account in one region goes through here."""

    def __init__(
        self,
        reader: AwsReader,
        *,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._reader = reader
        self._scale = max(speed, 1.0)
        self._monotonic = monotonic
        self._jitter = jitter
        self._actions: dict[str, _Action] = {}
        self._services: dict[str, Breaker] = {}
        self.session = Breaker(jitter, self._scale)

    async def turn(self, operation: str, priority: int = ROUTINE) -> None:
        """Wait for the turn of an action; the next call of it goes out without waiting once more."""
        action = self._action(operation)
        await action.pace.turn(priority)
        action.has_turn = True

    def waiting(self, operation: str) -> int:
        """How many calls of an action wait for their turn."""
        return self._action(operation).pace.waiting

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """The answer of one operation, when it is its turn; raises AwsFailure, also for what is left alone."""
        action, breaker = self._action(operation), self._breaker(service)
        self._check(breaker)
        if service not in UNPACED:
            if action.has_turn:
                action.has_turn = False
            else:
                await action.pace.turn()
            self._check(breaker)
        action.service = service
        action.begun.append(self._monotonic())
        try:
            answer = await self._reader.call(service, operation, **parameters)
        except AwsFailure as failure:
            self._failed(action, breaker, failure)
            raise
        self._passed(action, breaker)
        return answer

    async def read(
        self,
        target: str,
        check: str,
        vantage: str,
        at: datetime,
        look: Callable[[Asker], Awaitable[Mapping[str, Any]]],
    ) -> Reading:
        """A reading from `look(self)`, a coroutine that gives the `seen`; failures become the reading's own."""
        started = self._monotonic()
        seen: Mapping[str, Any]
        try:
            seen, failure = await look(self), None
        except AwsFailure as error:
            seen, failure = {"reason": str(error)}, error.token
        took = timedelta(seconds=self._monotonic() - started)
        return Reading(target, check, vantage, at, took, seen, failure)

    def budgets(self) -> list[Budget]:
        """How every action that was ever asked stands, by name."""
        now = self._monotonic()
        return [self._budget(name, action, now) for name, action in sorted(self._actions.items())]

    def resting(self) -> dict[str, float]:
        """Services that are left alone, with the seconds until they are tried again."""
        now = self._monotonic()
        return {name: one.rests_s(now) for name, one in self._services.items() if one.is_open}

    def _check(self, breaker: Breaker) -> None:
        now = self._monotonic()
        for one in (self.session, breaker):
            rest = one.rests_s(now)
            if rest > 0:
                raise AwsFailure(one.token, f"{one.reason}; not asked again for {rest:.0f} s")

    def _failed(self, action: _Action, breaker: Breaker, failure: AwsFailure) -> None:
        now, token, reason = self._monotonic(), failure.token, str(failure)
        action.failing = token
        if token in SESSION:
            self.session.failed(token, reason, now, at_once_s=SESSION_S)
        elif token in TROUBLE:
            breaker.failed(token, reason, now)
        else:
            self._passed(action, breaker, failing=token)

    def _passed(self, action: _Action, breaker: Breaker, *, failing: str = "") -> None:
        """AWS answered, if only with a refusal."""
        action.answered, action.failing = self._monotonic(), failing
        breaker.passed()
        self.session.passed()

    def _budget(self, name: str, action: _Action, now: float) -> Budget:
        service = self._services.get(action.service)
        return Budget(
            name,
            sum(now - begun < MINUTE_S for begun in action.begun),
            round(MINUTE_S / APART_S * self._scale),
            action.pace.waiting,
            None if action.answered is None else round(now - action.answered, 1),
            action.failing,
            0.0 if service is None else round(service.rests_s(now), 1),
        )

    def _action(self, operation: str) -> _Action:
        if operation not in self._actions:
            self._actions[operation] = _Action(APART_S / self._scale, self._monotonic)
        return self._actions[operation]

    def _breaker(self, service: str) -> Breaker:
        if service not in self._services:
            self._services[service] = Breaker(self._jitter, self._scale)
        return self._services[service]
