"""What has to be on record before an incident is closed: the six facts of the procedure. Pure.

Source: DNS/DKIM Record Alert Response Process, "Document Actions Taken".
"""

from collections.abc import Iterable, Sequence

import msgspec

from cockpit.incident.model import Incident
from cockpit.incident.timeline import Entry

_DONE = ("action", "runbook")
_SHOWN = 5


class Fact(msgspec.Struct, frozen=True):
    """One of the facts as the record has it; an empty `says` is one that nobody wrote down, and `how` how to."""

    name: str
    title: str
    says: str
    how: str


def facts_on_record(incident: Incident, entries: Iterable[Entry], contacts: Sequence[str]) -> tuple[Fact, ...]:
    """The six facts; `contacts` is whom of the clients the cockpit knows of: addresses, or who was told."""
    kept = [entry for entry in entries if not entry.struck]
    spoken = [entry.text for entry in kept if entry.kind == "contact"]
    done = [entry.text for entry in kept if entry.kind in _DONE]
    resolved = incident.resolved_at
    return (
        Fact("alert", "Time the alert was received", f"{incident.detected_at:%Y-%m-%d %H:%M:%SZ}", ""),
        Fact("domains", "Affected domains", ", ".join(incident.targets), "widen the incident"),
        Fact("services", "Affected services", ", ".join(incident.services), "widen the incident"),
        Fact(
            "clients",
            "Client contact",
            "; ".join([*contacts, *spoken][:_SHOWN]),
            "write an entry that begins with c",
        ),
        Fact("actions", "Actions taken", "; ".join(done[:_SHOWN]), "write an entry that begins with x"),
        Fact(
            "resolved", "Resolution time", f"{resolved:%Y-%m-%d %H:%M:%SZ}" if resolved else "", "resolve it first"
        ),
    )


def not_on_record(facts: Iterable[Fact]) -> dict[str, str]:
    """What is missing, a sentence each, by name."""
    return {fact.name: f"{fact.title} is not on record ({fact.how})" for fact in facts if not fact.says}
