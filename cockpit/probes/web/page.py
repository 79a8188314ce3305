"""One GET over a line that is open already: status, size, the octets of the body up to a cap, and how long it took.

No redirect is followed. The decoded size is capped, because the other side may send a bomb; whoever calls sets the
deadline, because it may drip octets.
"""

import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import h11

from cockpit.probes.trust.line import Line
from cockpit.text import visible

MAX_BODY = 65_536
"""Octets of decoded body that are looked at; what comes after is not fetched."""

_HEADERS = (("User-Agent", "incident-cockpit"), ("Connection", "close"), ("Accept-Encoding", "identity"))


class BrokenAnswerError(Exception):
    """What came is not an HTTP answer, or ends before its end; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. `cut` when there was more of the body; `location` is where a redirect points to."""

    status: int
    body: bytes = field(repr=False)
    cut: bool = False
    location: str = ""
    phases: Mapping[str, int] = field(default_factory=dict)


async def fetch_page(line: Line, host: str, port: int, path: str) -> Page:
    """Ask for `path`; raises OSError or BrokenAnswerError."""
    named = host if port == 443 else f"{host}:{port}"
    connection = h11.Connection(h11.CLIENT)
    began = time.monotonic()
    try:
        request = h11.Request(method="GET", target=path, headers=[("Host", named), *_HEADERS])
        await line.send((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
        response = await _head(connection, line)
        waited = time.monotonic()
        body, cut = await _body(connection, line, _header(response, b"content-encoding"))
    except (h11.ProtocolError, zlib.error) as error:
        raise BrokenAnswerError(visible(error, limit=300) or type(error).__name__) from None
    redirects = 300 <= response.status_code < 400
    return Page(
        response.status_code,
        body,
        cut,
        visible(_header(response, b"location"), limit=500) if redirects else "",
        {"wait_ms": round((waited - began) * 1000), "body_ms": round((time.monotonic() - waited) * 1000)},
    )


async def _head(connection: h11.Connection, line: Line) -> h11.Response:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await line.receive())
        elif isinstance(event, h11.Response):
            return event
        elif not isinstance(event, h11.InformationalResponse):
            raise BrokenAnswerError("the connection ended before an answer came")


async def _body(connection: h11.Connection, line: Line, encoding: str) -> tuple[bytes, bool]:
    """Up to `MAX_BODY` decoded octets, and whether there would have been more.

    What was compressed in spite of our asking is unpacked with the cap in hand.
    """
    packed = encoding.lower() in ("gzip", "deflate", "x-gzip")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await line.receive())
        elif isinstance(event, h11.Data):
            room = MAX_BODY + 1 - len(body)
            body += unpack.decompress(bytes(event.data), room) if packed else event.data
            if len(body) > MAX_BODY:
                return bytes(body[:MAX_BODY]), True
        else:
            return bytes(body), False


def _header(response: h11.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key == name), "")
