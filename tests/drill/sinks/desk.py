"""All sinks of a company behind one server, and what they take."""

import base64
from typing import Any

from cockpit.clock import SystemClock
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


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{token}:X".encode()).decode()}


GOOD_TICKET = {
    "email": "customer@shop.example",
    "subject": "Mail not received",
    "description": "<div>Since noon.</div>",
    "status": 2,
    "priority": 3,
}


def event(desk: Desk, **changed: Any) -> dict[str, Any]:
    payload = {"summary": "DKIM record missing", "source": "cockpit", "severity": "critical"}
    return {
        "routing_key": desk.pager.token,
        "event_action": "trigger",
        "dedup_key": "k",
        "payload": payload,
    } | changed
