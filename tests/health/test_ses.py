"""SES: three kinds of stop, AWS's lines and ours, and what cannot be asked is never green."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.health.account import judge_account
from cockpit.health.identity import judge_identity
from cockpit.health.model import Observation, Reading, Verdict
from cockpit.health.rates import judge_rates, percent, trend, windowed
from tests.health.dns_readings import AT

TARGET = "ses:447112341123/ca-central-1"


def reading(seen: dict[str, Any], failure: str | None = None, target: str = TARGET) -> Reading:
    return Reading(target, "ses.account", "ses", AT, timedelta(), seen, failure)


def account(**seen: Any) -> Observation:
    return judge_account(reading({"enforcement": "HEALTHY", "sending_enabled": True, **seen}), AT)[0]


def identity(serial: int | None = None, **seen: Any) -> Observation:
    fine = {
        "verification_status": "SUCCESS",
        "verified_for_sending": True,
        "dkim_status": "SUCCESS",
        "signing_enabled": True,
        "origin": "AWS_SES",
    }
    return judge_identity(reading({**fine, **seen}, target="shop.example"), serial, AT)[0]


def rates(**seen: Any) -> dict[str, Observation]:
    flat = {"send": [1000.0] * 8, "bounce": [10.0] * 8, "complaint": [0.1] * 8}
    found = judge_rates(reading({**flat, "reputation_bounce": 0.019, "reputation_complaint": 0.0004, **seen}), AT)
    return {f"{each.check} {each.vantage}".strip(): each for each in found}


def test_a_healthy_account_is_ok() -> None:
    assert account().verdict is Verdict.OK


@pytest.mark.parametrize(
    ("seen", "verdict", "words"),
    [
        ({"enforcement": "SHUTDOWN", "sending_enabled": False}, Verdict.FAIL, "AWS paused sending"),
        ({"sending_enabled": False}, Verdict.FAIL, "switched off by us"),
        ({"enforcement": "PROBATION"}, Verdict.WARN, "under review by AWS"),
        ({"enforcement": "SOMETHING_NEW"}, Verdict.WARN, "not known here"),
        ({"production": False}, Verdict.INFO, "sandbox"),
    ],
)
def test_stops_are_told_apart(seen: dict[str, Any], verdict: Verdict, words: str) -> None:
    decision = account(**seen)
    assert decision.verdict is verdict
    assert words in decision.headline


def test_a_paused_configuration_set_is_the_identitys_failure() -> None:
    decision = identity(configuration_set="bulk", configuration_set_sending=False)
    assert decision.verdict is Verdict.FAIL
    assert "bulk is paused" in decision.headline


@pytest.mark.parametrize(
    "failure", ["timeout", "throttled", "expired-credentials", "wrong-account", "access-denied"]
)
def test_what_cannot_be_asked_is_unknown_with_the_reason(failure: str) -> None:
    for decision in (*judge_account(reading({}, failure), AT), *judge_rates(reading({}, failure), AT)):
        assert decision.verdict is Verdict.UNKNOWN
        assert decision.headline
    assert judge_identity(reading({}, failure), None, AT)[0].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("sent", "verdict"), [(699, Verdict.OK), (700, Verdict.WARN), (900, Verdict.FAIL), (None, Verdict.UNKNOWN)]
)
def test_the_quota_warns_at_70_and_fails_at_90_percent(sent: float | None, verdict: Verdict) -> None:
    quota = judge_account(reading({"max_24_hours": 1000, "sent_24_hours": sent}), AT)[1]
    assert quota.verdict is verdict


def test_an_unlimited_quota_does_not_apply() -> None:
    assert judge_account(reading({"max_24_hours": -1, "sent_24_hours": 5}), AT)[1].verdict is Verdict.NA


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        ({}, Verdict.OK),
        ({"dkim_status": "PENDING"}, Verdict.WARN),
        ({"dkim_status": "TEMPORARY_FAILURE"}, Verdict.WARN),
        ({"dkim_status": "FAILED"}, Verdict.FAIL),
        ({"signing_enabled": False}, Verdict.WARN),
        ({"verification_status": "FAILED", "verified_for_sending": False}, Verdict.FAIL),
        ({"verification_status": "PENDING", "verified_for_sending": False}, Verdict.WARN),
    ],
)
def test_identity_states(seen: dict[str, Any], verdict: Verdict) -> None:
    assert identity(**seen).verdict is verdict


def test_the_identity_says_what_ses_saw_and_whether_it_is_behind() -> None:
    decision = identity(serial=8, dkim_status="TEMPORARY_FAILURE", error_type="HOST_NOT_FOUND", soa_serial=7)
    assert decision.finding is not None
    assert "HOST_NOT_FOUND (the name does not exist)" in decision.finding.now
    assert "SES saw serial 7, the zone has 8" in decision.finding.now


def test_a_missing_identity_fails_and_is_not_unknown() -> None:
    assert judge_identity(reading({}, "not-found"), None, AT)[0].verdict is Verdict.FAIL


def test_rates_keep_aws_figure_and_ours_apart() -> None:
    found = rates()
    assert found["ses.bounce"].verdict is Verdict.OK
    assert found["ses.bounce"].headline == "bounce rate 1.90 % (AWS reputation), 1.00 % (last hour)"
    assert found["ses.bounce"].evidence["reported"] == 0.019
    assert found["ses.bounce"].evidence["windowed"] == 0.01
    assert found["ses.bounce AWS reputation"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("figure", "verdict"), [(0.0299, Verdict.OK), (0.03, Verdict.WARN), (0.05, Verdict.FAIL), (0.2, Verdict.FAIL)]
)
def test_bounces_warn_at_3_and_fail_at_5_percent(figure: float, verdict: Verdict) -> None:
    assert rates(reputation_bounce=figure)["ses.bounce"].verdict is verdict


@pytest.mark.parametrize(
    ("figure", "verdict"), [(0.00049, Verdict.OK), (0.0005, Verdict.WARN), (0.001, Verdict.FAIL)]
)
def test_complaints_warn_at_a_twentieth_and_fail_at_a_tenth_percent(figure: float, verdict: Verdict) -> None:
    assert rates(reputation_complaint=figure)["ses.complaint"].verdict is verdict


def test_a_burst_shows_in_our_window_before_aws_moves() -> None:
    found = rates(bounce=[10.0] * 4 + [80.0] * 4)["ses.bounce"]
    assert found.verdict is Verdict.FAIL
    assert found.finding is not None
    assert "in the last hour" in found.finding.now


def test_without_mail_there_is_no_rate_and_nothing_is_green() -> None:
    found = rates(send=[], bounce=[], complaint=[], reputation_bounce=None, reputation_complaint=None)
    assert found["ses.bounce"].verdict is Verdict.NA
    assert windowed([10.0], [9.0]) is None


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1)), max_size=50))
def test_rates_stay_between_nothing_and_everything(points: list[tuple[float, float]]) -> None:
    sent = [mail for mail, _ in points]
    bad = [mail * share for mail, share in points]
    rate = windowed(sent, bad)
    assert rate is None or 0 <= rate <= 1.000001
    assert all(0 <= point <= 1.000001 for point in trend(sent, bad))


def test_small_rates_keep_their_digits() -> None:
    assert percent(0.0231) == "2.31 %"
    assert percent(0.00041) == "0.041 %"
    assert percent(0.0) == "0.00 %"
