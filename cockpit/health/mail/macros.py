"""Macro expansion of SPF (RFC 7208 section 7): what a domain-spec or an explanation becomes for one message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

from cockpit.health.mail.names import MAX_NAME

_MACRO = re.compile(r"%(?:\{([a-z])([0-9]*)(r?)([-.+,/_=]*)\}|([%_-]))", re.IGNORECASE)
_FIXED = {"%": "%", "_": " ", "-": "%20"}
_UNRESERVED = "-._~"

UNVALIDATED = "unknown"
"""What `%{p}` becomes when no name of the address can be validated."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is known of one delivery: who connects, and in whose name."""

    ip: IPv4Address | IPv6Address
    local: str
    domain: str
    helo: str
    receiver: str = "unknown"
    at_s: int = 0

    @property
    def family(self) -> str:
        """`A` or `AAAA`: the addresses that can match."""
        return "A" if isinstance(self.ip, IPv4Address) else "AAAA"

    @property
    def dotted(self) -> str:
        """The address in the form of `%{i}`: IPv6 as 32 nibbles with dots between."""
        if isinstance(self.ip, IPv4Address):
            return str(self.ip)
        return ".".join(self.ip.exploded.replace(":", "").upper())

    @property
    def reverse_name(self) -> str:
        """The name at which the address has its PTR records."""
        return self.ip.reverse_pointer

    def letters(self, current: str, validated: str) -> Mapping[str, str]:
        """The macro letters for `current` domain; `validated` is `%{p}`."""
        return {
            "s": f"{self.local}@{self.domain}",
            "l": self.local,
            "o": self.domain,
            "d": current,
            "i": self.dotted,
            "p": validated,
            "v": "in-addr" if isinstance(self.ip, IPv4Address) else "ip6",
            "h": self.helo,
            "c": str(self.ip),
            "r": self.receiver,
            "t": str(self.at_s),
        }


def needs_validated_name(text: str) -> bool:
    """Whether `%{p}` is used, which costs DNS questions."""
    return "%{p" in text.lower()


def has_macros(text: str) -> bool:
    """Whether what a text becomes depends on the message."""
    return "%{" in text


def expand(text: str, letters: Mapping[str, str]) -> str:
    """Replace the macros of a text that follows the grammar."""
    return _MACRO.sub(lambda found: _one(found, letters), text)


def expand_domain(spec: str, letters: Mapping[str, str]) -> str:
    """Expand a domain-spec to a name to ask for: no final dot, and cut from the left to 253 characters (7.3)."""
    name = expand(spec, letters).removesuffix(".")
    while len(name) > MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def _one(found: re.Match[str], letters: Mapping[str, str]) -> str:
    letter, digits, reverse, delimiters, fixed = found.groups()
    if fixed:
        return _FIXED[fixed]
    parts = re.split(f"[{re.escape(delimiters or '.')}]", letters[letter.lower()])
    if reverse:
        parts.reverse()
    if digits:
        parts = parts[-int(digits[:9]) :]
    value = ".".join(parts)
    return quote(value, safe=_UNRESERVED) if letter.isupper() else value
