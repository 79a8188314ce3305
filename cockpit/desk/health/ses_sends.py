"""What was sent and what became of it: SES's own counts and the organisation's, by quarters of an hour."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.clock import parse_time
from cockpit.desk.views import CheckView, Freshness
from cockpit.health.model import Verdict
from cockpit.health.rates import FAILURE_FAIL, FAILURE_WARN, WINDOW_POINTS

POINT = timedelta(minutes=15)


class Counts(msgspec.Struct, frozen=True):
    """One row of counts, oldest first, each over 15 minutes; `last_hour` adds up the newest four."""

    name: str
    points: tuple[float, ...]

    @property
    def last_hour(self) -> float:
        """What the newest hour amounts to, the quarter that is running included."""
        return sum(self.points[-WINDOW_POINTS:])


class Sends(msgspec.Struct, frozen=True, kw_only=True):
    """SES's counts and our own beside each other; `failing` is the share that failed by our count, each 15 minutes.

    `counted` says whether anybody counts in the namespace that is configured; rates are fractions, None where no
    mail was tried.
    """

    by_ses: tuple[Counts, ...]
    own: tuple[Counts, ...]
    counted: bool
    failing: tuple[tuple[datetime, float | None], ...]
    fraction: float | None
    ladder: tuple[float, float]
    verdict: Verdict
    headline: str
    at: datetime | None
    freshness: Freshness


def sends_of(rate: CheckView | None, failure: CheckView | None) -> Sends:
    """From what the checks of the bounce rate and of failed sends last recorded."""
    seen: Mapping[str, Any] = rate.evidence if rate else {}
    ours: Mapping[str, Any] = failure.evidence if failure else {}
    good, failed = _points(ours, "sent"), _points(ours, "failed")
    begin = parse_time(str(ours["from"])) if ours.get("from") else None
    tried = [(one, many, one + many) for one, many in zip(good, failed, strict=False)]
    return Sends(
        by_ses=tuple(Counts(name, _points(seen, key)) for name, key in _SES if _points(seen, key)),
        own=tuple(Counts(name, _points(ours, key)) for name, key in _OWN if _points(ours, key)),
        counted=bool(ours.get("own")),
        failing=tuple(
            (begin + number * POINT, many / whole if whole > 0 else None)
            for number, (_, many, whole) in enumerate(tried)
            if begin is not None
        ),
        fraction=ours.get("fraction"),
        ladder=(FAILURE_WARN, FAILURE_FAIL),
        verdict=failure.verdict if failure else Verdict.UNKNOWN,
        headline=failure.headline if failure else "failed sends were not looked at yet",
        at=failure.at if failure else None,
        freshness=failure.freshness if failure else Freshness.SILENT,
    )


_SES: Sequence[tuple[str, str]] = (
    ("Send", "sent"), ("Delivery", "delivered"), ("Bounce", "bad"), ("Reject", "rejected"),
)  # fmt: skip
_OWN: Sequence[tuple[str, str]] = (
    ("EmailsSent", "sent"), ("EmailsFailed", "failed"), ("EmailsSuppressed", "suppressed"),
)  # fmt: skip


def _points(seen: Mapping[str, Any], key: str) -> tuple[float, ...]:
    return tuple(float(each) for each in seen.get(key) or ())
