"""One connected UDP socket of the engine, and the questions that wait on it for their answers."""

import socket
from collections.abc import Callable

import msgspec

from cockpit.probes.names.question import Question
from cockpit.probes.names.transport import Endpoint, LostCaseError, WrongAnswerError

Told = Callable[[int, "bytes | Exception"], None]
"""Takes the place that a question has for whoever asked it, and its answer's octets or what came instead.

The octets are as they came, with the letters of the name as they were sent.
"""

RECEIVE_BUFFER = 4 << 20
"""Octets of answers that the kernel keeps for us; its default drops some of 200 that come together."""

PORTS = (10_000, 65_535)
"""From where local ports are drawn."""

_PORT_ATTEMPTS = 16
_LARGEST = 65535


class Waiting(msgspec.Struct, gc=False):
    """One question under way: what was sent, who waits in which place, and how many strangers had come before."""

    question: Question
    asked: bytes
    told: Told
    place: int
    expires: float
    strangers: int


class Life:
    """How many questions to a server have run out of time since anything was heard from it, late answers too."""

    __slots__ = ("unanswered",)

    def __init__(self) -> None:
        self.unanswered = 0


class Outlet:
    """A socket that is connected, so that the kernel drops what comes from anybody else.

    `strangers` counts datagrams that answered nothing that was asked here.
    """

    __slots__ = (
        "born",
        "late",
        "life",
        "retired",
        "send",
        "socket",
        "strangers",
        "take",
        "used",
        "uses",
        "waiting",
    )

    def __init__(self, made: socket.socket, now: float, life: Life) -> None:
        self.socket = made
        self.life = life
        self.send = made.send
        self.take = made.recv
        self.born = self.used = now
        self.uses = self.strangers = 0
        self.retired = False
        self.waiting: dict[bytes, Waiting] = {}
        self.late: set[bytes] = set()

    def receive(self) -> None:
        """Hand one datagram to whoever waits for it."""
        try:
            data = self.take(_LARGEST)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.fail(error)
            return
        self.life.unanswered = 0
        number = data[:2]
        one = self.waiting.get(number)
        if one is None:
            self._stray(number)
        elif data.startswith(one.asked, 12) and data[2] & 0x80 and data[5] == 1 and not data[4]:
            del self.waiting[number]
            one.told(one.place, data)
        else:
            self._odd(number, one, data)

    def expire(self, now: float) -> None:
        """Tell those whose time is over, and remember their ids."""
        for number in [number for number, one in self.waiting.items() if one.expires <= now]:
            one = self.waiting.pop(number)
            self.late.add(number)
            self.life.unanswered += 1
            one.told(one.place, WrongAnswerError() if self.strangers > one.strangers else TimeoutError())

    def fail(self, error: Exception) -> None:
        """An ICMP error says that nobody listens there; all who wait here are told."""
        failed, self.waiting = self.waiting, {}
        for one in failed.values():
            one.told(one.place, error)

    def _odd(self, number: bytes, one: Waiting, data: bytes) -> None:
        """An answer that bears the right id and not the very question that was sent."""
        if not one.question.answered_by(number, data):
            self.strangers += 1
            return
        del self.waiting[number]
        one.told(one.place, data if data[4:6] == b"\0\0" else LostCaseError())

    def _stray(self, number: bytes) -> None:
        """Nobody waits for this one: an answer that comes late, or somebody who guesses ids."""
        if number in self.late:
            self.late.discard(number)
        else:
            self.strangers += 1


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
