"""How a question's octets reach a DNS server: over a fresh socket for each, with nothing to share or to guess."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol


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
