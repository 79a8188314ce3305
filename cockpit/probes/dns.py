"""Ask one DNS server one question, and say exactly what came back. Nothing is cached and nothing is decided here.

`ask()` is the only way to the wire. What carries the bytes is a `Transport`, so that another engine can take its
place: this one opens a fresh socket with an unpredictable port and id for every question (RFC 5452).
"""

import asyncio
import secrets
import time
from dataclasses import dataclass, field, replace
from functools import partial

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from cockpit.errors import ConfigError
from cockpit.probes.answer import AUTHORITATIVE, RESOLVER, Answer, Server
from cockpit.probes.message import extended_errors, read_message
from cockpit.probes.transport import FreshSockets, Transport, WrongAnswerError
from cockpit.profile import Profile
from cockpit.text import visible

__all__ = ["AUTHORITATIVE", "DEADLINE_S", "RESOLVER", "Answer", "Server", "ask"]

DEADLINE_S = 3.0
"""Seconds that one question may take, with every retry in it."""

UDP_PAYLOAD = 1232
"""Octets offered over EDNS: what passes nearly every path without fragments (RFC 9715 section 3)."""


@dataclass(slots=True)
class _Asking:
    """One question under way: where it goes, until when, and what was noted."""

    server: Server
    endpoint: tuple[str, int]
    name: dns.name.Name
    rtype: dns.rdatatype.RdataType
    transport: Transport
    until: float
    truncated: bool = False
    notes: list[str] = field(default_factory=list)

    def left(self) -> float:
        return max(self.until - time.monotonic(), 0.001)


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
    started = time.monotonic()

    def failed(status: str, *notes: str) -> Answer:
        took = time.monotonic() - started
        return Answer(server, name, rtype, status, notes=(*notes,), took_s=took)

    try:
        endpoint = profile.dialled(server.address, server.port)
    except (ConfigError, ValueError) as error:
        return failed("outside-profile", visible(error))
    try:
        qname, qtype = dns.name.from_text(name), dns.rdatatype.from_text(rtype)
    except (dns.exception.DNSException, ValueError) as error:
        return failed("malformed", f"{visible(name)} cannot be asked for: {visible(error)}")
    asking = _Asking(server, endpoint, qname, qtype, transport or FreshSockets(), started + deadline_s)
    try:
        async with asyncio.timeout(deadline_s):
            answer = await _ask(asking)
    except TimeoutError:
        return failed("tcp-blocked" if asking.truncated else "timeout", *asking.notes)
    except WrongAnswerError:
        return failed("mismatch", "answers came, but to other questions")
    except (OSError, EOFError) as error:
        return failed("tcp-blocked" if asking.truncated else "unreachable", visible(error))
    except (dns.exception.DNSException, ValueError) as error:
        return failed("malformed", visible(error) or type(error).__name__)
    return replace(answer, name=name, took_s=time.monotonic() - started)


async def _ask(asking: _Asking) -> Answer:
    message = await _exchange(asking, check_disabled=False)
    if message.rcode() == dns.rcode.SERVFAIL and asking.server.role == RESOLVER:
        unchecked = await _exchange(asking, check_disabled=True)
        if unchecked.rcode() != dns.rcode.SERVFAIL:
            told = _told(asking, unchecked)
            reasons = extended_errors(message)
            return replace(told, status="bogus", notes=(*told.notes, *reasons), ad=False)
    return _told(asking, message)


def _told(asking: _Asking, message: dns.message.Message) -> Answer:
    answer = read_message(asking.server, asking.name, asking.rtype, message)
    return replace(answer, notes=(*asking.notes, *answer.notes))


async def _exchange(asking: _Asking, *, check_disabled: bool) -> dns.message.Message:
    """One question and its answer, with the retries that a careful client makes."""
    message = await _attempts(asking, check_disabled, edns=True)
    if message.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS):
        asking.notes.append(f"{dns.rcode.to_text(message.rcode())} to EDNS")
        message = await _attempts(asking, check_disabled, edns=False)
    return message


async def _attempts(asking: _Asking, check_disabled: bool, *, edns: bool) -> dns.message.Message:
    """Ask over UDP, once more after half of the time that is left, and over TCP if the answer was cut."""
    for attempt in (1, 2):
        wire = _question(asking, check_disabled, edns)
        try:
            raw = await asking.transport.datagram(
                asking.endpoint, wire, partial(_is_answer, wire), asking.left() / (3 - attempt)
            )
            break
        except TimeoutError:
            if attempt == 2:
                raise
    if raw[2] & 0x02:
        asking.truncated = True
        asking.notes.append("truncated, asked again over TCP")
        raw = await asking.transport.stream(asking.endpoint, wire, asking.left())
        if not _is_answer(wire, raw):
            raise WrongAnswerError
    return dns.message.from_wire(raw, ignore_trailing=True)


def _question(asking: _Asking, check_disabled: bool, edns: bool) -> bytes:
    flags = dns.flags.Flag(0) if asking.server.role == AUTHORITATIVE else dns.flags.RD | dns.flags.AD
    if check_disabled:
        flags |= dns.flags.CD
    query = dns.message.make_query(
        asking.name,
        asking.rtype,
        use_edns=0 if edns else False,
        payload=UDP_PAYLOAD,
        flags=flags,
        id=secrets.randbelow(65536),
    )
    return query.to_wire()


def _is_answer(sent: bytes, received: bytes) -> bool:
    """Whether the octets carry our id, the response bit and our question (or none, as some errors do)."""
    if len(received) < 12 or received[:2] != sent[:2] or not received[2] & 0x80:
        return False
    if received[4:6] == b"\0\0":
        return received[3] & 0x0F != 0
    end = sent.index(b"\0", 12) + 5
    return received[4:6] == b"\0\1" and received[12:end].lower() == sent[12:end].lower()
