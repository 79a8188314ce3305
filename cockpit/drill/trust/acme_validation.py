"""How the authority sees for itself who controls a name: in the drill's DNS, or at the drill's web (RFC 8555 8)."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from typing import Protocol

import h11
from dns.rcode import Rcode

from cockpit.drill.dns import Resolver
from cockpit.drill.trust.caa import issuers_of
from cockpit.drill.trust.jws import encoded
from cockpit.drill.web.webhost import CHALLENGES

FETCH_S = 5.0
BODY_LIMIT = 10_000
ERROR = "urn:ietf:params:acme:error:"
HTTP_PORT = 80


class Refused(Exception):  # noqa: N818 - a finding that is turned into a problem document
    """Control was not shown; `kind` is the last part of the ACME error type (RFC 8555 section 6.7)."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind

    @property
    def problem(self) -> dict[str, str]:
        """The same as a problem document (RFC 9457)."""
        return {"type": ERROR + self.kind, "detail": str(self)}


class Validator(Protocol):
    """Looks whether a challenge has been met."""

    async def look(self, kind: str, name: str, token: str, thumbprint: str) -> None:
        """Raises Refused when it has not."""
        ...


class WorldValidator:
    """Looks with a resolver of its own, which forgets before each look, and fetches pages over real connections."""

    def __init__(self, dial: Callable[[], Mapping[str, str]], resolver: Resolver, *, authority: str) -> None:
        """`dial` gives where the web's addresses really are; `authority` is the name that CAA records allow."""
        self._dial = dial
        self._resolver = resolver
        self._authority = authority

    async def look(self, kind: str, name: str, token: str, thumbprint: str) -> None:
        """Check CAA (RFC 8659), then the challenge; raises Refused."""
        self._resolver.flush()
        await self._allowed(name)
        wanted = f"{token}.{thumbprint}"
        if kind == "dns-01":
            await self._look_in_dns(name, encoded(hashlib.sha256(wanted.encode()).digest()))
        else:
            await self._look_at_web(name, token, wanted)

    async def _values(self, name: str, rdtype: str) -> tuple[str, ...]:
        resolution = await self._resolver.resolve(name, rdtype)
        if resolution.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            why = "; ".join(text for _, text in resolution.explanations) or "no reason given"
            raise Refused("dns", f"DNS problem: {resolution.rcode.name} looking up {rdtype} for {name}: {why}")
        return resolution.values

    async def _allowed(self, name: str) -> None:
        labels = name.split(".")
        for depth in range(len(labels)):
            owner = ".".join(labels[depth:])
            values = await self._values(owner, "CAA")
            if not values:
                continue
            issuers = issuers_of(values)
            if issuers is not None and self._authority not in issuers:
                raise Refused("caa", f"CAA record for {owner} prevents issuance")
            return

    async def _look_in_dns(self, name: str, wanted: str) -> None:
        owner = f"_acme-challenge.{name}"
        found = [value.replace('" "', "").strip('"') for value in await self._values(owner, "TXT")]
        if wanted not in found:
            shown = ", ".join(found[:3]) or "none"
            raise Refused("unauthorized", f"Incorrect TXT record found at {owner}: {shown}")

    async def _look_at_web(self, name: str, token: str, wanted: str) -> None:
        addresses = await self._values(name, "A")
        if not addresses:
            raise Refused("dns", f"No A record found for {name}")
        place = self._dial().get(f"{addresses[0]}:{HTTP_PORT}")
        if place is None:
            raise Refused("connection", f"{addresses[0]}: Connection refused")
        url = f"http://{name}{CHALLENGES}{token}"
        try:
            async with asyncio.timeout(FETCH_S):
                status, body = await _fetched(place, name, CHALLENGES + token)
        except (OSError, TimeoutError, EOFError, h11.ProtocolError) as error:
            raise Refused("connection", f"{addresses[0]}: Fetching {url}: {type(error).__name__}") from None
        if status != 200 or body.decode("utf-8", "replace").strip() != wanted:
            raise Refused("unauthorized", f"{addresses[0]}: Invalid response from {url}: {status}")


async def _fetched(place: str, name: str, path: str) -> tuple[int, bytes]:
    """Status and body of a page; raises OSError, EOFError or h11.ProtocolError."""
    host, _, port = place.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    connection = h11.Connection(h11.CLIENT)
    try:
        head = h11.Request(method="GET", target=path, headers=[("Host", name), ("Connection", "close")])
        writer.write((connection.send(head) or b"") + (connection.send(h11.EndOfMessage()) or b""))
        await writer.drain()
        status, body = 0, bytearray()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(4096))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return status, bytes(body)
            else:
                raise EOFError
            if len(body) > BODY_LIMIT:
                return status, bytes(body)
    finally:
        writer.close()
