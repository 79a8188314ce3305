"""One connected UDP socket of the engine, and the questions that wait on it for their answers."""

import asyncio
import socket

from cockpit.probes.question import QUESTION_AT, Question
from cockpit.probes.transport import Endpoint, LostCaseError

RECEIVE_BUFFER = 4 << 20
"""Octets of answers that the kernel keeps for us; its default drops some of 200 that come together."""

PORTS = (10_000, 65_535)
"""From where local ports are drawn."""

_PORT_ATTEMPTS = 16
_AT_ONCE = 64
_LARGEST = 65535


class Waiting:
    """One question under way: what was sent, and who waits. `strangers` counts datagrams that did not answer."""

    __slots__ = ("asked", "done", "expires", "number", "outlet", "question", "strangers")

    def __init__(
        self,
        question: Question,
        asked: bytes,
        number: bytes,
        outlet: "Outlet",
        done: "asyncio.Future[bytes]",
        expires: float,
    ) -> None:
        self.question = question
        self.asked = asked
        self.number = number
        self.outlet = outlet
        self.done = done
        self.strangers = 0
        self.expires = expires


class Outlet:
    """A socket that is connected, so that the kernel drops what comes from anybody else."""

    __slots__ = ("born", "late", "retired", "socket", "used", "uses", "waiting")

    def __init__(self, made: socket.socket, now: float) -> None:
        self.socket = made
        self.born = self.used = now
        self.uses = 0
        self.retired = False
        self.waiting: dict[bytes, Waiting] = {}
        self.late: set[bytes] = set()

    def receive(self) -> None:
        """Hand what has arrived to those who wait for it."""
        take = self.socket.recv
        waiting = self.waiting
        for _ in range(_AT_ONCE):
            try:
                data = take(_LARGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self.fail(error)
                return
            number = data[:2]
            one = waiting.get(number)
            if one is None:
                self._stray(number)
            elif data[QUESTION_AT : one.question.end] == one.asked and data[2] & 0x80 and data[4:6] == b"\0\1":
                del waiting[number]
                if not one.done.done():
                    one.done.set_result(one.question.restored(data))
            else:
                self._odd(one, data)

    def fail(self, error: OSError) -> None:
        """An ICMP error says that nobody listens there; all who wait here are told."""
        for one in self.waiting.values():
            if not one.done.done():
                one.done.set_exception(error)
        self.waiting.clear()

    def _odd(self, one: Waiting, data: bytes) -> None:
        """An answer that bears the right id and not the very question that was sent."""
        if not one.question.answered_by(one.number, data):
            one.strangers += 1
            return
        del self.waiting[one.number]
        if one.done.done():
            return
        if data[4:6] == b"\0\0":
            one.done.set_result(data)
        else:
            one.done.set_exception(LostCaseError())

    def _stray(self, number: bytes) -> None:
        """Nobody waits for this one: an answer that comes late, or somebody who guesses ids."""
        if number in self.late:
            self.late.discard(number)
            return
        for one in self.waiting.values():
            one.strangers += 1


def connected(endpoint: Endpoint, ports: "list[int]") -> socket.socket:
    """A non-blocking UDP socket from one of these local ports to `endpoint`; raises OSError.

    The ports are drawn by the caller, unpredictably; when all are taken, the kernel draws one.
    """
    family = socket.AF_INET6 if ":" in endpoint[0] else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        for port in ports[:_PORT_ATTEMPTS]:
            try:
                made.bind(("", port))
            except OSError:
                continue
            break
        made.connect(endpoint)
    except OSError:
        made.close()
        raise
    return made
