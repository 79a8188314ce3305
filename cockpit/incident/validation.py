"""Whether an incident may be called resolved: what has to hold, and what is known of it. Pure.

The four validations are those of the Incident Response Procedures, "Service Restoration"; the run in the background
is the post-incident validation of the Emergency Response Procedures, ten looks a minute apart. Nothing is looked at
here: the watch does that anyway, and these are conclusions from it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import msgspec

from cockpit.incident import fields
from cockpit.incident.model import Checks, Recorded

RUN_LENGTH = timedelta(minutes=10)
"""How long the run in the background lasts."""

GREEN_FOR = timedelta(minutes=5)
"""How long every check must have been good."""

BY_PERSON: Mapping[str, str] = MappingProxyType(
    {
        "restoration": "Gradual Restoration: slowly restore traffic to repaired services",
        "customers": "Customer Validation: confirm customer-facing functionality",
    }
)
"""Validations that only a person can confirm."""

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "green": "All checks green",
        "health": "Health Verification: confirm all health checks pass",
        "performance": "Performance Validation: verify response times within SLA",
        **BY_PERSON,
        "run": "Post-incident validation run",
    }
)


class Standing(StrEnum):
    """UNKNOWN is never taken for PASSED."""

    PASSED = "passed"
    WAITING = "waiting"
    FAILED = "failed"
    UNKNOWN = "not known"
    NOT_ASKED = "not applicable"


class Seen(msgspec.Struct, frozen=True):
    """One check of the incident's domains now: its verdict, since when, and when it was last looked at.

    `fresh` is False when the look is too old to be believed; `service` says that it times answers of a service.
    """

    target: str
    check: str
    verdict: str
    since: datetime
    at: datetime
    fresh: bool
    service: bool = False

    @property
    def label(self) -> str:
        """Target and check."""
        return f"{self.target} {self.check}"


class Validation(msgspec.Struct, frozen=True):
    """One condition of resolving: where it stands, and why in words."""

    name: str
    title: str
    standing: Standing
    says: str


class Confirmed(msgspec.Struct, frozen=True):
    """What was said of the validations: by people by name, and when the last run in the background began."""

    said: Mapping[str, tuple[bool, str]] = MappingProxyType({})
    run_began: datetime | None = None


def confirmed(events: Iterable[Recorded]) -> Confirmed:
    """The fold of `incident.validated` (validation, passed, said, step: started for a run) of one incident.

    A reopening takes everything back.
    """
    folded = Confirmed()
    for event in events:
        folded = after(folded, event)
    return folded


def after(folded: Confirmed, event: Recorded) -> Confirmed:
    """The same after one more event."""
    if event.kind == "incident.moved" and fields.text(event.body, "old") in ("resolved", "review", "closed"):
        return Confirmed()
    if event.kind != "incident.validated":
        return folded
    name = fields.text(event.body, "validation")
    if name == "run" and fields.text(event.body, "step") == "started":
        return Confirmed(folded.said, event.occurred_at)
    if name not in BY_PERSON:
        return folded
    words = fields.text(event.body, "said")
    said = (fields.flag(event.body, "passed"), f"{event.actor}: {words}" if words else event.actor)
    return Confirmed(MappingProxyType({**folded.said, name: said}), folded.run_began)


class Wanted(msgspec.Struct, frozen=True):
    """What an organisation asks for: conditions by name, and for how long all has to be good."""

    conditions: tuple[str, ...] = tuple(TITLES)
    green_for: timedelta = GREEN_FOR
    run_length: timedelta = RUN_LENGTH


def validations(
    seen: Iterable[Seen],
    folded: Confirmed,
    now: datetime,
    *,
    wanted: Wanted | None = None,
    alerts: Checks | None = None,
) -> tuple[Validation, ...]:
    """Every condition that is wanted, in the order in which they are shown.

    `alerts` is what the incident's alerts say; while one of them has not cleared, nothing is green.
    """
    checks, wanted = list(seen), wanted or Wanted()
    found = {
        "green": _green(checks, now, wanted.green_for, alerts),
        "health": _health(checks),
        "performance": _performance([each for each in checks if each.service]),
        **{name: _by_person(folded, name) for name in BY_PERSON},
        "run": _run(checks, folded.run_began, now, wanted.run_length),
    }
    return tuple(Validation(name, TITLES[name], *found[name]) for name in TITLES if name in wanted.conditions)


def open_points(conditions: Iterable[Validation]) -> tuple[Validation, ...]:
    """What stands in the way of resolving."""
    return tuple(each for each in conditions if each.standing not in (Standing.PASSED, Standing.NOT_ASKED))


_Found = tuple[Standing, str]
_GOOD = ("OK", "INFO", "WARN", "N/A")


def _green(checks: list[Seen], now: datetime, green_for: timedelta, alerts: Checks | None) -> _Found:
    standing, says = _health(checks)
    if standing is not Standing.PASSED:
        return standing, says
    if alerts is not None and not alerts.green:
        return (Standing.FAILED if alerts.failing else Standing.UNKNOWN), alerts.sentence
    last = max(checks, key=lambda each: each.since)
    left = last.since + green_for - now
    minutes = int(green_for / timedelta(minutes=1))
    if left > timedelta():
        return Standing.WAITING, f"{last.label} has been good since {last.since:%H:%M:%S}Z; {_span(left)} to go"
    return Standing.PASSED, f"for {minutes} minutes or longer"


def _health(checks: list[Seen]) -> _Found:
    if not checks:
        return Standing.UNKNOWN, "no check has been looked at"
    bad = [each.label for each in checks if each.verdict == "FAIL"]
    if bad:
        return Standing.FAILED, f"failing: {', '.join(bad[:5])}"
    unknown = [each.label for each in checks if each.verdict not in _GOOD or not each.fresh]
    if unknown:
        return Standing.UNKNOWN, f"not known: {', '.join(unknown[:5])}"
    return Standing.PASSED, f"{len(checks)} checks are good"


def _performance(checks: list[Seen]) -> _Found:
    if not checks:
        return Standing.NOT_ASKED, "no service of these domains is timed"
    slow = [each.label for each in checks if each.verdict in ("WARN", "FAIL")]
    if slow:
        return Standing.FAILED, f"slow or failing: {', '.join(slow[:5])}"
    return _health(checks)


def _by_person(folded: Confirmed, name: str) -> _Found:
    if name not in folded.said:
        return Standing.WAITING, "somebody has to confirm it"
    passed, words = folded.said[name]
    return (Standing.PASSED if passed else Standing.FAILED), words


def _run(checks: list[Seen], began: datetime | None, now: datetime, length: timedelta) -> _Found:
    """Whether every check was good from the beginning of the run to its end."""
    if began is None:
        return Standing.WAITING, "not started"
    ends = began + length
    broken = [each for each in checks if each.since > began and each.since <= ends]
    bad = [each.label for each in checks if each.verdict == "FAIL"]
    if bad or broken:
        names = ", ".join(dict.fromkeys((*bad, *(each.label for each in broken))))
        return Standing.FAILED, f"changed during the run: {names}; start it again"
    if now < ends:
        return Standing.WAITING, f"{_span(ends - now)} to go"
    stale = [each.label for each in checks if each.at < ends - timedelta(minutes=5)]
    if stale or not checks:
        return Standing.UNKNOWN, f"not looked at to the end: {', '.join(stale[:5]) or 'nothing was'}"
    return Standing.PASSED, f"{len(checks)} checks were good from {began:%H:%M}Z to {ends:%H:%M}Z"


def _span(length: timedelta) -> str:
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds // 60}m {seconds % 60:02}s"
