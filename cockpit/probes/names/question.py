"""A DNS question as octets (RFC 1035 section 4.1), made from its parts with no objects in between."""

from functools import lru_cache

import dns.name
import dns.rdatatype
import msgspec

UDP_PAYLOAD = 1232
"""Octets offered over EDNS: what passes nearly every path without fragments (RFC 9715 section 3)."""

RECURSION_DESIRED, AUTHENTIC_DATA, CHECKING_DISABLED = 0x0100, 0x0020, 0x0010

QUESTION_AT = 12
"""Where the question begins: after the header."""

_COUNTS = {True: b"\0\1\0\0\0\0\0\1", False: b"\0\1\0\0\0\0\0\0"}
_OPT = b"\0\0\x29" + UDP_PAYLOAD.to_bytes(2, "big")
_EDNS = {False: _OPT + bytes(6), True: _OPT + b"\0\0\x80\0\0\0"}
_LETTERS = bytes(0x20 if chr(octet).isascii() and chr(octet).isalpha() else 0 for octet in range(256))
_LOWER = bytes(octet | 0x20 if 0x41 <= octet <= 0x5A else octet for octet in range(256))
_LENGTHS = tuple(bytes((length,)) for length in range(64))
_ID_AT_ZERO = b"\0\0"
_FIXED_HEAD = bytes(QUESTION_AT - 2)
_FIXED_TAIL = bytes(4 + 11)


class Question(msgspec.Struct, frozen=True, gc=False):
    """One question, ready to be sent but for its id and for the case of its letters.

    `wire` is the whole message with the id 0, and `number` the same as one number; `end` is where name, type and
    class end in it. `open` has every bit set that may be thrown: those of the id, and 0x20 in every octet of the
    name that is a letter (draft-vixie-dnsext-dns0x20).
    """

    rtype: str
    wire: bytes
    end: int
    number: int
    open: int

    @property
    def asked(self) -> bytes:
        """Name, type and class."""
        return self.wire[QUESTION_AT : self.end]

    def numbered(self, number: bytes) -> bytes:
        """The message with an id of two octets."""
        return number + self.wire[2:]

    def thrown(self, noise: bytes) -> bytes:
        """The message with the id and the case of each letter as `noise` wants them; `noise` is as long as it."""
        return (self.number ^ int.from_bytes(noise, "big") & self.open).to_bytes(len(noise), "big")

    def answered_by(self, number: bytes, received: bytes) -> bool:
        """Whether octets bear the id, the response bit and this question (or none, as some errors do)."""
        if len(received) < QUESTION_AT or received[:2] != number or not received[2] & 0x80:
            return False
        if received[4:6] == _ID_AT_ZERO:
            return received[3] & 0x0F != 0
        return received[4:6] == b"\0\1" and self.same_but_for_case(received[QUESTION_AT : self.end])

    def same_but_for_case(self, asked: bytes) -> bool:
        """Whether name, type and class are those of this question, whatever the case of the letters."""
        at = len(asked) - 4
        ours = self.asked
        return asked[at:] == ours[at:] and asked[:at].translate(_LOWER) == ours[:at].translate(_LOWER)

    def restored(self, received: bytes) -> bytes:
        """An answer with the question's own letters, so that names that point into it have their own case."""
        if received[4:6] == _ID_AT_ZERO:
            return received
        return received[:QUESTION_AT] + self.asked + received[self.end :]


def make_question(name: str, rtype: str, flags: int, *, edns: bool = True, dnssec: bool = False) -> Question:
    """The question for `name` and `rtype`; `flags` are the second 16 bits of the header, `dnssec` is the DO bit.

    Raises ValueError or dns.exception.DNSException for a name or a type that cannot be asked for.
    """
    wire_name = _encoded(name)
    asked = b"%b%b\0\1" % (wire_name, _type_octets(rtype))
    extra = _EDNS[dnssec] if edns else b""
    wire = b"\0\0%b%b%b%b" % (flags.to_bytes(2, "big"), _COUNTS[edns], asked, extra)
    may_be_thrown = b"\xff\xff" + _FIXED_HEAD + wire_name.translate(_LETTERS) + (_FIXED_TAIL if edns else bytes(4))
    return Question(
        rtype,
        wire,
        QUESTION_AT + len(asked),
        int.from_bytes(wire, "big"),
        int.from_bytes(may_be_thrown, "big"),
    )


def _encoded(name: str) -> bytes:
    """A name as length-prefixed labels; anything out of the ordinary is left to dnspython, refusals included."""
    plain = name.removesuffix(".")
    if plain.isascii() and plain and "\\" not in plain and len(plain) <= 253:
        labels = plain.encode().split(b".")
        if b"" not in labels and len(max(labels, key=len)) < 64:
            return b"".join([_LENGTHS[len(label)] + label for label in labels]) + b"\0"
    return dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical).to_wire() or b"\0"


@lru_cache(maxsize=64)
def _type_octets(rtype: str) -> bytes:
    return int(dns.rdatatype.from_text(rtype)).to_bytes(2, "big")
