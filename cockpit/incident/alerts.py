"""Alerts as incidents need them: a fold of the `alert.*` events of the stream `ops`. Total, like the other fold."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.structs import replace

from cockpit.incident import fields
from cockpit.incident.model import Recorded

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "dkim-missing": "DKIM record missing",
        "domain-identity": "SES identity not verified",
        "dns-failure": "DNS resolution failing",
        "dnssec-failure": "DNSSEC validation failing",
        "propagation": "DNS answers disagree",
        "certificate-expired": "Certificate expired",
        "certificate-expiring": "Certificate about to expire",
        "certificate-invalid": "Certificate not valid",
        "service-down": "Service down",
        "ses-bounce": "SES bounce rate high",
        "ses-complaint": "SES complaint rate high",
        "ses-account": "SES account restricted",
        "ses-quota": "SES sending quota nearly used",
    }
)
"""Alert kinds, which are also the incident types, with the words that begin a title."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert; cleared once `cleared_at` is set. `headline` says what was wrong, also after that.

    `route` is the class that the routing rules put it in, `notify` whom they name: `page oncall-primary`.
    """

    id: str
    target: str
    check: str
    kind: str
    verdict: str
    headline: str
    severity: str
    severity_reason: str
    runbook: str | None
    services: tuple[str, ...]
    owners: tuple[str, ...]
    raised_at: datetime
    first_bad_at: datetime | None = None
    cleared_at: datetime | None = None
    route: str = ""
    notify: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What an incident opened from it is called."""
        return f"{TITLES.get(self.kind, self.headline or self.check)}: {self.target}"

    @property
    def dedup_key(self) -> str:
        """Alerts with the same key belong to one incident while it is open."""
        return f"{self.target}|{self.kind}"

    @property
    def label(self) -> str:
        """Target and check, as the resolve gate names it."""
        return f"{self.target} {self.check}"


def alert_raised(event: Recorded) -> Alert | None:
    """The alert that an `alert.raised` event brings, or None when it names none."""
    body = event.body
    id_ = fields.text(body, "alert")
    if event.kind != "alert.raised" or not id_:
        return None
    return _with_route(
        Alert(
            id=id_,
            target=fields.text(body, "target"),
            check=fields.text(body, "check"),
            kind=fields.text(body, "kind"),
            verdict=fields.text(body, "verdict"),
            headline=fields.text(body, "headline"),
            severity=fields.text(body, "severity"),
            severity_reason=fields.text(body, "severity_reason"),
            runbook=fields.text(body, "runbook") or None,
            services=fields.texts(body, "services"),
            owners=fields.texts(body, "owners"),
            raised_at=event.occurred_at,
            first_bad_at=fields.moment(body, "first_bad_at"),
        ),
        body,
    )


def _with_route(alert: Alert, body: Mapping[str, Any]) -> Alert:
    """The alert with the route that an event tells of; the rule's severity counts where it is the higher one."""
    route = body.get("route")
    if not isinstance(route, Mapping):
        return replace(alert, route="", notify=())
    name, severity = fields.text(route, "name"), fields.text(route, "severity")
    routed = replace(alert, route=name, notify=fields.texts(route, "notify"))
    if severity and severity < (alert.severity or "P9"):
        routed = replace(routed, severity=severity, severity_reason=f"{name}: {fields.text(route, 'condition')}")
    return routed


def alert_after(alert: Alert, event: Recorded) -> Alert:
    """The alert after an `alert.worsened`, `routed` or `cleared` event; anything else changes nothing."""
    if fields.text(event.body, "alert") != alert.id:
        return alert
    if event.kind == "alert.worsened":
        headline = fields.text(event.body, "headline") or alert.headline
        return replace(alert, headline=headline, verdict=fields.text(event.body, "verdict") or alert.verdict)
    if event.kind == "alert.routed":
        return _with_route(alert, event.body)
    if event.kind == "alert.cleared":
        return replace(alert, cleared_at=event.occurred_at)
    return alert
