"""A small signed internet on loopback, a clock that the test moves, and a client that speaks real DNS to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import dns.asyncquery
import dns.flags
import dns.message
import pytest
from dns.message import Message

from cockpit.drill.dns import Authority, DnsNetwork, Nsec3, Resolver, add_public_suffixes

NS1, NS2 = ("ns1.hosting.example", "203.0.113.1"), ("ns2.hosting.example", "203.0.113.2")
LONG_KEY = "v=DKIM1; k=rsa; p=" + "A" * 392

Ask = Callable[..., Awaitable[Message]]


class HandClock:
    """The real wall clock, and a monotonic one that only the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def network(clock: HandClock) -> AsyncIterator[DnsNetwork]:
    net = DnsNetwork(clock)
    add_public_suffixes(net)
    net.add_zone("hosting.example", [NS1, NS2])
    shop = net.add_zone("shop.example", [NS1, NS2], ttl_s=60, negative_ttl_s=30)
    shop.publish("www.shop.example", "A", "203.0.113.10")
    shop.publish("deep.under.shop.example", "A", "203.0.113.11")
    shop.publish("*.wild.shop.example", "A", "203.0.113.12")
    shop.publish("alias.shop.example", "CNAME", "www.shop.example.")
    shop.publish("key._domainkey.shop.example", "CNAME", "key.dkim.amazonses.com.")
    shop.publish("big.shop.example", "TXT", LONG_KEY, "x" * 1200)
    net.add_zone("plain.example", [NS1, NS2], signed=False).publish("www.plain.example", "A", "203.0.113.13")
    hashed = net.add_zone("hashed.example", [NS1, NS2], ttl_s=60, negative_ttl_s=30, nsec3=Nsec3())
    hashed.publish("www.hashed.example", "A", "203.0.113.14")
    hashed.publish("deep.under.hashed.example", "A", "203.0.113.15")
    hashed.publish("*.wild.hashed.example", "A", "203.0.113.16")
    hashed.publish("old.hashed.example", "DNAME", "wild.hashed.example.")
    hashed.publish("gone.hashed.example", "DNAME", "shop.example.")
    net.add_zone("plain.hashed.example", [NS1, NS2], signed=False)
    mail = net.add_zone("amazonses.com", [("ns1.amazonses.com", "192.0.2.31")])
    mail.publish("key.dkim.amazonses.com", "TXT", LONG_KEY)
    net.add_resolver("one", "198.51.100.1")
    net.add_resolver("two", "198.51.100.2")
    await net.start()
    yield net
    await net.close()


@pytest.fixture
def ask(network: DnsNetwork) -> Ask:
    """Ask a server over its socket: `await ask(server, name, type, dnssec=…, tcp=…, …)`."""

    async def question(
        server: Authority | Resolver,
        name: str,
        rdtype: str = "A",
        *,
        dnssec: bool = False,
        tcp: bool = False,
        payload: int | None = 1232,
        flags: int = dns.flags.RD,
        timeout: float = 2.0,  # noqa: ASYNC109 - the client's own patience
    ) -> Message:
        query = dns.message.make_query(name, rdtype, flags=flags, use_edns=payload is not None)
        if payload is not None:
            query.use_edns(0, dns.flags.DO if dnssec else 0, payload)
        host, port = port_of(network, server)
        exchange = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        return await exchange(query, host, timeout=timeout, port=port)

    return question


def port_of(network: DnsNetwork, server: Authority | Resolver) -> tuple[str, int]:
    host, _, port = network.dial[f"{server.address}:53"].rpartition(":")
    return host, int(port)


def types_in(section: list[dns.rrset.RRset]) -> list[str]:
    return [dns.rdatatype.to_text(rrset.rdtype) for rrset in section]


def values_in(response: Message) -> list[str]:
    return sorted(
        rdata.to_text() for rrset in response.answer for rdata in rrset if rrset.rdtype != dns.rdatatype.RRSIG
    )
