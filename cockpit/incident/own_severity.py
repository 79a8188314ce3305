"""An organisation's own severities: levels of a profile with other thresholds, words and clocks in their place."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec.structs import replace

from cockpit.incident.model import SEVERITIES
from cockpit.incident.severity import Answers, Level, Rule, SeverityProfile, Suggestion, severity_profile

_CLOCKS = {
    "acknowledge": "acknowledge_s",
    "customers": "customers_s",
    "partners": "partners_s",
    "executives": "executives_s",
    "management": "management_s",
    "update": "update_s",
    "rto": "rto_s",
}
"""Deadlines with the configured clock that takes their place."""


class OwnLevel(Protocol):
    """One level as configured; see `cockpit.config.command.OwnLevel`."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def criteria(self) -> tuple[str, ...]:
        """How it is recognised."""

    @property
    def examples(self) -> tuple[str, ...]:
        """What it was in the past."""

    @property
    def customers(self) -> float | None:
        """From which fraction of customers on it holds."""

    @property
    def services(self) -> int | None:
        """From which number of services on it holds."""

    @property
    def certificate_hours(self) -> float | None:
        """With how many hours left on a certificate, or fewer, it holds."""


class ChosenSeverity(Protocol):
    """What the configuration says of severity: the profile by name, and the levels that differ from it."""

    @property
    def severity_profile(self) -> str:
        """One of `severity.PROFILES`."""

    @property
    def own_severity(self) -> Mapping[Any, OwnLevel]:
        """Levels in place of the profile's."""


def chosen_profile(chosen: ChosenSeverity) -> SeverityProfile:
    """The profile that the organisation works by; whoever suggests a severity asks this one."""
    return own_profile(chosen.severity_profile, {str(name): own for name, own in chosen.own_severity.items()})


def own_terms(levels: Mapping[str, OwnLevel]) -> dict[str, dict[str, float]]:
    """The clocks that differ, in seconds, by severity and deadline: what an incident is opened with."""
    found = {
        severity: {name: float(seconds) for name, key in _CLOCKS.items() if (seconds := getattr(level, key, None))}
        for severity, level in levels.items()
    }
    return {severity: clocks for severity, clocks in found.items() if clocks}


def own_profile(base: str, levels: Mapping[str, OwnLevel]) -> SeverityProfile:
    """The profile `base` with an organisation's levels in place of its own; raises BadInput for an unknown one.

    The worst level whose threshold is reached holds, before any rule of the base. Services count where they are
    degraded: a mere warning about many of them hurts nobody yet.
    """
    profile = severity_profile(base)
    if not levels:
        return profile
    known = {level.severity: level for level in profile.levels}
    merged = tuple(
        _level(severity, known.get(severity), levels.get(severity))
        for severity in SEVERITIES
        if severity in known or severity in levels
    )
    rules = tuple(_rule(severity, levels[severity]) for severity in SEVERITIES if severity in levels)
    return replace(
        profile, title=f"{profile.title}, with levels of our own", levels=merged, rules=rules + profile.rules
    )


def _level(severity: str, known: Level | None, own: OwnLevel | None) -> Level:
    level = known or Level(severity, severity, (), (), "as configured", "")
    if own is None:
        return level
    return replace(
        level,
        title=own.title or level.title,
        criteria=own.criteria or level.criteria,
        examples=own.examples or level.examples,
    )


def _rule(severity: str, own: OwnLevel) -> Rule:
    def holds(answers: Answers) -> bool:
        hours = answers.certificate_hours_left
        return (
            (own.customers is not None and answers.customers is not None and answers.customers >= own.customers)
            or (own.services is not None and answers.degraded and (answers.services or 0) >= own.services)
            or (own.certificate_hours is not None and hours is not None and hours <= own.certificate_hours)
        )

    return holds, Suggestion(severity, f"a threshold that the organisation has set for {severity} is reached")
