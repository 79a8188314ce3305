"""What can stop mail besides the account itself: configuration sets, AWS's advice, and AWS Health's events."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.ses.calls import Asker
from cockpit.probes.ses.identity import VANTAGE, text, time_text
from cockpit.text import visible

SETS_READ = 50
"""Configuration sets that are looked at one by one; the names of the others are counted."""

HEALTH_DAYS = 14
"""Days that are looked back at AWS Health."""

HEALTH = "health"
_DETAILS = 10


async def read_sets(asker: Asker, target: str, check: str, *, at: datetime) -> Reading:
    """Every configuration set (SESv2 ListConfigurationSets, GetConfigurationSet): `sets` and `unread`."""

    async def look(reader: Asker) -> dict[str, Any]:
        names = await _all(reader, "list_configuration_sets", "ConfigurationSets", PageSize=1000)
        found = []
        for name in names[:SETS_READ]:
            answer = await reader.call("sesv2", "get_configuration_set", ConfigurationSetName=str(name))
            found.append(_set(answer, str(name)))
        return {"sets": found, "unread": len(names[SETS_READ:])}

    return await asker.read(target, check, VANTAGE, at, look)


async def read_advice(asker: Asker, target: str, check: str, *, at: datetime) -> Reading:
    """What AWS itself would mend (SESv2 ListRecommendations): `advice`."""

    async def look(reader: Asker) -> dict[str, Any]:
        found = await _all(reader, "list_recommendations", "Recommendations", PageSize=100)
        return {"advice": [_advice(each) for each in found[:200]], "more": len(found[200:])}

    return await asker.read(target, check, VANTAGE, at, look)


async def read_health(asker: Asker, target: str, check: str, *, at: datetime) -> Reading:
    """AWS Health's events about SES of the last days, of every status (DescribeEvents): `events`, newest first.

    The event of a paused account is `closed` from its first moment, so a filter by status would hide it. Without a
    support plan that has the API, `subscribed` is False.
    """

    async def look(reader: Asker) -> dict[str, Any]:
        from cockpit.probes.aws import AwsFailure

        wanted = {"services": ["SES"], "lastUpdatedTimes": [{"from": at - timedelta(days=HEALTH_DAYS)}]}
        try:
            answer = await reader.call("health", "describe_events", filter=wanted, maxResults=100)
        except AwsFailure as failure:
            if "SubscriptionRequired" in str(failure):
                return {"subscribed": False, "events": []}
            raise
        events = [_event(each) for each in answer.get("events", ())]
        texts = await _texts(reader, [each["arn"] for each in events[:_DETAILS]])
        for each in events:
            each["text"] = texts.get(each["arn"], "")
        return {"subscribed": True, "events": events}

    return await asker.read(target, check, HEALTH, at, look)


async def _texts(reader: Asker, arns: list[str]) -> dict[str, str]:
    if not arns:
        return {}
    answer = await reader.call("health", "describe_event_details", eventArns=arns)
    return {
        visible(each["event"]["arn"], limit=300): visible(
            (each.get("eventDescription") or {}).get("latestDescription", ""), limit=1000
        )
        for each in answer.get("successfulSet", ())
    }


async def _all(reader: Asker, operation: str, key: str, **parameters: Any) -> list[Any]:
    """All pages of a list of SESv2."""
    found: list[Any] = []
    more: dict[str, Any] = {}
    while True:
        answer = await reader.call("sesv2", operation, **parameters, **more)
        found.extend(answer.get(key, ()))
        token = answer.get("NextToken")
        if not token or len(found) > 10_000:
            return found
        more = {"NextToken": token}


def _set(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "name": visible(name, limit=100),
        "sending": (answer.get("SendingOptions") or {}).get("SendingEnabled"),
        "reputation": (answer.get("ReputationOptions") or {}).get("ReputationMetricsEnabled"),
        "suppresses": [
            visible(each, limit=20)
            for each in (answer.get("SuppressionOptions") or {}).get("SuppressedReasons", ())
        ],
    }


def _advice(each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "resource": text(each, "ResourceArn"),
        "type": text(each, "Type"),
        "says": text(each, "Description"),
        "status": text(each, "Status"),
        "impact": text(each, "Impact"),
        "at": time_text(each.get("LastUpdatedTimestamp")),
    }


def _event(each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": text(each, "arn"),
        "code": text(each, "eventTypeCode"),
        "category": text(each, "eventTypeCategory"),
        "status": text(each, "statusCode"),
        "region": text(each, "region"),
        "started": time_text(each.get("startTime")),
        "updated": time_text(each.get("lastUpdatedTime")),
        "ended": time_text(each.get("endTime")),
    }
