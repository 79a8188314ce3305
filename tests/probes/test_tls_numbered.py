"""Cases of the TLS list that need a chain of their own, each presented by a listener on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cockpit.clock import SystemClock
from cockpit.drill.pki import AUTHORITY_LIFETIME, DrillAuthority
from cockpit.health.certificate import judge_certificates
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.tls import judge_parts
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.trust.tls import TlsProbe
from cockpit.probes.web.visits import Visit, Visits
from cockpit.profile import Profile
from tests.probes.issued import CHAINS, ROOT, START, Made, pem

HOST = "www.shop.example"
ADDRESS = "203.0.113.10"


@asynccontextmanager
async def presenting(context: ssl.SSLContext, ca_pem: str) -> AsyncIterator[Profile]:
    """A profile in which a listener at ADDRESS shakes hands with `context`."""

    def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Profile(dial={f"{ADDRESS}:443": f"127.0.0.1:{port}"}, ca_pem=ca_pem, loopback_only=True)
    finally:
        server.close()


async def decisions(context: ssl.SSLContext, ca_pem: str, at: datetime) -> dict[str, Observation]:
    """What the certificate checks decide about what is presented, by check."""
    async with presenting(context, ca_pem) as profile:
        visits = Visits(profile, Trust(profile))
        seen = [await visits.at_address(Visit(HOST, 443, at, address=ADDRESS))]
        probe = TlsProbe(profile, Trust(profile), visits)
        readings = await probe.look("shop.example", "tls.certificate", HOST, 443, at=at, visits=seen)
    found = [*judge_certificates("shop.example", readings, at), *judge_parts("shop.example", readings, at)]
    return {each.check: each for each in found if each.vantage == DECISION}


def context_of(chain: tuple[Made, ...], folder: Path) -> ssl.SSLContext:
    """A server context that presents exactly this chain."""
    private = chain[0].key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    bundle = folder / "bundle.pem"
    bundle.write_bytes(private + pem(chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle)
    return context


async def test_tls_2_an_expired_cross_sign_that_is_not_needed_is_ok(tmp_path: Path) -> None:
    chain = CHAINS["expired cross-sign beside a good one"]
    at = START + timedelta(days=1)
    found = await decisions(context_of(chain, tmp_path), pem([ROOT]).decode(), at)
    assert found["tls.certificate"].verdict is Verdict.OK, found["tls.certificate"].headline
    drawn = found["tls.chain"].evidence["chains"][0]["chain"]
    assert [each["used"] for each in drawn] == [True, True, True, False]
    assert drawn[-1]["trouble"].startswith("expired on")


async def test_tls_3_an_intermediate_that_ends_before_the_leaf_is_a_warning() -> None:
    authority = DrillAuthority(SystemClock())
    context = authority.issue(HOST, expires_in=AUTHORITY_LIFETIME + timedelta(days=9)).server_context()
    found = (await decisions(context, authority.ca_pem, datetime.now(UTC)))["tls.chain"]
    assert found.verdict is Verdict.WARN, found.headline
    assert "before the certificate that it issued" in found.headline


async def test_tls_7_a_certificate_that_names_no_responder_has_nothing_to_staple() -> None:
    authority = DrillAuthority(SystemClock())
    found = await decisions(authority.issue(HOST).server_context(), authority.ca_pem, datetime.now(UTC))
    assert found["tls.stapling"].verdict is Verdict.NA
    assert "nothing to staple" in found["tls.stapling"].headline
    assert found["tls.revocation"].verdict is Verdict.NA, found["tls.revocation"].headline
