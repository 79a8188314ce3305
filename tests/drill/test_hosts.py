"""The drill's web over real TLS: certificates swap between connections, faults show as they would."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from cockpit.clock import SystemClock
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.web.hosts import HostNetwork, host_fault
from cockpit.errors import BadInput, NotFound
from tests.drill.programs import program, run

WWW, ADDRESS, SECOND = "www.shop.example", "203.0.113.10", "203.0.113.11"


@pytest.fixture(scope="module")
def authority() -> DrillAuthority:
    return DrillAuthority(SystemClock())


@pytest.fixture
async def web(authority: DrillAuthority) -> AsyncIterator[HostNetwork]:
    network = HostNetwork(authority, SystemClock())
    network.add_host(WWW, ADDRESS, SECOND)
    network.add_host("api.pay.example", "203.0.113.20")
    await network.start()
    yield network
    await network.close()


def trusting(authority: DrillAuthority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.ca_pem)


async def get(
    web: HostNetwork,
    authority: DrillAuthority,
    name: str = WWW,
    *,
    path: str = "/health",
    address: str = ADDRESS,
    patience: float = 2.0,
) -> httpx.Response:
    async with httpx.AsyncClient(verify=trusting(authority), timeout=patience, trust_env=False) as client:
        return await client.get(
            f"https://{web.dial[f'{address}:443']}{path}",
            headers={"Host": name},
            extensions={"sni_hostname": name},
        )


async def tls_error(web: HostNetwork, authority: DrillAuthority, name: str = WWW) -> int:
    """OpenSSL's verification code for a fresh connection; 0 when the certificate is fine."""
    host, _, port = web.dial[f"{ADDRESS}:443"].rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port), ssl=trusting(authority), server_hostname=name)
    except ssl.SSLCertVerificationError as error:
        return int(error.verify_code)
    writer.close()
    await writer.wait_closed()
    return 0


async def test_a_healthy_host_answers_its_health_page(web: HostNetwork, authority: DrillAuthority) -> None:
    response = await get(web, authority)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert (await get(web, authority, path="/nothing")).status_code == 404
    (visit, _) = web.log
    assert (visit.host, visit.address, visit.method, visit.path, visit.status) == (
        WWW,
        ADDRESS,
        "GET",
        "/health",
        200,
    )


async def test_every_address_serves_every_host_by_sni(web: HostNetwork, authority: DrillAuthority) -> None:
    assert (await get(web, authority, "api.pay.example", address=SECOND)).status_code == 200


async def test_an_unknown_name_is_turned_away_in_the_handshake(web: HostNetwork, authority: DrillAuthority) -> None:
    with pytest.raises(httpx.ConnectError):
        await get(web, authority, "nobody.example")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("expired", 10),
        ("not-yet-valid", 9),
        ("wrong-host", 62),
        ("self-signed", 18),
        ("missing-chain", 20),
        ("expiring", 0),
        ("revoked", 0),
    ],
)
async def test_a_certificate_is_swapped_between_connections(
    web: HostNetwork, authority: DrillAuthority, kind: str, code: int
) -> None:
    assert await tls_error(web, authority) == 0
    web.reissue(WWW, kind)
    assert await tls_error(web, authority) == code
    assert await tls_error(web, authority, "api.pay.example") == 0
    web.reissue(WWW)
    assert await tls_error(web, authority) == 0


async def test_an_unavailable_host_answers_its_status(web: HostNetwork, authority: DrillAuthority) -> None:
    host = web.host(WWW)
    host.inject(host_fault("unavailable"))
    response = await get(web, authority)
    assert (response.status_code, response.headers["retry-after"]) == (503, "30")
    assert host.faulty
    host.heal()
    assert not host.faulty
    assert (await get(web, authority)).status_code == 200


async def test_a_wrong_body_comes_with_status_200(web: HostNetwork, authority: DrillAuthority) -> None:
    web.host(WWW).inject(host_fault("wrong-body"))
    response = await get(web, authority)
    assert response.status_code == 200
    assert "Welcome" in response.text


async def test_one_address_can_fail_alone(web: HostNetwork, authority: DrillAuthority) -> None:
    web.host(WWW).inject(host_fault("unavailable", status=502, address=SECOND))
    assert (await get(web, authority)).status_code == 200
    assert (await get(web, authority, address=SECOND)).status_code == 502


async def test_a_slow_host_answers_late(web: HostNetwork, authority: DrillAuthority) -> None:
    web.host(WWW).inject(host_fault("slow", latency_s=0.3))
    with pytest.raises(httpx.ReadTimeout):
        await get(web, authority, patience=0.1)
    began = time.monotonic()
    assert (await get(web, authority)).status_code == 200
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(("kind", "error"), [("hang", httpx.ReadTimeout), ("drip", httpx.ReadTimeout)])
async def test_a_host_that_hangs_or_drips_keeps_the_client_waiting(
    web: HostNetwork, authority: DrillAuthority, kind: str, error: type[Exception]
) -> None:
    web.host(WWW).inject(host_fault(kind))
    with pytest.raises(error):
        await get(web, authority, patience=0.2)


async def test_a_reset_cuts_the_connection(web: HostNetwork, authority: DrillAuthority) -> None:
    web.host(WWW).inject(host_fault("reset"))
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await get(web, authority)


async def test_a_refusing_address_keeps_its_port(web: HostNetwork, authority: DrillAuthority) -> None:
    before = web.dial
    await web.refuse(ADDRESS)
    with pytest.raises(httpx.ConnectError):
        await get(web, authority)
    assert (await get(web, authority, address=SECOND)).status_code == 200
    await web.accept(ADDRESS)
    assert web.dial == before
    assert (await get(web, authority)).status_code == 200


async def test_plain_http_redirects_to_https(web: HostNetwork) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"http://{web.dial[f'{ADDRESS}:80']}/health", headers={"Host": WWW})
    assert (response.status_code, response.headers["location"]) == (301, f"https://{WWW}/health")


async def test_rubbish_does_not_stop_a_host(web: HostNetwork, authority: DrillAuthority) -> None:
    for port in (443, 80):
        host, _, bound = web.dial[f"{ADDRESS}:{port}"].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(bound))
        writer.write(b"\x00\xff rubbish\r\n\r\n" * 50)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(4096)
        writer.close()
    assert (await get(web, authority)).status_code == 200


def test_words_outside_the_vocabulary_are_refused(authority: DrillAuthority) -> None:
    web = HostNetwork(authority, SystemClock())
    with pytest.raises(BadInput, match="no host fault"):
        host_fault("explode")
    with pytest.raises(BadInput, match="latency_s"):
        host_fault("slow")
    with pytest.raises(BadInput, match="no HTTP status"):
        host_fault("unavailable", status=99)
    with pytest.raises(NotFound, match="no host nobody"):
        web.host("nobody")


@pytest.mark.peer
async def test_openssl_and_curl_see_what_is_presented(
    web: HostNetwork, authority: DrillAuthority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    openssl, curl = program("openssl"), program("curl")
    root = tmp_path_factory.mktemp("ca") / "root.pem"
    root.write_text(authority.ca_pem)
    place = web.dial[f"{ADDRESS}:443"]
    client = (
        openssl,
        "s_client",
        "-connect",
        place,
        "-servername",
        WWW,
        "-verify_hostname",
        WWW,
        "-CAfile",
        str(root),
    )
    assert "Verify return code: 0 (ok)" in await run(*client)
    fetch = (curl, "-sS", "--cacert", str(root), "--connect-to", f"{WWW}:443:{place}", f"https://{WWW}/health")
    assert '"status": "ok"' in await run(*fetch)
    web.reissue(WWW, "expired")
    assert "certificate has expired" in await run(*client)
    assert "expired" in await run(*fetch)
