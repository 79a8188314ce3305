"""How a question's octets reach a DNS server and its answer comes back.

What a transport returns answers the question that was asked, bears its letters, and is otherwise as it came.
"""

import asyncio
import secrets
from typing import Any, Protocol

from cockpit.probes.names.question import Question

Endpoint = tuple[str, int]
"""Address and port to connect to."""


class WrongAnswerError(Exception):
    """Datagrams came, and none of them answered the question that was asked."""


class LostCaseError(WrongAnswerError):
    """An answer came whose letters have another case than was sent: an old server, or somebody who guesses."""


class Transport(Protocol):
    """A way to the wire. `careful` says that each answer is worth being read by dnspython."""

    careful: bool

    async def turn(self, endpoint: Endpoint) -> None:
        """Wait until the server may be asked one more question."""
        ...

    async def datagram(self, endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
        """Ask over UDP; raises TimeoutError, OSError or WrongAnswerError."""
        ...

    async def stream(self, endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
        """Ask over TCP; raises TimeoutError, OSError, EOFError or WrongAnswerError."""
        ...


class _OneAnswer(asyncio.DatagramProtocol):
    """Waits on one connected socket for the datagram that answers; counts those that do not."""

    def __init__(self, question: Question, number: bytes) -> None:
        self.question = question
        self.number = number
        self.strangers = 0
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Keep the first datagram that answers the question."""
        if self.done.done():
            return
        if self.question.answered_by(self.number, data):
            self.done.set_result(self.question.restored(data))
        else:
            self.strangers += 1

    def error_received(self, exc: Exception) -> None:
        """An ICMP error: nobody listens there, or there is no way."""
        if not self.done.done():
            self.done.set_exception(exc)


class FreshSockets:
    """A connected socket of its own for every question (RFC 5452): nothing to share, nothing to guess."""

    careful = True

    async def turn(self, endpoint: Endpoint) -> None:
        """There is always room for a careful question."""

    async def datagram(self, endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
        """Ask over UDP; raises TimeoutError, OSError or WrongAnswerError."""
        loop = asyncio.get_running_loop()
        number = secrets.token_bytes(2)
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: _OneAnswer(question, number), remote_addr=endpoint
        )
        try:
            transport.sendto(question.numbered(number))
            async with asyncio.timeout(timeout_s):
                return await protocol.done
        except TimeoutError:
            if protocol.strangers:
                raise WrongAnswerError from None
            raise
        finally:
            protocol.done.cancel()
            transport.close()

    async def stream(self, endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
        """Ask over TCP; raises TimeoutError, OSError, EOFError or WrongAnswerError."""
        return await over_tcp(endpoint, question, timeout_s)


async def over_tcp(endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
    """One question over a connection of its own (RFC 7766)."""
    number = secrets.token_bytes(2)
    wire = question.numbered(number)
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(*endpoint)
        try:
            writer.write(len(wire).to_bytes(2, "big") + wire)
            await writer.drain()
            length = int.from_bytes(await reader.readexactly(2), "big")
            received = await reader.readexactly(length)
        finally:
            writer.close()
    if not question.answered_by(number, received):
        raise WrongAnswerError
    return question.restored(received)
