"""A right answer from a port that was not asked is not believed: anybody could send it (RFC 5452 section 9.1)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import dns.message

from cockpit.probes.engine import Engine
from cockpit.probes.names.dns import ask
from cockpit.profile import Profile
from tests.probes.nameserver import ADDRESS, reply, resolver

NAME = "www.shop.example"


class Elsewhere(asyncio.DatagramProtocol):
    """Says nothing at the port that is asked; the right answer comes from another one."""

    def __init__(self) -> None:
        self.answered = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
            other.bind(("127.0.0.1", 0))
            other.sendto(reply(query, f"{query.question[0].name} 47 IN A 203.0.113.66"), addr)
        self.answered += 1


@asynccontextmanager
async def asked_here_answered_elsewhere() -> AsyncIterator[tuple[Profile, Elsewhere]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        Elsewhere, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    try:
        yield Profile(dial={f"{ADDRESS}:53": f"127.0.0.1:{port}"}, loopback_only=True), server
    finally:
        transport.close()
        await asyncio.sleep(0)  # A datagram transport closes in the loop's next turn.


async def test_an_answer_from_another_port_is_no_answer() -> None:
    async with asked_here_answered_elsewhere() as (profile, server):
        answer = await ask(profile, resolver(), NAME, "A", deadline_s=0.4)
        assert (answer.status, answer.values) == ("timeout", ())
        assert server.answered


async def test_the_engine_does_not_believe_it_either() -> None:
    async with asked_here_answered_elsewhere() as (profile, server), Engine() as engine:
        answer = await ask(profile, resolver(), NAME, "A", deadline_s=0.4, transport=engine)
        assert (answer.status, answer.values) == ("timeout", ())
        assert server.answered
