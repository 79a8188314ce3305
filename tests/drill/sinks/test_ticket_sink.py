"""The customer desk answers in the shape of Freshdesk, and takes nothing that that would not take."""

from typing import Any

import httpx
import pytest

from tests.drill.sinks.desk import GOOD_TICKET, Desk, basic


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
