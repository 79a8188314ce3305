"""Ask one DNS server one question, and say exactly what came back. Nothing is cached and nothing is decided here.

`ask()` is the only way to the wire. What carries the octets is a `Transport`: the engine's pooled sockets for the
many questions of the watch, or a fresh socket each for those that count. What a careful transport brings is read
by dnspython; the engine's answers are read by the engine, and by dnspython where they are out of the ordinary.
"""

import time

import dns.exception
import dns.flags
import dns.message

from cockpit.errors import ConfigError
from cockpit.probes.engine import read_wire
from cockpit.probes.names.answer import (
    ASKED_OVER_TCP,
    AUTHORITATIVE,
    RESOLVER,
    WITHOUT_EDNS,
    Answer,
    Server,
)
from cockpit.probes.names.message import read_carefully
from cockpit.probes.names.question import (
    AUTHENTIC_DATA,
    CHECKING_DISABLED,
    RECURSION_DESIRED,
    Question,
    make_question,
)
from cockpit.probes.names.transport import Endpoint, FreshSockets, LostCaseError, Transport, WrongAnswerError
from cockpit.profile import Profile
from cockpit.text import visible

__all__ = [
    "AUTHORITATIVE",
    "DEADLINE_S",
    "RESOLVER",
    "Answer",
    "NoAnswerError",
    "Server",
    "ask",
    "fetch",
    "first_question",
]

DEADLINE_S = 3.0
"""Seconds that one question may take, with every retry in it; waiting for one's turn at a server is not counted."""

_EDNS_TROUBLE = ("formerr", "notimp", "rcode-16")
_TROUBLE = (WrongAnswerError, TimeoutError, OSError, EOFError, dns.exception.DNSException, ValueError)
_TRUNCATED = 0x02


class NoAnswerError(Exception):
    """Nothing usable came; `status` says why, in the words of `Answer.status`."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class _Asking:
    """One question under way: where it goes, until when, and what was noted."""

    __slots__ = ("endpoint", "name", "notes", "patience_s", "rtype", "server", "started", "transport", "truncated")

    def __init__(
        self, server: Server, endpoint: Endpoint, name: str, rtype: str, transport: Transport, patience_s: float
    ) -> None:
        self.server = server
        self.endpoint = endpoint
        self.name = name
        self.rtype = rtype
        self.transport = transport
        self.patience_s = patience_s
        self.started = time.monotonic()
        self.truncated = False
        self.notes: tuple[str, ...] = ()

    def took_s(self) -> float:
        return time.monotonic() - self.started

    def left_s(self) -> float:
        return max(self.patience_s - self.took_s(), 0.001)

    def question(self, *, check_disabled: bool = False, edns: bool = True, dnssec: bool = False) -> Question:
        flags = _flags(self.server.role)
        if check_disabled:
            flags |= CHECKING_DISABLED
        return make_question(self.name, self.rtype, flags, edns=edns, dnssec=dnssec)

    def failed(self, error: BaseException) -> Answer:
        status, said = _status_of(error, truncated=self.truncated)
        return _no_answer(self.server, self.name, self.rtype, status, (*self.notes, *said), self.took_s())


def first_question(role: str, name: str, rtype: str) -> Question:
    """What `ask()` sends first to a server of that role; raises ValueError or dns.exception.DNSException."""
    return make_question(name, rtype, _flags(role))


def _flags(role: str) -> int:
    return 0 if role == AUTHORITATIVE else RECURSION_DESIRED | AUTHENTIC_DATA


async def ask(
    profile: Profile,
    server: Server,
    name: str,
    rtype: str,
    *,
    deadline_s: float = DEADLINE_S,
    transport: Transport | None = None,
) -> Answer:
    """Ask `server` for `name` and `rtype`; never raises for what the world does.

    A truncated answer is asked again over TCP (RFC 7766), trouble with EDNS without it (RFC 6891), and a
    resolver's SERVFAIL with CD=1, which tells data that fails validation from data that cannot be had
    (RFC 4035 section 3.2.2).
    """
    try:
        endpoint = profile.dialled(server.address, server.port)
    except (ConfigError, ValueError) as error:
        return _no_answer(server, name, rtype, "outside-profile", (visible(error),))
    asking = _Asking(server, endpoint, name, rtype, transport or FreshSockets(), deadline_s)
    try:
        await asking.transport.turn(endpoint)
        asking.started = time.monotonic()
        answer = await _ask(asking, check_disabled=False)
        if answer.status == "servfail" and server.role == RESOLVER:
            reasons = tuple(note for note in answer.notes if note not in asking.notes)
            answer = await _ask(asking, check_disabled=True)
            if answer.status != "servfail":
                return _with(answer, "bogus", (*answer.notes, *reasons))
    except _TROUBLE as error:
        return asking.failed(error)
    return answer


async def fetch(
    profile: Profile,
    server: Server,
    name: str,
    rtype: str,
    *,
    deadline_s: float = DEADLINE_S,
    transport: Transport | None = None,
) -> dns.message.Message:
    """The whole message with DNSSEC records (DO, RFC 3225), as dnspython reads it; raises NoAnswerError."""
    try:
        endpoint = profile.dialled(server.address, server.port)
    except (ConfigError, ValueError):
        raise NoAnswerError("outside-profile") from None
    asking = _Asking(server, endpoint, name, rtype, transport or FreshSockets(), deadline_s)
    try:
        await asking.transport.turn(endpoint)
        asking.started = time.monotonic()
        raw = await _attempts(asking, asking.question(check_disabled=server.role == RESOLVER, dnssec=True))
        return dns.message.from_wire(raw, ignore_trailing=True)
    except _TROUBLE as error:
        raise NoAnswerError(_status_of(error, truncated=asking.truncated)[0]) from None


async def _ask(asking: _Asking, *, check_disabled: bool) -> Answer:
    """One question and its answer, with the retries that a careful client makes."""
    answer = _read(asking, await _attempts(asking, asking.question(check_disabled=check_disabled)))
    if answer.status in _EDNS_TROUBLE:
        asking.notes = (*asking.notes, WITHOUT_EDNS)
        plain = asking.question(check_disabled=check_disabled, edns=False)
        return _read(asking, await _attempts(asking, plain))
    return answer


def _read(asking: _Asking, raw: bytes) -> Answer:
    """Read by the engine what it can read, and everything that a careful transport brings by dnspython."""
    if not asking.transport.careful:
        answer = read_wire(asking.server, asking.name, asking.rtype, raw, asking.notes, asking.took_s())
        if answer is not None:
            return answer
    answer = read_carefully(asking.server, asking.name, asking.rtype, raw)
    return _with(answer, answer.status, (*asking.notes, *answer.notes), asking.took_s())


async def _attempts(asking: _Asking, question: Question) -> bytes:
    """Ask over UDP, once more after half of the time that is left, and over TCP if the answer was cut."""
    transport, endpoint = asking.transport, asking.endpoint
    try:
        try:
            raw = await transport.datagram(endpoint, question, asking.left_s() / 2)
        except TimeoutError:
            raw = await transport.datagram(endpoint, question, asking.left_s())
    except LostCaseError:
        return await _without_case(asking, question)
    if raw[2] & _TRUNCATED:
        asking.truncated = True
        asking.notes = (*asking.notes, ASKED_OVER_TCP)
        raw = await transport.stream(endpoint, question, asking.left_s())
    return raw


async def _without_case(asking: _Asking, question: Question) -> bytes:
    """Ask a server that does not keep the case of names in a way that needs none: TCP, else a port of its own."""
    try:
        return await asking.transport.stream(asking.endpoint, question, asking.left_s() / 2)
    except (TimeoutError, OSError, EOFError):
        return await FreshSockets().datagram(asking.endpoint, question, asking.left_s())


def _status_of(error: BaseException, *, truncated: bool) -> tuple[str, tuple[str, ...]]:
    """The status that a failure amounts to, and what else there is to say of it."""
    if isinstance(error, WrongAnswerError):
        return "mismatch", ("answers came, but to other questions",)
    if isinstance(error, TimeoutError):
        return "tcp-blocked" if truncated else "timeout", ()
    if isinstance(error, OSError | EOFError):
        return "tcp-blocked" if truncated else "unreachable", (visible(error),)
    return "malformed", (visible(error) or type(error).__name__,)


def _no_answer(
    server: Server, name: str, rtype: str, status: str, notes: tuple[str, ...], took_s: float = 0.0
) -> Answer:
    return Answer(server, name, rtype, status, notes=notes, took_s=took_s)


def _with(answer: Answer, status: str, notes: tuple[str, ...], took_s: float | None = None) -> Answer:
    return Answer(
        answer.server,
        answer.name,
        answer.rtype,
        status,
        answer.values,
        answer.ttl_s,
        answer.chain,
        answer.aa,
        answer.ad and status != "bogus",
        answer.serial,
        answer.zone,
        answer.referral,
        answer.glue,
        notes,
        answer.took_s if took_s is None else took_s,
    )
