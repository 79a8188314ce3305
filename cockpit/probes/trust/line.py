"""One TLS connection that verifies nothing, so that a bad certificate is captured like a good one.

OpenSSL works on memory, asyncio carries the octets. Sessions are never resumed: a resumed one shows no certificate.
A stapled OCSP response is asked for (RFC 6066 section 8), which Python's own module cannot do.
"""

import asyncio
import time
from typing import Any

from cryptography import x509
from OpenSSL import SSL

MAX_CHAIN = 10
_READ_SIZE = 16_384

_ANY_STRENGTH = b"DEFAULT:@SECLEVEL=0"
"""Weak keys and signatures are to be seen and named, not refused by this end."""


class HandshakeError(Exception):
    """The other side does not complete a TLS handshake; `token` tells how it fails."""

    def __init__(self, token: str, message: str) -> None:
        super().__init__(message)
        self.token = token


def shared_context() -> SSL.Context:
    """The one context that all connections share; making one costs more than a handshake."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_cipher_list(_ANY_STRENGTH)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_ocsp_client_callback(_stapled)
    return context


def _stapled(connection: SSL.Connection, octets: bytes, _: Any) -> bool:
    """Keep what was stapled; whether it is any good is for a judge to say."""
    connection.get_app_data()["staple"] = octets
    return True


class Line:
    """A connection from the first octet to the last; `open` it, then read what was presented, then talk."""

    def __init__(
        self,
        connection: SSL.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        connect_s: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._connection = connection
        self._said: dict[str, bytes] = {}
        connection.set_app_data(self._said)
        self.chain: tuple[x509.Certificate, ...] = ()
        self.connect_s = connect_s
        self.handshake_s = 0.0

    @property
    def staple(self) -> bytes:
        """The stapled OCSP response in DER form; empty when there is none."""
        return self._said.get("staple", b"")

    @classmethod
    async def open(cls, context: SSL.Context, endpoint: tuple[str, int], host: str) -> "Line":
        """Connect and shake hands as a client for `host`, or as one that names none where it is empty.

        Raises OSError, HandshakeError or ValueError.
        """
        connection = SSL.Connection(context, None)
        if host:
            connection.set_tlsext_host_name(host.encode("idna"))
        connection.request_ocsp()
        connection.set_connect_state()
        began = time.monotonic()
        reader, writer = await asyncio.open_connection(*endpoint)
        line = cls(connection, reader, writer, time.monotonic() - began)
        try:
            await line._shake_hands()
        except BaseException:
            line.close()
            raise
        return line

    async def _shake_hands(self) -> None:
        began, connection = time.monotonic(), self._connection
        while True:
            try:
                connection.do_handshake()
            except SSL.WantReadError:
                await self._flush()
                if not await self._receive():
                    raise HandshakeError("closed", "the connection was closed during the TLS handshake") from None
            except SSL.Error as error:
                raise _handshake_error(error) from None
            else:
                break
        # Our last words of the handshake go out together with what is said next, or with the farewell.
        self.handshake_s = time.monotonic() - began
        presented = connection.get_peer_cert_chain(as_cryptography=True) or []
        if not presented:
            raise HandshakeError("no-certificate", "the handshake ended and no certificate was presented")
        self.chain = tuple(presented[:MAX_CHAIN])

    async def send(self, octets: bytes) -> None:
        """Say something; raises OSError or HandshakeError."""
        try:
            self._connection.sendall(octets)
        except SSL.Error as error:
            raise _handshake_error(error) from None
        await self._flush()

    async def receive(self) -> bytes:
        """What the other side says next; empty at the end, however it ends. Raises OSError."""
        while True:
            try:
                return self._connection.recv(_READ_SIZE)
            except SSL.WantReadError:
                await self._flush()
                if not await self._receive():
                    return b""
            except SSL.Error:
                return b""

    def close(self) -> None:
        """Hang up, once what is still to be said has been."""
        self._say()
        self._writer.close()

    async def _receive(self) -> bool:
        octets = await self._reader.read(_READ_SIZE)
        if octets:
            self._connection.bio_write(octets)
        return bool(octets)

    async def _flush(self) -> None:
        self._say()
        await self._writer.drain()

    def _say(self) -> None:
        """Hand what OpenSSL has to say to the network."""
        while True:
            try:
                octets = self._connection.bio_read(_READ_SIZE)
            except SSL.Error:
                return
            self._writer.write(octets)


def _handshake_error(error: SSL.Error) -> HandshakeError:
    reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
    text = "; ".join(str(reason[-1]) for reason in reasons if reason) or type(error).__name__
    if "wrong version number" in text or "packet length too long" in text:
        return HandshakeError("not-tls", "what answers there does not speak TLS")
    return HandshakeError("handshake-failed", f"the TLS handshake failed: {text}")


def socket_token(error: OSError) -> str:
    """`refused`, `closed` or `unreachable`."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionError):
        return "closed"
    return "unreachable"
