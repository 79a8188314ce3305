"""The rule that keeps a process on this machine: an audit hook (PEP 578) over everything that opens a way out."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from collections.abc import Callable
from typing import Any

Report = Callable[[str, str], None]

NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")
TO_ADDRESS = ("socket.connect", "socket.sendto", "socket.sendmsg")
TO_NAME = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


class Escape(PermissionError):
    """Something would have left this machine; an OSError, so that every library takes it for a network error."""

    def __init__(self, target: str) -> None:
        super().__init__(errno.EACCES, f"{target} is not on this machine, and a drill stays on it")


def stays_here(host: object) -> bool:
    """Whether an address literal or a host name can only mean this machine.

    No name but localhost does, because looking one up would already leave. The unspecified address means "any of
    mine" to whoever binds or connects.
    """
    if host is None or host in ("", b""):
        return True
    text = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else str(host)
    text = text.rstrip(".").lower()
    if text in NAMES:
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    return address.is_loopback or address.is_unspecified


def watch(report: Report) -> None:
    """Refuse and report, from now on and for the rest of this process, whatever would leave this machine.

    `report` gets the audit event and the target; it must not raise. Hooks cannot be taken out again, which is
    the point. What bypasses the interpreter (ctypes, native code, a child that is no Python) is not seen here.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not event.startswith("socket."):
            return
        target = None
        if event in TO_ADDRESS:
            target = _address_outside(*arguments)
        elif event in TO_NAME and not stays_here(arguments[0]):
            target = str(arguments[0])
        if target is not None:
            report(event, target)
            raise Escape(target)

    sys.addaudithook(hook)


def _address_outside(channel: socket.socket, address: Any) -> str | None:
    """The target in words when it is not on this machine; None when it is, or when nothing is addressed."""
    if address is None or channel.family == getattr(socket, "AF_UNIX", None):
        return None
    if channel.family == getattr(socket, "AF_NETLINK", None):
        return None
    if channel.family not in (socket.AF_INET, socket.AF_INET6):
        return f"an address of family {channel.family!r}"
    host, port = address[0], address[1]
    return None if stays_here(host) else f"{host}:{port}"
