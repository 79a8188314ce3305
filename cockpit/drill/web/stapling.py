"""TLS with a stapled OCSP response, which Python's own module cannot send: pyOpenSSL on memory, asyncio outside.

pyOpenSSL is imported when the first host staples, so that a world without stapling hosts starts without it.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.drill.trust.certificates import WEAK_CIPHERS, Certificate

if TYPE_CHECKING:
    from OpenSSL import SSL

CHUNK = 16_384


def stapling_context(certificate: Certificate, staple: Callable[[], bytes]) -> "SSL.Context":
    """A server context that presents `certificate` and staples what `staple` gives, anew for each handshake."""
    from OpenSSL import SSL

    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    if certificate.weak:
        context.set_cipher_list(WEAK_CIPHERS.encode())
    context.use_certificate(certificate.leaf)
    for above in certificate.chain[1:]:
        context.add_extra_chain_cert(above)
    context.use_privatekey(certificate.key)
    context.set_ocsp_server_callback(lambda connection, data: staple(), None)
    return context


class StapledStream:
    """Both ends of one TLS connection over plain streams: read, write and drain what the client and we say."""

    def __init__(self, context: "SSL.Context", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from OpenSSL import SSL

        self._wants_more = SSL.WantReadError
        self._broken = SSL.Error
        self._reader = reader
        self._writer = writer
        self._connection = SSL.Connection(context, None)
        self._connection.set_accept_state()

    async def handshake(self) -> None:
        """Shake hands; raises EOFError when the client will not."""
        while True:
            try:
                self._connection.do_handshake()
            except self._wants_more:
                await self._exchange()
            except self._broken as error:
                raise EOFError("the handshake failed") from error
            else:
                self._flush()
                return

    async def read(self, n: int = -1) -> bytes:
        """Up to `n` octets of what the client says; none at the end."""
        while True:
            try:
                return self._connection.recv(CHUNK if n < 0 else n)
            except self._wants_more:
                try:
                    await self._exchange()
                except EOFError:
                    return b""
            except self._broken:
                return b""

    def write(self, data: bytes) -> None:
        """Say something."""
        for at in range(0, len(data), CHUNK):
            self._connection.send(data[at : at + CHUNK])
        self._flush()

    async def drain(self) -> None:
        """Wait until the network has room."""
        await self._writer.drain()

    def farewell(self) -> None:
        """Say that no more follows (close_notify)."""
        try:
            self._connection.shutdown()
        except self._broken:
            return
        self._flush()

    async def _exchange(self) -> None:
        """Send what OpenSSL has to say and give it what comes; raises EOFError at the end."""
        self._flush()
        await self._writer.drain()
        octets = await self._reader.read(CHUNK)
        if not octets:
            raise EOFError
        self._connection.bio_write(octets)

    def _flush(self) -> None:
        while True:
            try:
                octets = self._connection.bio_read(CHUNK)
            except self._wants_more:
                return
            self._writer.write(octets)
