"""One address of the drill's web: HTTPS and plain HTTP on loopback ports that stay reserved while it refuses.

Connections are accepted bare, so that a fault may act before the handshake, and the name that the client asks for
decides what it meets.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import h11

from cockpit.clock import Clock
from cockpit.drill.dns.server import loopback_for
from cockpit.drill.web.client_hello import HANDSHAKE, server_name
from cockpit.drill.web.http import Incoming, Outgoing, Request, Response, read_request, write_response
from cockpit.drill.web.stapling import StapledStream
from cockpit.drill.web.webhost import CHALLENGES, HostFaultKind, Visit, WebHost
from cockpit.errors import WorldError

HTTPS_PORT = 443
HTTP_PORT = 80
PEEKED = 16_384
RECORD_HEAD = 5
RECORD_PAUSE_S = 0.01
"""Pause before looking again at a first record that has come in part."""

BACKLOG = 100
CONNECTION_LIMIT = 256
"""Connections that one address holds at a time; more are cut."""

IDLE_S = 10.0
HANDSHAKE_S = 10.0
DRIP_S = 1.0
"""Pause between two octets of a dripping answer."""

NOT_TLS = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis is plain HTTP.\n"


@dataclass(frozen=True, slots=True)
class Meeting:
    """One connection: which host it came for, and how many that host had met by then."""

    host: WebHost
    number: int


class WebListener:
    """One documentation address: two reserved ports, open or refusing."""

    def __init__(
        self, address: str, default: WebHost, hosts: Mapping[str, WebHost], log: deque[Visit], clock: Clock
    ) -> None:
        """Serve any of `hosts` by name; a client without SNI meets the certificate of `default`."""
        self.address = address
        self.loopback = loopback_for(address)
        self.ports: dict[int, int] = {}
        self._default = default
        self._hosts = hosts
        self._log = log
        self._clock = clock
        self._reserved: list[socket.socket] = []
        self._listening: list[socket.socket] = []
        self._acceptors: list[asyncio.Task[None]] = []
        self._conversations: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Bind and listen; an address that was shut gets its ports back."""
        if self._acceptors:
            return
        for port in (HTTPS_PORT, HTTP_PORT):
            if port not in self.ports:
                self._reserve(port)
            listening = self._bound_socket(self.ports[port])
            listening.listen(BACKLOG)
            self._listening.append(listening)
            self._acceptors.append(asyncio.create_task(self._accept(listening, secure=port == HTTPS_PORT)))

    async def shut(self) -> None:
        """Refuse connections and cut those that are open; the ports stay reserved."""
        tasks = [*self._acceptors, *self._conversations]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listening in self._listening:
            listening.close()
        self._listening.clear()
        self._acceptors.clear()

    async def close(self) -> None:
        """Shut, and give the ports back."""
        await self.shut()
        for reserved in self._reserved:
            reserved.close()
        self._reserved.clear()
        self.ports.clear()

    def _reserve(self, port: int) -> None:
        """Hold a number with a socket that never listens, so that a refusing address keeps it."""
        held = self._bound_socket(0)
        self._reserved.append(held)
        self.ports[port] = held.getsockname()[1]

    def _bound_socket(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.loopback else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            bound.setblocking(False)
            bound.bind((self.loopback, port))
        except OSError as error:
            bound.close()
            raise WorldError(f"Port {port} on {self.loopback} cannot be bound: {error.strerror}.") from None
        return bound

    # Connections

    async def _accept(self, listening: socket.socket, *, secure: bool) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except OSError:
                # The client was gone before it was accepted, or descriptors ran out; the next one may fare better.
                await asyncio.sleep(0)
                continue
            if len(self._conversations) >= CONNECTION_LIMIT:
                accepted.close()
                continue
            task = asyncio.create_task(self._converse(accepted, secure=secure))
            self._conversations.add(task)
            task.add_done_callback(self._conversations.discard)

    async def _converse(self, accepted: socket.socket, *, secure: bool) -> None:
        accepted.setblocking(False)
        try:
            with contextlib.suppress(
                OSError, EOFError, TimeoutError, h11.RemoteProtocolError, asyncio.CancelledError
            ):
                await (self._serve_https(accepted) if secure else self._serve_http(accepted))
        finally:
            accepted.close()

    async def _serve_http(self, accepted: socket.socket) -> None:
        reader, writer = await _streams(accepted)
        with contextlib.closing(writer):
            await self._answer(reader, writer, writer)

    async def _serve_https(self, accepted: socket.socket) -> None:
        async with asyncio.timeout(IDLE_S):
            name = server_name(await _hello(accepted))
        host = self._default if name is None else self._hosts.get(name)
        if host is None:
            await _streams(accepted, _turning_away())
            return
        meeting = Meeting(host, host.connected())
        if not await self._before_handshake(accepted, meeting):
            return
        stapling = host.stapling_at(self.address)
        reader, writer = await _streams(accepted, host.context_at(self.address) if stapling is None else None)
        with contextlib.closing(writer):
            if stapling is None:
                await self._after_handshake(reader, writer, writer, meeting)
                return
            stream = StapledStream(stapling, reader, writer)
            async with asyncio.timeout(HANDSHAKE_S):
                await stream.handshake()
            await self._after_handshake(stream, stream, writer, meeting)
            stream.farewell()

    async def _before_handshake(self, accepted: socket.socket, meeting: Meeting) -> bool:
        """What comes before TLS; whether there is to be any."""
        if self._fault(meeting, HostFaultKind.HANDSHAKE_HANG):
            await asyncio.Event().wait()
        if self._fault(meeting, HostFaultKind.HANDSHAKE_RESET):
            _linger_not(accepted)
            return False
        if self._fault(meeting, HostFaultKind.PLAIN_HTTP):
            # Left unread, the client's octets would turn the close into a reset that may overtake the answer.
            accepted.recv(PEEKED)
            await asyncio.get_running_loop().sock_sendall(accepted, NOT_TLS)
            return False
        return True

    async def _after_handshake(
        self, reader: Incoming, writer: Outgoing, line: asyncio.StreamWriter, meeting: Meeting
    ) -> None:
        if self._fault(meeting, HostFaultKind.ABORT):
            _reset(line)
            return
        await self._answer(reader, writer, line, meeting)

    def _fault(self, meeting: Meeting, kind: HostFaultKind) -> bool:
        return meeting.host.fault(kind, self.address, meeting.number) is not None

    # Answers

    async def _answer(
        self, reader: Incoming, writer: Outgoing, line: asyncio.StreamWriter, meeting: Meeting | None = None
    ) -> None:
        """One request, one answer, and the end of the connection; without a meeting it came over plain HTTP."""
        connection = h11.Connection(h11.SERVER)
        async with asyncio.timeout(IDLE_S):
            request = await read_request(connection, reader, writer)
        if request is None:
            return
        named = request.headers.get("host", "").partition(":")[0].lower()
        host = self._hosts.get(named)
        if meeting is None and (host is None or not _plainly(host, request.path)):
            place = ("Location", f"https://{named}{_target(request)}")
            await write_response(connection, writer, _plain_text(301, b"", place), request.method)
            return
        if host is None:
            await write_response(connection, writer, _plain_text(421, b"misdirected request\n"), request.method)
            return
        number = meeting.number if meeting is not None and meeting.host is host else host.connected()
        if host.fault(HostFaultKind.HANG, self.address, number):
            await reader.read()
            return
        if host.fault(HostFaultKind.RESET, self.address, number):
            _reset(line)
            return
        if slow := host.fault(HostFaultKind.SLOW, self.address, number):
            await asyncio.sleep(slow.latency_s)
        response = await self._response(host, request, number)
        drip = host.fault(HostFaultKind.DRIP, self.address, number)
        await write_response(connection, writer, response, request.method, drip_s=DRIP_S if drip else 0.0)

    async def _response(self, host: WebHost, request: Request, number: int) -> Response:
        page = host.page(request.path, self.address, number)
        if page is None and host.handler is not None:
            response = await host.handler(request)
        else:
            assert page is not None
            response = Response(page.status, (("Content-Type", page.content_type), *page.headers), page.body)
        target = _target(request)[:200]
        self._log.append(Visit(self._clock.now(), host.name, self.address, request.method, target, response.status))
        return Response(response.status, (*response.headers, ("Connection", "close")), response.body)


async def _streams(
    accepted: socket.socket, context: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The two ends of an accepted connection, with TLS where a context is given; the socket is theirs then."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    own = socket.socket(fileno=accepted.detach())
    patience_s = None if context is None else HANDSHAKE_S
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, own, ssl=context, ssl_handshake_timeout=patience_s
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _hello(accepted: socket.socket) -> bytes:
    """The client's first TLS record, left where it is; raises EOFError when there is none."""
    while True:
        await _readable(accepted)
        peeked = accepted.recv(PEEKED, socket.MSG_PEEK)
        if not peeked:
            raise EOFError
        whole = RECORD_HEAD + int.from_bytes(peeked[3:RECORD_HEAD]) if len(peeked) >= RECORD_HEAD else PEEKED
        if len(peeked) >= min(whole, PEEKED) or peeked[0] != HANDSHAKE:
            return peeked
        await asyncio.sleep(RECORD_PAUSE_S)


async def _readable(accepted: socket.socket) -> None:
    """Wait until the client has said something, without reading it."""
    loop = asyncio.get_running_loop()
    said = asyncio.Event()
    loop.add_reader(accepted, said.set)
    try:
        await said.wait()
    finally:
        loop.remove_reader(accepted)


def _turning_away() -> ssl.SSLContext:
    """A context that knows nobody of the name that the client asks for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda connection, name, given: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return context


def _plainly(host: WebHost, path: str) -> bool:
    """Whether a host answers this path over plain HTTP."""
    return host.plain or (path.startswith(CHALLENGES) and path in host.pages)


def _target(request: Request) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.query)
    return f"{request.raw_path}?{query}" if query else request.raw_path


def _plain_text(status: int, body: bytes, *headers: tuple[str, str]) -> Response:
    return Response(status, (("Content-Type", "text/plain"), ("Connection", "close"), *headers), body)


def _reset(line: asyncio.StreamWriter) -> None:
    """Cut the connection with RST, as a crashed process or a firewall does."""
    _linger_not(line.get_extra_info("socket"))
    line.transport.abort()


def _linger_not(connection: socket.socket) -> None:
    """Have the close of a connection be a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
