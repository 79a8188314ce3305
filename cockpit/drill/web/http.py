"""A small HTTP/1.1 server on asyncio and h11, for the simulated world's own endpoints."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

MAX_BODY = 8 * 1024 * 1024
"""Bytes of request body that are read before the connection is refused with 413."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: `path` decoded and `raw_path` not, header names in lower case, the last one wins."""

    method: str
    path: str
    raw_path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; `Content-Length` and `Date`-free by design, so that runs with one seed are alike."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    reason: str = field(default="")


class Dropped(Exception):  # noqa: N818 - not an error of ours: the fault that was asked for
    """Raised by a handler to cut the connection without an answer."""


Handler = Callable[[Request], Awaitable[Response]]


class Incoming(Protocol):
    """Where octets come from."""

    async def read(self, n: int = -1) -> bytes:
        """Up to `n` octets; none at the end."""
        ...


class Outgoing(Protocol):
    """Where octets go."""

    def write(self, data: bytes) -> None:
        """Send, sooner or later."""
        ...

    async def drain(self) -> None:
        """Wait until there is room for more."""
        ...


class HttpServer:
    """Serve one handler on an ephemeral loopback port; connections are kept alive."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, address: str = "127.0.0.1", port: int = 0) -> None:
        """Bind and listen; `port` holds the number that was given."""
        self._server = await asyncio.start_server(self._serve, address, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut what is open, a handler that is still at work included."""
        if self._server is None:
            return
        self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            with contextlib.suppress(OSError, h11.RemoteProtocolError, Dropped, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            self._conversations.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while True:
            request = await read_request(connection, reader, writer)
            if request is None:
                return
            try:
                response = TOO_LARGE if len(request.body) > MAX_BODY else await self._handler(request)
            except Dropped:
                writer.transport.abort()
                raise
            await write_response(connection, writer, response, request.method)
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()


TOO_LARGE = Response(413, body=b"The body is larger than this world accepts.\n")


async def read_request(connection: h11.Connection, reader: Incoming, writer: Outgoing) -> Request | None:
    """The next request of a connection; None when there is no more. Raises h11.RemoteProtocolError."""
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                # Without the reason phrase botocore reads the line as a broken answer and hangs up.
                go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                writer.write(connection.send(go_on) or b"")
            connection.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            if len(body) <= MAX_BODY:
                body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, bytes(body))
        else:
            return None


def _request(head: h11.Request, body: bytes) -> Request:
    target = head.target.decode("ascii", "replace")
    parts = urlsplit(target)
    return Request(
        method=head.method.decode("ascii"),
        path=unquote(parts.path),
        raw_path=parts.path,
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
        body=body,
    )


async def write_response(
    connection: h11.Connection, writer: Outgoing, response: Response, method: str, *, drip_s: float = 0.0
) -> None:
    """Send an answer; with `drip_s`, the body octet by octet with that many seconds between them."""
    headers = [(name, value) for name, value in response.headers]
    if not any(name.lower() == "content-length" for name, _ in headers):
        headers.append(("Content-Length", str(len(response.body))))
    head = h11.Response(
        status_code=response.status,
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
        reason=response.reason.encode("ascii"),
    )
    writer.write(connection.send(head) or b"")
    if method != "HEAD" and response.body:
        for piece in _pieces(response.body, 1 if drip_s else len(response.body)):
            writer.write(connection.send(h11.Data(data=piece)) or b"")
            await writer.drain()
            if drip_s:
                await asyncio.sleep(drip_s)
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))
