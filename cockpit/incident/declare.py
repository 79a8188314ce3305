"""What is shown when an incident is declared: the definition, the objectives, the first steps and the questions.

Source: Incident Response Procedures, "Incident Response Framework" and "Phase 1"; the recovery objectives are those
of the Emergency Response Procedures.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from cockpit.errors import BadInput
from cockpit.incident.model import Incident, State
from cockpit.incident.severity import Answers
from cockpit.text import visible

DEFINITION = (
    "Service disruption or degradation",
    "Security compromise or breach",
    "Data loss or corruption",
    "Customer impact or business disruption",
)
"""An incident is any event that causes or may cause one of these."""

OBJECTIVES: Mapping[str, str] = MappingProxyType(
    {
        "Minimize Impact": "Reduce customer and business impact",
        "Restore Service": "Return to normal operations quickly",
        "Preserve Evidence": "Maintain forensic evidence for analysis",
        "Communicate": "Keep stakeholders informed",
        "Learn": "Conduct post-incident reviews for improvement",
    }
)

RTO, RPO = timedelta(minutes=15), timedelta(minutes=5)
"""Recovery time objective of critical services, and recovery point objective for data loss."""

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "alert": "monitoring alert",
        "health": "health check",
        "certificate": "certificate monitoring",
        "security": "security event",
        "customer": "customer report",
        "partner": "partner notification",
        "internal": "internal discovery",
    }
)
"""How an incident may be detected: four automatic ways, three by people."""


class Question(msgspec.Struct, frozen=True):
    """A question about the impact: `name` is a field of `Answers`, `kind` percent, count, hours or yes."""

    name: str
    text: str
    kind: str


QUESTIONS = (
    Question("customers", "What percentage of customers is affected?", "percent"),
    Question("services", "How many services are affected?", "count"),
    Question("production", "Is it production?", "yes"),
    Question("outage", "Is everything that customers use unavailable?", "yes"),
    Question("breach", "Is security compromised, or data leaking?", "yes"),
    Question("data_loss", "Is data lost or corrupt?", "yes"),
    Question("critical", "Is a critical service degraded?", "yes"),
    Question("certificate_hours_left", "How many hours is the certificate still valid?", "hours"),
)
"""All may be left open; what is not known is not taken for good."""

_YES = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}


def answers_from(given: Mapping[str, str]) -> Answers:
    """Answers as they were typed; raises BadInput for an unknown question or an answer that is none."""
    kinds = {question.name: question.kind for question in QUESTIONS}
    found: dict[str, Any] = {}
    for name, text in given.items():
        kind = kinds.get(name)
        if kind is None:
            raise BadInput(f"There is no question {visible(name, limit=40)!r}; known are {', '.join(kinds)}.")
        if text.strip() and text.strip() != "?":
            found[name] = _answer(name, kind, text.strip())
    return Answers(**found)


def _answer(name: str, kind: str, text: str) -> float | int | bool:
    if kind == "yes":
        if text.lower() not in _YES:
            raise BadInput(f"{name}: answer yes, no or ?, not {visible(text, limit=20)!r}.")
        return _YES[text.lower()]
    try:
        number = float(text.removesuffix("%").strip())
    except ValueError:
        raise BadInput(
            f"{name}: {visible(text, limit=20)!r} is no number; leave it out if it is not known."
        ) from None
    if kind == "percent" and not 0 <= number <= 100:
        raise BadInput(f"{name}: a percentage lies between 0 and 100.")
    if kind == "count" and (number < 0 or number != int(number)):
        raise BadInput(f"{name}: a number of services is 0 or more, and whole.")
    if number != number or abs(number) > 1e6:
        raise BadInput(f"{name}: {visible(text, limit=20)!r} is out of range.")
    return number / 100 if kind == "percent" else int(number) if kind == "count" else number


class Phase(msgspec.Struct, frozen=True):
    """One phase of the response with its clock: `ends` is None for those of no fixed length."""

    number: int
    title: str
    steps: tuple[str, ...]
    began: datetime
    ends: datetime | None = None

    def is_late(self, now: datetime) -> bool:
        """Whether the incident has stayed in it for longer than the procedures foresee."""
        return self.ends is not None and now > self.ends


_PHASES: tuple[tuple[str, int | None, tuple[str, ...]], ...] = (
    (
        "Detection and initial response",
        15,
        (
            "Acknowledge Alert: confirm incident detection",
            "Assess Severity: determine initial severity level",
            "Form Response Team: assemble appropriate responders",
            "Create Incident Record: document incident in tracking system",
            "Begin Investigation: start initial diagnostic steps",
        ),
    ),
    (
        "Investigation and diagnosis",
        60,
        ("System health", "Certificate health", "Database connectivity", "Network diagnostics"),
    ),
    (
        "Containment and mitigation",
        None,
        ("Restart what fails", "Certificate renewal", "Traffic rerouting", "Database failover"),
    ),
    (
        "Resolution and recovery",
        None,
        ("Gradual Restoration", "Health Verification", "Performance Validation", "Customer Validation"),
    ),
)
_OF_STATE = {
    State.DETECTED: 1,
    State.ACKNOWLEDGED: 1,
    State.INVESTIGATING: 2,
    State.IDENTIFIED: 3,
    State.MITIGATING: 3,
    State.MONITORING: 4,
}


def phase(incident: Incident) -> Phase | None:
    """The phase that an incident is in, by its state; None once it is over.

    The first two end 15 and 60 minutes after the detection.
    """
    number = _OF_STATE.get(incident.state)
    if number is None:
        return None
    title, minutes, steps = _PHASES[number - 1]
    entered = [step.at for step in incident.steps if _OF_STATE.get(step.old) != number == _OF_STATE.get(step.new)]
    began = entered[-1] if entered else incident.detected_at
    ends = incident.detected_at + timedelta(minutes=minutes) if minutes is not None else None
    return Phase(number, title, steps, began, ends)
