"""DNS answers as hypothesis strategies: ordinary ones of every kind, and what becomes of them on a bad day."""

import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from hypothesis import strategies as st

from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER, Server

NAMES = (
    "shop.example",
    "www.shop.example",
    "WWW.Shop.Example",
    "a.example",
    "b.a.example",
    "_dmarc.shop.example",
    "x\\.y.shop.example",
    "ns1.hosting.test",
    ".",
    "example",
    "\\000\\255.shop.example",
)
TYPES = ("A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "PTR")
RARE = {"CAA": '0 issue "ca.test"', "SRV": "1 2 443 a.example.", "DS": "1 8 2 " + "AB" * 32, "HINFO": '"a" "b"'}

names = st.sampled_from(NAMES)
ttls = st.sampled_from((0, 1, 60, 61, 3600, 2**31 - 1, 2**31, 2**32 - 1))
servers = st.sampled_from((Server("r", "192.0.2.1", 53, RESOLVER), Server("ns1", "192.0.2.2", 53, AUTHORITATIVE)))


@st.composite
def values(draw: st.DrawFn, rtype: str) -> str:
    """A value of a type in presentation form."""
    host = draw(names).removesuffix(".") + "."
    if rtype == "A":
        return f"192.0.2.{draw(st.integers(0, 3))}"
    if rtype == "AAAA":
        return draw(st.sampled_from(("2001:db8::1", "::1", "::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "fe80::")))
    if rtype in ("NS", "CNAME", "PTR"):
        return host
    if rtype == "MX":
        return f"{draw(st.integers(0, 3))} {host}"
    if rtype == "SOA":
        return f"{host} {host} {draw(st.integers(0, 2**32 - 1))} 60 60 60 {draw(st.integers(0, 90))}"
    if rtype == "TXT":
        parts = draw(st.lists(st.binary(max_size=12), min_size=1, max_size=3))
        return " ".join('"' + "".join(f"\\{octet:03d}" for octet in part) + '"' for part in parts)
    return RARE[rtype]


@st.composite
def records(draw: st.DrawFn, kinds: tuple[str, ...]) -> dns.rrset.RRset:
    """One record as a set of its own, so that a message may hold the same set in pieces and with several TTLs."""
    rtype = draw(st.sampled_from(kinds))
    rdata = dns.rdata.from_text("IN", rtype, draw(values(rtype)), origin=dns.name.root, relativize=False)
    rrset = dns.rrset.RRset(dns.name.from_text(draw(names)), dns.rdataclass.IN, dns.rdatatype.from_text(rtype))
    rrset.add(rdata, draw(ttls))
    return rrset


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A name, a type, and the octets of an answer to them."""
    name = draw(names.filter(lambda each: "\\" not in each))
    rtype = draw(st.sampled_from(TYPES))
    kinds = TYPES if draw(st.integers(0, 3)) else (*TYPES, *RARE)
    query = dns.message.make_query(name, rtype, use_edns=draw(st.booleans()))
    message = dns.message.make_response(query, recursion_available=True)
    message.flags |= draw(st.sampled_from((0, dns.flags.AA, dns.flags.AD, dns.flags.AA | dns.flags.AD)))
    message.set_rcode(dns.rcode.Rcode(draw(st.sampled_from((0, 0, 0, 0, 1, 2, 3, 4, 5, 9, 16)))))
    message.answer = draw(st.lists(records((*kinds, rtype, "CNAME")), max_size=6))
    message.authority = draw(st.lists(records(("SOA", "NS", *kinds)), max_size=3))
    message.additional = draw(st.lists(records(("A", "AAAA", *kinds)), max_size=3))
    return name, rtype, message.to_wire(max_size=65535)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """An answer in which octets were changed, cut off, repeated or put in."""
    name, rtype, wire = draw(messages())
    octets = bytearray(wire)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(2, max(2, len(octets) - 1)))
        match draw(st.integers(0, 4)):
            case 0:
                octets[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case 1:
                del octets[at : at + draw(st.integers(1, 8))]
            case 2:
                octets[at:at] = draw(st.binary(min_size=1, max_size=6))
            case 3:
                octets[at : at + 2] = bytes([0xC0 | draw(st.integers(0, 3)), draw(st.integers(0, 255))])
            case _:
                del octets[at:]
    return name, rtype, bytes(octets)
