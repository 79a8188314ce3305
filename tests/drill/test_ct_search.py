"""Searching the drill's logs as one searches crt.sh."""

from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography import x509

from cockpit.clock import SystemClock
from cockpit.drill.pki import CtLog, DrillAuthority
from cockpit.drill.trust.ct_search import CtSearch
from cockpit.drill.web.hosts import HostNetwork, host_fault

SEARCH, ADDRESS = "ct.drill-ca.example", "192.0.2.91"


@pytest.fixture
def authority() -> DrillAuthority:
    clock = SystemClock()
    return DrillAuthority(clock, logs=[CtLog("first", clock), CtLog("second", clock)])


@pytest.fixture
async def web(authority: DrillAuthority) -> AsyncIterator[HostNetwork]:
    network = HostNetwork(authority, SystemClock())
    network.add_host(SEARCH, ADDRESS, handler=CtSearch(authority.logs, SystemClock()).handle, plain=True)
    await network.start()
    yield network
    await network.close()


@pytest.fixture
async def client(web: HostNetwork) -> AsyncIterator[httpx.AsyncClient]:
    place = f"http://{web.dial[f'{ADDRESS}:80']}"
    async with httpx.AsyncClient(base_url=place, headers={"Host": SEARCH}, trust_env=False, timeout=2.0) as http:
        yield http


async def search(client: httpx.AsyncClient, **asked: str) -> list[dict[str, object]]:
    response = await client.get("/", params={"output": "json", **asked})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    rows = response.json()
    assert isinstance(rows, list)
    return rows


async def test_every_certificate_for_a_domain_is_found_once_with_its_issuer(
    authority: DrillAuthority, client: httpx.AsyncClient
) -> None:
    authority.issue("www.shop.example", aliases=["shop.example"])
    authority.issue("www.pay.example")
    (row,) = await search(client, q="%.shop.example")
    assert (row["common_name"], row["name_value"]) == ("www.shop.example", "www.shop.example\nshop.example")
    assert row["issuer_name"] == authority.issuer.subject.rfc4514_string()
    assert str(row["not_before"]) < str(row["not_after"])
    assert await search(client, q="shop.example") == [row]
    assert await search(client, identity="%shop.example") == [row]
    assert await search(client, q="news.example") == []


async def test_an_unexpected_issuer_stands_out(authority: DrillAuthority, client: httpx.AsyncClient) -> None:
    authority.issue("www.shop.example")
    strange = authority.issue("www.shop.example", "other-issuer")
    newest, older = await search(client, q="%.shop.example")
    assert newest["issuer_name"] != older["issuer_name"]
    assert newest["issuer_ca_id"] != older["issuer_ca_id"]
    assert newest["serial_number"] == f"{strange.leaf.serial_number:x}"
    pem = (await client.get("/", params={"d": str(newest["id"])})).content
    assert x509.load_pem_x509_certificate(pem) == strange.leaf


async def test_expired_certificates_can_be_left_out(authority: DrillAuthority, client: httpx.AsyncClient) -> None:
    authority.issue("www.shop.example", "expired")
    assert len(await search(client, q="%.shop.example")) == 1
    assert await search(client, q="%.shop.example", exclude="expired") == []


async def test_what_the_search_does_not_understand_it_refuses(client: httpx.AsyncClient) -> None:
    assert (await client.get("/", params={"output": "json"})).status_code == 400
    assert (await client.get("/", params={"q": "shop.example"})).status_code == 400
    assert (await client.get("/", params={"d": "12345"})).status_code == 404
    assert (await client.post("/")).status_code == 405


async def test_the_search_can_be_down(web: HostNetwork, client: httpx.AsyncClient) -> None:
    web.host(SEARCH).inject(host_fault("unavailable", status=502))
    assert (await client.get("/", params={"q": "shop.example", "output": "json"})).status_code == 502
