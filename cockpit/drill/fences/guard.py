"""Nothing leaves this machine from inside a drill: three fences, each for what the others do not reach.

`install` guards this process with an audit hook. `scrubbed_environment` is for children: no credentials, an empty
AWS configuration, a proxy trap for every program that honours proxies, and the same hook for every Python.
`ProxyTrap` answers 403 to whatever comes and keeps a record of it. A native program that ignores proxies is
stopped by none of them; that takes a network namespace.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cockpit.clock import Clock, SystemClock
from cockpit.drill import child_guard
from cockpit.drill.child_guard.loopback_only import Escape, stays_here, watch
from cockpit.text import visible

__all__ = ["Attempt", "Attempts", "Escape", "ProxyTrap", "install", "scrubbed_environment", "stays_here"]

ATTEMPT_LIMIT = 1000
"""Attempts that are remembered in full; `Attempts.total` counts all of them."""

HEAD_LIMIT = 65_536
"""Octets of a request head that the trap reads."""

PATIENCE_S = 5.0
"""Seconds that the trap waits for a request head."""

LOOPBACK_NAMES = "127.0.0.1,localhost,::1"

REMOVED_PREFIXES = ("AWS_", "CLOUDSDK_", "GOOGLE_", "AZURE_", "BOTO_")
REMOVED_NAMES = ("SSH_AUTH_SOCK", "KUBECONFIG")
"""Ways to credentials for somewhere else: cloud tools, the SSH agent, clusters."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way out that was tried and refused; `how` is the audit event or the proxy request's method."""

    at: datetime
    how: str
    target: str
    process: str


class Attempts:
    """What was tried, newest last."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.total = 0
        self._clock = clock or SystemClock()
        self._newest: deque[Attempt] = deque(maxlen=ATTEMPT_LIMIT)

    def __len__(self) -> int:
        return len(self._newest)

    def note(self, how: str, target: str, process: str) -> None:
        """Remember one attempt; the texts come from outside and are made visible."""
        self.total += 1
        self._newest.append(
            Attempt(
                self._clock.now(),
                visible(how, limit=64),
                visible(target, limit=256),
                visible(process, limit=128),
            )
        )

    def seen(self) -> tuple[Attempt, ...]:
        """The attempts that are remembered."""
        return tuple(self._newest)


def install(attempts: Attempts | None = None) -> Attempts:
    """Keep this process on this machine for the rest of its life; the result records what it tries.

    Refuses connect, sendto and sendmsg to anything but loopback, and name look-ups of anything but localhost, by
    raising `Escape`, which is an OSError.
    """
    record = attempts if attempts is not None else Attempts()
    process = f"pid {os.getpid()}"
    watch(lambda event, target: record.note(event, target, process))
    return record


def scrubbed_environment(base: Mapping[str, str], trap_url: str) -> dict[str, str]:
    """An environment for a drill's children, made from `base`.

    Cloud credentials, SSO and proxy variables are gone; the AWS configuration is an empty file; proxies point at
    the trap, with loopback exempt; every Python started with it guards itself and reports to the trap. The
    caller adds the drill's own AWS_* variables afterwards.
    """
    kept = {name: value for name, value in base.items() if not _removed(name)}
    folder = str(Path(child_guard.__file__).parent)
    path = [folder, *(part for part in base.get("PYTHONPATH", "").split(os.pathsep) if part and part != folder)]
    kept.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        KUBECONFIG=os.devnull,
        PYTHONPATH=os.pathsep.join(path),
        COCKPIT_DRILL_TRAP=trap_url,
    )
    for name, value in (
        ("HTTP_PROXY", trap_url),
        ("HTTPS_PROXY", trap_url),
        ("ALL_PROXY", trap_url),
        ("NO_PROXY", LOOPBACK_NAMES),
    ):
        # curl reads http_proxy in lower case only; others read upper case only.
        kept[name] = kept[name.lower()] = value
    return kept


def _removed(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(REMOVED_PREFIXES) or upper.endswith("_PROXY") or upper in REMOVED_NAMES


class ProxyTrap:
    """A proxy on loopback that lets nothing through: 403 to every request, each one recorded."""

    def __init__(self, attempts: Attempts) -> None:
        self.attempts = attempts
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Bind."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_LIMIT)

    async def close(self) -> None:
        """Unbind and cut what is open."""
        if self._server is None:
            return
        self._server.close()
        for task in self._conversations:
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """What goes into HTTPS_PROXY; only after `start`."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            with contextlib.suppress(
                OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, asyncio.CancelledError
            ):
                await self._refuse(reader, writer)
        finally:
            self._conversations.discard(task)
            writer.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(PATIENCE_S):
            octets = await reader.readuntil(b"\r\n\r\n")
        request, *lines = octets.decode("latin-1").split("\r\n")
        method, _, rest = request.partition(" ")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        process = headers.get("x-drill-process") or headers.get("user-agent", "")
        self.attempts.note(headers.get("x-drill-event", method), rest.partition(" ")[0], process)
        body = b"A drill stays on this machine.\n"
        head = f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
