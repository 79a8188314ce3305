"""Options that commands which ask DNS share: which checks, and which resolver."""

import ipaddress
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

import click
import msgspec

from cockpit.errors import BadInput
from cockpit.health.registry import CHECKS, matches
from cockpit.profile import Profile, Resolver

_PORTS = range(1, 65536)


def resolver_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--resolver` to a command."""
    return click.option(
        "--resolver", metavar="IP[:PORT]", default="", help="Ask this resolver instead of the configured ones."
    )(function)


def asked_of(profile: Profile, resolver: str) -> Profile:
    """The profile with this resolver only, or as it is when none is named; raises BadInput."""
    if not resolver:
        return profile
    address, port = _address(resolver)
    return msgspec.structs.replace(profile, resolvers=(Resolver(resolver, address, port),))


def _address(text: str) -> tuple[str, int]:
    """`192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`."""
    host, port = text, "53"
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        raise BadInput(f"{text!r} is no resolver; write an address, such as 192.0.2.1 or 192.0.2.1:53.") from None
    if not port.isascii() or not port.isdigit() or int(port) not in _PORTS:
        raise BadInput(f"{port!r} is no port; it is a number from 1 to 65535.")
    return address, int(port)


def chosen_checks(only: str) -> tuple[str, ...]:
    """The checks and areas named in `mail,dns.dnssec`; raises BadInput for one that there is not."""
    names = tuple(name.strip() for name in only.split(",") if name.strip())
    for name in names:
        if not any(matches(check.id, (name,)) for check in CHECKS):
            raise BadInput(f"There is no check {name!r}{_hint(name)}")
    return names


def _hint(name: str) -> str:
    known: Sequence[str] = sorted({check.area for check in CHECKS} | {check.id for check in CHECKS})
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}."
