"""Fetch the certificate chain that a host presents at each of its addresses, whether or not it is any good.

The handshake verifies nothing, so that a bad certificate is captured like a good one; `certificates.verify`
judges it afterwards. Every look is a new connection without resumption: a resumed session shows no certificate.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from OpenSSL import SSL

from cockpit.errors import ConfigError
from cockpit.health.model import Reading
from cockpit.probes.certificates import Trust, facts, verify
from cockpit.probes.resolve import connectable, resolve
from cockpit.profile import Profile
from cockpit.text import visible

DEADLINE_S = 10.0
MAX_CHAIN = 10

_READ_SIZE = 16_384


class HandshakeError(Exception):
    """The other side does not complete a TLS handshake; `token` tells how it fails."""

    def __init__(self, token: str, message: str) -> None:
        super().__init__(message)
        self.token = token


class TlsProbe:
    """Looks at certificates; holds the one context that all handshakes share."""

    def __init__(self, profile: Profile, trust: Trust) -> None:
        self._profile = profile
        self._trust = trust
        self._context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        self._context.set_verify(SSL.VERIFY_NONE)

    async def look(
        self, target: str, check: str, host: str, port: int, *, at: datetime, deadline_s: float = DEADLINE_S
    ) -> list[Reading]:
        """One reading per address of `host`; never raises for what the world does.

        `seen` has `host`, `port`, `address`, `certificate` and `chain` (facts, leaf first) and `verification`
        (`reason`, `detail`, `path`).
        """
        started = time.monotonic()
        addresses = await resolve(self._profile, host)
        if addresses.failure is not None:
            seen = {"host": host, "port": port, "reason": addresses.reason}
            took = timedelta(seconds=time.monotonic() - started)
            return [Reading(target, check, f"{host}:{port}", at, took, seen, addresses.failure)]
        return list(
            await asyncio.gather(
                *(self._look_at(target, check, host, port, address, at, deadline_s) for address in addresses.found)
            )
        )

    async def _look_at(
        self, target: str, check: str, host: str, port: int, address: str, at: datetime, deadline_s: float
    ) -> Reading:
        started = time.monotonic()
        seen: dict[str, Any] = {"host": host, "port": port, "address": address}
        failure: str | None = None
        try:
            endpoint = connectable(self._profile, address, port)
            async with asyncio.timeout(deadline_s):
                chain = await self._chain(endpoint, host)
            seen["certificate"] = facts(chain[0])
            seen["chain"] = [facts(certificate) for certificate in chain[1:]]
            found = verify(chain, host, self._trust, at)
            seen["verification"] = {"reason": found.reason, "detail": found.detail, "path": list(found.path)}
        except ConfigError as error:
            failure, seen["reason"] = "not-allowed", visible(error)
        except TimeoutError:
            failure, seen["reason"] = "timeout", f"no TLS handshake within {deadline_s:g} s"
        except HandshakeError as error:
            failure, seen["reason"] = error.token, visible(error)
        except OSError as error:
            failure, seen["reason"] = _socket_token(error), visible(error.strerror or error)
        except ValueError as error:
            failure, seen["reason"] = "malformed", f"the certificate cannot be read: {visible(error, limit=200)}"
        took = timedelta(seconds=time.monotonic() - started)
        return Reading(target, check, f"{host}:{port} {address}", at, took, seen, failure)

    async def _chain(self, endpoint: tuple[str, int], host: str) -> Sequence[x509.Certificate]:
        reader, writer = await asyncio.open_connection(*endpoint)
        try:
            connection = SSL.Connection(self._context, None)
            connection.set_tlsext_host_name(host.encode("idna"))
            connection.set_connect_state()
            await _handshake(connection, reader, writer)
            presented = connection.get_peer_cert_chain(as_cryptography=True) or []
        finally:
            writer.close()
        if not presented:
            raise HandshakeError("no-certificate", "the handshake ended and no certificate was presented")
        return presented[:MAX_CHAIN]


async def _handshake(
    connection: SSL.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Carry octets between the TLS engine and the socket until the handshake is done."""
    while True:
        finished = False
        try:
            connection.do_handshake()
            finished = True
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            raise _handshake_error(error) from None
        await _flush(connection, writer)
        if finished:
            return
        received = await reader.read(_READ_SIZE)
        if not received:
            raise HandshakeError("closed", "the connection was closed during the TLS handshake")
        connection.bio_write(received)


async def _flush(connection: SSL.Connection, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            writer.write(connection.bio_read(_READ_SIZE))
        except SSL.WantReadError:
            break
    await writer.drain()


def _handshake_error(error: SSL.Error) -> HandshakeError:
    reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
    text = "; ".join(str(reason[-1]) for reason in reasons if reason) or type(error).__name__
    if "wrong version number" in text or "packet length too long" in text:
        return HandshakeError("not-tls", "what answers there does not speak TLS")
    return HandshakeError("handshake-failed", f"the TLS handshake failed: {text}")


def _socket_token(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionError):
        return "closed"
    return "unreachable"
