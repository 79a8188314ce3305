"""Whom a TLS client wants to reach, read from its first message before anything has answered it."""

import struct

HANDSHAKE, CLIENT_HELLO, SERVER_NAME, HOST_NAME = 22, 1, 0, 0
FIXED_PART = 34
"""Octets of version and random that a ClientHello begins with (RFC 8446 section 4.1.2)."""


def server_name(octets: bytes) -> str | None:
    """The name in the server_name extension (RFC 6066 section 3); None for a client that gives none.

    None as well for what is no ClientHello, or not all of it.
    """
    try:
        return _server_name(octets)
    except (struct.error, IndexError, UnicodeDecodeError):
        return None


def _server_name(octets: bytes) -> str | None:
    if octets[0] != HANDSHAKE or octets[5] != CLIENT_HELLO:
        return None
    at = 9 + FIXED_PART
    at += 1 + octets[at]
    (suites,) = struct.unpack_from("!H", octets, at)
    at += 2 + suites
    at += 1 + octets[at]
    (length,) = struct.unpack_from("!H", octets, at)
    at += 2
    end = at + length
    while at < end:
        kind, size = struct.unpack_from("!HH", octets, at)
        at += 4
        if kind == SERVER_NAME and octets[at + 2] == HOST_NAME:
            (name_length,) = struct.unpack_from("!H", octets, at + 3)
            name = octets[at + 5 : at + 5 + name_length]
            return name.decode("ascii").lower() if len(name) == name_length else None
        at += size
    return None
