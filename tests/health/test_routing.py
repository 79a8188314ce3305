"""The documents' routing rules, as written, over open alerts."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.config import RouteConfig
from cockpit.health.condition import holds, parse_condition
from cockpit.health.routing import VOCABULARY, OpenAlert, Route, facts_of, route, rules_of, severity_of

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
CONFIGURED = {
    "medium_priority_alerts": [
        RouteConfig(
            "certificate_expiry_warning AND days_remaining <= 7",
            ({"slack": "#alerts"}, {"email": "alerts@isectech.com"}),
        )
    ],
    "high_priority_alerts": [
        RouteConfig("ssl_certificate_expired OR ssl_validation_failure", ({"page": ("oncall-primary",)},))
    ],
    "critical_alerts": [
        RouteConfig(
            "dns_resolution_failure AND (affected_domains >= 3 OR domain = 'isectech.com')",
            (
                {"page": ("oncall-primary", "oncall-secondary")},
                {"slack": "#critical-alerts"},
                {"email": "critical@isectech.com"},
                {"sms": ("+1-555-0123", "+1-555-0124")},
            ),
        )
    ],
}
RULES = rules_of(CONFIGURED)


def alert(domain: str, kind: str = "dns-failure", days: float | None = None) -> OpenAlert:
    ends = None if days is None else NOW + timedelta(days=days)
    return OpenAlert(f"{domain}|{kind}", kind, domain, "dns.resolution", "FAIL", 1, ends)


def goes(one: OpenAlert, *others: OpenAlert) -> Route | None:
    return route(RULES, one, [one, *others], NOW)


def test_the_apex_alone_is_critical_and_another_domain_only_with_two_more() -> None:
    found = goes(alert("isectech.com"))
    assert found is not None
    assert (found.name, found.severity) == ("critical_alerts", "P0")
    assert found.notify == (
        "page oncall-primary, oncall-secondary",
        "slack #critical-alerts",
        "email critical@isectech.com",
        "sms +1-555-0123, +1-555-0124",
    )
    one, two, three = (alert(f"{name}.isectech.com") for name in ("api", "app", "admin"))
    assert goes(one, two) is None
    assert goes(one, two, three) == found
    assert goes(one, two, alert("admin.isectech.com", "dkim-missing")) is None


@pytest.mark.parametrize(
    ("kind", "days", "name"),
    [
        ("certificate-expired", -1, "high_priority_alerts"),
        ("certificate-invalid", 60, "high_priority_alerts"),
        ("certificate-expiring", 7, "medium_priority_alerts"),
        ("certificate-expiring", 7.5, None),
        ("certificate-expiring", None, None),
        ("dkim-missing", None, None),
    ],
)
def test_certificates_go_by_what_happened_and_by_the_days_that_are_left(
    kind: str, days: float | None, name: str | None
) -> None:
    found = goes(alert("api.isectech.com", kind, days))
    assert (None if found is None else found.name) == name


def test_a_rule_that_waits_for_time_becomes_true_by_waiting() -> None:
    one = alert("api.isectech.com", "certificate-expiring", 9)
    assert [rule.depends_on_time for rule in RULES] == [False, False, True]
    assert route(RULES, one, [one], NOW + timedelta(days=1)) is None
    assert route(RULES, one, [one], NOW + timedelta(days=2)) is not None


def test_every_name_of_the_vocabulary_has_a_value_for_every_alert() -> None:
    facts = facts_of(alert("a.example", days=3), [], NOW)
    assert set(facts) == VOCABULARY.facts | VOCABULARY.numbers | VOCABULARY.texts
    for name in VOCABULARY.facts:
        assert holds(parse_condition(name, VOCABULARY), facts) is not None


def test_the_class_stands_for_a_severity_by_its_first_word() -> None:
    names = ("critical_alerts", "High-priority", "low", "informational")
    assert [severity_of(name) for name in names] == ["P0", "P1", "P3", ""]
