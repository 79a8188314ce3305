"""What is to be looked for in a domain's DNS, and how values are compared."""

import zlib

import msgspec

CHECK = "dns.resolution"

NAME_TYPES = frozenset({"NS", "CNAME", "MX", "SOA", "PTR", "SRV"})
"""Types whose values hold names, which do not mind case (RFC 4343)."""

ADDRESS_TYPES = frozenset({"A", "AAAA"})
"""Types that a name server may answer by the place of whoever asks."""


class Pin(msgspec.Struct, frozen=True):
    """A record set that must have exactly these values, in presentation format."""

    name: str
    type: str
    values: tuple[str, ...]


class Wanted(msgspec.Struct, frozen=True):
    """A domain with the hosts that need an address and the records that must be as pinned.

    `deep` are (name, type) of records that lie below names without records of their own, such as DKIM keys.
    """

    domain: str
    hosts: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()
    deep: tuple[tuple[str, str], ...] = ()

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """What every server has to answer, each question once."""
        wanted = [
            (self.domain, "SOA"),
            *((host, "A") for host in self.hosts),
            *((pin.name, pin.type) for pin in self.pins),
        ]
        return tuple(dict.fromkeys(wanted))

    @property
    def nonsense(self) -> str:
        """A name below the domain that nobody has published; the same at every look."""
        return f"nothing-here-{zlib.crc32(self.domain.encode()):08x}.{self.domain}"

    @property
    def hollow(self) -> str:
        """The name above the deep records that has none of its own; empty without any."""
        return self.deep[0][0].partition(".")[2] if self.deep else ""

    def pin(self, name: str, rtype: str) -> Pin | None:
        """The pin of a record set, if there is one."""
        return next((pin for pin in self.pins if same_name(pin.name, name) and pin.type == rtype), None)


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same; case and a final dot do not matter."""
    return one.rstrip(".").lower() == other.rstrip(".").lower()


def comparable(rtype: str, value: str) -> str:
    """A form in which equal values of a type are equal; the text of a TXT record is left as it is."""
    if rtype == "TXT":
        return value
    unquoted = value.replace('" "', "").strip('"')
    return " ".join(word.rstrip(".") for word in unquoted.lower().split())
