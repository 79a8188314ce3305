"""A name server of a few lines on loopback that does whatever a test wants it to do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rrset

from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER, Server
from cockpit.profile import Profile

ADDRESS = "192.0.2.53"

NOBODY = Profile(dial={f"{ADDRESS}:53": "127.0.0.1:1"}, loopback_only=True)
"""A profile in which 192.0.2.53:53 is a port where nobody listens."""

Handler = Callable[[dns.message.Message, bool], bytes | list[bytes] | None]
"""The octets to send for a question (several datagrams as a list), None for silence.

The second argument says whether the question came over TCP."""


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = self.handler(dns.message.from_wire(data), False)
        for datagram in answer if isinstance(answer, list) else [answer]:
            if datagram is not None:
                self.transport.sendto(datagram, addr)


@asynccontextmanager
async def name_server(handler: Handler, *, tcp: bool = True) -> AsyncIterator[Profile]:
    """A profile in which 192.0.2.53:53 is a server that answers by `handler`."""
    loop = asyncio.get_running_loop()

    talking: set[asyncio.Task[None] | None] = set()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.add(asyncio.current_task())
        with contextlib.suppress(EOFError, OSError, asyncio.CancelledError):
            size = int.from_bytes(await reader.readexactly(2), "big")
            answer = handler(dns.message.from_wire(await reader.readexactly(size)), True)
            if isinstance(answer, bytes):
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    while True:
        server = await asyncio.start_server(stream, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(handler), local_addr=("127.0.0.1", port)
            )
            break
        except OSError:
            # Somebody else has that number for UDP: draw another pair.
            server.close()
            await server.wait_closed()
    if not tcp:
        server.close()
        await server.wait_closed()
    try:
        yield Profile(dial={f"{ADDRESS}:53": f"127.0.0.1:{port}"}, loopback_only=True)
    finally:
        transport.close()
        server.close()
        await server.wait_closed()
        await asyncio.gather(*filter(None, talking), return_exceptions=True)
        await asyncio.sleep(0)  # A datagram transport closes in the loop's next turn.


def resolver() -> Server:
    return Server("test", ADDRESS, 53, RESOLVER)


def authoritative() -> Server:
    return Server("ns1", ADDRESS, 53, AUTHORITATIVE)


def reply(
    query: dns.message.Message,
    *records: str,
    authority: tuple[str, ...] = (),
    additional: tuple[str, ...] = (),
    rcode: int = 0,
    aa: bool = False,
    tc: bool = False,
) -> bytes:
    """An answer with records written as in a zone file."""
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.Rcode(rcode))
    if aa:
        answer.flags |= dns.flags.AA
    if tc:
        answer.flags |= dns.flags.TC
    for section, texts in (
        (answer.answer, records),
        (answer.authority, authority),
        (answer.additional, additional),
    ):
        for text in texts:
            name, ttl, _, rtype, *rest = text.split(" ", 4)
            section.append(dns.rrset.from_text(name, int(ttl), "IN", rtype, *rest))
    return answer.to_wire(max_size=65535)
