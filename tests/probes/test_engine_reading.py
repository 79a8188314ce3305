"""The engine's own reading of answers is held to dnspython's: the same or none at all, and never a crash."""

import os
import random

import dns.exception
import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.probes.engine import read_wire
from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER, UNEVEN_TTL, Answer, Server
from cockpit.probes.names.message import read_carefully
from tests.probes.nameserver import reply
from tests.probes.packets import damaged, messages, servers

RESOLVING = Server("r", "192.0.2.1", 53, RESOLVER)
EXAMPLES = int(os.environ.get("READING_EXAMPLES", "300"))
"""Generated answers for each property; a long night of fuzzing sets more."""

THOROUGH = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def oracle(server: Server, name: str, rtype: str, wire: bytes) -> Answer | None:
    """What dnspython reads; None when it refuses, or when it is not an answer to this question."""
    try:
        return read_carefully(server, name, rtype, wire)
    except (dns.exception.DNSException, ValueError):
        return None


def asked(wire: bytes, name: str, rtype: str) -> bool:
    """Whether the message asks what was asked; a transport lets no other one through."""
    query = dns.message.make_query(name, rtype, use_edns=False).to_wire()
    return wire[4:6] == b"\0\1" and wire[12 : len(query)] == query[12:]


@given(servers, messages())
@THOROUGH
def test_ordinary_answers_are_read_as_dnspython_reads_them(server: Server, packet: tuple[str, str, bytes]) -> None:
    name, rtype, wire = packet
    ours, theirs = read_wire(server, name, rtype, wire), oracle(server, name, rtype, wire)
    if ours is not None:
        assert ours == theirs


@given(servers, damaged())
@THOROUGH
def test_damaged_answers_are_read_alike_or_refused(server: Server, packet: tuple[str, str, bytes]) -> None:
    name, rtype, wire = packet
    ours = read_wire(server, name, rtype, wire)
    if ours is not None and asked(wire, name, rtype):
        assert ours == oracle(server, name, rtype, wire)


@given(st.binary(max_size=600))
@THOROUGH
def test_no_octets_make_the_reading_raise(octets: bytes) -> None:
    read_wire(RESOLVING, "shop.example", "A", octets)


def mutated(wire: bytes, dice: random.Random) -> bytes:
    """A few octets of a good answer, thrown anew."""
    octets = bytearray(wire)
    for _ in range(dice.randint(1, 5)):
        at = dice.randrange(12, len(octets))
        octets[at] = dice.choice((0, 1, 12, 63, 64, 191, 192, 193, 255, dice.randrange(256)))
    return bytes(octets)


GOOD = (
    ("TXT", ('{n}. 60 IN TXT "v=DKIM1; p=AA" "BB"', '{n}. 60 IN TXT "it\'s"')),
    ("MX", ("{n}. 60 IN MX 10 a.{n}.", "{n}. 60 IN MX 20 b.a.{n}.")),
    ("A", ("{n}. 60 IN CNAME a.{n}.", "a.{n}. 60 IN CNAME b.a.{n}.", "b.a.{n}. 9 IN A 192.0.2.1")),
    ("AAAA", ("{n}. 60 IN AAAA 2001:db8::1",)),
    ("SOA", ("{n}. 60 IN SOA ns1.{n}. admin.{n}. 7 1 2 3 4",)),
    ("NS", ("{n}. 60 IN NS ns1.{n}.", "{n}. 61 IN NS ns2.{n}.")),
)


@pytest.mark.parametrize(("rtype", "texts"), GOOD)
def test_thousands_of_random_changes_of_one_good_answer_are_read_alike(rtype: str, texts: tuple[str, ...]) -> None:
    name, dice, alike = "shop.example", random.Random(53), 0  # noqa: S311 - no secret
    query = dns.message.make_query(name, rtype)
    wire = reply(query, *(text.format(n=name) for text in texts), aa=True)
    for role in (RESOLVER, AUTHORITATIVE):
        server = Server("s", "192.0.2.1", 53, role)
        for _ in range(1000):
            packet = mutated(wire, dice)
            ours = read_wire(server, name, rtype, packet)
            if ours is not None and asked(packet, name, rtype):
                assert ours == oracle(server, name, rtype, packet), packet.hex()
                alike += 1
    assert alike > 100, "most packets are never compared"


@pytest.mark.parametrize(("rtype", "texts"), GOOD)
def test_the_common_types_are_read_without_dnspython(rtype: str, texts: tuple[str, ...]) -> None:
    wire = reply(dns.message.make_query("shop.example", rtype), *(text.format(n="shop.example") for text in texts))
    answer = read_wire(RESOLVING, "shop.example", rtype, wire)
    assert answer is not None
    assert answer.status == "answer"
    assert answer == read_carefully(RESOLVING, "shop.example", rtype, wire)


def test_rare_types_and_extended_errors_are_left_to_dnspython() -> None:
    query = dns.message.make_query("shop.example", "CAA")
    rare = reply(query, 'shop.example. 60 IN CAA 0 issue "ca.test"')
    assert read_wire(RESOLVING, "shop.example", "CAA", rare) is None


def test_case_21_ttls_that_differ_inside_a_set_are_noted_by_both_readings() -> None:
    wire = bytearray(
        reply(
            dns.message.make_query("shop.example", "A"),
            "shop.example. 60 IN A 192.0.2.1",
            "shop.example. 61 IN A 192.0.2.2",
        )
    )
    second = wire.rindex(b"\xc0\x0c\0\1\0\1") + 6
    wire[second : second + 4] = (61).to_bytes(4, "big")
    for answer in (
        read_wire(RESOLVING, "shop.example", "A", bytes(wire)),
        read_carefully(RESOLVING, "shop.example", "A", bytes(wire)),
    ):
        assert answer is not None
        assert (answer.ttl_s, answer.notes) == (60, (UNEVEN_TTL,))
