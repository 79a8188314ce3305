"""The SES panel: what AWS says of the account, and how the rates stand against everybody's lines."""

from collections.abc import Mapping
from typing import Any

from cockpit.desk.health.board import Board
from cockpit.desk.views import CheckView, Freshness, Gauge, SesPanel
from cockpit.health.model import Verdict

BOUNCE_LINES = (0.05, 0.10)
"""Where AWS puts an account under review, and where it may pause it, by bounce rate (fractions)."""

COMPLAINT_LINES = (0.001, 0.005)
"""The same by complaint rate."""

BOUNCE_LADDER = (0.03, 0.05)
"""The organisation's own warning and critical marks for the bounce rate."""

COMPLAINT_LADDER = (0.0005, 0.001)
"""The same for the complaint rate."""


def ses_panel(board: Board) -> SesPanel:
    """The panel for the account that is worst off, the first of equals; one never seen is UNKNOWN, not green."""
    targets = board.account_targets()
    target = min(targets, key=lambda each: _worst(board, each).rank, default="")
    checks = {view.check: view for view in board.checks(target)} if target else {}
    account, quota = checks.get("ses.account"), checks.get("ses.quota")
    seen = account.evidence if account else {}
    views = list(checks.values())
    oldest = min((view.at for view in views), default=None)
    worst = min(views, key=lambda view: view.verdict.rank, default=None)
    told = worst if account is not None and worst and worst.verdict.rank < account.verdict.rank else account
    # Where several are watched, the headline says of which one it speaks.
    place = f"{target.rpartition('/')[2]}: " if len(targets) > 1 else ""
    return SesPanel(
        watched=bool(targets),
        verdict=min((view.verdict for view in views), key=lambda verdict: verdict.rank, default=Verdict.UNKNOWN),
        headline=place + (told.headline if told else "the account was not looked at yet"),
        enforcement=str(seen.get("enforcement", "")),
        sending=seen.get("sending_enabled"),
        bounce=_gauge("bounce", checks.get("ses.bounce"), BOUNCE_LINES, BOUNCE_LADDER),
        complaint=_gauge("complaint", checks.get("ses.complaint"), COMPLAINT_LINES, COMPLAINT_LADDER),
        quota_used=_fraction(quota.evidence, "used_fraction") if quota else None,
        at=oldest,
        freshness=max((view.freshness for view in views), key=_AGE.index, default=Freshness.SILENT),
    )


def sending_verdict(board: Board) -> Verdict | None:
    """The worst of all checks of all accounts; UNKNOWN for one never seen, None where none is watched."""
    accounts = board.account_targets()
    verdicts = [view.verdict for target in accounts for view in board.checks(target)]
    if not accounts:
        return None
    return min(verdicts, key=lambda verdict: verdict.rank, default=Verdict.UNKNOWN)


def _worst(board: Board, target: str) -> Verdict:
    verdicts = (view.verdict for view in board.checks(target))
    return min(verdicts, key=lambda verdict: verdict.rank, default=Verdict.UNKNOWN)


_AGE = [Freshness.FRESH, Freshness.LATE, Freshness.SILENT]


def _gauge(name: str, view: CheckView | None, lines: tuple[float, float], ladder: tuple[float, float]) -> Gauge:
    if view is None:
        return Gauge(name, None, None, (), lines, ladder, Verdict.UNKNOWN)
    trend = view.evidence.get("trend")
    points = tuple(float(point) for point in trend if isinstance(point, int | float)) if trend else ()
    return Gauge(
        name,
        _fraction(view.evidence, "windowed"),
        _fraction(view.evidence, "reported"),
        points,
        lines,
        ladder,
        view.verdict,
    )


def _fraction(evidence: Mapping[str, Any], key: str) -> float | None:
    value = evidence.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
