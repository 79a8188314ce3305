"""A zone by transfer, as real name servers give it or do not; and copies that say the same in the same words."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import WorldError
from cockpit.health.zone_copy import RecordSet, ZoneCopy, quoted, records_from, zone_text
from cockpit.probes.names.answer import AUTHORITATIVE, Server
from cockpit.probes.names.delegation import Delegation, Delegations
from cockpit.probes.names.zone_copy import transfer
from cockpit.profile import Profile
from tests.probes.nameserver import reply

SOA = "shop.example. 300 IN SOA ns1.shop.example. host.shop.example. 7 1 1 1 1"
TXT = 'shop.example. 300 IN TXT "v=spf1 " "-all"'


@asynccontextmanager
async def giving(messages: Sequence[Sequence[str]], rcode: int = 0) -> AsyncIterator[Profile]:
    """A profile whose name server answers AXFR over TCP with these messages."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = dns.message.from_wire(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big")))
        for records in messages:
            wire = reply(query, *records, rcode=rcode, aa=True)
            writer.write(len(wire).to_bytes(2, "big") + wire)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Profile(loopback_only=True, dial={"192.0.2.1:53": f"127.0.0.1:{port}"})
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture(autouse=True)
def delegated(monkeypatch: pytest.MonkeyPatch) -> None:
    """One name server, without a walk to find it."""

    async def of(self: Delegations, domain: str) -> Delegation:
        return Delegation("shop.example", (Server("ns1.shop.example", "192.0.2.1", 53, AUTHORITATIVE),))

    monkeypatch.setattr(Delegations, "of", of)


async def test_a_zone_in_several_messages_is_one_copy_without_what_signing_makes() -> None:
    rrsig = "shop.example. 300 IN RRSIG A 13 2 300 20270101000000 20260101000000 1 shop.example. AAAA"
    mx = ("shop.example. 300 IN MX 20 b.shop.example.", "shop.example. 300 IN MX 10 a.shop.example.")
    async with giving([(SOA, TXT, rrsig), mx, (SOA,)]) as profile:
        copy = await transfer(profile, "www.shop.example")
    assert copy.domain == "shop.example"
    assert [(each.type, each.values) for each in copy.records] == [
        ("MX", ("10 a.shop.example.", "20 b.shop.example.")),
        ("SOA", ("ns1.shop.example. host.shop.example. 7 1 1 1 1",)),
        ("TXT", ('"v=spf1 " "-all"',)),
    ]
    assert zone_text(copy.records).splitlines()[0] == SOA


@pytest.mark.parametrize(
    ("messages", "rcode", "said"),
    [
        ([()], 5, "refuses it"),
        ([(TXT,)], 0, "begins without a SOA record"),
        ([(SOA, TXT)], 0, "does not answer over TCP"),
        ([], 0, "does not answer over TCP"),
    ],
)
async def test_a_transfer_that_is_refused_or_breaks_off_is_one_sentence(
    messages: list[tuple[str, ...]], rcode: int, said: str
) -> None:
    async with giving(messages, rcode) as profile:
        with pytest.raises(WorldError, match=f"ns1.shop.example {said}.$"):
            await transfer(profile, "shop.example")


@given(st.text(max_size=600))
def test_text_is_cut_and_escaped_so_that_a_zone_file_holds_it(text: str) -> None:
    import dns.rdata
    import dns.rdtypes.ANY.TXT

    rdata = dns.rdata.from_text("IN", "TXT", quoted(text))
    assert isinstance(rdata, dns.rdtypes.ANY.TXT.TXT)
    assert b"".join(rdata.strings) == text.encode()


def test_the_order_of_records_makes_no_other_copy() -> None:
    one, two = RecordSet("a.example", "A", 300, ("192.0.2.1",)), RecordSet("b.example", "A", 300, ("192.0.2.2",))
    copies = [ZoneCopy("example", "Route 53", sets) for sets in ((one, two), (two, one))]
    assert copies[0].digest == copies[1].digest
    assert records_from(copies[0].text) == (one, two)
