"""The values of the common record types in presentation form, straight from the octets."""

from collections.abc import Callable, Mapping

import dns.ipv6

from cockpit.probes.engine.names import SOA_TIMES, Names, Unusual, read_name
from cockpit.text import visible

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, OPT = 1, 2, 5, 6, 12, 15, 16, 28, 41

Value = tuple[object, str, str]
"""What makes a value the same as another (names do not mind case), its text, and the name in it, if any."""

Reader = Callable[[bytes, int, int, Names], Value]
"""Reads the value between two offsets; raises Unusual unless it fills them exactly."""


def _address(wire: bytes, at: int, end: int, known: Names) -> Value:
    if end - at != 4:
        raise Unusual
    octets = wire[at:end]
    return octets, f"{octets[0]}.{octets[1]}.{octets[2]}.{octets[3]}", ""


def _long_address(wire: bytes, at: int, end: int, known: Names) -> Value:
    if end - at != 16:
        raise Unusual
    octets = wire[at:end]
    return octets, dns.ipv6.inet_ntoa(octets), ""


def _one_name(wire: bytes, at: int, end: int, known: Names) -> Value:
    name, after = read_name(wire, at, end, known)
    if after != end:
        raise Unusual
    return name.lower(), dotted(name), name


def _exchanger(wire: bytes, at: int, end: int, known: Names) -> Value:
    if end - at < 3:
        raise Unusual
    name, after = read_name(wire, at + 2, end, known)
    if after != end:
        raise Unusual
    preference = wire[at] << 8 | wire[at + 1]
    return (preference, name.lower()), f"{preference} {dotted(name)}", name


def _strings(wire: bytes, at: int, end: int, known: Names) -> Value:
    octets = wire[at:end]
    if not octets:
        raise Unusual
    parts = []
    at, size = 0, len(octets)
    while at < size:
        following = at + 1 + octets[at]
        if following > size:
            raise Unusual
        parts.append(octets[at + 1 : following])
        at = following
    return octets, visible(b"".join(parts).decode("utf-8", "backslashreplace")), ""


def _start_of_authority(wire: bytes, at: int, end: int, known: Names) -> Value:
    primary, at = read_name(wire, at, end, known)
    mailbox, at = read_name(wire, at, end, known)
    if end - at != SOA_TIMES.size:
        raise Unusual
    times = SOA_TIMES.unpack_from(wire, at)
    serial, refresh, retry, expire, minimum = times
    text = f"{dotted(primary)} {dotted(mailbox)} {serial} {refresh} {retry} {expire} {minimum}"
    return times, text, ""


def dotted(name: str) -> str:
    """A name with its final dot."""
    return name if name == "." else f"{name}."


READERS: Mapping[int, Reader] = {
    A: _address,
    NS: _one_name,
    CNAME: _one_name,
    SOA: _start_of_authority,
    PTR: _one_name,
    MX: _exchanger,
    TXT: _strings,
    AAAA: _long_address,
}
"""The types that are read here; a message with any other is left to dnspython."""
