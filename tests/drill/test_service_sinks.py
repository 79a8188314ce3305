"""Each sink answers in the shape of the service that it stands for, and takes nothing that that would not take."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.clock import SystemClock
from cockpit.drill.http import Request
from cockpit.drill.sinks import (
    MonitoringSink,
    OpsgenieSink,
    PagerSink,
    Sink,
    SinkServer,
    StatusPageSink,
    TicketSink,
    WebhookSink,
)
from tests.drill.programs import program, run


class Desk:
    """All sinks of a company behind one server."""

    def __init__(self) -> None:
        clock = SystemClock()
        self.page, self.ticket = StatusPageSink(clock), TicketSink(clock)
        self.pager, self.opsgenie = PagerSink(), OpsgenieSink()
        self.monitoring, self.webhook = MonitoringSink(), WebhookSink()
        self.all: list[Sink] = [
            *(self.page, self.ticket, self.pager),
            *(self.opsgenie, self.monitoring, self.webhook),
        ]
        self.server = SinkServer(clock, self.all)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    await made.server.start()
    yield made
    await made.server.close()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
        yield client


# Status page


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


# Tickets


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{token}:X".encode()).decode()}


GOOD_TICKET = {
    "email": "customer@shop.example",
    "subject": "Mail not received",
    "description": "<div>Since noon.</div>",
    "status": 2,
    "priority": 3,
}


async def test_a_ticket_is_opened_answered_and_closed(desk: Desk, http: httpx.AsyncClient) -> None:
    tickets, headers = f"{desk.server.url('ticket')}/api/v2/tickets", basic(desk.ticket.token)
    created = await http.post(tickets, json=GOOD_TICKET, headers=headers)
    assert (created.status_code, created.headers["location"]) == (201, "/api/v2/tickets/1001")
    number = created.json()["id"]
    reply = await http.post(f"{tickets}/{number}/reply", json={"body": "We are on it."}, headers=headers)
    note = await http.post(f"{tickets}/{number}/notes", json={"body": "INC-42"}, headers=headers)
    assert (reply.status_code, note.status_code, note.json()["private"]) == (201, 201, True)
    assert (await http.put(f"{tickets}/{number}", json={"status": 5}, headers=headers)).json()["status"] == 5
    kept = (await http.get(f"{tickets}/{number}", headers=headers)).json()
    assert [one["body"] for one in kept["conversations"]] == ["We are on it.", "INC-42"]
    assert len((await http.get(tickets, headers=headers)).json()) == 1
    assert desk.server.messages("ticket")[0].text.startswith("Mail not received: ")


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"subject": None}, "subject", "missing_field"),
        ({"email": None}, "requester_id", "missing_field"),
        ({"email": "nobody"}, "email", "invalid_value"),
        ({"status": 1}, "status", "invalid_value"),
        ({"priority": "high"}, "priority", "invalid_value"),
        ({"colour": "red"}, "colour", "invalid_field"),
    ],
)
async def test_the_customer_desk_names_each_bad_field(
    desk: Desk, http: httpx.AsyncClient, changed: dict[str, Any], field: str, code: str
) -> None:
    tickets = f"{desk.server.url('ticket')}/api/v2/tickets"
    refused = await http.post(tickets, json=GOOD_TICKET | changed, headers=basic(desk.ticket.token))
    assert refused.status_code == 400
    assert refused.json()["description"] == "Validation failed"
    assert (field, code) in [(one["field"], one["code"]) for one in refused.json()["errors"]]
    assert not desk.ticket.tickets


async def test_the_customer_desk_wants_its_key_json_and_a_ticket_that_exists(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    tickets, headers = f"{desk.server.url('ticket')}/api/v2/tickets", basic(desk.ticket.token)
    stranger = await http.post(tickets, json=GOOD_TICKET, headers=basic("wrong"))
    assert (stranger.status_code, stranger.json()["code"]) == (401, "invalid_credentials")
    assert (await http.post(tickets, content=b"{}", headers=headers)).status_code == 415
    broken = await http.post(tickets, content=b"{", headers=headers | {"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (400, "invalid_json")
    assert (await http.get(f"{tickets}/9", headers=headers)).status_code == 404
    assert (await http.delete(tickets, headers=headers)).status_code == 405


# Pagers


def event(desk: Desk, **changed: Any) -> dict[str, Any]:
    payload = {"summary": "DKIM record missing", "source": "cockpit", "severity": "critical"}
    return {
        "routing_key": desk.pager.token,
        "event_action": "trigger",
        "dedup_key": "k",
        "payload": payload,
    } | changed


async def test_a_page_is_triggered_acknowledged_and_resolved(desk: Desk, http: httpx.AsyncClient) -> None:
    url = f"{desk.server.url('pager')}/v2/enqueue"
    for action in ("trigger", "acknowledge", "resolve"):
        taken = await http.post(url, json=event(desk, event_action=action))
        assert (taken.status_code, taken.json()) == (
            202,
            {"status": "success", "message": "Event processed", "dedup_key": "k"},
        )
        assert desk.pager.alerts == {"k": action}
    unnamed = event(desk)
    del unnamed["dedup_key"]
    assert len((await http.post(url, json=unnamed)).json()["dedup_key"]) == 32
    await http.post(url, json=event(desk, event_action="resolve", dedup_key="never seen"))
    assert "never seen" not in desk.pager.alerts
    assert desk.server.messages("pager")[0].text == "trigger k: DKIM record missing"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"routing_key": "short"}, "Length of 'routing_key' is incorrect"),
        ({"routing_key": "0" * 32}, "'routing_key' is invalid"),
        ({"event_action": "shout"}, "'event_action' is invalid"),
        ({"event_action": "resolve", "dedup_key": None}, "'dedup_key' is missing"),
        ({"payload": None}, "'payload' is missing"),
        ({"payload": {"summary": "x", "source": "y", "severity": "P0"}}, "'payload.severity' is invalid"),
        ({"payload": {"source": "y", "severity": "info"}}, "'payload.summary' is missing"),
        ({"payload": {"summary": "x" * 1025, "source": "y", "severity": "info"}}, "longer than 1024"),
    ],
)
async def test_the_pager_says_everything_that_is_wrong_with_an_event(
    desk: Desk, http: httpx.AsyncClient, changed: dict[str, Any], words: str
) -> None:
    refused = await http.post(f"{desk.server.url('pager')}/v2/enqueue", json=event(desk, **changed))
    assert (refused.status_code, refused.json()["status"]) == (400, "invalid event")
    assert words in "; ".join(refused.json()["errors"])
    assert not desk.pager.alerts


async def test_an_opsgenie_alert_is_acknowledged_by_its_alias(desk: Desk, http: httpx.AsyncClient) -> None:
    alerts = f"{desk.server.url('opsgenie')}/v2/alerts"
    headers = {"Authorization": f"GenieKey {desk.opsgenie.token}"}
    for _ in range(2):
        taken = await http.post(
            alerts, json={"message": "DNS is down", "alias": "a", "priority": "P1"}, headers=headers
        )
        assert (taken.status_code, taken.json()["result"]) == (202, "Request will be processed")
    by_alias = {"identifierType": "alias"}
    assert (await http.get(f"{alerts}/a", params=by_alias, headers=headers)).json()["data"]["count"] == 2
    for word, value in (("acknowledge", {"note": "mine"}), ("notes", {"note": "found it"}), ("close", {})):
        moved = await http.post(f"{alerts}/a/{word}", params=by_alias, json=value, headers=headers)
        assert moved.status_code == 202
    outcome = (await http.get(f"{alerts}/requests/{moved.json()['requestId']}", headers=headers)).json()["data"]
    assert outcome["success"] is True
    alert = desk.opsgenie.alerts["a"]
    assert (alert["status"], alert["notes"]) == ("closed", ["mine", "found it"])
    missing = await http.post(f"{alerts}/b/close", params=by_alias, headers=headers)
    lost = (await http.get(f"{alerts}/requests/{missing.json()['requestId']}", headers=headers)).json()["data"]
    assert lost["success"] is False


async def test_opsgenie_refuses_what_the_service_would(desk: Desk, http: httpx.AsyncClient) -> None:
    alerts = f"{desk.server.url('opsgenie')}/v2/alerts"
    headers = {"Authorization": f"GenieKey {desk.opsgenie.token}"}
    assert (await http.post(alerts, json={"message": "x"})).status_code == 401
    empty = await http.post(alerts, json={"message": " ", "priority": "P9"}, headers=headers)
    assert (empty.status_code, set(empty.json()["errors"])) == (422, {"message", "priority"})
    assert (await http.post(alerts, content=b"[", headers=headers)).status_code == 422
    assert (await http.post(f"{alerts}/a/notes", json={}, headers=headers)).status_code == 422
    assert (await http.get(f"{alerts}/nothing", headers=headers)).status_code == 404
    assert not desk.opsgenie.alerts


# The company's own


async def test_an_acknowledgement_as_the_procedures_send_it(desk: Desk, http: httpx.AsyncClient) -> None:
    base, headers = desk.server.url("monitoring"), {"Authorization": f"Bearer {desk.monitoring.token}"}
    url = f"{base}/api/incidents/20261121/acknowledge"
    body = '{"acknowledged_by": "mhassan", "timestamp": "2026-11-21T01:02:03Z"}'
    assert (await http.post(url, content=body, headers=headers)).status_code == 200
    assert desk.monitoring.acknowledged == {"20261121": "mhassan"}
    later = body.replace("mhassan", "jroy")
    assert (await http.post(url, content=later, headers=headers)).json()["acknowledged_by"] == "mhassan"
    page = {"role": "technical-lead", "incident_id": "20261121", "severity": "P0"}
    paged = await http.post(f"{base}/api/page", json=page, headers=headers)
    assert (paged.status_code, paged.json()["role"]) == (202, "technical-lead")
    assert desk.server.messages("monitoring")[-1].text == "page technical-lead for 20261121 (P0)"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/incidents/1/acknowledge", b"[]", 400),
        ("/api/incidents/1/acknowledge", b'{"timestamp": "2026-11-21T01:02:03Z"}', 422),
        ("/api/incidents/1/acknowledge", b'{"acknowledged_by": "x", "timestamp": "noon"}', 422),
        ("/api/incidents/1/acknowledge", b'{"acknowledged_by": "x", "timestamp": "2026-11-21T01:02:03"}', 422),
        ("/api/page", b'{"role": "x", "incident_id": "1", "severity": "SEV1"}', 422),
        ("/api/page", b'{"incident_id": "1", "severity": "P0"}', 422),
        ("/api/nothing", b"{}", 404),
    ],
)
async def test_monitoring_refuses_what_it_cannot_use(
    desk: Desk, http: httpx.AsyncClient, path: str, body: bytes, status: int
) -> None:
    url = desk.server.url("monitoring") + path
    assert (await http.post(url, content=body)).status_code == 401
    headers = {"Authorization": f"Bearer {desk.monitoring.token}"}
    assert (await http.post(url, content=body, headers=headers)).status_code == status
    assert not desk.monitoring.acknowledged


async def test_a_webhook_takes_json_and_checks_a_signature(desk: Desk, http: httpx.AsyncClient) -> None:
    url = desk.server.url("webhook")
    body = b'{"incident": 42, "state": "opened"}'
    good = "sha256=" + hmac.new(desk.webhook.token.encode(), body, hashlib.sha256).hexdigest()
    kind = {"Content-Type": "application/json"}
    assert (await http.post(url, content=body, headers=kind)).status_code == 204
    assert (await http.post(url, content=body, headers=kind | {"X-Signature-256": good})).status_code == 204
    assert (await http.post(url, content=body + b" ", headers=kind | {"X-Signature-256": good})).status_code == 401
    assert (await http.post(url, content=b"42", headers=kind)).status_code == 400
    assert (await http.post(url, content=body)).status_code == 415
    assert (await http.get(url)).status_code == 405
    assert len(desk.server.messages("webhook")) == 2


# All of them


def good_request(desk: Desk, name: str) -> dict[str, Any]:
    """What this sink takes, as arguments for a client."""
    url = desk.server.url(name)
    return {
        "status-page": {
            "url": f"{url}/v1/pages/{desk.page.page}/incidents",
            "headers": {"Authorization": f"OAuth {desk.page.token}"},
            "json": {"incident": {"name": "x"}},
        },
        "ticket": {"url": f"{url}/api/v2/tickets", "headers": basic(desk.ticket.token), "json": GOOD_TICKET},
        "pager": {"url": f"{url}/v2/enqueue", "json": event(desk)},
        "opsgenie": {
            "url": f"{url}/v2/alerts",
            "headers": {"Authorization": f"GenieKey {desk.opsgenie.token}"},
            "json": {"message": "x", "alias": "a"},
        },
        "monitoring": {
            "url": f"{url}/api/incidents/1/acknowledge",
            "headers": {"Authorization": f"Bearer {desk.monitoring.token}"},
            "json": {"acknowledged_by": "x", "timestamp": "2026-11-21T01:02:03Z"},
        },
        "webhook": {"url": url, "json": {"x": 1}},
    }[name]


def state(desk: Desk) -> tuple[Any, ...]:
    return (
        len(desk.page.incidents),
        len(desk.ticket.tickets),
        len(desk.pager.alerts),
        len(desk.opsgenie.alerts),
        len(desk.monitoring.acknowledged),
    )


NAMES = ["status-page", "ticket", "pager", "opsgenie", "monitoring", "webhook"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_sink_that_fails_does_nothing_and_recovers(desk: Desk, http: httpx.AsyncClient, name: str) -> None:
    asked, before = good_request(desk, name), state(desk)
    for kind, statuses in (("error", (500, 503)), ("rate-limit", (420, 429))):
        desk.server.inject(name, kind)
        assert (await http.post(**asked)).status_code in statuses
    desk.server.inject(name, "refuse")
    with pytest.raises(httpx.TransportError):
        await http.post(**asked)
    desk.server.inject(name, "timeout")
    with pytest.raises(httpx.ReadTimeout):
        await http.post(**asked, timeout=0.1)
    assert state(desk) == before
    assert [one.delivered for one in desk.server.received] == [False] * 4
    desk.server.heal(name)
    assert (await http.post(**asked)).is_success
    assert len(desk.server.messages(name)) == 1


@pytest.mark.parametrize("name", NAMES)
async def test_an_answer_can_be_lost_after_the_message_was_taken(
    desk: Desk, http: httpx.AsyncClient, name: str
) -> None:
    desk.server.inject(name, "lost-answer")
    with pytest.raises(httpx.TransportError):
        await http.post(**good_request(desk, name))
    assert len(desk.server.messages(name)) == 1
    assert sum(state(desk)) == (0 if name == "webhook" else 1)


WORDS = [
    *("incident", "name", "status", "body", "components", "component_ids", "impact_override", "subject", "email"),
    *("event_action", "routing_key", "dedup_key", "payload", "severity", "message", "alias", "priority", "note"),
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["x", " ", "trigger", "acknowledge", "resolve", "investigating", "P1"])
    | st.lists(st.integers() | st.text(max_size=3), max_size=2)
    | st.dictionaries(st.sampled_from(WORDS), st.integers() | st.text(max_size=3), max_size=2)
)
JUNK = LEAVES | st.dictionaries(
    st.sampled_from(WORDS), LEAVES | st.dictionaries(st.sampled_from(WORDS), LEAVES, max_size=4), max_size=5
)
PATHS = [
    *("/incidents", "/incidents/x", "/components/x", "/api/v2/tickets", "/api/v2/tickets/1/reply", "/v2/enqueue"),
    *("/v2/alerts", "/v2/alerts/x/close", "/api/incidents/x/acknowledge", "/api/page", ""),
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=JUNK, path=st.sampled_from(PATHS), method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]))
def test_no_request_makes_a_sink_raise(value: Any, path: str, method: str) -> None:
    desk = Desk()
    if isinstance(value, dict) and "routing_key" in value:
        value["routing_key"] = desk.pager.token
    body = json.dumps(value).encode()
    for sink in desk.all:
        base = f"{sink.path}/v1/pages/{desk.page.page}" if sink is desk.page else sink.path
        scheme = {"status-page": "OAuth", "opsgenie": "GenieKey", "monitoring": "Bearer"}.get(sink.name, "")
        login = basic(sink.token)["Authorization"] if sink is desk.ticket else f"{scheme} {sink.token}"
        headers = {"authorization": login, "content-type": "application/json"}
        taken = sink.accept(Request(method, base + path, base + path, (), headers, body))
        response = taken if not hasattr(taken, "act") else taken.act()
        assert 200 <= response.status < 500


@pytest.mark.peer
async def test_the_acknowledgement_of_the_procedures_works_with_curl(desk: Desk) -> None:
    url = f"{desk.server.url('monitoring')}/api/incidents/20261121010203/acknowledge"
    body = '{"acknowledged_by": "mhassan", "timestamp": "2026-11-21T01:02:03Z"}'
    bearer = f"Authorization: Bearer {desk.monitoring.token}"
    said = await run(program("curl"), "-sS", "-X", "POST", url, "-H", bearer, "-d", body)
    assert json.loads(said)["acknowledged_by"] == "mhassan"
