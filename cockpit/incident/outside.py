"""Alerts of other systems, told in our words: CloudWatch, AWS Health, Alertmanager, and EventBridge's events. Pure.

Whatever is missing or of the wrong type is empty; what cannot be understood at all is None. The same trouble has
the same id however often it is told of, so that it is taken over once.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cockpit.clock import format_time, parse_time
from cockpit.health.registry import account_target
from cockpit.incident import fields
from cockpit.incident.model import SEVERITIES
from cockpit.text import redact, visible


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of another system. `id` is the same whenever it is about the same thing.

    `kind` is one of ours where the words allow it, else the source's name. `started_at` becomes the detection.
    """

    source: str
    id: str
    target: str
    kind: str
    headline: str
    active: bool
    started_at: datetime
    severity: str = ""
    link: str = ""

    @property
    def subject(self) -> str:
        """What it is about, over all the times that it came and went."""
        return f"{self.source}|{self.id}|"

    @property
    def alert(self) -> str:
        """The id that this time gets in the ledger."""
        return f"{self.subject}{self.started_at:%Y%m%dT%H%M%SZ}"


_KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("dkim",), "dkim-missing"),
    (("complaint",), "ses-complaint"),
    (("bounce",), "ses-bounce"),
    (("sending_paused", "reputation", "suspend", "paused"), "ses-account"),
    (("verification", "identity"), "domain-identity"),
    (("quota", "throttl"), "ses-quota"),
    (("dnssec",), "dnssec-failure"),
    (("certificate", "ssl", "tls", "x509"), "certificate-invalid"),
    (("dns", "resolution", "nxdomain", "servfail"), "dns-failure"),
    (("probe", "down", "unavailable", "5xx", "health"), "service-down"),
)


def kind_of(words: str, fallback: str) -> str:
    """Which of our alert kinds the words of another system mean: the first that fits."""
    text = words.lower()
    return next((kind for signs, kind in _KINDS if any(sign in text for sign in signs)), fallback)


def from_cloudwatch(alarm: Mapping[str, Any], now: datetime) -> Outside | None:
    """One member of DescribeAlarms' `MetricAlarms` or `CompositeAlarms`.

    INSUFFICIENT_DATA is no alarm and no all-clear: it stays as it was, and None is given.
    """
    name, state = fields.text(alarm, "AlarmName"), fields.text(alarm, "StateValue")
    if not name or state not in ("ALARM", "OK"):
        return None
    updated = alarm.get("StateUpdatedTimestamp")
    started = updated if isinstance(updated, datetime) and updated.tzinfo else now
    arn = fields.text(alarm, "AlarmArn") or name
    about = f"{name} {fields.text(alarm, 'MetricName')} {fields.text(alarm, 'Namespace')}"
    headline = f"CloudWatch alarm {name}: {fields.text(alarm, 'StateReason') or state}"
    return _made("cloudwatch", arn, _watched_by(arn, about), about, headline, state == "ALARM", started)


def from_health(event: Mapping[str, Any], entities: tuple[str, ...], text: str, now: datetime) -> Outside | None:
    """One event of AWS Health (DescribeEvents) with what it concerns in this account and its description."""
    arn, code = fields.text(event, "arn"), fields.text(event, "eventTypeCode")
    if not arn:
        return None
    started = event.get("startTime")
    at = started if isinstance(started, datetime) and started.tzinfo else now
    target = entities[0] if entities else _account_of(arn)
    active = fields.text(event, "statusCode") != "closed"
    headline = f"AWS Health {code}: {text.strip().partition(chr(10))[0] or 'no description'}"
    return _made("aws-health", arn, target, f"{code} {text}", headline, active, at)


def from_alertmanager(alert: Mapping[str, Any], now: datetime) -> Outside | None:
    """One alert of `GET /api/v2/alerts` (gettableAlert), also as a webhook sends it."""
    labels, notes, status = (_texts(alert.get(name)) for name in ("labels", "annotations", "status"))
    name = labels.get("alertname", "")
    fingerprint = fields.text(alert, "fingerprint") or _digest(repr(sorted(labels.items())))
    if not name:
        return None
    state = status.get("state") or fields.text(alert, "status")
    started = fields.moment(alert, "startsAt") or now
    ended = fields.moment(alert, "endsAt")
    active = state not in ("resolved", "suppressed") and not (state == "" and ended is not None and ended <= now)
    target = next(
        (labels[key] for key in ("domain", "instance", "host", "service", "job") if labels.get(key)), name
    )
    words = notes.get("summary") or notes.get("description") or name
    severity = _severity(labels.get("severity", ""))
    about = f"{name} {words} {labels.get('job', '')}"
    link = fields.text(alert, "generatorURL")
    return _made(
        "alertmanager", fingerprint, target, about, f"{name}: {words}", active, min(started, now), severity, link
    )


def from_eventbridge(event: Mapping[str, Any], now: datetime) -> Outside | None:
    """One event of EventBridge: CloudWatch's "Alarm State Change" or AWS Health's "AWS Health Event"."""
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        return None
    at = fields.moment(event, "time") or now
    if fields.text(event, "detail-type") == "CloudWatch Alarm State Change":
        state = detail.get("state")
        resources = fields.texts(event, "resources")
        alarm = {
            "AlarmName": fields.text(detail, "alarmName"),
            "AlarmArn": resources[0] if resources else "",
            "StateValue": fields.text(state, "value") if isinstance(state, Mapping) else "",
            "StateReason": fields.text(state, "reason") if isinstance(state, Mapping) else "",
            "StateUpdatedTimestamp": at,
        }
        return from_cloudwatch(alarm, now)
    if fields.text(event, "detail-type") in ("AWS Health Event", "AWS Health Abuse Event"):
        return from_health(*_health_event(event, detail, at), now)
    return None


def outsides(document: Any, now: datetime) -> tuple[Outside, ...]:
    """Every alert in a JSON document of any of these kinds: one event, a list, or an Alertmanager webhook."""
    if isinstance(document, list):
        return tuple(found for each in document for found in outsides(each, now))
    if not isinstance(document, Mapping):
        return ()
    if isinstance(document.get("alerts"), list):
        return outsides(document["alerts"], now)
    if "detail-type" in document:
        found = from_eventbridge(document, now)
    elif "labels" in document:
        found = from_alertmanager(document, now)
    elif "StateValue" in document:
        found = from_cloudwatch({**document, "StateUpdatedTimestamp": _moment(document, now)}, now)
    else:
        return ()
    return (found,) if found is not None else ()


def raised_body(outside: Outside, severity: str, reason: str, services: tuple[str, ...] = ()) -> dict[str, Any]:
    """Body of `alert.raised` for an alert of another system."""
    return {
        "alert": outside.alert,
        "target": outside.target,
        "check": outside.source,
        "verdict": "FAIL",
        "headline": outside.headline,
        "finding": None,
        "severity": severity,
        "severity_reason": reason,
        "kind": outside.kind,
        "runbook": None,
        "services": list(services),
        "owners": [],
        "first_bad_at": format_time(outside.started_at),
        "link": outside.link,
    }


def _health_event(
    event: Mapping[str, Any], detail: Mapping[str, Any], at: datetime
) -> tuple[Mapping[str, Any], tuple[str, ...], str]:
    told, affected = detail.get("eventDescription"), detail.get("affectedEntities")
    words = [fields.text(each, "latestDescription") for each in _objects(told)]
    entities = tuple(name for each in _objects(affected) if (name := fields.text(each, "entityValue")))
    plain = {
        "arn": fields.text(detail, "eventArn") or fields.text(event, "id"),
        "eventTypeCode": fields.text(detail, "eventTypeCode"),
        "statusCode": fields.text(detail, "statusCode"),
        "startTime": at,
    }
    return plain, entities, words[0] if words else ""


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _texts(value: Any) -> dict[str, str]:
    items = value.items() if isinstance(value, Mapping) else ()
    return {key: text for key, text in items if isinstance(key, str) and isinstance(text, str)}


def _made(
    source: str,
    id_: str,
    target: str,
    about: str,
    headline: str,
    active: bool,
    at: datetime,
    severity: str = "",
    link: str = "",
) -> Outside:
    return Outside(
        source=source,
        id=visible(id_, limit=300),
        target=visible(target, limit=253),
        kind=kind_of(about, source),
        headline=redact(visible(headline, limit=500)),
        active=active,
        started_at=at,
        severity=severity,
        link=redact(visible(link, limit=500)),
    )


def _severity(word: str) -> str:
    if word.upper() in SEVERITIES:
        return word.upper()
    return {"critical": "P0", "page": "P0", "high": "P1", "error": "P1", "warning": "P2", "info": "P3"}.get(
        word.lower(), ""
    )


def _watched_by(arn: str, about: str) -> str:
    """What an alarm is about: the sending account for one about mail, as our own checks name it."""
    parts = arn.split(":")
    about_mail = "AWS/SES" in about or about.startswith("ses-")
    if about_mail and len(parts) > 5 and parts[4].isdigit() and parts[3]:
        return account_target(parts[4], parts[3])
    return _account_of(arn)


def _account_of(arn: str) -> str:
    parts = arn.split(":")
    account = parts[4] if len(parts) > 5 else ""
    return f"account {account}" if account.isdigit() else "account"


def _moment(document: Mapping[str, Any], now: datetime) -> datetime:
    try:
        return parse_time(str(document.get("StateUpdatedTimestamp", "")))
    except ValueError:
        return now


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
