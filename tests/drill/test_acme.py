"""A certificate is ordered, proven, and fetched from the drill's authority over HTTPS, or refused for a reason."""

import hashlib
import ssl
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store

from cockpit.clock import SystemClock
from cockpit.drill.dns import DnsNetwork, add_public_suffixes, fault
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.trust.acme import AcmeServer
from cockpit.drill.trust.acme_validation import WorldValidator
from cockpit.drill.trust.jws import encoded
from cockpit.drill.web.hosts import HostNetwork, Page
from cockpit.errors import BadInput
from tests.drill.acme_client import AcmeClient, request_for

ACME, ADDRESS, WWW, WWW_ADDRESS = "acme.drill-ca.example", "192.0.2.92", "www.shop.example", "203.0.113.10"
BASE = f"https://{ACME}"


class Place:
    """A small world with an authority in it."""

    def __init__(self) -> None:
        clock = SystemClock()
        self.network = DnsNetwork(clock)
        add_public_suffixes(self.network)
        shop = self.network.add_zone("shop.example", [("ns1.shop.example", "203.0.113.1")])
        shop.publish(WWW, "A", WWW_ADDRESS)
        resolver = self.network.add_resolver("authority", "198.51.100.99", public=False)
        self.authority = DrillAuthority(clock)
        self.web = HostNetwork(self.authority, clock)
        validator = WorldValidator(lambda: self.web.dial, resolver, authority="drill-ca.example")
        self.acme = AcmeServer(self.authority, clock, BASE, validator)
        self.web.add_host(ACME, ADDRESS, handler=self.acme.handle)
        self.web.add_host(WWW, WWW_ADDRESS)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    await made.web.start()
    yield made
    await made.acme.close()
    await made.web.close()
    await made.network.close()


@pytest.fixture
async def http(place: Place) -> AsyncIterator[httpx.AsyncClient]:
    class ByName(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions["sni_hostname"] = ACME
            return await super().handle_async_request(request)

    trusting = ssl.create_default_context(cadata=place.authority.ca_pem)
    base = f"https://{place.web.dial[f'{ADDRESS}:443']}"
    async with httpx.AsyncClient(
        transport=ByName(verify=trusting), base_url=base, headers={"Host": ACME}, timeout=5.0
    ) as client:
        yield client


@pytest.fixture
async def client(http: httpx.AsyncClient) -> AcmeClient:
    made = AcmeClient(http, BASE)
    assert (await made.register()).status_code == 201
    return made


def publish(place: Place, client: AcmeClient, challenge: Any, name: str = "shop.example") -> None:
    value = encoded(hashlib.sha256(client.answer(challenge).encode()).digest())
    place.network.tree.publish(f"_acme-challenge.{name}", "TXT", value)


async def settled(client: AcmeClient, url: str) -> Any:
    """A challenge or an order that is past its validation."""
    breath = threading.Event()
    for _ in range(500):
        shown = (await client.post(url)).json()
        if shown["status"] not in ("pending", "processing"):
            return shown
        breath.wait(0.01)
    pytest.fail("the authority never made up its mind")


async def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["replay-nonce"]
    return response.status_code, response.json()["type"].rpartition(":")[2]


async def test_a_certificate_is_issued_for_a_name_proven_in_dns(place: Place, client: AcmeClient) -> None:
    created = await client.order("shop.example", "*.shop.example")
    assert created.status_code == 201
    order, url = created.json(), created.headers["location"]
    assert order["status"] == "pending"
    for at in range(2):
        challenge = await client.challenge(order, at=at)
        publish(place, client, challenge)
        assert (await client.post(challenge["url"], {})).json()["status"] == "processing"
        assert (await settled(client, challenge["url"]))["validated"]
    assert (await settled(client, url))["status"] == "ready"
    key, request = request_for("shop.example", "*.shop.example")
    done = (await client.post(order["finalize"], {"csr": request})).json()
    assert done["status"] == "valid"
    downloaded = await client.post(done["certificate"])
    assert downloaded.headers["content-type"] == "application/pem-certificate-chain"
    leaf, issuer = x509.load_pem_x509_certificates(downloaded.content)
    assert leaf.public_key() == key.public_key()
    verifier = PolicyBuilder().store(Store([place.authority.root]))
    verifier.build_server_verifier(x509.DNSName("any.shop.example")).verify(leaf, [issuer])
    assert leaf.serial_number in place.authority.issued


async def test_a_name_can_be_proven_by_a_page(place: Place, client: AcmeClient) -> None:
    created = await client.order(WWW)
    challenge = await client.challenge(created.json(), "http-01")
    path = f"/.well-known/acme-challenge/{challenge['token']}"
    place.web.host(WWW).pages[path] = Page(200, client.answer(challenge).encode(), "text/plain")
    await client.post(challenge["url"], {})
    assert (await settled(client, challenge["url"]))["status"] == "valid"
    assert any(visit.path == path for visit in place.web.log)


async def test_an_rsa_account_key_will_do(http: httpx.AsyncClient) -> None:
    made = AcmeClient(http, BASE, key=rsa.generate_private_key(65537, 2048))
    assert (await made.register()).status_code == 201
    assert (await made.order("shop.example")).status_code == 201


async def test_an_account_is_found_again_and_can_be_closed(client: AcmeClient) -> None:
    first = client.account
    assert (await client.register()).status_code == 200
    assert client.account == first
    assert first is not None
    assert (await client.post(first, {"status": "deactivated"})).json()["status"] == "deactivated"
    assert await problem(await client.order("shop.example")) == (403, "unauthorized")


@pytest.mark.parametrize(("kind", "reason"), [("dns-01", "unauthorized"), ("http-01", "unauthorized")])
async def test_what_is_not_proven_is_not_issued(place: Place, client: AcmeClient, kind: str, reason: str) -> None:
    created = await client.order(WWW)
    order = created.json()
    challenge = await client.challenge(order, kind)
    place.network.tree.publish(f"_acme-challenge.{WWW}", "TXT", "something else")
    await client.post(challenge["url"], {})
    refused = await settled(client, challenge["url"])
    assert (refused["status"], refused["error"]["type"].rpartition(":")[2]) == ("invalid", reason)
    assert (await settled(client, created.headers["location"]))["status"] == "invalid"
    _, request = request_for(WWW)
    assert await problem(await client.post(order["finalize"], {"csr": request})) == (400, "orderNotReady")
    assert place.acme.issued == 0


async def test_a_broken_zone_and_a_closed_address_say_what_is_wrong(place: Place, client: AcmeClient) -> None:
    place.network.tree.zone("shop.example").spoil_signatures("expired")
    challenge = await client.challenge((await client.order("shop.example")).json())
    await client.post(challenge["url"], {})
    error = (await settled(client, challenge["url"]))["error"]
    assert error["type"].endswith(":dns")
    assert "expired" in error["detail"]
    place.network.tree.zone("shop.example").spoil_signatures("none")
    await place.web.refuse(WWW_ADDRESS)
    challenge = await client.challenge((await client.order(WWW)).json(), "http-01")
    await client.post(challenge["url"], {})
    assert (await settled(client, challenge["url"]))["error"]["type"].endswith(":connection")


async def test_a_caa_record_for_somebody_else_forbids(place: Place, client: AcmeClient) -> None:
    place.network.tree.publish("shop.example", "CAA", '0 issue "other-ca.example"')
    challenge = await client.challenge((await client.order(WWW)).json())
    publish(place, client, challenge, WWW)
    await client.post(challenge["url"], {})
    assert (await settled(client, challenge["url"]))["error"]["type"].endswith(":caa")
    place.network.tree.publish("shop.example", "CAA", '0 issue "drill-ca.example"')
    challenge = await client.challenge((await client.order(WWW)).json())
    publish(place, client, challenge, WWW)
    await client.post(challenge["url"], {})
    assert (await settled(client, challenge["url"]))["status"] == "valid"


async def test_a_dead_name_server_is_a_dns_problem(place: Place, client: AcmeClient) -> None:
    place.network.authority("ns1.shop.example").inject(fault("refused"))
    challenge = await client.challenge((await client.order(WWW)).json())
    await client.post(challenge["url"], {})
    assert (await settled(client, challenge["url"]))["error"]["type"].endswith(":dns")


async def test_a_certificate_can_be_revoked_by_who_ordered_it(place: Place, client: AcmeClient) -> None:
    created = await client.order("shop.example")
    challenge = await client.challenge(created.json())
    publish(place, client, challenge)
    await client.post(challenge["url"], {})
    await settled(client, challenge["url"])
    _, request = request_for("shop.example")
    done = (await client.post(created.json()["finalize"], {"csr": request})).json()
    leaf = x509.load_pem_x509_certificates((await client.post(done["certificate"])).content)[0]
    asked = {"certificate": encoded(leaf.public_bytes(Encoding.DER))}
    stranger = AcmeClient(client.http, BASE)
    await stranger.register()
    assert await problem(await stranger.post(f"{BASE}/revoke-cert", asked)) == (403, "unauthorized")
    assert (await client.post(f"{BASE}/revoke-cert", asked)).status_code == 200
    assert leaf.serial_number in place.authority.revoked
    assert await problem(await client.post(f"{BASE}/revoke-cert", asked)) == (400, "alreadyRevoked")


async def test_a_certificate_is_revoked_by_who_holds_its_key(place: Place, http: httpx.AsyncClient) -> None:
    made = place.authority.issue("www.shop.example")
    asked = {"certificate": encoded(made.leaf.public_bytes(Encoding.DER)), "reason": 1}
    thief = AcmeClient(http, BASE)
    assert await problem(await thief.post(f"{BASE}/revoke-cert", asked)) == (403, "unauthorized")
    assert isinstance(made.key, ec.EllipticCurvePrivateKey)
    holder = AcmeClient(http, BASE, key=made.key)
    assert await problem(await holder.post(f"{BASE}/revoke-cert", asked | {"reason": 2})) == (
        400,
        "badRevocationReason",
    )
    assert (await holder.post(f"{BASE}/revoke-cert", asked)).status_code == 200
    assert made.leaf.serial_number in place.authority.revoked


async def test_whoever_controls_the_name_may_revoke_what_others_had_issued(
    place: Place, client: AcmeClient
) -> None:
    stray = place.authority.issue("www.shop.example", "other-issuer")
    asked = {"certificate": encoded(stray.leaf.public_bytes(Encoding.DER))}
    assert await problem(await client.post(f"{BASE}/revoke-cert", asked)) == (403, "unauthorized")
    created = await client.order("www.shop.example")
    challenge = await client.challenge(created.json())
    publish(place, client, challenge, "www.shop.example")
    await client.post(challenge["url"], {})
    await settled(client, challenge["url"])
    assert (await client.post(f"{BASE}/revoke-cert", asked)).status_code == 200
    (record,) = place.acme.revocations
    assert (list(record.names), record.own) == (["www.shop.example"], False)


async def test_what_is_not_signed_properly_is_refused(http: httpx.AsyncClient, client: AcmeClient) -> None:
    url = f"{BASE}/new-order"
    used = await client.nonce()
    assert await problem(await client.post(url, {}, nonce="never given")) == (400, "badNonce")
    assert await problem(await client.post(url, {"identifiers": []}, nonce=used)) == (400, "malformed")
    assert await problem(await client.post(url, {}, nonce=used)) == (400, "badNonce")
    assert await problem(await client.post(url, {}, url=f"{BASE}/elsewhere")) == (403, "unauthorized")
    assert await problem(await client.post(url, {}, alg="HS256")) == (400, "badSignatureAlgorithm")
    assert await problem(await client.post(url, {}, alg="RS256")) == (400, "badSignatureAlgorithm")
    assert await problem(await client.post(url, {}, kid=f"{BASE}/account/nobody")) == (400, "accountDoesNotExist")
    other = AcmeClient(http, BASE, account=client.account)
    assert await problem(await other.order("shop.example")) == (400, "malformed")
    assert (await http.post("/new-order", content=b"{}")).status_code == 415
    jose = {"Content-Type": "application/jose+json"}
    assert await problem(await http.post("/new-order", content=b"[]", headers=jose)) == (400, "malformed")
    assert (await http.get("/new-order")).status_code == 405
    assert (await client.post(f"{BASE}/nothing")).status_code == 404


async def test_what_the_authority_does_not_vouch_for_is_rejected(client: AcmeClient) -> None:
    assert await problem(await client.order("www.bank.test")) == (400, "rejectedIdentifier")
    by_address = {"identifiers": [{"type": "ip", "value": "192.0.2.1"}]}
    assert await problem(await client.post(f"{BASE}/new-order", by_address)) == (400, "unsupportedIdentifier")


async def test_a_request_for_other_names_is_a_bad_one(place: Place, client: AcmeClient) -> None:
    created = await client.order("shop.example")
    challenge = await client.challenge(created.json())
    publish(place, client, challenge)
    await client.post(challenge["url"], {})
    await settled(client, challenge["url"])
    for request in (request_for("www.shop.example")[1], "AAAA"):
        assert await problem(await client.post(created.json()["finalize"], {"csr": request})) == (400, "badCSR")


async def test_orders_are_nobody_elses_business(http: httpx.AsyncClient, client: AcmeClient) -> None:
    created = await client.order("shop.example")
    stranger = AcmeClient(http, BASE)
    await stranger.register()
    for url in (created.headers["location"], created.json()["authorizations"][0]):
        assert await problem(await stranger.post(url)) == (400, "malformed")


async def test_the_authority_can_be_unwell(place: Place, client: AcmeClient) -> None:
    place.acme.inject("rate-limit")
    limited = await client.order("shop.example")
    assert (await problem(limited), limited.headers["retry-after"]) == ((429, "rateLimited"), "60")
    place.acme.inject("server-error")
    assert await problem(await client.order("shop.example")) == (500, "serverInternal")
    place.acme.inject("bad-nonce")
    answers = [(await client.order("shop.example")).status_code for _ in range(4)]
    assert sorted(answers) == [201, 201, 400, 400]
    place.acme.heal()
    assert (await client.order("shop.example")).status_code == 201
    place.acme.inject("stuck")
    challenge = await client.challenge((await client.order("shop.example")).json())
    await client.post(challenge["url"], {})
    assert (await client.post(challenge["url"])).json()["status"] == "processing"
    with pytest.raises(BadInput, match="no ACME fault"):
        place.acme.inject("explode")
