"""The engine: a rotating pool of sockets per server, and one timer for the deadlines of all questions."""

import asyncio
import os
import resource
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Self

from cockpit.probes.engine.bucket import Bucket
from cockpit.probes.engine.ears import Ears
from cockpit.probes.engine.outlet import PORTS, Life, Outlet, Told, Waiting, connected
from cockpit.probes.names.question import QUESTION_AT, Question
from cockpit.probes.names.transport import Endpoint, over_tcp

PER_SERVER_PER_S = 1400.0
"""Questions that one server is asked in a second, unless the profile says otherwise."""

BURST = 200.0
"""Questions that one server may be asked at once, before the pace counts."""

OUTLETS_PER_SERVER = 64
FEWEST_OUTLETS = 4
"""Sockets that a server's questions are spread over, even if few are under way: an unknown port each."""

USES, AGE_S, IDLE_S = 256, 30.0, 5.0
"""A socket is given up after so many questions, after so long, and when it was not used for so long."""

SWEEP_S = 0.05
"""Seconds between two looks at what has run out of time: how exact a deadline is."""

SILENT_AFTER, SILENT_PATIENCE_S = 64, 0.5
"""A server that let so many questions in a row run out of time is given only so long for further ones.

So one that is dead holds nobody up; its first sign of life, be it a late answer, gives it back its time.
"""

TIDY_S = 1.0
"""Seconds between two looks for sockets that nobody needs."""

TCP_AT_ONCE = 64
"""Connections under way at one time."""

_NOISE = 16384


class _Gate:
    """The way to one server; `lately` counts the questions of this second."""

    __slots__ = ("bucket", "endpoint", "lately", "life", "outlets")

    def __init__(self, endpoint: Endpoint, bucket: Bucket) -> None:
        self.endpoint = endpoint
        self.bucket = bucket
        self.life = Life()
        self.outlets: list[Outlet] = []
        self.lately = 0


class Engine:
    """A `Transport` for many questions at once; belongs to one running loop, and is closed with `close()`.

    `limits` are questions per second for servers with a pace of their own. Ids, ports and the case of letters come
    from the system's generator. An answer that has lost the case it was asked in is not believed here
    (`LostCaseError`): the caller asks again over TCP.
    """

    careful = False

    def __init__(
        self,
        *,
        per_server_per_s: float = PER_SERVER_PER_S,
        limits: Mapping[Endpoint, float] | None = None,
        burst: float = BURST,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_s = per_server_per_s
        self._limits = dict(limits or {})
        self._burst = burst
        self._monotonic = monotonic
        self._gates: dict[Endpoint, _Gate] = {}
        self._most = _sockets_allowed()
        self._outlets: set[Outlet] = set()
        self._outbox: list[tuple[Outlet, bytes]] = []
        self._ears = Ears()
        self._tidy_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._streams = asyncio.Semaphore(TCP_AT_ONCE)
        self._noise = b""
        self._noise_at = 0
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @property
    def sockets(self) -> int:
        """How many sockets are open."""
        return len(self._outlets)

    async def turn(self, endpoint: Endpoint) -> None:
        """Wait until the server may be asked one more question."""
        bucket = self._gate(endpoint).bucket
        if not bucket.take():
            await bucket.turn()

    def post(self, endpoint: Endpoint, question: Question, timeout_s: float, told: Told, place: int) -> None:
        """Send over UDP as soon as it is this question's turn.

        `told` gets the place and the octets as they came, or TimeoutError, OSError or WrongAnswerError.
        """
        gate = self._gate(endpoint)
        if gate.bucket.take():
            self._put(gate, question, timeout_s, told, place)
        else:
            gate.bucket.wait(partial(self._put, gate, question, timeout_s, told, place))

    def send(self, endpoint: Endpoint, question: Question, timeout_s: float) -> "asyncio.Future[bytes]":
        """Send over UDP in this turn of the loop.

        The future gets the answer in the question's own letters, TimeoutError, OSError or WrongAnswerError.
        """
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._put(self._gate(endpoint), question, timeout_s, partial(_settle, done, question), 0)
        return done

    def _put(self, gate: _Gate, question: Question, timeout_s: float, told: Told, place: int) -> bool:
        now = self._monotonic()
        try:
            outlet = self._outlet(gate, now)
        except OSError as error:
            told(place, error)
            return False
        if gate.life.unanswered >= SILENT_AFTER:
            timeout_s = min(timeout_s, SILENT_PATIENCE_S)
        size, waiting = len(question.wire), outlet.waiting
        wire = question.thrown(self._draw(size))
        while wire[:2] in waiting:
            wire = question.thrown(self._draw(size))
        asked = wire[QUESTION_AT : question.end]
        waiting[wire[:2]] = Waiting(question, asked, told, place, now + timeout_s, outlet.strangers)
        if outlet.late:
            outlet.late.discard(wire[:2])
        outlet.uses += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        if not self._outbox:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outbox.append((outlet, wire))
        return True

    def _flush(self) -> None:
        """Send in one go what has gathered in this turn of the loop: waking a server for each costs more."""
        outbox, self._outbox = self._outbox, []
        for outlet, wire in outbox:
            try:
                outlet.send(wire)
            except (BlockingIOError, InterruptedError):
                continue  # As good as lost on the way: the caller asks again.
            except OSError as error:
                outlet.fail(error)

    async def datagram(self, endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
        """Ask over UDP; raises TimeoutError, OSError or WrongAnswerError."""
        return await self.send(endpoint, question, timeout_s)

    async def stream(self, endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
        """Ask over TCP; raises TimeoutError, OSError, EOFError or WrongAnswerError."""
        self._gate(endpoint).bucket.owe()
        async with self._streams:
            return await over_tcp(endpoint, question, timeout_s)

    def close(self) -> None:
        """Close every socket; whoever still waits is told that there will be no answer."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for outlet in tuple(self._outlets):
            outlet.fail(_closed())
            self._shut(outlet)
        for gate in self._gates.values():
            for turn in gate.bucket.close():
                turn()
        self._gates.clear()
        self._outbox.clear()

    def _gate(self, endpoint: Endpoint) -> _Gate:
        gate = self._gates.get(endpoint)
        if gate is None:
            per_s = self._limits.get(endpoint, self._per_s)
            gate = _Gate(endpoint, Bucket(per_s, self._burst, self._monotonic))
            self._gates[endpoint] = gate
        return gate

    def _draw(self, size: int) -> bytes:
        """Octets that nobody can guess, drawn from the system in larger helpings."""
        at = self._noise_at
        if at + size > len(self._noise):
            self._noise, at = os.urandom(_NOISE), 0
        self._noise_at = at + size
        return self._noise[at : at + size]

    def _outlet(self, gate: _Gate, now: float) -> Outlet:
        """A socket to the server: a new one while there are few, else any of them; raises OSError."""
        outlets = gate.outlets
        gate.lately += 1
        have = len(outlets)
        if have < OUTLETS_PER_SERVER and have < FEWEST_OUTLETS + gate.lately and self._may_open(have):
            outlet = self._connect(gate, now)
        else:
            outlet = outlets[int.from_bytes(self._draw(2), "big") % have]
            if outlet.uses >= USES or now - outlet.born > AGE_S:
                outlets.remove(outlet)
                self._retire(outlet)
                outlet = self._connect(gate, now)
        outlet.used = now
        return outlet

    def _may_open(self, have: int) -> bool:
        """Whether there may be one more socket to a server that has some; the first is always granted."""
        return not have or len(self._outlets) < self._most

    def _connect(self, gate: _Gate, now: float) -> Outlet:
        if self._closed:
            raise _closed()
        low, high = PORTS
        drawn = self._draw(64)
        ports = [
            low + int.from_bytes(drawn[at : at + 4], "big") % (high - low + 1) for at in range(0, len(drawn), 4)
        ]
        outlet = Outlet(connected(gate.endpoint, ports), now, gate.life)
        self._ears.add(outlet.socket.fileno(), outlet.receive)
        self._outlets.add(outlet)
        gate.outlets.append(outlet)
        return outlet

    def _retire(self, outlet: Outlet) -> None:
        """Take no more questions on a socket, and close it once nobody waits there."""
        outlet.retired = True
        if not outlet.waiting:
            self._shut(outlet)

    def _shut(self, outlet: Outlet) -> None:
        if outlet.socket.fileno() < 0:
            return
        self._ears.remove(outlet.socket.fileno())
        outlet.socket.close()
        self._outlets.discard(outlet)

    def _sweep(self) -> None:
        """End what has run out of time, close what is no longer needed, and come again while there is work."""
        now = self._monotonic()
        for outlet in tuple(self._outlets):
            if outlet.waiting:
                outlet.expire(now)
            if outlet.retired and not outlet.waiting:
                self._shut(outlet)
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_S
            for endpoint in [endpoint for endpoint, gate in self._gates.items() if self._tidy(gate, now)]:
                del self._gates[endpoint]
        busy = bool(self._outlets or self._gates)
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep) if busy else None

    def _tidy(self, gate: _Gate, now: float) -> bool:
        """Close sockets that are idle or old; whether the way to the server is not used any more at all."""
        gate.lately = 0
        kept = []
        for outlet in gate.outlets:
            if not outlet.waiting and (now - outlet.used > IDLE_S or now - outlet.born > AGE_S):
                self._shut(outlet)
            else:
                kept.append(outlet)
        gate.outlets = kept
        return not kept and not gate.bucket.waiting


def _settle(done: "asyncio.Future[bytes]", question: Question, _: int, result: "bytes | Exception") -> None:
    """Put what came into a future, unless nobody waits any more."""
    if done.done():
        return
    if isinstance(result, bytes):
        done.set_result(question.restored(result))
    else:
        done.set_exception(result)


def _closed() -> ConnectionAbortedError:
    return ConnectionAbortedError("the engine is closed")


def _sockets_allowed() -> int:
    """Half of what this process may open; the other half is for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1024 if soft == resource.RLIM_INFINITY else max(FEWEST_OUTLETS, min(1024, soft // 2))
