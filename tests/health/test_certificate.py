"""Certificates: the ladder shortens with the lifetime, every refusal is named, the worst address decides."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.health.certificate import judge_certificates, rung_of
from cockpit.health.model import Observation, Reading, Verdict
from tests.health.dns_readings import AT

CHECK = "tls.certificate"


def presented(
    left: timedelta, lifetime: timedelta = timedelta(days=90), reason: str = "", address: str = "203.0.113.9"
) -> Reading:
    ends = AT + left
    seen: dict[str, Any] = {
        "host": "www.shop.example",
        "address": address,
        "certificate": {
            "not_after": ends.isoformat(),
            "not_before": (ends - lifetime).isoformat(),
            "issuer": "R11",
            "names": ["www.shop.example"],
            "sha256": "ab",
        },
        "chain": [],
        "verification": {"reason": reason, "detail": f"because {reason}", "path": []},
    }
    return Reading("shop.example", CHECK, f"www.shop.example:443 {address}", AT, timedelta(), seen)


def failed(failure: str) -> Reading:
    seen = {"host": "www.shop.example", "reason": "no answer"}
    return Reading("shop.example", CHECK, "www.shop.example:443 203.0.113.9", AT, timedelta(), seen, failure)


def decide(*readings: Reading) -> Observation:
    return judge_certificates("shop.example", readings, AT)[-1]


@pytest.mark.parametrize(
    ("days_left", "lifetime_days", "rung"),
    [
        (31, 200, 0),
        (30, 200, 1),
        (14, 200, 2),
        (7, 200, 3),
        (1, 200, 4),
        (28, 90, 0),
        (26, 90, 1),
        (3, 6, 0),
        (1.5, 6, 1),
        (0.05, 6, 4),
    ],
)
def test_the_ladder_is_the_lesser_of_fixed_days_and_a_share_of_the_lifetime(
    days_left: float, lifetime_days: float, rung: int
) -> None:
    assert rung_of(timedelta(days=days_left), timedelta(days=lifetime_days)) == rung


@given(st.floats(-10, 400), st.floats(0.5, 400), st.floats(0, 10))
def test_less_time_left_never_lowers_the_rung(left: float, lifetime: float, less: float) -> None:
    life = timedelta(days=lifetime)
    assert rung_of(timedelta(days=left - less), life) >= rung_of(timedelta(days=left), life)


@given(st.floats(0.5, 400))
def test_a_new_certificate_never_warns(lifetime: float) -> None:
    assert rung_of(timedelta(days=lifetime), timedelta(days=lifetime)) == 0


def test_verdicts_climb_the_ladder() -> None:
    assert decide(presented(timedelta(days=60))).verdict is Verdict.OK
    warning = decide(presented(timedelta(days=10)))
    assert warning.verdict is Verdict.WARN
    assert warning.headline == "www.shop.example: certificate expires in 10 days"
    assert warning.evidence["kind"] == "certificate-expiring"
    assert warning.evidence["hours_left"] == 240.0
    assert decide(presented(timedelta(hours=20))).verdict is Verdict.FAIL


def test_an_expired_certificate_is_of_its_own_kind() -> None:
    decision = decide(presented(timedelta(days=-2), reason="expired"))
    assert decision.verdict is Verdict.FAIL
    assert decision.evidence["kind"] == "certificate-expired"


@pytest.mark.parametrize("reason", ["name-mismatch", "missing-intermediate", "untrusted-root", "self-signed"])
def test_a_refused_chain_fails_with_its_reason_and_a_fix(reason: str) -> None:
    decision = decide(presented(timedelta(days=60), reason=reason))
    assert decision.verdict is Verdict.FAIL
    assert decision.evidence["kind"] == "certificate-invalid"
    assert decision.finding is not None
    assert f"because {reason}" in decision.finding.now
    assert decision.finding.fix


def test_the_worst_address_decides() -> None:
    good, bad = presented(timedelta(days=60)), presented(timedelta(days=60), reason="name-mismatch", address="::1")
    assert decide(good, bad).verdict is Verdict.FAIL


def test_an_unreachable_address_leaves_the_decision_to_the_others() -> None:
    assert decide(failed("unreachable"), presented(timedelta(days=60))).verdict is Verdict.OK
    assert decide(failed("timeout")).verdict is Verdict.UNKNOWN


def test_a_listener_that_presents_nothing_fails() -> None:
    assert decide(failed("not-tls")).verdict is Verdict.FAIL
