"""Severity profiles as data, with the criteria and examples to read at the moment of picking, and a suggestion.

The sources disagree on what a P1 is and how fast it must be answered, so an organisation chooses one profile; it
is written into each incident. Clocks are in `deadlines`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from cockpit.errors import BadInput


class Level(msgspec.Struct, frozen=True):
    """One severity of a profile: what it means, how to recognise it, who is called."""

    severity: str
    title: str
    criteria: tuple[str, ...]
    examples: tuple[str, ...]
    response: str
    escalation: str


class Answers(msgspec.Struct, frozen=True):
    """What is known about the impact; None is "not known". Fractions are of customers, 0 to 1.

    `outage`: nothing that customers use works. `breach`: security compromised or data leaking. `data_loss`: data
    lost or corrupt. `critical`: a critical service is degraded. `certificate_hours_left` may be negative.
    """

    customers: float | None = None
    services: int | None = None
    production: bool | None = None
    outage: bool = False
    breach: bool = False
    data_loss: bool = False
    critical: bool = False
    certificate_hours_left: float | None = None
    degraded: bool = True


class Suggestion(msgspec.Struct, frozen=True):
    """A severity with its reason; `incident_needed` is False where the profile asks only to watch and notify."""

    severity: str
    reason: str
    incident_needed: bool = True


Rule = tuple[Callable[[Answers], bool], Suggestion]


class SeverityProfile(msgspec.Struct, frozen=True):
    """One organisation's view of severity; the first rule that holds gives the suggestion."""

    name: str
    title: str
    source: str
    levels: tuple[Level, ...]
    rules: tuple[Rule, ...]

    def level(self, severity: str) -> Level | None:
        """The level of that severity, or None where the profile does not define it."""
        return next((level for level in self.levels if level.severity == severity), None)

    def suggest(self, answers: Answers) -> Suggestion:
        """The severity that the answers amount to; a profile's last rule always holds."""
        return next(suggestion for holds, suggestion in self.rules if holds(answers))


EMERGENCY = SeverityProfile(
    "emergency",
    "Emergency response",
    "Emergency Response Procedures, Emergency Classifications",
    (
        Level(
            "P0",
            "Critical: complete system outage",
            (
                "All customer-facing services unavailable",
                "DNS resolution completely failed",
                "SSL/TLS termination failed across all services",
                "Security breach with active data exfiltration",
            ),
            (
                "Complete DNS zone deletion",
                "All SSL certificates revoked or expired",
                "Load balancer complete failure",
                "Active security attack in progress",
            ),
            "Immediate (0-5 minutes)",
            "Automatic page to all on-call engineers",
        ),
        Level(
            "P1",
            "High: major service degradation",
            (
                "50%+ of customer traffic affected",
                "Critical domain services degraded",
                "SSL certificate validation failures",
                "Security vulnerability exploitation detected",
            ),
            (
                "DNS propagation issues affecting multiple regions",
                "Certificate provisioning failures",
                "Single critical service unavailable",
                "Potential security incident",
            ),
            "15 minutes",
            "Page primary on-call engineer",
        ),
        Level(
            "P2",
            "Medium: limited service impact",
            (
                "<50% of customer traffic affected",
                "Non-critical services degraded",
                "SSL warnings for specific domains",
                "Security monitoring alerts",
            ),
            (
                "Single domain DNS resolution issues",
                "Certificate expiration warnings",
                "Regional connectivity problems",
                "Elevated error rates in non-critical services",
            ),
            "60 minutes",
            "Slack notification to on-call channel",
        ),
        Level(
            "P3",
            "Low: monitoring and informational",
            (
                "Performance degradation within acceptable limits",
                "Potential issues detected by monitoring",
                "Preventive maintenance required",
            ),
            (
                "Certificate expiration in 30+ days",
                "DNS propagation delays",
                "Performance metrics outside normal range",
                "Scheduled maintenance planning",
            ),
            "4 hours (during business hours)",
            "Email notification",
        ),
    ),
    (
        (lambda a: a.outage, Suggestion("P0", "all customer-facing services are unavailable")),
        (lambda a: a.breach, Suggestion("P0", "security breach: assume that data is leaving")),
        (lambda a: a.data_loss, Suggestion("P0", "data is lost or corrupt: assume the worse")),
        (lambda a: (a.customers or 0) >= 0.5, Suggestion("P1", "half or more of customer traffic is affected")),
        (lambda a: a.critical, Suggestion("P1", "a critical service is degraded")),
        (lambda a: _hours(a) <= 0, Suggestion("P1", "a certificate has expired: validation fails")),
        (lambda a: _hours(a) <= 30 * 24, Suggestion("P2", "a certificate expires within 30 days")),
        (
            lambda a: a.certificate_hours_left is not None and not a.customers,
            Suggestion("P3", "a certificate expires in more than 30 days"),
        ),
        (
            lambda a: (a.services or 0) > 1 and a.customers is None and a.production is not False,
            Suggestion("P1", "several services, customers hit not counted yet"),
        ),
        (lambda a: a.degraded, Suggestion("P2", "less than half of customer traffic is affected")),
        (lambda a: True, Suggestion("P3", "nothing customers would notice")),
    ),
)

STANDARD = SeverityProfile(
    "standard",
    "Standard incident response",
    "Incident Response Procedures, Incident Classification",
    (
        Level(
            "P0",
            "Critical: immediate response",
            ("Complete service outage, security breach, or data loss",),
            (
                "Customer API completely unavailable",
                "Database compromise or data breach",
                "Certificate authority compromise",
                "Partner integration complete failure",
            ),
            "15 minutes",
            "Immediate executive notification",
        ),
        Level(
            "P1",
            "High: urgent response",
            ("Major functionality impacted, significant customer impact",),
            (
                "Partial service outage (>25% customers affected)",
                "Certificate expiry causing authentication failures",
                "Database performance severely degraded",
                "Critical certificate near expiry (<24 hours)",
            ),
            "30 minutes",
            "Management notification within 1 hour",
        ),
        Level(
            "P2",
            "Medium: standard response",
            ("Minor functionality issues, limited customer impact",),
            (
                "Individual service performance degradation",
                "Non-critical certificate warnings",
                "Backup job failures",
                "Partner integration intermittent issues",
            ),
            "2 hours",
            "Team lead notification",
        ),
        Level(
            "P3",
            "Low: scheduled response",
            ("Enhancement requests, documentation issues",),
            ("Feature requests", "Documentation updates", "Non-urgent configuration changes"),
            "Next business day",
            "Normal team processes",
        ),
    ),
    (
        (lambda a: a.outage, Suggestion("P0", "complete service outage")),
        (lambda a: a.breach, Suggestion("P0", "security breach")),
        (lambda a: a.data_loss, Suggestion("P0", "data loss or corruption")),
        (lambda a: (a.customers or 0) > 0.25, Suggestion("P1", "more than 25% of customers are affected")),
        (lambda a: _hours(a) < 24, Suggestion("P1", "a certificate has less than 24 hours left")),
        (lambda a: a.critical, Suggestion("P1", "major functionality is impacted")),
        (
            lambda a: (a.services or 0) > 1 and a.customers is None and a.production is not False,
            Suggestion("P1", "several services, customers hit not counted yet"),
        ),
        (lambda a: a.degraded, Suggestion("P2", "limited customer impact")),
        (lambda a: True, Suggestion("P3", "nothing customers would notice")),
    ),
)

NOTIFY = SeverityProfile(
    "notify",
    "Domain owner notification",
    "DNS/DKIM Record Alert Response Process, Create an Incident",
    (
        Level(
            "P2",
            "High impact",
            ("Production domain, multiple services affected",),
            ("DKIM records missing for a domain that several services send from",),
            "no time is set",
            "After hours: the on-call escalation process",
        ),
        Level(
            "P3",
            "Medium impact",
            ("Single service affected",),
            ("Domain verification failing for one service",),
            "no time is set",
            "Contact the support lead for client communication",
        ),
    ),
    (
        (
            lambda a: a.production is False,
            Suggestion("P3", "test or development domain: watch it and notify the service owner", False),
        ),
        (lambda a: (a.services or 0) > 1, Suggestion("P2", "production domain, several services affected")),
        (lambda a: a.services == 1, Suggestion("P3", "a single service is affected")),
        (
            lambda a: a.services == 0,
            Suggestion("P3", "no service uses it: watch it and notify the owner", False),
        ),
        (lambda a: True, Suggestion("P2", "production domain, number of services not known: assume several")),
    ),
)

PROFILES: Mapping[str, SeverityProfile] = MappingProxyType(
    {profile.name: profile for profile in (EMERGENCY, STANDARD, NOTIFY)}
)


def severity_profile(name: str) -> SeverityProfile:
    """The profile of that name; raises BadInput with the known names."""
    try:
        return PROFILES[name]
    except KeyError:
        raise BadInput(f"There is no severity profile {name!r}; known are {', '.join(PROFILES)}.") from None


def suggest(profile: str, answers: Answers) -> Suggestion:
    """The severity that `answers` amount to under `profile`; raises BadInput for an unknown profile."""
    return severity_profile(profile).suggest(answers)


def _hours(answers: Answers) -> float:
    """Hours left on the certificate; infinite when none is in question."""
    return float("inf") if answers.certificate_hours_left is None else answers.certificate_hours_left
