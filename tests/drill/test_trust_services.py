"""The authority of a whole world, reached as its profile says: revocation, staples, timestamps, logs, and sinks."""

import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC

import dns.asyncquery
import dns.flags
import dns.message
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus
from cryptography.x509.oid import AuthorityInformationAccessOID

from cockpit.drill.scenario import load_scenario, parse_inject
from cockpit.drill.world import World
from cockpit.profile import Profile

WWW = "www.pay.example"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World(load_scenario("all-quiet"))
    await made.start()
    yield made
    await made.close()


async def address_of(profile: Profile, name: str, kind: str = "A") -> str:
    """What the profile's first resolver says, validated."""
    resolver = profile.resolvers[0]
    host, port = profile.dialled(resolver.address, resolver.port)
    query = dns.message.make_query(name, kind, want_dnssec=True)
    response = await dns.asyncquery.udp(query, host, timeout=5, port=port)
    assert response.flags & dns.flags.AD
    return str(response.answer[0][0].to_text())


async def ask(world: World, url: str, *, body: bytes | None = None, kind: str = "A") -> httpx.Response:
    """Fetch a URL as a client in this world does."""
    parts = httpx.URL(url)
    profile = world.profile
    place, port = profile.dialled(
        await address_of(profile, parts.host, kind), 443 if parts.scheme == "https" else 80
    )
    shown = f"[{place}]" if ":" in place else place
    trusting = ssl.create_default_context(cadata=profile.ca_pem)
    headers = {"Host": parts.host} | ({"Content-Type": "application/ocsp-request"} if body is not None else {})
    async with httpx.AsyncClient(verify=trusting, trust_env=False, timeout=5.0) as client:
        return await client.request(
            "GET" if body is None else "POST",
            parts.copy_with(host=shown, port=port),
            headers=headers,
            content=body,
            extensions={"sni_hostname": parts.host},
        )


def places_in(leaf: x509.Certificate) -> dict[x509.ObjectIdentifier, str]:
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    return {one.access_method: str(one.access_location.value) for one in access}


async def status_of(world: World, leaf: x509.Certificate) -> OCSPCertStatus:
    """What the responder that the certificate names says about it."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(leaf, world.authority.issuer, hashes.SHA256()).build()
    url = places_in(leaf)[AuthorityInformationAccessOID.OCSP]
    answer = await ask(world, url, body=asked.public_bytes(Encoding.DER))
    return ocsp.load_der_ocsp_response(answer.content).certificate_status


async def test_a_revocation_shows_at_the_responder_that_the_certificate_names(world: World) -> None:
    leaf = world.hosts.host(WWW).certificate.leaf
    assert await status_of(world, leaf) is OCSPCertStatus.GOOD
    world.inject(parse_inject({"do": "certificate-revoke", "host": WWW}))
    assert await status_of(world, leaf) is OCSPCertStatus.REVOKED


async def test_the_missing_intermediate_can_be_fetched_from_where_the_certificate_says(world: World) -> None:
    url = places_in(world.hosts.host(WWW).certificate.leaf)[AuthorityInformationAccessOID.CA_ISSUERS]
    assert x509.load_der_x509_certificate((await ask(world, url)).content) == world.authority.issuer


async def test_the_authority_is_reached_by_ipv6_where_there_is_any(world: World) -> None:
    if not any(":" in name.rpartition(":")[0] for name in world.profile.dial):
        pytest.skip("this machine has no ::1")
    assert (await ask(world, "https://acme.drill-ca.example/directory", kind="AAAA")).status_code == 200


async def test_the_timestamps_of_every_host_verify_with_the_keys_of_the_profile(world: World) -> None:
    keys = {hashlib.sha256(base64.b64decode(log.key)).digest(): log.key for log in world.profile.ct_logs}
    assert len(keys) == 2
    for name in (WWW, "www.shop.example"):
        leaf = world.hosts.host(name).certificate.leaf
        found = leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
        assert {sct.log_id for sct in found} == set(keys)
        issuer = world.authority.issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        tbs = leaf.tbs_precertificate_bytes
        for sct in found:
            key = load_der_public_key(base64.b64decode(keys[sct.log_id]))
            assert isinstance(key, ec.EllipticCurvePublicKey)
            head = b"\x00\x00" + _milliseconds(sct).to_bytes(8) + b"\x00\x01" + hashlib.sha256(issuer).digest()
            key.verify(sct.signature, head + len(tbs).to_bytes(3) + tbs + b"\x00\x00", ec.ECDSA(hashes.SHA256()))


def _milliseconds(sct: x509.certificate_transparency.SignedCertificateTimestamp) -> int:

    return round(sct.timestamp.replace(tzinfo=UTC).timestamp() * 1000)


async def test_a_misissued_certificate_is_found_by_searching_and_served_nowhere(world: World) -> None:
    url = "https://ct.drill-ca.example/?q=%25.pay.example&output=json"
    before = {row["serial_number"]: row["issuer_name"] for row in (await ask(world, url)).json()}
    world.inject(parse_inject({"do": "ct-misissue", "host": WWW}))
    after = {row["serial_number"]: row["issuer_name"] for row in (await ask(world, url)).json()}
    (strange,) = set(after) - set(before)
    assert after[strange] not in before.values()
    assert f"{world.hosts.host(WWW).certificate.leaf.serial_number:x}" != strange


async def test_acme_is_where_its_directory_says(world: World) -> None:
    directory = (await ask(world, "https://acme.drill-ca.example/directory")).json()
    assert directory["newOrder"].startswith("https://acme.drill-ca.example/")
    assert (await ask(world, directory["newNonce"])).headers["replay-nonce"]


async def test_every_sink_says_where_it_is_and_what_it_wants(world: World) -> None:
    told = world.status()["sinks"]
    assert set(told) == {
        *("chat", "slack", "status-page", "ticket", "pager", "opsgenie", "monitoring", "webhook", "mail"),
        "alertmanager",
    }
    assert all(one["token"] for name, one in told.items() if name != "alertmanager")
    async with httpx.AsyncClient(trust_env=False) as client:
        page = await client.post(
            f"{told['monitoring']['url']}/api/page",
            headers={"Authorization": f"Bearer {told['monitoring']['token']}"},
            json={"role": "technical-lead", "incident_id": "1", "severity": "P1"},
        )
    assert page.status_code == 202
    assert [message.sink for message in world.witness.messages()] == ["monitoring"]
