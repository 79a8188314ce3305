"""Alarms that cannot fire, paused sets, AWS Health with every status, advice, and sends that fail."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cockpit.health.model import Observation, Reading, Verdict
from cockpit.health.rates import FAILURE, judge_failures, judge_rates
from cockpit.ses.alarms import judge_alarms, lint, wanted
from cockpit.ses.standing import judge_advice, judge_health, judge_sets

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SPACE = "DiscordBot/SES"


def reading(seen: dict[str, Any], failure: str | None = None) -> Reading:
    return Reading("ses:1/r", "x", "aws", AT, timedelta(), seen, failure)


def alarm(name: str, **more: Any) -> dict[str, Any]:
    want = next(each for each in wanted(SPACE) if each.name == name)
    return {
        "name": name,
        "composite": False,
        "namespace": want.namespace,
        "metric": want.metric,
        "dimensions": {},
        "comparison": want.comparison,
        "threshold": want.threshold,
        "actions": ["arn:aws:sns:r:1:ses-alarms"],
        "actions_enabled": True,
        "state": "OK",
        "missing": "ignore",
        **more,
    }


def every_alarm() -> list[dict[str, Any]]:
    return [alarm(each.name) for each in wanted(SPACE)]


def judged(alarms: list[dict[str, Any]]) -> Observation:
    return judge_alarms(reading({"alarms": alarms, "history": []}), SPACE, AT)[0]


def test_the_six_alarms_of_the_documents_are_wanted_with_fractions() -> None:
    thresholds = {each.name: each.threshold for each in wanted(SPACE)}
    assert thresholds == {
        "ses-high-bounce-rate-CRITICAL": 0.05,
        "ses-high-complaint-rate-CRITICAL": 0.001,
        "ses-bounce-rate-warning": 0.03,
        "ses-complaint-rate-warning": 0.0005,
        "ses-email-failure-rate-high": 0.10,
        "ses-suppressed-emails-detected": 1.0,
    }
    assert judged(every_alarm()).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"threshold": 5}, "never fire"),
        ({"threshold": 5.0}, "never fire"),
        ({"actions": []}, "nobody is told"),
        ({"actions_enabled": False}, "switched off"),
        ({"missing": "breaching"}, "missing data"),
        ({"comparison": "LessThanThreshold"}, "when the rate is low"),
    ],
)
def test_an_alarm_that_cannot_do_its_work_is_a_warning(change: dict[str, Any], words: str) -> None:
    alarms = every_alarm()
    alarms[0] |= change
    assert any(words in each for each in lint(alarms[0]))
    found = judged(alarms)
    assert found.verdict is Verdict.WARN
    assert found.finding is not None
    assert words in found.finding.now


def test_an_alarm_of_another_name_does_the_work_and_a_missing_one_is_told() -> None:
    alarms = every_alarm()[:-1]
    alarms[0]["name"] = "our-own-name"
    found = judged(alarms)
    assert found.verdict is Verdict.WARN
    assert "1 of 6" in found.headline
    states = {each["name"]: each for each in found.evidence["wanted"]}
    assert states["ses-high-bounce-rate-CRITICAL"]["found"] == "our-own-name"
    assert states["ses-suppressed-emails-detected"]["found"] == ""


def test_a_wrong_threshold_is_told_with_the_right_one() -> None:
    alarms = every_alarm()
    alarms[2]["threshold"] = 0.04
    states = {each["name"]: each for each in judged(alarms).evidence["wanted"]}
    assert "wanted is 0.03" in states["ses-bounce-rate-warning"]["problems"][0]


def test_a_firing_alarm_is_told_and_leaves_the_alert_to_the_rates() -> None:
    alarms = every_alarm()
    alarms[0]["state"] = "ALARM"
    found = judged(alarms)
    assert (found.verdict, found.evidence["firing"]) == (Verdict.INFO, ["ses-high-bounce-rate-CRITICAL"])


@pytest.mark.parametrize(
    ("sending", "verdict"),
    [([True, True], Verdict.OK), ([True, False], Verdict.WARN), ([False, False], Verdict.FAIL), ([], Verdict.NA)],
)
def test_paused_configuration_sets(sending: list[bool], verdict: Verdict) -> None:
    sets = [{"name": f"s{number}", "sending": each} for number, each in enumerate(sending)]
    assert judge_sets(reading({"sets": sets}), AT)[0].verdict is verdict


def health(**event: Any) -> Verdict:
    whole = {"code": "AWS_SES_X", "text": "t", "updated": (AT - timedelta(hours=2)).isoformat(), **event}
    return judge_health(reading({"subscribed": True, "events": [whole]}), AT)[0].verdict


def test_a_closed_notification_is_news_and_a_closed_issue_is_not() -> None:
    assert health(category="accountNotification", status="closed") is Verdict.WARN
    assert health(category="issue", status="open") is Verdict.WARN
    assert health(category="issue", status="closed") is Verdict.OK
    old = (AT - timedelta(days=3)).isoformat()
    assert health(category="accountNotification", status="closed", updated=old) is Verdict.OK
    assert judge_health(reading({"subscribed": False, "events": []}), AT)[0].verdict is Verdict.NA


def test_advice_is_told_and_alerts_nobody() -> None:
    advice = [{"type": "DKIM", "says": "x", "status": "OPEN", "impact": "HIGH"}]
    assert judge_advice(reading({"advice": advice}), AT)[0].verdict is Verdict.INFO
    assert judge_advice(reading({"advice": []}), AT)[0].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("failed", "verdict"), [(0, Verdict.OK), (49, Verdict.OK), (50, Verdict.WARN), (100, Verdict.FAIL)]
)
def test_failed_sends_warn_at_5_and_fail_at_10_percent(failed: int, verdict: Verdict) -> None:
    seen = {"own": True, "own_sent": [1000 - failed], "own_failed": [failed], "own_suppressed": [3]}
    (found,) = judge_failures(reading(seen), AT)
    assert (found.check, found.verdict) == (FAILURE, verdict)
    assert found.evidence["suppressed_last_hour"] == 3


def test_where_nobody_counts_failed_sends_do_not_apply() -> None:
    assert judge_failures(reading({"own": False}), AT)[0].verdict is Verdict.NA


@pytest.mark.parametrize("failure", ["timeout", "throttled", "expired-credentials", "access-denied"])
def test_what_cannot_be_asked_is_unknown(failure: str) -> None:
    broken = reading({}, failure)
    found = [
        *judge_alarms(broken, SPACE, AT),
        *judge_sets(broken, AT),
        *judge_health(broken, AT),
        *judge_advice(broken, AT),
        *judge_failures(broken, AT),
    ]
    assert {each.verdict for each in found} == {Verdict.UNKNOWN}


def test_each_rate_carries_its_points_lines_and_runway() -> None:
    sent = [1000.0] * 12
    seen = {
        "send": sent,
        "bounce": [20.0] * 12,
        "complaint": [0.0] * 12,
        "reputation_bounce": 0.02,
        "figures_bounce": [0.02] * 12,
        "from": AT.isoformat(),
        "sets": {"bulk": {"bounce": 0.04, "complaint": None}},
    }
    found = {each.check: each for each in judge_rates(reading(seen), AT) if not each.vantage}
    evidence = found["ses.bounce"].evidence
    assert (evidence["lines"], evidence["ladder"]) == ([0.05, 0.10], [0.03, 0.05])
    assert [each["line"] for each in evidence["runway"]] == [0.03, 0.05, 0.10]
    assert {each["course"] for each in evidence["runway"]} == {"safe"}
    assert evidence["sets"] == {"bulk": 0.04}


def test_an_alarm_of_the_right_name_with_another_threshold_is_a_warning() -> None:
    alarms = every_alarm()
    alarms[2]["threshold"] = 0.08
    found = judged(alarms)
    assert found.verdict is Verdict.WARN
    assert "the threshold is 0.08, wanted is 0.03" in found.headline
    assert found.finding is not None
    assert "cockpit provision plan" in found.finding.fix
