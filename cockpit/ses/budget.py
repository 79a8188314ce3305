"""ses.calls: how much of what AWS lets us ask is used, who waits, and whether AWS answers at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from cockpit.health.failures import SENTENCES
from cockpit.health.model import DECISION, Finding, Observation, Verdict

CHECK = "ses.calls"
SESSION = ("expired-credentials", "no-credentials")


class Budget(Protocol):
    """How one action stands; see `cockpit.probes.ses.calls.Budget`."""

    @property
    def action(self) -> str:
        """The operation's name."""
        ...

    @property
    def last_minute(self) -> int:
        """Calls of the last minute."""
        ...

    @property
    def per_minute(self) -> int:
        """Calls that a minute has room for."""
        ...

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        ...

    @property
    def answered_s(self) -> float | None:
        """Seconds since AWS last answered."""
        ...

    @property
    def failing(self) -> str:
        """The token of the last failure, empty after an answer."""
        ...


def judge_calls(
    target: str,
    budgets: Sequence[Budget],
    resting: Mapping[str, float],
    session_token: str,
    session_reason: str,
    at: datetime,
) -> list[Observation]:
    """One observation per action, and the decision: UNKNOWN while the session is over or a service is resting."""
    parts = [_part(target, each, at) for each in budgets]
    evidence: dict[str, Any] = {
        "kind": "ses-watching",
        "waiting": sum(each.waiting for each in budgets),
        "resting": {name: round(seconds, 1) for name, seconds in resting.items()},
    }
    if session_token in SESSION:
        evidence["failure"] = session_token
        headline = f"{SENTENCES[session_token]}: {session_reason}"
        finding = Finding(
            f"Nothing about SES is known any more: {session_reason}.",
            "A session that AWS accepts.",
            "Log in again in any terminal of this machine; the watch goes on by itself.",
        )
        return [*parts, _decision(target, Verdict.UNKNOWN, headline, at, evidence, finding)]
    if resting:
        evidence["failure"] = "resting"
        names = ", ".join(f"{name} for {seconds:.0f} s" for name, seconds in sorted(resting.items()))
        headline = f"AWS does not answer usefully; left alone: {names}"
        return [*parts, _decision(target, Verdict.UNKNOWN, headline, at, evidence)]
    if not budgets:
        return [_decision(target, Verdict.NA, "AWS was not asked yet", at, evidence)]
    fullest = max(budgets, key=lambda each: (each.waiting, each.last_minute / max(1, each.per_minute)))
    headline = (
        f"{sum(each.last_minute for each in budgets)} calls in the last minute; fullest {fullest.action} "
        f"{fullest.last_minute} of {fullest.per_minute}, {fullest.waiting} waiting"
    )
    return [*parts, _decision(target, Verdict.OK, headline, at, evidence)]


def _part(target: str, budget: Budget, at: datetime) -> Observation:
    ago = "never answered" if budget.answered_s is None else f"answered {budget.answered_s:.0f} s ago"
    trouble = f", {SENTENCES.get(budget.failing, budget.failing)}" if budget.failing else ""
    headline = f"{budget.last_minute} of {budget.per_minute} a minute, {budget.waiting} waiting, {ago}{trouble}"
    evidence = {
        "last_minute": budget.last_minute,
        "per_minute": budget.per_minute,
        "waiting": budget.waiting,
        "answered_s": budget.answered_s,
        "failing": budget.failing,
    }
    verdict = Verdict.UNKNOWN if budget.failing or budget.answered_s is None else Verdict.OK
    return Observation(target, CHECK, budget.action, verdict, headline, at, evidence=evidence)


def _decision(
    target: str,
    verdict: Verdict,
    headline: str,
    at: datetime,
    evidence: Mapping[str, Any],
    finding: Finding | None = None,
) -> Observation:
    return Observation(target, CHECK, DECISION, verdict, headline, at, finding=finding, evidence=evidence)
