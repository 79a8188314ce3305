"""The engine: a rotating pool of sockets per server, and one timer for the deadlines of all questions."""

import asyncio
import os
import resource
import time
from collections.abc import Callable, Mapping
from typing import Self

from cockpit.probes.engine.bucket import Bucket
from cockpit.probes.engine.outlet import PORTS, Outlet, Waiting, connected
from cockpit.probes.question import Question
from cockpit.probes.transport import Endpoint, WrongAnswerError, over_tcp

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

TIDY_S = 1.0
"""Seconds between two looks for sockets that nobody needs."""

TCP_AT_ONCE = 64
"""Connections under way at one time."""

_NOISE = 8192


class _Gate:
    """The way to one server; `lately` counts the questions of this second."""

    __slots__ = ("bucket", "endpoint", "lately", "outlets")

    def __init__(self, endpoint: Endpoint, bucket: Bucket) -> None:
        self.endpoint = endpoint
        self.bucket = bucket
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
        self._tidy_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._streams = asyncio.Semaphore(TCP_AT_ONCE)
        self._noise = b""
        self._noise_at = 0

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

    def send(self, endpoint: Endpoint, question: Question, timeout_s: float) -> "asyncio.Future[bytes]":
        """Send over UDP in this turn of the loop.

        The future gets the answer, TimeoutError, OSError or WrongAnswerError.
        """
        gate = self._gate(endpoint)
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        try:
            outlet = self._outlet(gate)
        except OSError as error:
            done.set_exception(error)
            return done
        noise = self._draw(question.end - 10)
        number = noise[:2]
        while number in outlet.waiting:
            number = self._draw(2)
        asked = question.scrambled(noise[2:])
        wire = question.wire
        expires = self._monotonic() + timeout_s
        outlet.waiting[number] = Waiting(question, asked, number, outlet, done, expires)
        outlet.late.discard(number)
        outlet.uses += 1
        if not self._outbox:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outbox.append((outlet, b"%b%b%b%b" % (number, wire[2:12], asked, wire[question.end :])))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        return done

    def _flush(self) -> None:
        """Send in one go what has gathered in this turn of the loop: waking a server for each costs more."""
        outbox, self._outbox = self._outbox, []
        for outlet, wire in outbox:
            try:
                outlet.socket.send(wire)
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
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for outlet in tuple(self._outlets):
            outlet.fail(ConnectionAbortedError("the engine is closed"))
            self._shut(outlet)
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

    def _outlet(self, gate: _Gate) -> Outlet:
        """A socket to the server: a new one while there are few, else any of them."""
        now = self._monotonic()
        outlets = gate.outlets
        wanted = min(OUTLETS_PER_SERVER, FEWEST_OUTLETS + gate.lately)
        if len(outlets) < wanted and (len(self._outlets) < self._most or not outlets):
            outlet = self._connect(gate, now)
        else:
            outlet = outlets[int.from_bytes(self._draw(2), "big") % len(outlets)]
        if outlet.uses >= USES or now - outlet.born > AGE_S:
            outlets.remove(outlet)
            self._retire(outlet)
            outlet = self._connect(gate, now)
        outlet.used = now
        gate.lately += 1
        return outlet

    def _connect(self, gate: _Gate, now: float) -> Outlet:
        low, high = PORTS
        drawn = self._draw(64)
        ports = [
            low + int.from_bytes(drawn[at : at + 4], "big") % (high - low + 1) for at in range(0, len(drawn), 4)
        ]
        outlet = Outlet(connected(gate.endpoint, ports), now)
        asyncio.get_running_loop().add_reader(outlet.socket.fileno(), outlet.receive)
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
        asyncio.get_running_loop().remove_reader(outlet.socket.fileno())
        outlet.socket.close()
        self._outlets.discard(outlet)

    def _sweep(self) -> None:
        """End what has run out of time, close what is no longer needed, and come again while there is work."""
        now = self._monotonic()
        for outlet in tuple(self._outlets):
            if outlet.waiting:
                for waiting in [each for each in outlet.waiting.values() if each.expires <= now]:
                    self._expire(waiting)
            if outlet.retired and not outlet.waiting:
                self._shut(outlet)
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_S
            for endpoint in [endpoint for endpoint, gate in self._gates.items() if self._tidy(gate, now)]:
                del self._gates[endpoint]
        busy = bool(self._outlets or self._gates)
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep) if busy else None

    def _expire(self, waiting: Waiting) -> None:
        outlet = waiting.outlet
        del outlet.waiting[waiting.number]
        outlet.late.add(waiting.number)
        if not waiting.done.done():
            waiting.done.set_exception(WrongAnswerError() if waiting.strangers else TimeoutError())

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


def _sockets_allowed() -> int:
    """Half of what this process may open; the other half is for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1024 if soft == resource.RLIM_INFINITY else max(FEWEST_OUTLETS, min(1024, soft // 2))
