"""Ask one DNS server one question, and say exactly what came back. Nothing is cached and nothing is decided here.

`ask()` is the only way to the wire. What carries the bytes is a `Transport`, so that another engine can take its
place: this one opens a fresh socket with an unpredictable port and id for every question (RFC 5452).
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rdtypes.txtbase
import dns.rrset

from cockpit.errors import ConfigError
from cockpit.profile import Profile
from cockpit.text import visible

RESOLVER = "resolver"
AUTHORITATIVE = "authoritative"

DEADLINE_S = 3.0
"""Seconds that one question may take, with every retry in it."""

UDP_PAYLOAD = 1232
"""Octets offered over EDNS: what passes nearly every path without fragments (RFC 9715 section 3)."""

MAX_CHAIN = 8
MAX_RECORDS = 200


@dataclass(frozen=True, slots=True)
class Server:
    """One server to ask. `name` is what people call it; `address` and `port` are as the world names them."""

    name: str
    address: str
    port: int = 53
    role: str = RESOLVER


@dataclass(frozen=True, slots=True)
class Alias:
    """One CNAME followed on the way to the answer."""

    owner: str
    target: str
    ttl_s: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What one server said about one name and type.

    `status` is `answer`, `nodata`, `nxdomain`, `referral`, `lame`, `bogus`, `servfail`, `refused`, `formerr`,
    `notimp`, `loop` or `rcode-N`; or, where nothing usable arrived, `timeout`, `unreachable`, `malformed`,
    `mismatch` (only answers to other questions came), `tcp-blocked` (truncated, and TCP failed) or
    `outside-profile`. `ttl_s` is what remains of the answer, or of its absence (RFC 2308 section 5).
    """

    server: Server
    name: str
    rtype: str
    status: str
    values: tuple[str, ...] = ()
    ttl_s: int | None = None
    chain: tuple[Alias, ...] = ()
    aa: bool = False
    ad: bool = False
    serial: int | None = None
    zone: str = ""
    referral: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    took_s: float = 0.0

    @property
    def heard(self) -> bool:
        """Whether the server said anything that can be used as a statement about the name."""
        return self.status in ("answer", "nodata", "nxdomain", "referral", "loop", "bogus")

    def plain(self) -> dict[str, Any]:
        """The answer as plain JSON for a reading, without the server, which the reading names itself."""
        kept = asdict(self)
        for key in ("server", "glue", "referral", "took_s"):
            del kept[key]
        kept["values"] = list(self.values)
        kept["notes"] = list(self.notes)
        kept["chain"] = [asdict(alias) for alias in self.chain]
        return kept


class WrongAnswerError(Exception):
    """Datagrams came, and none of them answered the question that was asked."""


class Transport(Protocol):
    """How a question's octets reach a server and the answer's octets come back."""

    async def datagram(
        self, endpoint: tuple[str, int], wire: bytes, answers: Callable[[bytes], bool], timeout_s: float
    ) -> bytes:
        """Send over UDP; raises TimeoutError, OSError or WrongAnswerError."""
        ...

    async def stream(self, endpoint: tuple[str, int], wire: bytes, timeout_s: float) -> bytes:
        """Send over TCP; raises TimeoutError, OSError or EOFError."""
        ...


class _OneAnswer(asyncio.DatagramProtocol):
    """Waits on one connected socket for the datagram that answers; counts those that do not."""

    def __init__(self, answers: Callable[[bytes], bool]) -> None:
        self.answers = answers
        self.strangers = 0
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Keep the first datagram that answers the question."""
        if self.done.done():
            return
        if self.answers(data):
            self.done.set_result(data)
        else:
            self.strangers += 1

    def error_received(self, exc: Exception) -> None:
        """An ICMP error: nobody listens there, or there is no way."""
        if not self.done.done():
            self.done.set_exception(exc)


class FreshSockets:
    """A connected socket of its own for every question: nothing to share, nothing to guess."""

    async def datagram(
        self, endpoint: tuple[str, int], wire: bytes, answers: Callable[[bytes], bool], timeout_s: float
    ) -> bytes:
        """Send over UDP; raises TimeoutError, OSError or WrongAnswerError."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(lambda: _OneAnswer(answers), remote_addr=endpoint)
        try:
            transport.sendto(wire)
            async with asyncio.timeout(timeout_s):
                return await protocol.done
        except TimeoutError:
            if protocol.strangers:
                raise WrongAnswerError from None
            raise
        finally:
            protocol.done.cancel()
            transport.close()

    async def stream(self, endpoint: tuple[str, int], wire: bytes, timeout_s: float) -> bytes:
        """Send over TCP; raises TimeoutError, OSError or EOFError."""
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(*endpoint)
            try:
                writer.write(len(wire).to_bytes(2, "big") + wire)
                await writer.drain()
                length = int.from_bytes(await reader.readexactly(2), "big")
                return await reader.readexactly(length)
            finally:
                writer.close()


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
            told = _read(asking, unchecked)
            reasons = _extended_errors(message)
            return replace(told, status="bogus", notes=(*told.notes, *reasons), ad=False)
    return _read(asking, message)


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


def _read(asking: _Asking, message: dns.message.Message) -> Answer:
    """Make an Answer of a message: follow the CNAMEs in it, and tell absence from elsewhere."""
    chain, final, looped = _follow(message, asking.name, asking.rtype)
    soa_owner, soa_ttl, serial = _authority_soa(message)
    rcode = message.rcode()
    found = message.get_rrset(message.answer, final, dns.rdataclass.IN, asking.rtype)
    cut, referral = _referral(message, asking.name)
    authoritative = bool(message.flags & dns.flags.AA)
    ttls = [alias.ttl_s for alias in chain]
    values: tuple[str, ...] = ()
    if looped:
        status = "loop"
    elif rcode == dns.rcode.NXDOMAIN:
        status = "nxdomain"
    elif rcode != dns.rcode.NOERROR:
        status = _ERRORS.get(rcode, f"rcode-{int(rcode)}")
    elif found is not None:
        status, values = "answer", rdata_texts(found)
        ttls.append(found.ttl)
        serial = _soa_serial(found) if asking.rtype == dns.rdatatype.SOA else serial
    elif asking.server.role == AUTHORITATIVE and not authoritative:
        # A pointer down is how the tree works; one to the root says that the server knows nothing of the zone.
        status = "referral" if referral and cut not in ("", ".", "@") else "lame"
    else:
        status = "nodata"
    if status in ("nxdomain", "nodata") and soa_ttl is not None:
        ttls.append(soa_ttl)
    return Answer(
        asking.server,
        asking.name.to_text(omit_final_dot=True),
        dns.rdatatype.to_text(asking.rtype),
        status,
        values=values,
        ttl_s=min(ttls) if ttls else None,
        chain=chain,
        aa=authoritative,
        ad=bool(message.flags & dns.flags.AD),
        serial=serial,
        zone=cut if status == "referral" else soa_owner,
        referral=referral,
        glue=_glue(message),
        notes=(*asking.notes, *_extended_errors(message)),
    )


_ERRORS = {
    dns.rcode.SERVFAIL: "servfail",
    dns.rcode.REFUSED: "refused",
    dns.rcode.FORMERR: "formerr",
    dns.rcode.NOTIMP: "notimp",
}


def _follow(
    message: dns.message.Message, name: dns.name.Name, rtype: dns.rdatatype.RdataType
) -> tuple[tuple[Alias, ...], dns.name.Name, bool]:
    """The CNAMEs from `name` in this message, where they end, and whether they go round."""
    chain: list[Alias] = []
    seen = {name}
    while rtype != dns.rdatatype.CNAME:
        step = message.get_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if step is None:
            break
        target = step[0].target
        chain.append(Alias(_shown(name), _shown(target), step.ttl))
        if target in seen or len(chain) > MAX_CHAIN:
            return tuple(chain), target, True
        seen.add(target)
        name = target
    return tuple(chain), name, False


def _shown(name: dns.name.Name) -> str:
    return visible(name.to_text(omit_final_dot=True), limit=300)


def rdata_texts(rrset: dns.rrset.RRset) -> tuple[str, ...]:
    """The records of a set as visible text, sorted; TXT strings are joined with nothing between (RFC 7208 3.3)."""
    texts = []
    for rdata in list(rrset)[:MAX_RECORDS]:
        if isinstance(rdata, dns.rdtypes.txtbase.TXTBase):
            texts.append(visible(b"".join(rdata.strings).decode("utf-8", "backslashreplace")))
        else:
            texts.append(visible(rdata.to_text()))
    return tuple(sorted(texts))


def _soa_serial(rrset: dns.rrset.RRset) -> int | None:
    first = rrset[0]
    return first.serial if isinstance(first, dns.rdtypes.ANY.SOA.SOA) else None


def _authority_soa(message: dns.message.Message) -> tuple[str, int | None, int | None]:
    """Owner, negative TTL and serial of the SOA in the authority section."""
    for rrset in message.authority:
        if rrset.rdtype == dns.rdatatype.SOA and isinstance(rrset[0], dns.rdtypes.ANY.SOA.SOA):
            return _shown(rrset.name), min(rrset.ttl, rrset[0].minimum), rrset[0].serial
    return "", None, None


def _referral(message: dns.message.Message, name: dns.name.Name) -> tuple[str, tuple[str, ...]]:
    """The zone at or above `name` that the authority section points to, and its name servers."""
    for rrset in message.authority:
        if rrset.rdtype == dns.rdatatype.NS and name.is_subdomain(rrset.name):
            return _shown(rrset.name), tuple(sorted(_shown(rdata.target) for rdata in rrset))
    return "", ()


def _glue(message: dns.message.Message) -> tuple[tuple[str, str], ...]:
    found = [
        (_shown(rrset.name), visible(rdata.to_text()))
        for rrset in message.additional
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
        for rdata in rrset
    ]
    return tuple(found[:MAX_RECORDS])


def _extended_errors(message: dns.message.Message) -> tuple[str, ...]:
    """Extended DNS errors (RFC 8914) as `EDE 7: Signature Expired`."""
    notes = []
    for option in message.options:
        if isinstance(option, dns.edns.EDEOption):
            text = f": {visible(option.text, limit=200)}" if option.text else ""
            notes.append(f"EDE {int(option.code)}{text}")
    return tuple(notes)
