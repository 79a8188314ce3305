"""The certificate authority of a staged world as its customers reach it: by name, over HTTPS and RFC 8555."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cockpit.drill.trust.jws import encoded
from tests.drill.acme_client import AcmeClient
from tests.drill.scenarios.stage import Stage

T = TypeVar("T")
TRIES = 500
"""How often it is asked whether an order is ready, each time over the network."""


@asynccontextmanager
async def at(stage: Stage, url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client for the host of a URL that the profile names."""
    host = urlsplit(url).netloc
    (address, *_) = [rdata.address for rdata in stage.ask("192.0.2.91", host, "A")]
    place, port = stage.profile.dialled(address, 443)

    class ByName(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions["sni_hostname"] = host
            return await super().handle_async_request(request)

    trusting = ssl.create_default_context(cadata=stage.profile.ca_pem)
    async with httpx.AsyncClient(
        transport=ByName(verify=trusting),
        base_url=f"https://{place}:{port}",
        headers={"Host": host},
        timeout=5.0,
    ) as client:
        yield client


def logged(stage: Stage, domain: str) -> list[dict[str, Any]]:
    """What the logs know for a domain and below it, newest first."""

    async def search() -> list[dict[str, Any]]:
        assert stage.profile.ct_search is not None
        async with at(stage, stage.profile.ct_search) as http:
            rows = (await http.get("/", params={"q": f"%.{domain}", "output": "json"})).json()
            assert isinstance(rows, list)
            return rows

    return asyncio.run(search())


def revoke_logged(stage: Stage, number: int, zone: str, name: str) -> int:
    """Prove control of the name by dns-01 and have the certificate revoked; returns the HTTP status."""

    async def work(client: AcmeClient, order: dict[str, Any]) -> int:
        assert stage.profile.ct_search is not None
        async with at(stage, stage.profile.ct_search) as http:
            pem = (await http.get("/", params={"d": str(number)})).content
        leaf = x509.load_pem_x509_certificate(pem)
        given = {"certificate": encoded(leaf.public_bytes(Encoding.DER)), "reason": 4}
        return (await client.post(f"{client.base}/revoke-cert", given)).status_code

    return _authorized(stage, zone, name, work)


def _authorized(
    stage: Stage, zone: str, name: str, work: Callable[[AcmeClient, dict[str, Any]], Awaitable[T]]
) -> T:
    """Do something with an account that has shown that it controls a name."""

    async def run() -> T:
        assert stage.profile.acme is not None
        async with at(stage, stage.profile.acme) as http:
            parts = urlsplit(stage.profile.acme)
            client = AcmeClient(http, f"{parts.scheme}://{parts.netloc}")
            await client.register()
            response = await client.order(name)
            order, place = response.json(), response.headers["location"]
            challenge = await client.challenge(order)
            proof = encoded(hashlib.sha256(client.answer(challenge).encode()).digest())
            stage.publish(zone, f"_acme-challenge.{name}", "TXT", f'"{proof}"')
            await client.post(challenge["url"], {})
            for _ in range(TRIES):
                order = (await client.post(place)).json()
                if order["status"] == "ready":
                    break
            assert order["status"] == "ready", order
            return await work(client, order)

    found = asyncio.run(run())
    stage.publish(zone, f"_acme-challenge.{name}", "TXT")
    return found
