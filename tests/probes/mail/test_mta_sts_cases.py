"""MTA-STS of the MX list, from the record over the policy's HTTPS to the verdict, all over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from cockpit.clock import SystemClock
from cockpit.config import DomainConfig
from cockpit.drill.pki import DrillAuthority
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.probes.trust.certificates import Trust
from cockpit.watch.mail import MailLooks, Sending
from tests.probes.mail.internet import AT, codes, internet, told

D = "case.example"
ADDRESS = "203.0.113.77"
POLICY = "version: STSv1\nmode: enforce\nmx: mx.case.example\nmax_age: 1209600\n"
RECORDS = ["@ MX 10 mx.case.example.", "mx A 192.0.2.1", f"mta-sts A {ADDRESS}", '_mta-sts TXT "v=STSv1; id=7;"']


class Host:
    """Serves the policy; what it answers may be changed between two looks."""

    def __init__(self) -> None:
        self.answer = page(POLICY)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def page(body: str, status: str = "200 OK", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


class Policies:
    """A domain that asks for TLS, and the watch's own looks at it."""

    def __init__(self, host: Host, looks: MailLooks) -> None:
        self.host = host
        self._looks = looks

    async def look(self) -> Observation:
        """The decision of one look, which the next one remembers."""
        seen = await self._looks.records(Sending(DomainConfig(name=D), None), AT)
        for each in seen:
            self._looks.learn(each)
        return next(each for each in seen if (each.check, each.vantage) == ("mail.mta_sts", DECISION))


@asynccontextmanager
async def policies(*extra: str, name: str = f"mta-sts.{D}") -> AsyncIterator[Policies]:
    """The domain with `extra` records, its policy behind a certificate for `name`."""
    host, authority = Host(), DrillAuthority(SystemClock())
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0, ssl=authority.issue(name).server_context())
    port = server.sockets[0].getsockname()[1]
    try:
        async with internet({D: [*RECORDS, *extra]}) as asker:
            dial = {**asker.profile.dial, f"{ADDRESS}:443": f"127.0.0.1:{port}"}
            profile = msgspec.structs.replace(asker.profile, dial=dial, ca_pem=authority.ca_pem)
            yield Policies(host, MailLooks(profile, Trust(profile)))
    finally:
        server.close()


async def test_mx_4_a_policy_with_status_200_valid_tls_and_every_exchanger_is_ok() -> None:
    async with policies() as domain:
        seen = await domain.look()
    assert (seen.verdict, seen.headline) == (Verdict.OK, "MTA-STS: mode enforce")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (page(POLICY, "301 Moved", f"Location: https://{D}/mta-sts.txt"), "redirects"),
        (page(POLICY, "404 Not Found"), "404"),
    ],
)
async def test_mx_4_a_policy_behind_a_redirect_or_another_status_fails(answer: bytes, says: str) -> None:
    async with policies() as domain:
        domain.host.answer = answer
        seen = await domain.look()
    assert codes(seen) == {"file": Verdict.FAIL}
    assert says in told(seen)


async def test_mx_4_a_policy_behind_a_certificate_for_another_name_fails() -> None:
    async with policies(name=f"www.{D}") as domain:
        seen = await domain.look()
    assert codes(seen) == {"file": Verdict.FAIL}
    assert "certificate" in told(seen)


async def test_mx_4_an_exchanger_that_no_pattern_covers_fails() -> None:
    async with policies("@ MX 20 mx2.case.example.", "mx2 A 192.0.2.2") as domain:
        seen = await domain.look()
    assert codes(seen) == {"mx": Verdict.FAIL}
    assert "mx: mx2.case.example" in told(seen)


async def test_mx_5_another_policy_under_the_same_id_is_a_warning() -> None:
    async with policies() as domain:
        assert (await domain.look()).verdict is Verdict.OK
        domain.host.answer = page(POLICY.replace("1209600", "604800"))
        seen = await domain.look()
    assert codes(seen) == {"same-id": Verdict.WARN}
    assert "id=8;" in told(seen)
