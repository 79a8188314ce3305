"""Alerts of other systems: their own shapes in, ours out, and nothing that makes the reader fall over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.outside import from_alertmanager, from_cloudwatch, kind_of, outsides

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ARN = "arn:aws:cloudwatch:ca-central-1:123456789012:alarm:ses-bounce-rate"

ALARM_EVENT = {
    "version": "0",
    "id": "c4c1c1c9",
    "detail-type": "CloudWatch Alarm State Change",
    "source": "aws.cloudwatch",
    "account": "123456789012",
    "time": "2026-11-20T13:58:00Z",
    "region": "ca-central-1",
    "resources": [ARN],
    "detail": {"alarmName": "ses-bounce-rate", "state": {"value": "ALARM", "reason": "Threshold Crossed: 0.06"}},
}
HEALTH_EVENT = {
    "detail-type": "AWS Health Event",
    "source": "aws.health",
    "time": "2026-11-20T13:50:00Z",
    "detail": {
        "eventArn": "arn:aws:health:ca-central-1::event/SES/AWS_SES_DKIM_PENDING/1",
        "service": "SES",
        "eventTypeCode": "AWS_SES_DKIM_PENDING_TO_FAILED",
        "statusCode": "open",
        "eventDescription": [{"language": "en_US", "latestDescription": "DKIM of shop.example failed."}],
        "affectedEntities": [{"entityValue": "shop.example"}],
    },
}
GETTABLE = {
    "fingerprint": "9f1a",
    "labels": {"alertname": "ProbeFailed", "instance": "shop.example", "severity": "critical"},
    "annotations": {"summary": "DNS resolution fails"},
    "startsAt": "2026-11-20T13:55:00.000Z",
    "endsAt": "2026-11-20T14:05:00.000Z",
    "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    "generatorURL": "http://prometheus.example/graph?token=abcdef123456",
}


def test_an_alarm_of_cloudwatch_is_about_the_account_since_it_changed() -> None:
    (found,) = outsides(ALARM_EVENT, NOW)
    assert (found.source, found.kind, found.target) == ("cloudwatch", "ses-bounce", "ses:123456789012/ca-central-1")
    assert (found.active, found.started_at) == (True, NOW - timedelta(minutes=2))
    over = {**ALARM_EVENT, "detail": {"alarmName": "ses-bounce-rate", "state": {"value": "OK"}}}
    (ended,) = outsides(over, NOW)
    assert (ended.subject, ended.active) == (found.subject, False)


def test_no_data_is_neither_alarm_nor_all_clear() -> None:
    assert from_cloudwatch({"AlarmName": "x", "StateValue": "INSUFFICIENT_DATA"}, NOW) is None


def test_an_event_of_health_is_about_what_it_names() -> None:
    (found,) = outsides([HEALTH_EVENT], NOW)
    assert (found.target, found.kind) == ("shop.example", "dkim-missing")
    assert found.headline == "AWS Health AWS_SES_DKIM_PENDING_TO_FAILED: DKIM of shop.example failed."


def test_an_alert_of_alertmanager_keeps_its_fingerprint_and_severity() -> None:
    (found,) = outsides([GETTABLE], NOW)
    assert (found.id, found.severity, found.kind, found.target) == ("9f1a", "P0", "dns-failure", "shop.example")
    assert "abcdef123456" not in found.link
    (webhook,) = outsides({"alerts": [{**GETTABLE, "status": "resolved"}]}, NOW)
    assert not webhook.active
    suppressed = from_alertmanager({**GETTABLE, "status": {"state": "suppressed"}}, NOW)
    assert suppressed is not None
    assert not suppressed.active


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("AWS_SES_SENDING_PAUSED", "ses-account"),
        ("ses-complaint-rate-critical", "ses-complaint"),
        ("certificate expires", "certificate-invalid"),
        ("KubePodCrashLooping", "fallback"),
    ],
)
def test_words_become_our_kinds(words: str, kind: str) -> None:
    assert kind_of(words, "fallback") == kind


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)


@given(JSON, st.sampled_from([ALARM_EVENT, HEALTH_EVENT, GETTABLE]), st.data())
def test_no_document_makes_it_raise(junk: Any, known: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(known)))
    for document in (junk, [junk], {**known, key: junk}):
        for found in outsides(document, NOW):
            assert found.headline.isprintable()
            assert found.subject.startswith(found.source)
