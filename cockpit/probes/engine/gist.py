"""What an answer says, as one number: so that an answer that says what it said before need not be read again.

Ids and the letters of the question are thrown anew each time, and TTLs run down at a resolver; everything else of
an unchanged answer comes back octet by octet, or at least with its records in another order. The number is
Python's own hash of octets or texts, which is keyed anew in each process: nobody can make two answers alike.
"""

from cockpit.probes.names.answer import RESOLVER, Answer

_TRUNCATED = 0x02
_OPT, _SOA = b"\0\x29", b"\0\x06"
_POINTER = 0xC0
_LONGEST_TTL = 0x7FFFFFFF


def gist(role: str, wire: bytes, end: int) -> tuple[int, int | None] | None:
    """Of a message as it came, whose question ends at `end`; None for one that was cut or is broken.

    With it, for a resolver, what remains of the answer or of the absence in seconds. A name server's TTLs are its
    own word, and belong to what it says.
    """
    if wire[2] & _TRUNCATED:
        return None
    if role != RESOLVER:
        return hash(wire[2:12] + wire[end:]), None
    try:
        said, ttl_s = _without_ttls(wire, end)
    except IndexError:
        return None
    return hash(said), ttl_s


def meaning(role: str, answer: Answer) -> int:
    """What an answer says, whatever the order of its records."""
    ttl_s = None if role == RESOLVER else answer.ttl_s
    chain = tuple([(alias.owner, alias.target) for alias in answer.chain])
    return hash(
        (
            answer.status,
            answer.values,
            chain,
            answer.aa,
            answer.ad,
            answer.serial,
            answer.zone,
            answer.referral,
            tuple(sorted(answer.glue)),
            answer.notes,
            ttl_s,
        )
    )


def _without_ttls(wire: bytes, at: int) -> tuple[bytes, int | None]:
    """The message but for id, question and TTLs, and the lowest TTL of its answer or of its absence (RFC 2308)."""
    answers, authorities = wire[6] << 8 | wire[7], wire[8] << 8 | wire[9]
    parts, begun, ttls = [wire[2:12]], at, list[int]()
    for number in range(answers + authorities + (wire[10] << 8 | wire[11])):
        at = at + 2 if wire[at] >= _POINTER else _after_name(wire, at)
        rtype = wire[at : at + 2]
        after = at + 10 + (wire[at + 8] << 8 | wire[at + 9])
        if rtype != _OPT:
            parts.append(wire[begun : at + 4])
            begun = at + 8
            if number < answers:
                ttls.append(int.from_bytes(wire[at + 4 : begun], "big"))
            elif not answers and rtype == _SOA:
                ttls += [
                    int.from_bytes(wire[at + 4 : begun], "big"),
                    int.from_bytes(wire[after - 4 : after], "big"),
                ]
        at = after
    parts.append(wire[begun:])
    lowest = min(ttls, default=None)
    return b"".join(parts), lowest if lowest is None or lowest <= _LONGEST_TTL else 0


def _after_name(wire: bytes, at: int) -> int:
    while (size := wire[at]) and size < _POINTER:
        at += 1 + size
    return at + 2 if size else at + 1
