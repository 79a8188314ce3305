"""The status page answers in the shape of Statuspage, and takes nothing that that would not take."""

import json
from typing import Any

import httpx
import pytest

from tests.drill.sinks.desk import Desk


class Page:
    """A client of the status page."""

    def __init__(self, desk: Desk, http: httpx.AsyncClient, token: str | None = None) -> None:
        self.base = f"{desk.server.url('status-page')}/v1/pages/{desk.page.page}"
        self.headers = {"Authorization": f"OAuth {token or desk.page.token}"}
        self.http = http

    async def ask(self, method: str, path: str, value: Any = None) -> httpx.Response:
        return await self.http.request(method, self.base + path, headers=self.headers, json=value)


async def test_an_incident_on_the_status_page_goes_from_investigating_to_resolved(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    page = Page(desk, http)
    (component, *_) = (await page.ask("GET", "/components")).json()
    new = {
        "name": "Mail is delayed",
        "status": "investigating",
        "body": "We are looking into it.",
        "impact_override": "major",
        "component_ids": [component["id"]],
        "components": {component["id"]: "partial_outage"},
    }
    created = await page.ask("POST", "/incidents", {"incident": new})
    assert created.status_code == 201
    incident = created.json()
    assert (incident["status"], incident["impact"], incident["components"][0]["status"]) == (
        "investigating",
        "major",
        "partial_outage",
    )
    update = {"status": "identified", "body": "A DNS record is missing."}
    assert (await page.ask("PATCH", f"/incidents/{incident['id']}", {"incident": update})).status_code == 200
    assert len((await page.ask("GET", "/incidents/unresolved")).json()) == 1
    done = {"status": "resolved", "components": {component["id"]: "operational"}}
    resolved = (await page.ask("PATCH", f"/incidents/{incident['id']}.json", {"incident": done})).json()
    assert resolved["resolved_at"] is not None
    assert [one["status"] for one in resolved["incident_updates"]] == ["resolved", "identified", "investigating"]
    assert (await page.ask("GET", "/incidents/unresolved")).json() == []
    assert (await page.ask("GET", f"/incidents/{incident['id']}")).json() == resolved
    assert [one.text for one in desk.server.messages("status-page")] == [
        "Mail is delayed [investigating]: We are looking into it.",
        "Mail is delayed [identified]: A DNS record is missing.",
        "Mail is delayed [resolved]",
    ]


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [
        ({}, 400, "incident is missing"),
        ({"incident": {"status": "investigating"}}, 422, "Name can't be blank"),
        ({"incident": {"name": "x", "status": "broken"}}, 422, "Status is not included"),
        ({"incident": {"name": "x", "impact_override": "huge"}}, 422, "Impact override is not included"),
        ({"incident": {"name": "x", "components": {"zzz": "operational"}}}, 422, "does not belong"),
        ({"incident": {"name": "x", "components": {"zzz": "odd"}}}, 422, "Component status"),
    ],
)
async def test_the_status_page_refuses_what_the_service_would(
    desk: Desk, http: httpx.AsyncClient, value: Any, status: int, words: str
) -> None:
    refused = await Page(desk, http).ask("POST", "/incidents", value)
    assert refused.status_code == status
    assert words in json.dumps(refused.json()["error"])
    assert not desk.page.incidents
    assert [one.status for one in desk.server.refused] == [status]


async def test_the_status_page_wants_its_key_and_knows_its_page(desk: Desk, http: httpx.AsyncClient) -> None:
    stranger = await Page(desk, http, token="wrong").ask("GET", "/incidents")
    assert (stranger.status_code, stranger.json()) == (401, {"error": "Could not authenticate"})
    page = Page(desk, http)
    assert (await page.ask("GET", "/incidents/nothing")).status_code == 404
    assert (await page.ask("GET", "/subscribers")).status_code == 404
    component = next(iter(desk.page.components))
    changed = await page.ask("PATCH", f"/components/{component}", {"component": {"status": "major_outage"}})
    assert changed.json()["status"] == "major_outage"
    assert (
        await page.ask("PATCH", f"/components/{component}", {"component": {"status": "odd"}})
    ).status_code == 422
    page.base = page.base.replace(desk.page.page, "another")
    assert (await page.ask("GET", "/incidents")).status_code == 404
