"""Domain names as the mail checks need them: A-labels, limits, parents."""

from cockpit.errors import BadInput
from cockpit.text import visible

MAX_NAME = 253
MAX_LABEL = 63


def a_label(name: str) -> str:
    """A name in A-labels, lower case, without the final dot (RFC 5891, RFC 8616); raises BadInput."""
    plain = name.strip().removesuffix(".").lower()
    if plain.isascii():
        return plain
    import idna

    try:
        return idna.encode(plain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise BadInput(f"{visible(name, limit=80)!r} is not a domain name: {visible(error, limit=120)}.") from None


def askable(name: str) -> bool:
    """Whether a name fits into a DNS question: labels of 1 to 63 octets, 253 octets in all (RFC 1035 2.3.4)."""
    octets = name.encode("utf-8", "surrogateescape")
    return 0 < len(octets) <= MAX_NAME and all(0 < len(label) <= MAX_LABEL for label in octets.split(b"."))


def within(name: str, domain: str) -> bool:
    """Whether `name` is `domain` or lies below it."""
    inner, outer = name.lower().removesuffix("."), domain.lower().removesuffix(".")
    return inner == outer or inner.endswith(f".{outer}")


def last_labels(name: str, count: int) -> str:
    """The right-most `count` labels."""
    return ".".join(name.split(".")[-count:])


def same(one: str, other: str) -> bool:
    """Whether two names are equal; case and the final dot do not matter (RFC 4343)."""
    return one.lower().removesuffix(".") == other.lower().removesuffix(".")
