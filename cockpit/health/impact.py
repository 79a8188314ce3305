"""How severe an alert is suggested to be, and why: by kind, production, and the services that are hurt."""

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.health.model import Observation, Verdict
from cockpit.incident.severity import Answers, SeverityProfile

_STOPS_SERVICE = ("service-down", "certificate-invalid", "ses-account", "mail-refused")
"""Kinds whose failure takes a critical service away by itself."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Who depends on a target, as configured."""

    production: bool
    services: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Severity:
    """A suggestion: the level, and the reason in words."""

    level: str
    reason: str


def suggest(
    profile: SeverityProfile, kind: str, observation: Observation, verdict: Verdict, affected: Affected
) -> Severity:
    """What the organisation's profile makes of an alert; a warning hurts nobody yet."""
    failing = verdict is Verdict.FAIL
    hours = observation.evidence.get("hours_left") if kind.startswith("certificate-ex") else None
    answers = Answers(
        customers=None if failing else 0.0,
        services=len(affected.services),
        production=affected.production,
        critical=failing and affected.production and kind in _STOPS_SERVICE,
        certificate_hours_left=None if hours is None else float(hours),
        degraded=failing and affected.production,
    )
    suggestion = profile.suggest(answers)
    return Severity(suggestion.severity, f"{suggestion.reason} ({_who(affected)})")


def _who(affected: Affected) -> str:
    number = len(affected.services)
    services = f"{number or 'no'} service{'' if number == 1 else 's'}"
    return f"{services}, {'production' if affected.production else 'not production'}"


def together(affected: Sequence[Affected]) -> Affected:
    """All who depend on any of several targets, such as the identities of one account."""
    services = dict.fromkeys(service for each in affected for service in each.services)
    owners = dict.fromkeys(owner for each in affected for owner in each.owners)
    return Affected(any(each.production for each in affected), tuple(services), tuple(owners))
