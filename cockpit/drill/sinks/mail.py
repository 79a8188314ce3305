"""A mail server that takes everything and forwards nothing: SMTP (RFC 5321) with STARTTLS and AUTH where wanted."""

import asyncio
import base64
import binascii
import contextlib
import email
import email.policy
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol

from cockpit.drill.sinks.contract import SinkFaultKind

LOOPBACK = "127.0.0.1"
HOST_NAME = "mx.sinks.example"
LETTER_LIMIT = 1_000_000
"""Octets of one letter, announced as SIZE (RFC 1870)."""

LINE_LIMIT = 4096
RECIPIENT_LIMIT = 100
CONVERSATION_LIMIT = 50
IDLE_S = 30.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as it was handed over; `text` is its subject and what can be read of it."""

    sender: str
    recipients: tuple[str, ...]
    text: str
    raw: str
    encrypted: bool


class Deliver(Protocol):
    """Told of each letter, delivered or kept from it by a fault."""

    def __call__(self, letter: Letter, *, delivered: bool) -> None:
        """Keep it."""
        ...


@dataclass(slots=True)
class _Envelope:
    """What one client has said so far."""

    greeted: bool = False
    encrypted: bool = False
    authenticated: bool = False
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)

    def reset(self) -> None:
        """Forget the transaction; the session goes on."""
        self.sender, self.recipients = None, []


class MailSink:
    """One submission server with one login, `user` and `token`; with `login` it takes mail from nobody else.

    `context` makes the certificate for STARTTLS, which is offered where one is given.
    """

    def __init__(
        self, name: str = "mail", *, context: Callable[[], ssl.SSLContext] | None = None, login: bool = False
    ) -> None:
        self.name = name
        self.user = "cockpit"
        self.token = secrets.token_urlsafe(15)
        self.port = 0
        self._context = context
        self._login = login
        self._deliver: Deliver | None = None
        self._fault: Callable[[], SinkFaultKind | None] = lambda: None
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return LOOPBACK, self.port

    async def start(self, deliver: Deliver, fault: Callable[[], SinkFaultKind | None]) -> None:
        """Listen; letters go to `deliver`, and `fault` says what is wrong at the moment."""
        self._deliver, self._fault = deliver, fault
        self._server = await asyncio.start_server(self._converse, LOOPBACK, 0, limit=LINE_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut what is open."""
        if self._server is None:
            return
        self._server.close()
        for task in self._conversations:
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._server.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._conversations.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault() is SinkFaultKind.REFUSE:
            writer.transport.abort()
            return
        if self._fault() is SinkFaultKind.TIMEOUT:
            await asyncio.Event().wait()
        if len(self._conversations) > CONVERSATION_LIMIT:
            writer.write(b"421 4.3.2 too many connections\r\n")
            return
        envelope = _Envelope()
        await _say(writer, f"220 {HOST_NAME} ESMTP DRILL - nothing is forwarded")
        while True:
            async with asyncio.timeout(IDLE_S):
                line = (await reader.readuntil(b"\r\n")).decode("utf-8", "replace").rstrip("\r\n")
            word, _, rest = line.partition(" ")
            match word.upper():
                case "QUIT":
                    await _say(writer, "221 2.0.0 bye")
                    return
                case "STARTTLS" if self._context is not None and not envelope.encrypted:
                    await _say(writer, "220 2.0.0 ready")
                    await writer.start_tls(self._context())
                    envelope = _Envelope(encrypted=True)
                case "AUTH" if not envelope.authenticated:
                    await self._authenticate(reader, writer, envelope, rest)
                case "DATA" if envelope.recipients:
                    await self._data(reader, writer, envelope)
                case known:
                    await _say(writer, *self._reply(known, rest, envelope))

    def _reply(self, word: str, rest: str, envelope: _Envelope) -> tuple[str, ...]:
        """Everything that is said in one breath."""
        match word:
            case "EHLO" | "HELO" if rest.strip():
                envelope.greeted = True
                envelope.reset()
                return self._greeting(envelope) if word == "EHLO" else (f"250 {HOST_NAME}",)
            case "RSET":
                envelope.reset()
                return ("250 2.0.0 forgotten",)
            case "NOOP":
                return ("250 2.0.0 still here",)
            case "VRFY":
                return ("252 2.5.0 send and see",)
            case "MAIL":
                return (self._mail(rest, envelope),)
            case "RCPT":
                return (self._rcpt(rest, envelope),)
            case "DATA" | "AUTH" | "STARTTLS" | "EHLO" | "HELO":
                return ("503 5.5.1 not now",) if rest or word in ("DATA", "AUTH") else ("502 5.5.1 not here",)
        return ("500 5.5.2 what?",)

    def _greeting(self, envelope: _Envelope) -> tuple[str, ...]:
        offers = [HOST_NAME, f"SIZE {LETTER_LIMIT}", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self._context is not None and not envelope.encrypted:
            offers.append("STARTTLS")
        if envelope.encrypted or self._context is None:
            offers.append("AUTH PLAIN LOGIN")
        return (*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}")

    def _mail(self, rest: str, envelope: _Envelope) -> str:
        if not envelope.greeted or envelope.sender is not None:
            return "503 5.5.1 not now"
        if self._login and not envelope.authenticated:
            return "530 5.7.0 authentication required"
        if self._fault() is SinkFaultKind.RATE_LIMIT:
            return "450 4.7.1 too much mail from you, come again later"
        address, parameters = _address(rest, "FROM:")
        if address is None:
            return "501 5.5.4 MAIL FROM:<address> is how it goes"
        size = next((one[5:] for one in parameters if one.upper().startswith("SIZE=")), "0")
        if size.isdigit() and int(size) > LETTER_LIMIT:
            return "552 5.3.4 too large"
        envelope.sender = address
        return "250 2.1.0 ok"

    def _rcpt(self, rest: str, envelope: _Envelope) -> str:
        if envelope.sender is None:
            return "503 5.5.1 not now"
        address, _ = _address(rest, "TO:")
        if address is None or "@" not in address:
            return "501 5.1.3 RCPT TO:<address> is how it goes"
        if len(envelope.recipients) >= RECIPIENT_LIMIT:
            return "452 4.5.3 too many recipients"
        envelope.recipients.append(address)
        return "250 2.1.5 ok"

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, envelope: _Envelope) -> None:
        await _say(writer, "354 go on, and end with a dot")
        raw, too_large = await _read_letter(reader)
        letter = Letter(
            sender=envelope.sender or "",
            recipients=tuple(envelope.recipients),
            text=_readable(raw),
            raw=_with_plain_ends(raw.decode("utf-8", "replace")),
            encrypted=envelope.encrypted,
        )
        envelope.reset()
        if too_large:
            await _say(writer, "552 5.3.4 too large")
            return
        fault = self._fault()
        if self._deliver is not None:
            self._deliver(letter, delivered=fault in (None, SinkFaultKind.LOST_ANSWER))
        if fault is SinkFaultKind.LOST_ANSWER:
            writer.transport.abort()
            raise EOFError
        if fault is SinkFaultKind.ERROR:
            await _say(writer, "451 4.3.0 something is wrong here")
            return
        await _say(writer, f"250 2.0.0 taken as {secrets.token_hex(6)}")

    async def _authenticate(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, envelope: _Envelope, rest: str
    ) -> None:
        """AUTH PLAIN and LOGIN (RFC 4954), in the clear only where there is no STARTTLS to be had."""
        method, _, first = rest.partition(" ")
        if self._context is not None and not envelope.encrypted:
            await _say(writer, "538 5.7.11 encrypt first")
            return
        if method.upper() == "PLAIN":
            given = _decoded(first or await _asked(reader, writer, "")).split("\0")[1:]
        elif method.upper() == "LOGIN":
            user = first or await _asked(reader, writer, "Username:")
            given = [_decoded(user), _decoded(await _asked(reader, writer, "Password:"))]
        else:
            await _say(writer, "504 5.5.4 PLAIN or LOGIN")
            return
        envelope.authenticated = given == [self.user, self.token]
        await _say(writer, "235 2.7.0 welcome" if envelope.authenticated else "535 5.7.8 no")


async def _say(writer: asyncio.StreamWriter, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    await writer.drain()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, prompt: str) -> str:
    await _say(writer, f"334 {base64.b64encode(prompt.encode()).decode()}")
    async with asyncio.timeout(IDLE_S):
        return (await reader.readuntil(b"\r\n")).decode("ascii", "replace").strip()


async def _read_letter(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """The letter without its dots (RFC 5321 section 4.5.2), and whether it was too large to be kept."""
    kept, size = bytearray(), 0
    async with asyncio.timeout(IDLE_S):
        while (line := await reader.readuntil(b"\r\n")) != b".\r\n":
            size += len(line)
            if size <= LETTER_LIMIT:
                kept += line[1:] if line.startswith(b".") else line
    return bytes(kept), size > LETTER_LIMIT


def _address(rest: str, word: str) -> tuple[str | None, list[str]]:
    """The address between angle brackets and the parameters after it; None for what has no such form."""
    given = rest.strip()
    if not given.upper().startswith(word):
        return None, []
    path, bracket, parameters = given[len(word) :].strip().partition(">")
    return (path[1:], parameters.split()) if path.startswith("<") and bracket else (None, [])


def _readable(raw: bytes) -> str:
    """Subject and plain text of a letter; the octets themselves where it is no letter."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(preferencelist=("plain", "html"))
    try:
        body = str(part.get_content()) if part is not None else ""
    except (LookupError, ValueError, KeyError):
        body = raw.decode("utf-8", "replace")
    return _with_plain_ends(f"{message.get('Subject', '')}\n{body}".strip())


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
