"""The MTA-STS policy over real HTTPS: status 200 only, no redirect, a certificate for the name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from cockpit.drill.clock import DrillClock
from cockpit.drill.pki import DrillAuthority
from cockpit.health.mail.mta_sts import PolicyFile
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.web.policy_file import MAX_OCTETS, read_policy_file
from tests.probes.mail.internet import internet

D = "case.example"
ADDRESS = "203.0.113.77"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.case.example\r\nmax_age: 86400\r\n"


def page(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def fetching(answer: bytes, *, name: str = f"mta-sts.{D}") -> AsyncIterator[tuple[PolicyFile, bytes]]:
    """What the probe made of an answer, and the request that it sent."""
    authority = DrillAuthority(DrillClock(1.0))
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.issue(name).server_context())
    port = server.sockets[0].getsockname()[1]
    async with internet({D: [f"mta-sts A {ADDRESS}"]}) as asker:
        dial = {**asker.profile.dial, f"{ADDRESS}:443": f"127.0.0.1:{port}"}
        profile = msgspec.structs.replace(asker.profile, dial=dial, ca_pem=authority.ca_pem)
        try:
            yield await read_policy_file(profile, Trust(profile), D, deadline_s=3.0), b"".join(requests)
        finally:
            server.close()


async def test_a_policy_comes_from_its_well_known_place() -> None:
    async with fetching(page(POLICY)) as (policy, request):
        assert policy == PolicyFile(POLICY.decode().replace("\r\n", "\n"))
    assert request.startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
    assert f"host: mta-sts.{D}".encode() in request.lower()


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        (
            page(b"", "301 Moved", f"Location: https://{D}/mta-sts.txt"),
            "redirect",
            "redirects to https://case.example",
        ),
        (page(b"", "404 Not Found"), "status", "404"),
        (page(POLICY, "206 Partial Content"), "status", "206"),
        (page(POLICY, "200 OK", "Content-Encoding: gzip"), "broken-answer", "compressed"),
        (page(b"mx: a\n" * 20_000), "too-long", str(MAX_OCTETS)),
        (b"nothing that is HTTP\r\n\r\n", "broken-answer", ""),
    ],
)
async def test_what_senders_would_not_take_is_refused(answer: bytes, failure: str, says: str) -> None:
    async with fetching(answer) as (policy, _):
        assert (policy.failure, policy.text) == (failure, "")
        assert says in policy.reason


async def test_a_certificate_for_another_name_is_refused() -> None:
    async with fetching(page(POLICY), name=f"www.{D}") as (policy, _):
        assert policy.failure == "bad-certificate"


async def test_a_host_without_an_address_and_one_inside_this_network_are_not_asked() -> None:
    async with internet({D: ["@ A 192.0.2.1"], "inside.example": ["mta-sts A 10.0.0.1"]}) as asker:
        profile = asker.profile
        assert (await read_policy_file(profile, Trust(profile), D)).failure == "no-address"
        open_profile = msgspec.structs.replace(profile, loopback_only=False)
        assert (await read_policy_file(open_profile, Trust(profile), "inside.example")).failure == "not-allowed"
