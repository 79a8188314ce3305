"""The grammar of an SPF record (RFC 7208 section 12): what a text says, before any of it is looked up."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

from cockpit.errors import BadInput

_EXPAND = r"%\{[slodiphcrtv][0-9]*r?[-.+,/_=]*\}|%%|%_|%-"
_LITERAL = r"[\x21-\x24\x26-\x7e]"
_TOPLABEL = r"(?:[a-z0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])"
_MACRO_STRING = re.compile(rf"(?:{_EXPAND}|{_LITERAL})*", re.IGNORECASE)
_EXPLAIN_STRING = re.compile(rf"(?:{_EXPAND}|{_LITERAL}| )*", re.IGNORECASE)
_DOMAIN_END = re.compile(rf"(?:\.{_TOPLABEL}\.?|{_EXPAND})\Z", re.IGNORECASE)
_MACRO = re.compile(r"%\{([a-z])([0-9]*)r?[^}]*\}", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9\-_.]*)=(.*)\Z", re.IGNORECASE)
_DIRECTIVE = re.compile(r"([-+?~]?)([a-z][a-z0-9\-_.]*)([:/].*)?\Z", re.IGNORECASE)
_DUAL_CIDR = re.compile(r"(?P<spec>.*?)(?:/(?P<four>[0-9]+))?(?://(?P<six>[0-9]+))?\Z")

LOOKUPS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
"""The terms that count towards the limit of ten (RFC 7208 section 4.6.4)."""


class SpfSyntaxError(BadInput):
    """A term that is not SPF; the whole record is then a permerror (RFC 7208 section 4.6)."""

    def __init__(self, term: str, reason: str) -> None:
        super().__init__(f"{term!r} {reason}")
        self.term = term
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One directive: qualifier and mechanism.

    `domain` is the domain-spec as written, empty for "the current domain". `network` is set for ip4 and ip6,
    `prefix4` and `prefix6` apply to a and mx.
    """

    text: str
    qualifier: str
    name: str
    domain: str = ""
    network: IPv4Network | IPv6Network | None = None
    prefix4: int = 32
    prefix6: int = 128


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A record that follows the grammar. Empty `redirect` and `explanation` are absent."""

    text: str
    mechanisms: tuple[Mechanism, ...]
    redirect: str = ""
    explanation: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def all(self) -> Mechanism | None:
        """The first `all`; what stands behind it is never reached (section 5.1)."""
        return next((each for each in self.mechanisms if each.name == "all"), None)

    @property
    def reachable(self) -> tuple[Mechanism, ...]:
        """The mechanisms up to and with the first `all`."""
        end = next((place for place, each in enumerate(self.mechanisms) if each.name == "all"), None)
        return self.mechanisms if end is None else self.mechanisms[: end + 1]


def is_spf(text: str) -> bool:
    """Whether a TXT value is an SPF record at all (section 4.5): the version alone, or followed by a space."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def parse(text: str) -> SpfRecord:
    """Read a record; raises SpfSyntaxError for the first term that breaks the grammar."""
    mechanisms: list[Mechanism] = []
    known: dict[str, str] = {}
    unknown: list[str] = []
    for term in text[6:].split(" "):
        if not term:
            continue
        modifier = _MODIFIER.match(term)
        if modifier is None:
            mechanisms.append(_mechanism(term))
            continue
        name, value = modifier[1].lower(), modifier[2]
        if name in ("redirect", "exp"):
            if name in known:
                raise SpfSyntaxError(term, f"is the second {name}=; there may be one")
            check_domain_spec(term, value)
            known[name] = value
        else:
            _check_macros(term, value, _MACRO_STRING, explaining=True)
            unknown.append(term)
    return SpfRecord(text, tuple(mechanisms), known.get("redirect", ""), known.get("exp", ""), tuple(unknown))


def check_domain_spec(term: str, spec: str) -> None:
    """Check a domain-spec (section 7.1); raises SpfSyntaxError."""
    if not spec:
        raise SpfSyntaxError(term, "has an empty domain")
    _check_macros(term, spec, _MACRO_STRING, explaining=False)
    if _DOMAIN_END.search(spec) is None:
        raise SpfSyntaxError(term, "does not end in a domain name")


def check_explanation(text: str) -> None:
    """Check an explanation text (section 6.2), in which more macros are allowed; raises SpfSyntaxError."""
    _check_macros(text, text, _EXPLAIN_STRING, explaining=True)


def _check_macros(term: str, text: str, grammar: re.Pattern[str], *, explaining: bool) -> None:
    if grammar.fullmatch(text) is None:
        what = (
            "a macro that does not exist" if text.isascii() and text.isprintable() else "a character outside ASCII"
        )
        raise SpfSyntaxError(term, f"has {what}")
    for macro in _MACRO.finditer(text):
        if macro[1].lower() in "crt" and not explaining:
            raise SpfSyntaxError(term, f"uses {macro[0]}, which is for explanations only")
        if macro[2] and int(macro[2][:9]) == 0:
            raise SpfSyntaxError(term, f"keeps no label at all in {macro[0]}")


def _mechanism(term: str) -> Mechanism:
    found = _DIRECTIVE.match(term)
    if found is None:
        raise SpfSyntaxError(term, "is neither a mechanism nor a modifier")
    qualifier, name, rest = found[1] or "+", found[2].lower(), found[3] or ""
    reader = _READERS.get(name)
    if reader is None:
        raise SpfSyntaxError(term, f"is an unknown mechanism{_meant(name)}")
    return reader(term, qualifier, name, rest)


def _meant(name: str) -> str:
    near = {"prt": "ptr", "ip": "ip4", "ipv4": "ip4", "ipv6": "ip6", "includes": "include", "mail": "mx"}.get(name)
    return f"; {near} may be meant" if near else ""


def _all(term: str, qualifier: str, name: str, rest: str) -> Mechanism:
    if rest:
        raise SpfSyntaxError(term, "may have nothing behind it")
    return Mechanism(term, qualifier, name)


def _with_domain(term: str, qualifier: str, name: str, rest: str) -> Mechanism:
    """include and exists need a domain; ptr may have one."""
    if not rest and name == "ptr":
        return Mechanism(term, qualifier, name)
    if not rest.startswith(":"):
        raise SpfSyntaxError(term, "needs a domain behind a colon")
    check_domain_spec(term, rest[1:])
    return Mechanism(term, qualifier, name, rest[1:])


def _with_prefixes(term: str, qualifier: str, name: str, rest: str) -> Mechanism:
    """a and mx may have a domain and a prefix length for each family."""
    parts = _DUAL_CIDR.match(rest)
    assert parts is not None  # the pattern takes any text
    spec = parts["spec"]
    if spec:
        if not spec.startswith(":"):
            raise SpfSyntaxError(term, "has a prefix length that is no number")
        check_domain_spec(term, spec[1:])
    four, six = _prefix(term, parts["four"], 32), _prefix(term, parts["six"], 128)
    return Mechanism(term, qualifier, name, spec[1:], prefix4=four, prefix6=six)


def _address(term: str, qualifier: str, name: str, rest: str) -> Mechanism:
    """ip4 and ip6: an address, with a prefix length perhaps."""
    address, slash, length = rest[1:].partition("/")
    if not rest.startswith(":") or not address:
        raise SpfSyntaxError(term, "needs an address behind a colon")
    bits = _prefix(term, length if slash else None, 32 if name == "ip4" else 128)
    network: IPv4Network | IPv6Network
    try:
        if name == "ip4":
            network = IPv4Network((IPv4Address(address), bits), strict=False)
        else:
            if "%" in address:
                raise AddressValueError("a zone")
            network = IPv6Network((IPv6Address(address), bits), strict=False)
    except ValueError:
        kind = "IPv4" if name == "ip4" else "IPv6"
        raise SpfSyntaxError(term, f"is not an {kind} address") from None
    return Mechanism(term, qualifier, name, network=network)


def _prefix(term: str, digits: str | None, most: int) -> int:
    if digits is None:
        return most
    if not digits.isascii() or not digits.isdigit() or (len(digits) > 1 and digits[0] == "0"):
        raise SpfSyntaxError(term, "has a prefix length that is no number")
    if len(digits) > 3 or int(digits) > most:
        raise SpfSyntaxError(term, f"has a prefix length above {most}")
    return int(digits)


_READERS = {
    "all": _all,
    "include": _with_domain,
    "exists": _with_domain,
    "ptr": _with_domain,
    "a": _with_prefixes,
    "mx": _with_prefixes,
    "ip4": _address,
    "ip6": _address,
}
