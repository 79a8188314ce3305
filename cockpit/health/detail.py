"""How an observation's finding and evidence are kept as one JSON text, and read back."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

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


def observation_from(
    *,
    target: str,
    check: str,
    vantage: str,
    verdict: str,
    headline: str,
    detail: str,
    at: datetime,
    took_ms: int,
) -> Observation:
    """An observation from the columns it is stored in; a detail that cannot be read is left empty."""
    try:
        kept = json.loads(detail) if detail else {}
    except ValueError:
        kept = {}
    return Observation(
        target,
        check,
        vantage,
        Verdict(verdict),
        headline,
        at,
        timedelta(milliseconds=took_ms),
        finding_from(kept.get("finding")),
        kept.get("evidence") or {},
    )
