"""Which alerts go to whom: rules with conditions, over all alerts that are open. Pure; nobody is notified here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from cockpit.health.condition import Condition, Facts, Vocabulary, holds, names_in, parse_condition
from cockpit.health.registry import RUNBOOKS

WAYS = ("page", "slack", "email", "sms")
"""Ways of notifying, in the order in which they are told."""

SEVERITIES = {"critical": "P0", "high": "P1", "medium": "P2", "low": "P3"}
"""The severity that the first word of a class of alerts stands for."""

_MEANINGS = {
    "dns_resolution_failure": ("dns-failure",),
    "dns_propagation_delay": ("propagation",),
    "dnssec_validation_failure": ("dnssec-failure",),
    "ssl_certificate_expired": ("certificate-expired",),
    "ssl_validation_failure": ("certificate-invalid",),
    "certificate_expiry_warning": ("certificate-expiring",),
    "service_unavailable": ("service-down",),
}
"""The documents' names for what happened, with the kinds of alert that are meant."""

FACTS: Mapping[str, tuple[str, ...]] = {**{kind.replace("-", "_"): (kind,) for kind in RUNBOOKS}, **_MEANINGS}
"""Facts of a condition, with the kinds of alert of which they are true; a kind's own name is one of them."""

VOCABULARY = Vocabulary(
    frozenset(FACTS),
    numbers=frozenset({"affected_domains", "days_remaining", "services"}),
    texts=frozenset({"domain", "check", "kind", "verdict"}),
)


class Rule(msgspec.Struct, frozen=True):
    """Alerts of which `condition` is true belong to the class `name`; `notify` is by way, such as `page`."""

    name: str
    severity: str
    text: str
    condition: Condition
    notify: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def depends_on_time(self) -> bool:
        """Whether it may become true by waiting."""
        return "days_remaining" in names_in(self.condition)


class Route(msgspec.Struct, frozen=True):
    """Where an alert goes, and by which rule; `severity` is empty for a class that stands for none."""

    name: str
    severity: str
    condition: str
    notify: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why, in the words of the configuration."""
        return f"{self.name}: {self.condition}"


class OpenAlert(msgspec.Struct, frozen=True):
    """What the rules look at; `runs_out_at` is the end of a certificate."""

    alert: str
    kind: str
    domain: str
    check: str
    verdict: str
    services: int = 0
    runs_out_at: datetime | None = None


class RouteSource(Protocol):
    """A rule as it is configured."""

    @property
    def condition(self) -> str:
        """The condition as text."""

    @property
    def actions(self) -> Sequence[Mapping[str, str | tuple[str, ...]]]:
        """Whom to notify: each a way with one name or several."""


def rules_of(configured: Mapping[str, Sequence[RouteSource]]) -> tuple[Rule, ...]:
    """The rules by class of alert, the most severe first; raises BadInput for a condition that is none."""
    found = [
        Rule(name, severity_of(name), each.condition, parse_condition(each.condition, VOCABULARY), _notify(each))
        for name, rules in configured.items()
        for each in rules
    ]
    return tuple(sorted(found, key=lambda rule: rule.severity or "P9"))


def severity_of(name: str) -> str:
    """The severity of a class such as `high_priority_alerts`; empty for one that stands for none."""
    return SEVERITIES.get(name.lower().replace("-", "_").partition("_")[0], "")


def route(rules: Iterable[Rule], alert: OpenAlert, every: Iterable[OpenAlert], now: datetime) -> Route | None:
    """The first rule that is true of an alert among `every` open one; None when none is."""
    facts = facts_of(alert, every, now)
    for rule in rules:
        if holds(rule.condition, facts):
            said = tuple(f"{way} {', '.join(names)}" for way, names in rule.notify)
            return Route(rule.name, rule.severity, rule.text, said)
    return None


def facts_of(alert: OpenAlert, every: Iterable[OpenAlert], now: datetime) -> Facts:
    """What is known of an alert; `affected_domains` counts the domains with an open alert of the same kind."""
    same = {each.domain for each in every if each.kind == alert.kind} | {alert.domain}
    left = None if alert.runs_out_at is None else (alert.runs_out_at - now) / timedelta(days=1)
    return {
        **{name: alert.kind in kinds for name, kinds in FACTS.items()},
        "affected_domains": float(len(same)),
        "days_remaining": left,
        "services": float(alert.services),
        "domain": alert.domain,
        "check": alert.check,
        "kind": alert.kind,
        "verdict": alert.verdict,
    }


def _notify(configured: RouteSource) -> tuple[tuple[str, tuple[str, ...]], ...]:
    by_way: dict[str, list[str]] = {}
    for action in configured.actions:
        for way, names in action.items():
            by_way.setdefault(way, []).extend([names] if isinstance(names, str) else names)
    order = {way: place for place, way in enumerate(WAYS)}
    return tuple((way, tuple(by_way[way])) for way in sorted(by_way, key=lambda way: order.get(way, len(order))))
