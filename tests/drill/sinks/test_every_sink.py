"""Every sink fails as it is told to, recovers, and raises for no request."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.drill.web.http import Request
from tests.drill.programs import program, run
from tests.drill.sinks.desk import GOOD_TICKET, Desk, basic, event


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
