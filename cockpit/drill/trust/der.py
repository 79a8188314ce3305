"""As much of DER (X.690) as is needed to take a certificate apart and put it together again."""

from collections.abc import Iterator

BIT_STRING, OCTET_STRING, SEQUENCE, EXPLICIT_0 = 0x03, 0x04, 0x30, 0xA0


def content(element: bytes) -> bytes:
    """What is inside one element."""
    begins, ends = _span(element)
    return element[begins:ends]


def elements(octets: bytes) -> Iterator[bytes]:
    """The elements that follow each other in `octets`, each with its tag and length."""
    while octets:
        _, ends = _span(octets)
        yield octets[:ends]
        octets = octets[ends:]


def encoded(tag: int, inside: bytes) -> bytes:
    """One element."""
    size = len(inside)
    if size < 0x80:
        return bytes([tag, size]) + inside
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + inside


def _span(element: bytes) -> tuple[int, int]:
    """Where the content of the first element begins and ends."""
    length, begins = element[1], 2
    if length & 0x80:
        begins += length & 0x7F
        length = int.from_bytes(element[2:begins])
    return begins, begins + length
