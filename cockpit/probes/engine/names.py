"""Names and texts of a message as dnspython would write them, read straight from the octets."""

import struct

Names = dict[int, tuple[str, int, int]]
"""What was read before: offset to text, the end of what stands there, and the pointers that were followed."""


class Unusual(Exception):
    """Anything out of the ordinary, broken or not: dnspython shall read the whole message."""


POINTER = 0xC0
"""An octet from here on begins a pointer (RFC 1035 section 4.1.4)."""

MOST_HOPS = 8
LONGEST_TEXT = 240
"""Longer names are left to dnspython, which knows the exact limits."""

_PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b'"().;\\@$')


def read_name(wire: bytes, at: int, end: int, known: Names) -> tuple[str, int]:
    """The name at an offset, ending before `end`: its text without the final dot (`.` for the root), and where
    what follows it begins. Raises Unusual.

    Pointers lead strictly back, and what one leads to ends before the name that holds it (as dnspython demands).
    """
    if wire[at] >= POINTER and at + 1 < end:
        # Most names are nothing but a pointer to one that was read before.
        found = known.get((wire[at] & 0x3F) << 8 | wire[at + 1])
        if found is not None and found[1] <= at and found[2] < MOST_HOPS:
            return found[0], at + 2
    first, start, labels, after, hops = at, at, list[str](), -1, 0
    while True:
        if at >= end:
            raise Unusual
        size = wire[at]
        if size == 0:
            at += 1
            break
        if size < 64:
            label = wire[at + 1 : at + 1 + size]
            at += 1 + size
            if at > end:
                raise Unusual
            labels.append(_text(label))
            continue
        if size < POINTER or at + 1 >= end:
            raise Unusual
        target = (size & 0x3F) << 8 | wire[at + 1]
        if after < 0:
            after = at + 2
        hops += 1
        found = known.get(target)
        if found is not None and found[1] <= start and hops + found[2] <= MOST_HOPS:
            if found[0] != ".":
                labels.append(found[0])
            hops += found[2]
            break
        if target >= start or hops > MOST_HOPS:
            raise Unusual
        at, end, start = target, start, target
    text = ".".join(labels) or "."
    if len(text) > LONGEST_TEXT:
        raise Unusual
    if after < 0:
        after = at
    if after - first > 2:
        known[first] = text, after, hops
    elif start != first and at > start and hops == 1 and start not in known:
        known[start] = text, at, 0
    return text, after


def _text(label: bytes) -> str:
    """A label in presentation form (RFC 1035 section 5.1)."""
    if not label.translate(None, _PLAIN_OCTETS):
        return label.decode("ascii")
    return "".join(
        chr(octet) if octet in _PLAIN else f"\\{chr(octet)}" if octet in b'"().;\\@$' else f"\\{octet:03d}"
        for octet in label
    )


_PLAIN_OCTETS = bytes(sorted(_PLAIN))

HEADER = struct.Struct("!HHHHHH")
RECORD = struct.Struct("!HHIH")
SOA_TIMES = struct.Struct("!IIIII")
