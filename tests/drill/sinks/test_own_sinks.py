"""The company's own monitoring, and a webhook."""

import hashlib
import hmac

import httpx
import pytest

from tests.drill.sinks.desk import Desk


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
