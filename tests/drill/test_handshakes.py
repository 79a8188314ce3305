"""What a TLS client meets before, in and right after the handshake: faults, staples, certificates per address."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from cockpit.clock import SystemClock
from cockpit.drill.dns import has_ipv6_loopback
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.trust.ocsp import OcspResponder
from cockpit.drill.web.client_hello import server_name
from cockpit.drill.web.hosts import HostNetwork, Page, host_fault
from cockpit.errors import BadInput, NotFound
from tests.drill.programs import program, run

WWW, ADDRESS, SECOND, SIXTH = "www.shop.example", "203.0.113.10", "203.0.113.11", "2001:db8::10"


@pytest.fixture(scope="module")
def authority() -> DrillAuthority:
    return DrillAuthority(SystemClock())


@pytest.fixture
def responder(authority: DrillAuthority) -> OcspResponder:
    return OcspResponder(authority, SystemClock())


@pytest.fixture
async def web(authority: DrillAuthority) -> AsyncIterator[HostNetwork]:
    network = HostNetwork(authority, SystemClock())
    network.add_host(WWW, ADDRESS, SECOND)
    network.add_host("api.pay.example", ADDRESS)
    await network.start()
    yield network
    await network.close()


async def get(
    web: HostNetwork, authority: DrillAuthority, name: str = WWW, *, address: str = ADDRESS, patience: float = 2.0
) -> int:
    """The status of the health page, by a connection of its own."""
    trusting = ssl.create_default_context(cadata=authority.ca_pem)
    place = web.dial[f"{address}:443"]
    host, _, port = place.rpartition(":")
    shown = f"[{host}]:{port}" if ":" in host else place
    async with httpx.AsyncClient(verify=trusting, timeout=patience, trust_env=False) as client:
        url = f"https://{shown}/health"
        return (await client.get(url, headers={"Host": name}, extensions={"sni_hostname": name})).status_code


def presented(web: HostNetwork, name: str | None = WWW, address: str = ADDRESS) -> x509.Certificate:
    """The leaf that a client is shown, trusted or not."""
    host, _, port = web.dial[f"{address}:443"].rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with (
        socket.create_connection((host, int(port)), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name) as tls,
    ):
        der = tls.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def stapled(web: HostNetwork, name: str = WWW) -> ocsp.OCSPResponse | None:
    """The response that comes with the handshake, as a client sees it that asks for one."""
    host, _, port = web.dial[f"{ADDRESS}:443"].rpartition(":")
    seen: list[bytes] = []
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)

    def see(connection: SSL.Connection, octets: bytes, data: object) -> bool:
        seen.append(octets)
        return True

    context.set_ocsp_client_callback(see, None)
    with socket.create_connection((host, int(port)), timeout=5) as plain:
        plain.setblocking(True)
        connection = SSL.Connection(context, plain)
        connection.set_tlsext_host_name(name.encode())
        connection.request_ocsp()
        connection.set_connect_state()
        connection.do_handshake()
        connection.shutdown()
    return ocsp.load_der_ocsp_response(seen[0]) if seen and seen[0] else None


# Faults


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("plain-http", httpx.ConnectError),
        ("handshake-hang", httpx.ConnectTimeout),
        ("handshake-reset", httpx.ConnectError),
        ("abort", (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError, httpx.ConnectError)),
    ],
)
async def test_a_load_balancer_can_fail_around_the_handshake(
    web: HostNetwork, authority: DrillAuthority, kind: str, error: type[Exception]
) -> None:
    web.host(WWW).inject(host_fault(kind))
    with pytest.raises(error):
        await get(web, authority, patience=0.5)
    assert await get(web, authority, "api.pay.example") == 200
    web.host(WWW).heal()
    assert await get(web, authority) == 200


async def test_plain_http_on_the_tls_port_is_told_by_its_error(web: HostNetwork, authority: DrillAuthority) -> None:
    web.host(WWW).inject(host_fault("plain-http"))
    with pytest.raises(httpx.ConnectError, match="(?i)wrong.version.number"):
        await get(web, authority)


async def test_a_fault_around_the_handshake_can_be_at_one_address(
    web: HostNetwork, authority: DrillAuthority
) -> None:
    web.host(WWW).inject(host_fault("handshake-reset", address=SECOND))
    assert await get(web, authority) == 200
    with pytest.raises(httpx.ConnectError):
        await get(web, authority, address=SECOND)


async def test_a_fault_can_show_on_every_third_connection(web: HostNetwork, authority: DrillAuthority) -> None:
    web.host(WWW).inject(host_fault("unavailable", every=3))
    assert [await get(web, authority) for _ in range(6)] == [200, 200, 503, 200, 200, 503]


# Certificates


async def test_two_addresses_can_present_two_certificates(web: HostNetwork) -> None:
    old = web.host(WWW).certificate
    new = web.reissue(WWW, "expired", address=SECOND)
    at_first, at_second = await asyncio.gather(
        asyncio.to_thread(presented, web), asyncio.to_thread(presented, web, WWW, SECOND)
    )
    assert (at_first, at_second) == (old.leaf, new.leaf)
    everywhere = web.reissue(WWW)
    assert await asyncio.to_thread(presented, web, WWW, SECOND) == everywhere.leaf
    with pytest.raises(NotFound):
        web.reissue(WWW, address="203.0.113.250")


@pytest.mark.parametrize("kind", ["weak-key", "weak-signature"])
async def test_a_weak_certificate_is_presented_and_not_believed(
    web: HostNetwork, authority: DrillAuthority, kind: str
) -> None:
    weak = web.reissue(WWW, kind)
    assert await asyncio.to_thread(presented, web) == weak.leaf
    with pytest.raises(httpx.ConnectError):
        await get(web, authority)


async def test_without_a_name_the_client_meets_the_first_host(web: HostNetwork) -> None:
    assert await asyncio.to_thread(presented, web, None) == web.host(WWW).certificate.leaf


async def test_a_hello_that_comes_in_pieces_is_understood(web: HostNetwork, authority: DrillAuthority) -> None:
    host, _, port = web.dial[f"{ADDRESS}:443"].rpartition(":")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cadata=authority.ca_pem)
    tls = context.wrap_bio(incoming, outgoing, server_hostname="api.pay.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = outgoing.read()
    reader, writer = await asyncio.open_connection(host, int(port))
    for piece in (hello[:3], hello[3:40], hello[40:]):
        writer.write(piece)
        await writer.drain()
        await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0.03)
    while True:
        incoming.write(await reader.read(4096))
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            continue
    der = tls.getpeercert(binary_form=True)
    writer.close()
    assert der is not None
    assert x509.load_der_x509_certificate(der) == web.host("api.pay.example").certificate.leaf


@given(octets=st.binary(max_size=120).map(lambda tail: b"\x16\x03\x01\x00\x50\x01" + tail))
def test_no_octets_make_the_reader_of_hellos_raise(octets: bytes) -> None:
    assert server_name(octets) is None or isinstance(server_name(octets), str)


# Staples


@pytest.mark.parametrize(
    ("kind", "status"),
    [("good", OCSPCertStatus.GOOD), ("revoked", OCSPCertStatus.REVOKED), ("unknown", OCSPCertStatus.UNKNOWN)],
)
async def test_a_host_staples_what_it_was_told_to(
    web: HostNetwork, authority: DrillAuthority, responder: OcspResponder, kind: str, status: OCSPCertStatus
) -> None:
    assert await asyncio.to_thread(stapled, web) is None
    web.staple(WWW, kind, responder)
    response = await asyncio.to_thread(stapled, web)
    assert response is not None
    assert (response.certificate_status, response.serial_number) == (
        status,
        web.host(WWW).certificate.leaf.serial_number,
    )
    assert await get(web, authority) == 200
    assert await asyncio.to_thread(stapled, web, "api.pay.example") is None
    web.staple(WWW, None, responder)
    assert await asyncio.to_thread(stapled, web) is None


async def test_a_stale_staple_is_past_its_next_update(web: HostNetwork, responder: OcspResponder) -> None:
    web.staple(WWW, "stale", responder)
    response = await asyncio.to_thread(stapled, web)
    assert response is not None
    assert response.next_update_utc is not None
    assert response.next_update_utc < SystemClock().now()


async def test_a_good_staple_says_so_when_the_certificate_is_revoked(
    web: HostNetwork, authority: DrillAuthority, responder: OcspResponder
) -> None:
    web.staple(WWW, "good", responder)
    authority.revoke(web.host(WWW).certificate.leaf)
    response = await asyncio.to_thread(stapled, web)
    assert response is not None
    assert response.certificate_status is OCSPCertStatus.REVOKED
    web.reissue(WWW)
    renewed = await asyncio.to_thread(stapled, web)
    assert renewed is not None
    assert renewed.certificate_status is OCSPCertStatus.GOOD


async def test_faults_act_on_a_stapling_host_too(
    web: HostNetwork, authority: DrillAuthority, responder: OcspResponder
) -> None:
    web.staple(WWW, "good", responder)
    host = web.host(WWW)
    for kind in ("handshake-reset", "abort", "reset"):
        host.inject(host_fault(kind))
        with pytest.raises(httpx.TransportError):
            await get(web, authority)
        host.heal()
    host.inject(host_fault("unavailable"))
    assert await get(web, authority) == 503


# Plain HTTP and IPv6


async def test_a_challenge_page_is_served_plainly_and_the_rest_redirected(web: HostNetwork) -> None:
    web.host(WWW).pages["/.well-known/acme-challenge/abc"] = Page(200, b"abc.thumb", "text/plain")
    place = web.dial[f"{ADDRESS}:80"]
    async with httpx.AsyncClient(trust_env=False, headers={"Host": WWW}) as client:
        found = await client.get(f"http://{place}/.well-known/acme-challenge/abc")
        other = await client.get(f"http://{place}/.well-known/acme-challenge/other?x=1")
    assert (found.status_code, found.text) == (200, "abc.thumb")
    assert (other.status_code, other.headers["location"]) == (
        301,
        f"https://{WWW}/.well-known/acme-challenge/other?x=1",
    )


async def test_a_host_is_reached_by_ipv6_too(authority: DrillAuthority) -> None:
    if not has_ipv6_loopback():
        pytest.skip("this machine has no ::1")
    web = HostNetwork(authority, SystemClock())
    web.add_host(WWW, ADDRESS, SIXTH)
    await web.start()
    try:
        assert web.dial[f"{SIXTH}:443"].startswith("::1:")
        assert await get(web, authority, address=SIXTH) == 200
        web.host(WWW).inject(host_fault("unavailable", address=SIXTH))
        assert await get(web, authority) == 200
        assert await get(web, authority, address=SIXTH) == 503
    finally:
        await web.close()


def test_a_fault_shows_on_whole_connections_only() -> None:
    with pytest.raises(BadInput, match="every n-th"):
        host_fault("unavailable", every=0)


@pytest.mark.peer
async def test_openssl_sees_the_staple_and_believes_it(
    web: HostNetwork, authority: DrillAuthority, responder: OcspResponder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("ca")
    (folder / "root").write_text(authority.ca_pem)
    place = web.dial[f"{ADDRESS}:443"]
    ask = (program("openssl"), "s_client", "-connect", place, "-servername", WWW, "-CAfile", str(folder / "root"))
    assert "OCSP response: no response sent" in await run(*ask, "-status")
    web.staple(WWW, "good", responder)
    said = await run(*ask, "-status")
    assert "OCSP Response Status: successful" in said
    assert "Cert Status: good" in said
    assert "Verify return code: 0 (ok)" in said
    web.staple(WWW, "revoked", responder)
    assert "Cert Status: revoked" in await run(*ask, "-status")


@pytest.mark.peer
async def test_curl_insists_on_a_good_staple(
    web: HostNetwork, authority: DrillAuthority, responder: OcspResponder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    curl = program("curl")
    if "OpenSSL" not in await run(curl, "--version"):
        pytest.skip("this curl is not built on OpenSSL")
    bundle = tmp_path_factory.mktemp("ca") / "chain"
    bundle.write_bytes(authority.ca_pem.encode() + authority.issuer.public_bytes(Encoding.PEM))
    place = web.dial[f"{ADDRESS}:443"]
    fetch = (
        *(curl, "-sS", "--cert-status", "--cacert", str(bundle)),
        *("--connect-to", f"{WWW}:443:{place}", f"https://{WWW}/health"),
    )
    assert "No OCSP response received" in await run(*fetch)
    web.staple(WWW, "good", responder)
    assert '"status": "ok"' in await run(*fetch)
    web.staple(WWW, "revoked", responder)
    assert "revo" in (await run(*fetch)).lower()
    web.staple(WWW, "stale", responder)
    assert "expired" in await run(*fetch)
