"""Visits to hosts: each address on one new connection, on which its certificate is seen and its page fetched.

The certificate look and the page look of a host share a visit: both at once get the same one, and a look for the
certificate alone may wait for the next that comes for the page.
"""

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509

from cockpit.errors import ConfigError
from cockpit.probes.names.resolve import connectable, resolve
from cockpit.probes.trust.certificates import Trust, Verification, Verifier
from cockpit.probes.trust.line import HandshakeError, Line, shared_context, socket_token
from cockpit.probes.web.page import BrokenAnswerError, Page, fetch_page
from cockpit.profile import Profile
from cockpit.text import visible

DEADLINE_S = 10.0

NAMELESS_S = 3600.0
"""For how long it is remembered what a client is shown that names no host: that changes seldom."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something could not be had: a token and the reason in words."""

    failure: str
    reason: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What one address of a host presented, and the page if one was asked for.

    `trouble` is set when there is no certificate, `page_trouble` when there is no page.
    """

    host: str
    port: int
    at: datetime
    address: str = ""
    chain: tuple[x509.Certificate, ...] = ()
    staple: bytes = b""
    verification: Verification = Verification()
    trouble: Trouble | None = None
    page: Page | None = None
    page_trouble: Trouble | None = None
    phases: tuple[tuple[str, int], ...] = ()
    tls_s: float = 0.0
    took_s: float = 0.0


class Visits:
    """Goes to hosts; holds the one TLS context, the visits under way, and who waits for the next one."""

    def __init__(self, profile: Profile, trust: Trust) -> None:
        self._profile = profile
        self._verifier = Verifier(trust)
        self._context = shared_context()
        self._under_way: dict[tuple[str, int, str], asyncio.Task[list[Visit]]] = {}
        self._wanted: dict[tuple[str, int], asyncio.Future[list[Visit]]] = {}
        self._nameless: dict[tuple[str, int], tuple[float, x509.Certificate | None]] = {}

    def close(self) -> None:
        """Give up the visits that are under way."""
        for task in self._under_way.values():
            task.cancel()

    async def visit(
        self, host: str, port: int, path: str | None = None, *, at: datetime, deadline_s: float = DEADLINE_S
    ) -> list[Visit]:
        """One visit per address of `host`; without a `path` no page is asked for. Never raises for the world.

        Who asks while the same visit is under way gets that one.
        """
        key = (host, port, path or "")
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._all(Visit(host, port, at), path, deadline_s))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    def _ended(self, key: tuple[str, int, str], task: "asyncio.Task[list[Visit]]") -> None:
        self._under_way.pop(key, None)
        waiting = self._wanted.pop(key[:2], None)
        if waiting is not None and not waiting.done() and not task.cancelled() and task.exception() is None:
            waiting.set_result([replace(each, page=None) for each in task.result()])

    async def next_of(self, host: str, port: int, patience_s: float) -> list[Visit]:
        """What the next visit to a host sees, without its page; nothing when none comes in time."""
        waiting = self._wanted.get((host, port))
        if waiting is None or waiting.done():
            waiting = self._wanted[host, port] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience_s):
                return await asyncio.shield(waiting)
        except TimeoutError:
            self._wanted.pop((host, port), None)
            return []

    def release(self, host: str, port: int) -> None:
        """Let nobody wait any longer for the next visit to a host."""
        waiting = self._wanted.pop((host, port), None)
        if waiting is not None and not waiting.done():
            waiting.set_result([])

    async def nameless(self, address: str, port: int) -> x509.Certificate | None:
        """What a client is shown that names no host (RFC 6066 section 3), at most an hour ago.

        None when such a client is turned away, or nobody answers.
        """
        known = self._nameless.get((address, port))
        if known is not None and time.monotonic() - known[0] < NAMELESS_S:
            return known[1]
        line: Line | None = None
        shown = None
        try:
            async with asyncio.timeout(DEADLINE_S):
                line = await Line.open(self._context, connectable(self._profile, address, port), "")
            shown = line.chain[0]
        except (TimeoutError, ConfigError, HandshakeError, OSError, ValueError):
            shown = None
        finally:
            if line is not None:
                line.close()
        self._nameless[address, port] = time.monotonic(), shown
        return shown

    async def _all(self, place: Visit, path: str | None, deadline_s: float) -> list[Visit]:
        started = time.monotonic()
        addresses = await resolve(self._profile, place.host)
        if addresses.failure is not None:
            trouble = Trouble(addresses.failure, addresses.reason)
            return [replace(place, trouble=trouble, page_trouble=trouble, took_s=time.monotonic() - started)]
        places = [replace(place, address=address) for address in addresses.found]
        return list(await asyncio.gather(*(self.at_address(each, path, deadline_s) for each in places)))

    async def at_address(self, place: Visit, path: str | None = None, deadline_s: float = DEADLINE_S) -> Visit:
        """One visit to the address that `place` names, without asking DNS. Never raises for the world."""
        started = time.monotonic()
        visit = await self._look(place, path, deadline_s)
        return replace(visit, took_s=time.monotonic() - started)

    async def _look(self, place: Visit, path: str | None, deadline_s: float) -> Visit:
        line: Line | None = None
        try:
            endpoint = connectable(self._profile, place.address, place.port)
            async with asyncio.timeout(deadline_s):
                line = await Line.open(self._context, endpoint, place.host)
                seen = self._presented(place, line)
                return await self._with_page(seen, line, path)
        except TimeoutError:
            return self._too_late(place, line, deadline_s)
        except (ConfigError, HandshakeError, OSError, ValueError) as error:
            trouble = _trouble(error)
            return replace(place, trouble=trouble, page_trouble=trouble)
        finally:
            if line is not None:
                line.close()

    def _presented(self, place: Visit, line: Line) -> Visit:
        phases = (("connect_ms", round(line.connect_s * 1000)), ("tls_ms", round(line.handshake_s * 1000)))
        return replace(
            place,
            chain=line.chain,
            staple=line.staple,
            verification=self._verifier.verify(line.chain, place.host, place.address, place.at),
            phases=phases,
            tls_s=line.connect_s + line.handshake_s,
        )

    async def _with_page(self, seen: Visit, line: Line, path: str | None) -> Visit:
        """Ask for the page, but never a host that cannot show that it is the one that is meant."""
        if path is None:
            return seen
        if seen.verification.reason:
            return replace(seen, page_trouble=Trouble("bad-certificate", "the certificate is not accepted"))
        try:
            page = await fetch_page(line, seen.host, seen.port, path)
        except BrokenAnswerError as error:
            return replace(seen, page_trouble=Trouble("broken-answer", str(error)))
        except (HandshakeError, OSError):
            return replace(seen, page_trouble=Trouble("broken-answer", "the connection was broken off"))
        return replace(seen, page=page, phases=(*seen.phases, *page.phases.items()))

    def _too_late(self, place: Visit, line: Line | None, deadline_s: float) -> Visit:
        page_trouble = Trouble("timeout", f"no complete answer within {deadline_s:g} s")
        if line is not None and line.chain:
            return replace(self._presented(place, line), page_trouble=page_trouble)
        return replace(
            place,
            trouble=Trouble("timeout", f"no TLS handshake within {deadline_s:g} s"),
            page_trouble=page_trouble,
        )


def _trouble(error: Exception) -> Trouble:
    match error:
        case ConfigError():
            return Trouble("not-allowed", visible(error))
        case HandshakeError():
            return Trouble(error.token, visible(error))
        case OSError():
            return Trouble(socket_token(error), visible(error.strerror or error))
        case _:
            return Trouble("malformed", f"the certificate cannot be read: {visible(error, limit=200)}")
