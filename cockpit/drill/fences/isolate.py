"""A network of its own for a drill (Linux): real ports, a private resolver configuration, and no route out.

`enter` puts this process into new user, network and mount namespaces and becomes another command there. The
documentation networks belong to the loopback interface inside, so unmodified `dig` and `curl` reach the drill on
ports 53 and 443 and can reach nothing else. It is all or nothing: where one step is refused, nothing is started.
"""

import ctypes
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from fcntl import ioctl
from pathlib import Path
from typing import NoReturn

from cockpit.errors import Refused

MARK = "COCKPIT_DRILL_ISOLATED"
"""The variable that tells a command that it runs inside; what it says is checked, not believed."""

NETWORKS = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
"""One address in each documentation network (RFC 5737); on loopback, the whole /24 is local with it."""

RESOLVER = "198.51.100.8"
ELSEWHERE = ("8.8.8.8", 53)
"""An address that must not be reachable inside; a datagram socket is asked for a route, nothing is sent."""

_NEW_USER, _NEW_MOUNT, _NEW_NETWORK = 0x10000000, 0x00020000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_GET_FLAGS, _SET_FLAGS, _SET_ADDRESS, _SET_MASK = 0x8913, 0x8914, 0x8916, 0x891C
_UP = 0x1
_RESOLVER_SOCKETS = ("/run/systemd/resolve", "/run/nscd", "/var/run/nscd")
"""Where name service daemons of the machine listen; a private file system without a network hides them."""


def enter(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Become `command` in a network of its own; raises Refused, and then this process must end."""
    if not sys.platform.startswith("linux"):
        raise Refused("An isolated drill needs Linux; run it without --isolated.")
    resolver = Path("/etc/resolv.conf")
    if not resolver.exists():
        raise Refused("There is no /etc/resolv.conf to put a private one over; run the drill without --isolated.")
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    _call("new namespaces", libc.unshare, _NEW_USER | _NEW_MOUNT | _NEW_NETWORK)
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        _raise_loopback()
        _hide_resolvers(libc, resolver)
    except OSError as error:
        raise Refused(f"This machine does not allow an isolated drill ({error.strerror}).") from None
    check_inside()
    os.execve(command[0], list(command), {**environment, MARK: "1"})  # noqa: S606 -- our own program


def inside(environment: Mapping[str, str]) -> bool:
    """Whether this process was started by `enter`; raises Refused when it was and can get out all the same."""
    if environment.get(MARK) != "1":
        return False
    check_inside()
    return True


def check_inside() -> None:
    """Raise Refused unless the drill's addresses are ours, names come from the drill, and nothing is beyond."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            pass
        else:
            raise Refused("This network has a way out; an isolated drill does not begin.")
    for address in NETWORKS:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                raise Refused(f"The address {address} is not ours; an isolated drill does not begin.") from None
    if RESOLVER not in Path("/etc/resolv.conf").read_text(encoding="ascii", errors="replace"):
        raise Refused("Names would not be asked of the drill; an isolated drill does not begin.")


def join(pid: int) -> None:
    """Go into the network of process `pid` of ours, to speak with a world there; raises Refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, flag in (("user", _NEW_USER), ("net", _NEW_NETWORK)):
        place, own = Path(f"/proc/{pid}/ns/{kind}"), Path(f"/proc/self/ns/{kind}")
        try:
            if os.readlink(place) == os.readlink(own):
                continue
            descriptor = os.open(place, os.O_RDONLY)
        except OSError as error:
            raise Refused(f"The drill's network cannot be entered ({error.strerror}); it may be over.") from None
        try:
            _call("the drill's network", libc.setns, descriptor, flag)
        finally:
            os.close(descriptor)


def _raise_loopback() -> None:
    """Bring lo up and give it the documentation networks, by alias (netdevice(7))."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as control:
        (flags,) = struct.unpack_from("h", ioctl(control, _GET_FLAGS, struct.pack("16sh14x", b"lo", 0)), 16)
        ioctl(control, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))
        for number, address in enumerate(NETWORKS):
            name = f"lo:{number}".encode()
            ioctl(control, _SET_ADDRESS, _request(name, address))
            ioctl(control, _SET_MASK, _request(name, "255.255.255.0"))


def _request(name: bytes, address: str) -> bytes:
    return struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(address))


def _hide_resolvers(libc: ctypes.CDLL, resolver: Path) -> None:
    """Put our own resolver configuration over the machine's, for here only, and its daemons out of sight."""
    _call("a private file system", libc.mount, b"none", b"/", None, _RECURSIVE | _PRIVATE, None)
    target = resolver.resolve()
    handle, source = tempfile.mkstemp(prefix="drill-resolv-")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"nameserver {RESOLVER}\noptions timeout:2 attempts:2\n")
    Path(source).chmod(0o644)
    _call("a private resolver configuration", libc.mount, source.encode(), bytes(target), None, _BIND, None)
    Path(source).unlink()
    for place in _RESOLVER_SOCKETS:
        folder = Path(place)
        if folder.is_dir() and not folder.is_symlink() and folder.resolve() not in (target, target.parent):
            _call("hiding the machine's resolver", libc.mount, b"none", place.encode(), b"tmpfs", 0, None)


def _call(what: str, function: "ctypes._NamedFuncPointer", *arguments: object) -> None:
    if function(*arguments) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise Refused(f"This machine does not allow {what} ({reason}); run the drill without --isolated.")
