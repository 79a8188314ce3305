"""One address of the drill's web: HTTPS and plain HTTP on loopback ports that stay reserved while it refuses."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections import deque
from collections.abc import Mapping

import h11

from cockpit.clock import Clock
from cockpit.drill.webhost import HostFaultKind, Page, Visit, WebHost
from cockpit.errors import WorldError

LOOPBACK = "127.0.0.1"
HTTPS_PORT = 443
HTTP_PORT = 80
REQUEST_LIMIT = 65_536
"""Octets of a request that are read before the connection is cut."""

IDLE_S = 10.0
DRIP_S = 1.0
"""Pause between two octets of a dripping answer."""


class WebListener:
    """One documentation address: two reserved ports, open or refusing."""

    def __init__(
        self, address: str, default: WebHost, hosts: Mapping[str, WebHost], log: deque[Visit], clock: Clock
    ) -> None:
        """Serve any of `hosts` by name; a client without SNI meets the certificate of `default`."""
        self.address = address
        self.ports: dict[int, int] = {}
        self._default = default
        self._hosts = hosts
        self._log = log
        self._clock = clock
        self._reserved: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._conversations: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Bind and listen; an address that was shut gets its ports back."""
        if self._servers:
            return
        for port in (HTTPS_PORT, HTTP_PORT):
            if port not in self.ports:
                self._reserve(port)
        secure, plain = _bound_socket(self.ports[HTTPS_PORT]), _bound_socket(self.ports[HTTP_PORT])
        self._servers = [
            await asyncio.start_server(self._serve_https, sock=secure, ssl=self._tls_context()),
            await asyncio.start_server(self._serve_http, sock=plain),
        ]

    async def shut(self) -> None:
        """Refuse connections and cut those that are open; the ports stay reserved."""
        for server in self._servers:
            server.close()
        for task in self._conversations:
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def close(self) -> None:
        """Shut, and give the ports back."""
        await self.shut()
        for reserved in self._reserved:
            reserved.close()
        self._reserved.clear()
        self.ports.clear()

    def _reserve(self, port: int) -> None:
        """Hold a number with a socket that never listens, so that a refusing address keeps it."""
        held = _bound_socket(0)
        self._reserved.append(held)
        self.ports[port] = held.getsockname()[1]

    def _tls_context(self) -> ssl.SSLContext:
        """A context that hands each connection on to the named host's own, as it is at that moment."""
        context = self._default.certificate.server_context()
        context.sni_callback = self._choose
        return context

    def _choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, context: ssl.SSLContext
    ) -> int | None:
        host = self._default if name is None else self._hosts.get(name)
        if host is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = host.context
        return None

    async def _serve_https(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._converse(reader, writer, secure=True)

    async def _serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._converse(reader, writer, secure=False)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, secure: bool) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            with contextlib.suppress(
                OSError, EOFError, TimeoutError, h11.RemoteProtocolError, asyncio.CancelledError
            ):
                await self._answer(reader, writer, secure=secure)
        finally:
            self._conversations.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, secure: bool) -> None:
        """One request, one answer, and the end of the connection."""
        connection = h11.Connection(h11.SERVER)
        async with asyncio.timeout(IDLE_S):
            request = await _read_request(connection, reader)
        target = request.target.decode("ascii", "replace")
        named = dict(request.headers).get(b"host", b"").decode("ascii", "replace").partition(":")[0].lower()
        if not secure:
            place = (("Location", f"https://{named}{target}"),)
            await _send(connection, writer, request, Page(301, b"", "text/plain", place))
            return
        host = self._hosts.get(named)
        if host is None:
            await _send(connection, writer, request, Page(421, b"misdirected request\n", "text/plain"))
            return
        if host.fault(HostFaultKind.HANG, self.address):
            await reader.read()
            return
        if host.fault(HostFaultKind.RESET, self.address):
            _reset(writer)
            return
        if slow := host.fault(HostFaultKind.SLOW, self.address):
            await asyncio.sleep(slow.latency_s)
        page = host.page(target.partition("?")[0], self.address)
        method = request.method.decode("ascii")
        self._log.append(Visit(self._clock.now(), named, self.address, method, target[:200], page.status))
        drip = host.fault(HostFaultKind.DRIP, self.address)
        await _send(connection, writer, request, page, drip_s=DRIP_S if drip else 0.0)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Cut the connection with RST, as a crashed process or a firewall does."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.setblocking(False)
        bound.bind((LOOPBACK, port))
    except OSError as error:
        bound.close()
        raise WorldError(f"Port {port} on {LOOPBACK} cannot be bound: {error.strerror}.") from None
    return bound


async def _read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request:
    """The head of one request; its body, if any, is left unread."""
    seen = 0
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA or seen > REQUEST_LIMIT:
            raise EOFError
        octets = await reader.read(4096)
        if not octets:
            raise EOFError
        seen += len(octets)
        connection.receive_data(octets)


async def _send(
    connection: h11.Connection,
    writer: asyncio.StreamWriter,
    request: h11.Request,
    page: Page,
    *,
    drip_s: float = 0.0,
) -> None:
    headers = [
        ("Content-Type", page.content_type),
        ("Content-Length", str(len(page.body))),
        ("Connection", "close"),
        *page.headers,
    ]
    head = h11.Response(status_code=page.status, headers=headers)
    writer.write(connection.send(head) or b"")
    if request.method != b"HEAD":
        pieces = [page.body[at : at + 1] for at in range(len(page.body))] if drip_s else [page.body]
        for piece in pieces:
            writer.write(connection.send(h11.Data(data=piece)) or b"")
            await writer.drain()
            if drip_s:
                await asyncio.sleep(drip_s)
        writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
