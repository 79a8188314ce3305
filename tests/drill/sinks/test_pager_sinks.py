"""The pagers answer in the shape of PagerDuty and Opsgenie, and take nothing that those would not take."""

from typing import Any

import httpx
import pytest

from tests.drill.sinks.desk import Desk, event


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
