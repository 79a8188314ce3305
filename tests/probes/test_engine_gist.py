"""An answer's gist stays while it says the same, and a reading of it agrees; nothing makes it raise."""

import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.probes.engine import gist, meaning, read_wire
from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER, Server
from tests.probes.nameserver import reply
from tests.probes.packets import damaged, messages, servers

NAME = "shop.example"
QUERY = dns.message.make_query(NAME, "MX")
END = 12 + len(NAME) + 2 + 4
RECORDS = (f"{NAME}. 60 IN MX 10 a.{NAME}.", f"{NAME}. 60 IN MX 20 mail.test.")
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def answered(*records: str, query: dns.message.Message = QUERY) -> bytes:
    return reply(query, *records)


def test_only_a_resolvers_ttls_are_left_out() -> None:
    now, later = answered(RECORDS[0]), answered(RECORDS[0].replace(" 60 ", " 59 "))
    assert gist(RESOLVER, now, END) == (gist(RESOLVER, later, END)[0], 60)  # type: ignore[index]
    assert gist(RESOLVER, later, END)[1] == 59  # type: ignore[index]
    assert gist(AUTHORITATIVE, now, END) != gist(AUTHORITATIVE, later, END)


@pytest.mark.parametrize(
    "other",
    [
        answered(RECORDS[0].replace("10", "11")),
        answered(*RECORDS),
        answered(),
        reply(QUERY, RECORDS[0], aa=True),
        reply(QUERY, RECORDS[0], rcode=2),
    ],
    ids=["another-value", "one-more", "none", "authoritative", "servfail"],
)
def test_whatever_else_changes_is_another_gist_and_another_meaning(other: bytes) -> None:
    first = answered(RECORDS[0])
    server = Server("r", "192.0.2.1")
    assert gist(RESOLVER, first, END)[0] != gist(RESOLVER, other, END)[0]  # type: ignore[index]
    read = [read_wire(server, NAME, "MX", wire) for wire in (first, other)]
    assert read[0] is not None
    assert read[1] is not None
    assert meaning(RESOLVER, read[0]) != meaning(RESOLVER, read[1])


def test_another_order_means_the_same() -> None:
    read = [read_wire(Server("r", "192.0.2.1"), NAME, "MX", answered(*each)) for each in (RECORDS, RECORDS[::-1])]
    assert read[0] is not None
    assert read[1] is not None
    assert meaning(RESOLVER, read[0]) == meaning(RESOLVER, read[1])


def test_an_answer_that_was_cut_has_no_gist() -> None:
    assert gist(RESOLVER, reply(QUERY, tc=True), END) is None


def test_the_time_that_an_absence_remains_is_the_lower_of_two() -> None:
    soa = f"{NAME}. 900 IN SOA ns1.{NAME}. admin.{NAME}. 7 1 2 3 30"
    wire = reply(QUERY, authority=(soa,))
    read = read_wire(Server("r", "192.0.2.1"), NAME, "MX", wire)
    assert read is not None
    assert gist(RESOLVER, wire, END)[1] == read.ttl_s == 30  # type: ignore[index]


@given(servers, messages())
@QUICK
def test_equal_gists_are_read_alike(server: Server, packet: tuple[str, str, bytes]) -> None:
    name, rtype, wire = packet
    end = len(dns.message.make_query(name, rtype, use_edns=False).to_wire())
    again = b"\xab\xcd" + wire[2:]
    assert gist(server.role, wire, end) == gist(server.role, again, end)
    assert read_wire(server, name, rtype, wire) == read_wire(server, name, rtype, again)


@given(servers, damaged() | st.tuples(st.just(NAME), st.just("MX"), st.binary(min_size=12, max_size=300)))
@QUICK
def test_no_octets_make_a_gist_raise(server: Server, packet: tuple[str, str, bytes]) -> None:
    _, _, wire = packet
    if len(wire) >= 12:
        gist(server.role, wire, END)
