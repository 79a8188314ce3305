"""DNS over UDP and TCP on one loopback port: what arrives is handed to a responder, whatever it is."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import Protocol, cast

from cockpit.errors import WorldError

LOOPBACK = "127.0.0.1"
LOOPBACK6 = "::1"
BIND_ATTEMPTS = 50
"""Tries to find a number that is free for UDP and TCP alike."""

PENDING_LIMIT = 512
"""Questions that one server works on at a time; more are dropped, as a busy server drops them."""

IDLE_S = 10.0
"""Seconds that a TCP client may be silent before its connection is closed."""


class Responder(Protocol):
    """What answers."""

    def at_once(self, octets: bytes, tcp: bool) -> bytes | None:
        """An answer that needs no work, or None."""
        ...

    async def respond(self, octets: bytes, tcp: bool) -> Sequence[bytes]:
        """The messages to send back, none for silence; never raises for what a stranger sent."""
        ...


def loopback_for(address: str) -> str:
    """The loopback address of the same family as a documentation address."""
    return LOOPBACK6 if ":" in address else LOOPBACK


def has_ipv6_loopback() -> bool:
    """Whether this machine has ::1; containers often do not."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as trial:
            trial.bind((LOOPBACK6, 0))
    except OSError:
        return False
    return True


class DnsServer:
    """One responder on a loopback address, UDP and TCP on the same ephemeral port."""

    def __init__(self, responder: Responder, host: str = LOOPBACK) -> None:
        self.port = 0
        self.host = host
        self._responder = responder
        self._datagrams: _Datagrams | None = None
        self._streams: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Bind both transports; raises WorldError when no port is free for both."""
        loop = asyncio.get_running_loop()
        for _ in range(BIND_ATTEMPTS):
            try:
                transport, datagrams = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self._responder), local_addr=(self.host, 0)
                )
            except OSError as error:
                raise WorldError(f"{self.host} cannot be bound: {error.strerror}.") from None
            port = transport.get_extra_info("sockname")[1]
            try:
                self._streams = await asyncio.start_server(self._converse, self.host, port)
            except OSError:
                transport.close()
                continue
            self.port, self._datagrams = port, datagrams
            return
        raise WorldError(f"No port on {self.host} is free for DNS over UDP and TCP alike.")

    async def close(self) -> None:
        """Stop listening and drop what is under way."""
        if self._datagrams is not None:
            self._datagrams.close()
        if self._streams is not None:
            self._streams.close()
            for task in self._conversations:
                task.cancel()
            await asyncio.gather(*self._conversations, return_exceptions=True)
            await self._streams.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.CancelledError):
                await self._answer_stream(reader, writer)
        finally:
            self._conversations.discard(task)
            writer.close()

    async def _answer_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question after the other (RFC 7766), until the client leaves, is silent, or we keep silent."""
        while True:
            async with asyncio.timeout(IDLE_S):
                length = int.from_bytes(await reader.readexactly(2))
                octets = await reader.readexactly(length)
            at_once = self._responder.at_once(octets, True)
            replies = (at_once,) if at_once is not None else await self._responder.respond(octets, True)
            for reply in replies:
                writer.write(len(reply).to_bytes(2) + reply)
            await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP half: cheap answers inside the callback, the others each in a task."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._transport: asyncio.DatagramTransport | None = None
        self._pending: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        at_once = self._responder.at_once(data, False)
        if at_once is not None:
            self._send(at_once, addr)
        elif len(self._pending) < PENDING_LIMIT:
            task = asyncio.create_task(self._answer(data, addr))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)

    def error_received(self, exc: Exception) -> None:
        """A client that has gone away already is no concern of the server."""

    async def _answer(self, octets: bytes, addr: tuple[str, int]) -> None:
        for reply in await self._responder.respond(octets, False):
            self._send(reply, addr)

    def _send(self, reply: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(reply, addr)

    def close(self) -> None:
        for task in self._pending:
            task.cancel()
        if self._transport is not None:
            self._transport.close()
