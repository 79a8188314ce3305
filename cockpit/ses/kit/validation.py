"""The ten items before sending goes into production: what can be proven is proven, the rest is signed by somebody.

An item that can be proven cannot be signed, and one proof that is older than a month is none any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.errors import BadInput

SIGNED = "kit.item-signed"
TESTED = "kit.test-settled"
LASTS = timedelta(days=30)

BY_HAND = {
    1: "Review all documentation",
    3: "Test deployment script in development",
    7: "Confirm alarms trigger correctly",
    8: "Review operations runbook with team",
}
"""Items that only a person can vouch for, by number."""


class Gate(msgspec.Struct, frozen=True):
    """One item: `done` is None where it could not be looked at."""

    number: int
    words: str
    done: bool | None
    evidence: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the proven items are proven by: `board` is each resource's state by its key."""

    dns_bad: Sequence[str]
    dns_seen: int
    board: Mapping[str, str]
    contacts: int


def checked_item(number: int) -> int:
    """A number that somebody may sign; raises BadInput."""
    if number not in BY_HAND:
        raise BadInput(f"Item {number} is proven, not signed; by hand are: {', '.join(map(str, BY_HAND))}.")
    return number


def gates(
    records: Iterable[tuple[str, Mapping[str, Any], datetime]], facts: Facts, now: datetime
) -> tuple[Gate, ...]:
    """All ten, in order; `records` are (kind, body, moment) of the kit's stream, oldest first."""
    signed: dict[int, str] = {}
    tests: dict[str, tuple[datetime, list[Mapping[str, Any]]]] = {}
    for kind, body, at in records:
        if kind == SIGNED and now - at <= LASTS:
            signed[int(body["item"])] = f"{body['by']}, {at:%Y-%m-%d}: {body['note']}"
        if kind == TESTED and now - at <= LASTS:
            tests[str(body["kind"])] = (at, list(body["checks"]))
    alarms = [state for key, state in facts.board.items() if key.startswith("alarm/")]
    role = next((state for key, state in facts.board.items() if key.startswith("role/")), "absent")
    found = {
        2: ("Run DNS verification script", _dns(facts)),
        4: ("Verify IAM policies are correct", (_good([role]), f"the function's role: {role}")),
        5: ("Test bounce/complaint handling", _tested(tests, "suppresses")),
        6: ("Validate CloudWatch metrics appear", _tested(tests, "metric")),
        9: (
            "Set up monitoring/alerting",
            (_good(alarms), f"{alarms.count('ok')} of {len(alarms)} alarms are right"),
        ),
        10: ("Document emergency contacts", (facts.contacts > 0, f"{facts.contacts} contacts are configured")),
    }
    by_hand = {
        number: (words, (number in signed, signed.get(number, "nobody signed it")))
        for number, words in BY_HAND.items()
    }
    return tuple(Gate(number, words, *what) for number, (words, what) in sorted({**found, **by_hand}.items()))


def _dns(facts: Facts) -> tuple[bool | None, str]:
    if not facts.dns_seen:
        return None, "no domain was looked at: let a watch run"
    return not facts.dns_bad, ", ".join(
        facts.dns_bad[:5]
    ) or f"SPF, DKIM and DMARC of {facts.dns_seen} domains are OK"


def _good(states: Sequence[str]) -> bool | None:
    if "unknown" in states:
        return None
    return bool(states) and all(state == "ok" for state in states)


def _tested(
    tests: Mapping[str, tuple[datetime, Sequence[Mapping[str, Any]]]], about: str
) -> tuple[bool | None, str]:
    """Whether both kinds were simulated within the month, and what is asked about was good in each."""
    missing = [kind for kind in ("bounce", "complaint") if kind not in tests]
    if missing:
        return False, f"not simulated within {LASTS.days} days: {', '.join(missing)}"
    bad = [
        kind
        for kind, (_, checks) in tests.items()
        if not all(each["good"] for each in checks if about in each["name"])
    ]
    newest = max(at for at, _ in tests.values())
    return not bad, f"failed for {', '.join(bad)}" if bad else f"simulated {newest:%Y-%m-%d}"
