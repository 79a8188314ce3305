"""Messages in and out: reading what strangers send, and fitting an answer into the client's payload."""

import struct
import zlib
from collections.abc import Iterable

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.tsig
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.TSIG import TSIG

from cockpit.drill.dns.faults import FaultKind, Faults
from cockpit.drill.dns.tsig import Keyring, attach_error

UDP_PAYLOAD = 1232
"""Largest UDP answer that a simulated server sends, as servers do since the DNS flag day of 2020."""

HEADER = struct.Struct("!HHHHHH")
QR = 0x8000


class Unanswerable(Exception):
    """The octets are no request that a server would answer at all."""


class Malformed(Exception):
    """The octets deserve an error answer, which this carries."""

    def __init__(self, reply: bytes) -> None:
        super().__init__("malformed request")
        self.reply = reply


def read_request(octets: bytes, keyring: Keyring | None = None) -> Message:
    """Parse a request; raises Unanswerable (drop it) or Malformed (answer with what it carries)."""
    if len(octets) < HEADER.size:
        raise Unanswerable
    _, flags, *_ = HEADER.unpack_from(octets)
    if flags & QR:
        raise Unanswerable
    opcode = flags >> 11 & 0xF
    if opcode not in (dns.opcode.QUERY, dns.opcode.UPDATE):
        raise Malformed(_bare(octets, Rcode.NOTIMP))
    keys = {} if keyring is None else keyring.keys
    try:
        request = dns.message.from_wire(octets, keyring=dict(keys), continue_on_error=True)
    except (dns.exception.DNSException, ValueError):
        raise Malformed(_bare(octets, Rcode.FORMERR)) from None
    for problem in request.errors:
        raise Malformed(_tsig_refusal(octets, problem.exception) or _bare(octets, Rcode.FORMERR))
    if len(request.question) != 1:
        raise Malformed(_bare(octets, Rcode.FORMERR))
    if request.edns > 0:
        raise Malformed(_bad_version(request))
    return request


def _tsig_refusal(octets: bytes, problem: Exception) -> bytes | None:
    """NOTAUTH for a signature that does not check out; None when the problem is another one."""
    errors: dict[type[Exception], Rcode] = {
        dns.message.UnknownTSIGKey: Rcode.BADKEY,
        dns.tsig.BadKey: Rcode.BADKEY,
        dns.tsig.BadAlgorithm: Rcode.BADKEY,
        dns.tsig.BadSignature: Rcode.BADSIG,
        dns.tsig.BadTime: Rcode.BADTIME,
    }
    error = errors.get(type(problem))
    if error is None:
        return None
    request = dns.message.from_wire(octets, keyring=False, continue_on_error=True)
    response = dns.message.make_response(request)
    if request.tsig is not None and isinstance(request.tsig[0], TSIG):
        attach_error(response, request.tsig[0], request.tsig.name, error)
    return response.to_wire()


def _bare(octets: bytes, rcode: Rcode) -> bytes:
    """A header alone: what a server says to a request that it could not read."""
    ident, flags, *_ = HEADER.unpack_from(octets)
    return HEADER.pack(ident, QR | flags & 0x7900 | int(rcode), 0, 0, 0, 0)


def _bad_version(request: Message) -> bytes:
    response = start_response(request)
    response.set_rcode(Rcode.BADVERS)
    return response.to_wire()


def edns_refusal(faults: Faults, request: Message) -> Message | None:
    """What a server says to EDNS that it does not understand, or not in this version (RFC 6891 section 7)."""
    if request.edns < 0:
        return None
    name, rdtype = question(request)
    fault = faults.find(name, rdtype, FaultKind.NO_EDNS, FaultKind.BAD_EDNS)
    if fault is None:
        return None
    if fault.kind is FaultKind.BAD_EDNS:
        response = start_response(request)
        response.set_rcode(Rcode.BADVERS)
        return response
    response = dns.message.make_response(request)
    response.use_edns(False)
    response.set_rcode(Rcode.FORMERR)
    return response


def render(request: Message, response: Message, *, tcp: bool) -> bytes:
    """Wire form that fits the transport: over UDP, an answer that does not fit goes out empty with TC."""
    if tcp:
        return response.to_wire(max_size=65535)
    room = min(max(request.payload, 512), UDP_PAYLOAD) if request.edns >= 0 else 512
    try:
        return response.to_wire(max_size=room)
    except dns.exception.TooBig:
        return truncated(response).to_wire(max_size=room)


def truncated(response: Message) -> Message:
    """The same answer with nothing in it and TC set, so that the client asks again over TCP."""
    response.flags |= dns.flags.TC
    response.answer.clear()
    response.authority.clear()
    response.additional.clear()
    return response


def question(request: Message) -> tuple[Name, RdataType]:
    """Name and type of the one question."""
    asked = request.question[0]
    return asked.name, asked.rdtype


def wants_dnssec(request: Message) -> bool:
    """Whether the client set DO (RFC 3225)."""
    return bool(request.ednsflags & dns.flags.DO)


def start_response(request: Message, *, recursion: bool = False) -> Message:
    """An empty answer to `request` that speaks EDNS, and repeats DO, if the client did."""
    response = dns.message.make_response(request, recursion_available=recursion, our_payload=UDP_PAYLOAD)
    if wants_dnssec(request):
        response.want_dnssec()
    options: list[dns.edns.Option] = [
        _cookie(option) for option in request.options if isinstance(option, dns.edns.CookieOption)
    ]
    if options and response.edns >= 0:
        response.use_edns(0, response.ednsflags, UDP_PAYLOAD, response.request_payload, options=options)
    return response


def _cookie(option: dns.edns.CookieOption) -> dns.edns.CookieOption:
    """The client's cookie with one of ours (RFC 7873); nothing hangs on it here, so a checksum will do."""
    return dns.edns.CookieOption(option.client, zlib.crc32(option.client).to_bytes(4) * 2)


def explain(response: Message, errors: Iterable[tuple[dns.edns.EDECode, str]]) -> None:
    """Add Extended DNS Errors (RFC 8914), where the client speaks EDNS."""
    if response.opt is None:
        return
    options = [*response.options, *(dns.edns.EDEOption(code, text or None) for code, text in errors)]
    response.use_edns(0, response.ednsflags, UDP_PAYLOAD, response.request_payload, options=options)
