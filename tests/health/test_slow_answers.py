"""An answer that is right and slow is a warning, where somebody said what slow is."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.health.model import Reading, Verdict
from cockpit.health.web import CHECK, Wanted, judge_health

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("took_s", "slow_s", "verdict"),
    [(2.4, 2.0, Verdict.WARN), (2.0, 2.0, Verdict.OK), (9.0, None, Verdict.OK)],
)
def test_slower_than_allowed_is_a_warning(took_s: float, slow_s: float | None, verdict: Verdict) -> None:
    seen = {"host": "app.example", "path": "/", "status": 200}
    reading = Reading("app.example", CHECK, "app.example 192.0.2.1", AT, timedelta(seconds=took_s), seen)
    decision = judge_health("app.example", [(reading, Wanted(slow_s=slow_s))], AT)[-1]
    assert decision.verdict is verdict
    assert ("2 s are allowed" in decision.headline) == (verdict is Verdict.WARN)
