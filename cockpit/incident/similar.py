"""How like two incidents are: kind, domains, checks and words, each with the sentence that says so. Pure."""

import re
from collections.abc import Iterable

import msgspec

from cockpit.incident.model import Incident

_WORD = re.compile(r"[a-z0-9][a-z0-9.-]{2,}")
_EMPTY = frozenset(
    {
        "all", "and", "any", "are", "for", "from", "gone", "has", "have", "into", "its", "not", "of", "off", "one",
        "the", "that", "there", "this", "was", "were", "with",
    }
)  # fmt: skip
"""Words that make nothing alike."""

_WEIGHTS = (("kind", 0.4), ("domains", 0.3), ("checks", 0.15), ("words", 0.15))
LEAST = 0.15
"""Below this two incidents are not called alike."""


class Features(msgspec.Struct, frozen=True):
    """What two incidents are compared by."""

    kind: str
    domains: frozenset[str]
    checks: frozenset[str]
    words: frozenset[str]


class Likeness(msgspec.Struct, frozen=True):
    """From 0 (nothing in common) to 1, and why, the weightiest reason first."""

    score: float
    because: tuple[str, ...]


def features(incident: Incident, checks: Iterable[str] = ()) -> Features:
    """What an incident is compared by; `checks` are those of its alerts."""
    domains = frozenset(incident.targets)
    words = frozenset(_WORD.findall(incident.title.lower())) - _EMPTY - domains
    return Features(incident.type, domains, frozenset(checks), words)


def alike(one: Features, other: Features) -> Likeness:
    """Compare two; the same two the other way round are as like."""
    shares = {
        "kind": 1.0 if one.kind and one.kind == other.kind else 0.0,
        "domains": _share(one.domains, other.domains),
        "checks": _share(one.checks, other.checks),
        "words": _share(one.words, other.words),
    }
    score = sum(weight * shares[name] for name, weight in _WEIGHTS)
    if score < LEAST:
        return Likeness(0.0, ())
    said = {
        "kind": f"the same kind, {one.kind}",
        "domains": f"the same domain, {_names(one.domains & other.domains)}",
        "checks": f"the same check, {_names(one.checks & other.checks)}",
        "words": f"the same words: {_names(one.words & other.words)}",
    }
    return Likeness(round(score, 3), tuple(said[name] for name, _ in _WEIGHTS if shares[name] > 0))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """What both have of what either has (Jaccard)."""
    return len(one & other) / len(one | other) if one and other else 0.0


def _names(names: frozenset[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
