"""The customer desk, in the shape of Freshdesk's API, version 2.

Tickets are created, changed and read under `/api/v2/tickets`, answered under `/reply` and annotated under `/notes`.
Basic authentication with the API key as user name.
"""

import base64
import binascii
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.sinks.answers import bearer, filled, json_answer, json_object
from cockpit.drill.sinks.contract import RETRY_AFTER_S, SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response

TICKET_LIMIT = 500
CONVERSATION_LIMIT = 50
STATUSES, PRIORITIES, SOURCES = (2, 3, 4, 5, 6, 7), (1, 2, 3, 4), (1, 2, 3, 5, 6, 7, 9, 11)
REQUESTERS = ("requester_id", "email", "phone", "unique_external_id", "twitter_id", "facebook_id")
KNOWN = {
    *REQUESTERS,
    *("name", "subject", "description", "status", "priority", "source", "type", "tags", "cc_emails"),
    *("custom_fields", "group_id", "responder_id", "due_by", "fr_due_by", "product_id", "company_id", "parent_id"),
}


class TicketSink:
    """One customer desk; `tickets` holds what was opened, the oldest forgotten first."""

    def __init__(self, clock: Clock, name: str = "ticket") -> None:
        self.name = name
        self.token = secrets.token_urlsafe(15)
        self.path = f"/{name}"
        self.tickets: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._clock = clock
        self._next = 1001

    def owns(self, path: str) -> bool:
        """Whether a path is under the API's base URL."""
        return path.startswith(self.path + "/")

    def accept(self, request: Request) -> Response | Taken:
        """Read one request; what the API would not take is refused with its codes."""
        if not self._authentic(request):
            message = "You have to be logged in to perform this action."
            return json_answer(401, {"code": "invalid_credentials", "message": message})
        parts = request.path.removeprefix(self.path).strip("/").split("/")
        if parts[:3] != ["api", "v2", "tickets"] or len(parts) > 5:
            return Response(404)
        if len(parts) == 3:
            return self._about_all(request)
        ticket = self.tickets.get(int(parts[3])) if parts[3].isdigit() else None
        if ticket is None:
            return Response(404)
        if len(parts) == 5:
            return self._talk(request, ticket, parts[4])
        if request.method == "GET":
            return json_answer(200, ticket)
        if request.method != "PUT":
            return _not_allowed("GET, PUT")
        given = _read(request, new=False)
        if isinstance(given, Response):
            return given
        return Taken(_said({**ticket, **given}), lambda: self._change(ticket, given))

    def trouble(self, kind: SinkFaultKind) -> Response:
        """429 with Retry-After, or 500."""
        if kind is SinkFaultKind.RATE_LIMIT:
            message = {"message": "You have exceeded the limit of requests per hour"}
            return json_answer(429, message, ("Retry-After", str(RETRY_AFTER_S)))
        return json_answer(500, {"message": "We're sorry, but something went wrong."})

    def _authentic(self, request: Request) -> bool:
        try:
            given = base64.b64decode(bearer(request, "Basic"), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return given.partition(":")[0] == self.token

    def _about_all(self, request: Request) -> Response | Taken:
        if request.method == "GET":
            return json_answer(200, list(reversed(self.tickets.values())))
        if request.method != "POST":
            return _not_allowed("GET, POST")
        given = _read(request, new=True)
        if isinstance(given, Response):
            return given
        return Taken(_said(given), lambda: self._create(given))

    def _create(self, given: Mapping[str, Any]) -> Response:
        now = self._clock.now().isoformat(timespec="seconds")
        number, self._next = self._next, self._next + 1
        defaults = {"status": 2, "priority": 1, "source": 2, "tags": [], "cc_emails": [], "type": None}
        ticket = {**defaults, **given, "id": number, "created_at": now, "updated_at": now, "conversations": []}
        self.tickets[number] = ticket
        while len(self.tickets) > TICKET_LIMIT:
            self.tickets.popitem(last=False)
        return json_answer(201, ticket, ("Location", f"/api/v2/tickets/{number}"))

    def _change(self, ticket: dict[str, Any], given: Mapping[str, Any]) -> Response:
        ticket.update(given)
        ticket["updated_at"] = self._clock.now().isoformat(timespec="seconds")
        return json_answer(200, ticket)

    def _talk(self, request: Request, ticket: dict[str, Any], word: str) -> Response | Taken:
        """A reply to the customer, or a note; or all of them, read page by page."""
        if word == "conversations" and request.method == "GET":
            asked = dict(request.query)
            size, page = int(asked.get("per_page", "30")), int(asked.get("page", "1"))
            return json_answer(200, ticket["conversations"][(page - 1) * size : page * size])
        if word not in ("reply", "notes"):
            return Response(404)
        if request.method != "POST":
            return _not_allowed("POST")
        given = json_object(request)
        if given is None:
            return _INVALID_JSON
        body = filled(given.get("body"))
        if body is None:
            return _refused([_missing("body")])

        def act() -> Response:
            said = {
                "body": body,
                "ticket_id": ticket["id"],
                "private": word == "notes",
                "id": secrets.randbelow(2**40),
            }
            ticket["conversations"] = [*ticket["conversations"], said][-CONVERSATION_LIMIT:]
            return json_answer(201, said)

        return Taken(f"{word} on ticket {ticket['id']}: {body}", act)


_INVALID_JSON = json_answer(400, {"code": "invalid_json", "message": "Request body has invalid json format"})


def _read(request: Request, *, new: bool) -> Mapping[str, Any] | Response:
    """The body of a ticket, checked; or the refusal that names each field."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return json_answer(
            415, {"code": "invalid_content_type", "message": "Content-Type should be application/json"}
        )
    given = json_object(request)
    if given is None:
        return _INVALID_JSON
    wrong = [_problem(name, "Unexpected/invalid field in request", "invalid_field") for name in set(given) - KNOWN]
    if new:
        wrong += [_missing(name) for name in ("subject", "description") if filled(given.get(name)) is None]
        if not any(given.get(name) for name in REQUESTERS):
            wrong.append(_missing("requester_id"))
    for name, allowed in (("status", STATUSES), ("priority", PRIORITIES), ("source", SOURCES)):
        if given.get(name) is not None and given[name] not in allowed:
            listed = ",".join(map(str, allowed))
            wrong.append(_problem(name, f"It should be one of these values: '{listed}'", "invalid_value"))
    email = given.get("email")
    if email is not None and (not isinstance(email, str) or "@" not in email):
        wrong.append(_problem("email", "It should be a valid email address.", "invalid_value"))
    return _refused(wrong) if wrong else given


def _refused(wrong: list[dict[str, str]]) -> Response:
    return json_answer(400, {"description": "Validation failed", "errors": wrong})


def _missing(name: str) -> dict[str, str]:
    return _problem(name, "It should be a/an String", "missing_field")


def _problem(name: str, message: str, code: str) -> dict[str, str]:
    return {"field": name, "message": message, "code": code}


def _not_allowed(allowed: str) -> Response:
    return json_answer(405, {"message": f"{allowed} method(s) allowed"}, ("Allow", allowed))


def _said(ticket: Mapping[str, Any]) -> str:
    return f"{ticket.get('subject', '')}: {ticket.get('description', '')}"
