"""How an observation's finding and evidence are kept as one JSON text, and read back."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from cockpit.health.model import Finding, Observation, Verdict


def detail_text(observation: Observation) -> str:
    """The finding and the evidence as compact JSON; verdict, headline and times are kept beside it."""
    kept: dict[str, Any] = {"evidence": dict(observation.evidence)}
    if observation.finding is not None:
        kept["finding"] = finding_plain(observation.finding)
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def finding_plain(finding: Finding) -> dict[str, str | None]:
    """A finding as plain JSON, as alerts carry it."""
    return {"now": finding.now, "wanted": finding.wanted, "fix": finding.fix, "record": finding.record}


def finding_from(plain: Mapping[str, Any] | None) -> Finding | None:
    """A finding from plain JSON; None stays None."""
    if plain is None:
        return None
    return Finding(str(plain["now"]), str(plain["wanted"]), str(plain["fix"]), plain.get("record"))


class Stored(Protocol):
    """An observation as it is kept: its own columns, and the rest as one JSON text."""

    @property
    def target(self) -> str:
        """What was looked at."""

    @property
    def check(self) -> str:
        """The check's id."""

    @property
    def vantage(self) -> str:
        """Who looked; empty for the decision."""

    @property
    def verdict(self) -> str:
        """The verdict's word."""

    @property
    def headline(self) -> str:
        """The sentence."""

    @property
    def detail(self) -> str:
        """Finding and evidence, see `detail_text`."""

    @property
    def at(self) -> datetime:
        """When it was seen."""

    @property
    def took_ms(self) -> int:
        """How long the asking lasted, in milliseconds."""


def stored_observation(row: Stored) -> Observation:
    """A stored row as the observation that it was; a detail that cannot be read is left empty."""
    try:
        kept = json.loads(row.detail) if row.detail else {}
    except ValueError:
        kept = {}
    return Observation(
        row.target,
        row.check,
        row.vantage,
        Verdict(row.verdict),
        row.headline,
        row.at,
        timedelta(milliseconds=row.took_ms),
        finding_from(kept.get("finding")),
        kept.get("evidence") or {},
    )
