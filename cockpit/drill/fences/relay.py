"""`python -m cockpit.drill.fences.relay`: documentation addresses on real ports, in a network without a way out.

Reads `{"192.0.2.53:53": "127.0.0.1:40123", …}` as one JSON line, listens at every address it can, says "ready" and
carries octets to and fro until its standard input closes. It refuses to run where there is a way out.
"""

import asyncio
import contextlib
import ipaddress
import json
import os
import sys
import threading
from typing import cast

from cockpit.drill.fences.isolate import check_inside
from cockpit.errors import CockpitError

DNS_PORT = 53
CHUNK = 65_536
ANSWER_WITHIN_S = 10.0
CLIENTS = 256
"""Datagram clients that one address serves at a time; more are dropped."""


class Datagrams(asyncio.DatagramProtocol):
    """One address over UDP: a socket to the real server for each question."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Carry one question, unless too many are under way."""
        if len(self._tasks) < CLIENTS:
            task = asyncio.create_task(self._carry(data, addr))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, data: bytes, client: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[bytes] = loop.create_future()
        with contextlib.suppress(OSError, TimeoutError):
            transport, _ = await loop.create_datagram_endpoint(lambda: _Answer(answered), remote_addr=self._target)
            try:
                transport.sendto(data)
                reply = await asyncio.wait_for(answered, ANSWER_WITHIN_S)
                if self._transport is not None:
                    self._transport.sendto(reply, client)
            finally:
                transport.close()


class _Answer(asyncio.DatagramProtocol):
    def __init__(self, answered: "asyncio.Future[bytes]") -> None:
        self._answered = answered

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._answered.done():
            self._answered.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answered.done():
            self._answered.set_exception(exc)


async def relay(dial: dict[str, str], ended: asyncio.Event) -> int:
    """Serve every IPv4 address of `dial` until `ended`; returns how many there are."""
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as open_:
        for named, real in dial.items():
            (address, port), target = _pair(named), _pair(real)
            if ipaddress.ip_address(address).version != 4:
                continue
            server = await asyncio.start_server(lambda r, w, t=target: _stream(r, w, t), address, port)  # type: ignore[misc]
            await open_.enter_async_context(server)
            if port == DNS_PORT:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda t=target: Datagrams(t),  # type: ignore[misc]
                    local_addr=(address, port),
                )
                open_.callback(transport.close)
        print("ready", flush=True)
        await ended.wait()
    return 0


async def _stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int]) -> None:
    """Carry one connection both ways; a reset on one side is one on the other."""
    try:
        far_reader, far_writer = await asyncio.open_connection(*target)
    except OSError:
        writer.transport.abort()
        return
    try:
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))
    except OSError:
        for side in (writer, far_writer):
            side.transport.abort()
    finally:
        for side in (writer, far_writer):
            side.close()


async def _pour(source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
    while octets := await source.read(CHUNK):
        drain.write(octets)
        await drain.drain()
    if drain.can_write_eof():
        drain.write_eof()


def _pair(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


async def _serve(dial: dict[str, str]) -> int:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_the_end() -> None:
        while os.read(0, 4096):
            continue
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    return await relay(dial, ended)


def main() -> int:
    """Serve what standard input says; 2 with a sentence where this is not an isolated network."""
    line = b""
    while not line.endswith(b"\n") and (octets := os.read(0, CHUNK)):
        line += octets
    try:
        check_inside()
        return asyncio.run(_serve(json.loads(line)))
    except (CockpitError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
