"""Where a drill's messages arrive. A sink takes what the real service would take, answers as it would, and
remembers what came for the referee; another channel is one more class of the same kind.
"""

from cockpit.clock import Clock
from cockpit.drill.sinks.alertmanager import AlertmanagerSink
from cockpit.drill.sinks.chat import ChatSink
from cockpit.drill.sinks.contract import Sink, SinkFaultKind
from cockpit.drill.sinks.mail import Letter, MailSink
from cockpit.drill.sinks.monitoring import MonitoringSink
from cockpit.drill.sinks.opsgenie import OpsgenieSink
from cockpit.drill.sinks.pager import PagerSink
from cockpit.drill.sinks.server import RECORD_LIMIT, Received, Refused, SinkServer
from cockpit.drill.sinks.slack import SlackSink
from cockpit.drill.sinks.status_page import StatusPageSink
from cockpit.drill.sinks.ticket import TicketSink
from cockpit.drill.sinks.webhook import WebhookSink

__all__ = [
    "RECORD_LIMIT",
    "AlertmanagerSink",
    "ChatSink",
    "Letter",
    "MailSink",
    "MonitoringSink",
    "OpsgenieSink",
    "PagerSink",
    "Received",
    "Refused",
    "Sink",
    "SinkFaultKind",
    "SinkServer",
    "SlackSink",
    "StatusPageSink",
    "TicketSink",
    "WebhookSink",
    "service_sinks",
]


def service_sinks(clock: Clock) -> list[Sink]:
    """One sink of each service that a company has."""
    return [
        ChatSink(),
        SlackSink(clock),
        StatusPageSink(clock),
        TicketSink(clock),
        PagerSink(),
        OpsgenieSink(),
        MonitoringSink(),
        AlertmanagerSink(clock),
        WebhookSink(),
    ]
