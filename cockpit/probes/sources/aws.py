"""CloudWatch's alarms (DescribeAlarms) and AWS Health's events (DescribeEvents) as sources of alerts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.incident.outside import Outside, from_cloudwatch, from_health
from cockpit.probes.aws import AwsFailure, AwsReader
from cockpit.probes.sources.told import Told

MAX_PAGES = 20


class CloudWatchSource:
    """The alarms of the account whose names begin with `prefix`; empty for all."""

    def __init__(self, aws: AwsReader, prefix: str = "ses-") -> None:
        self._aws = aws
        self._given = {"AlarmNamePrefix": prefix} if prefix else {}

    async def ask(self, now: datetime) -> Told:
        """Alarms in ALARM and those that are OK again."""
        found: list[Outside] = []
        token: dict[str, str] = {}
        try:
            for _ in range(MAX_PAGES):
                page = await self._aws.call(
                    "cloudwatch",
                    "describe_alarms",
                    AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                    **self._given,
                    **token,
                )
                alarms = [*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ())]
                found += [outside for alarm in alarms if (outside := from_cloudwatch(alarm, now)) is not None]
                if not page.get("NextToken"):
                    return Told("cloudwatch", tuple(found))
                token = {"NextToken": page["NextToken"]}
        except AwsFailure as error:
            return Told("cloudwatch", (), f"{error.token}: {error}", False)
        return Told("cloudwatch", tuple(found), "", False)


class AwsHealthSource:
    """Events about `service` that concern this account. The API needs a Business support plan or better."""

    def __init__(self, aws: AwsReader, service: str = "SES") -> None:
        self._aws = aws
        self._service = service

    async def ask(self, now: datetime) -> Told:
        """Open and upcoming events with what they concern; without the plan, that is the failure."""
        try:
            page = await self._aws.call(
                "health",
                "describe_events",
                filter={"services": [self._service], "eventStatusCodes": ["open", "upcoming"]},
            )
            events = list(page.get("events", ()))[:10]
            if not events:
                return Told("aws-health")
            arns = [str(event["arn"]) for event in events if event.get("arn")]
            details = await self._aws.call("health", "describe_event_details", eventArns=arns)
            affected = await self._aws.call("health", "describe_affected_entities", filter={"eventArns": arns})
        except AwsFailure as error:
            return Told("aws-health", (), f"{error.token}: {error}", False)
        words = {_arn(each): _words(each) for each in details.get("successfulSet", ())}
        hurt: dict[str, tuple[str, ...]] = {}
        for entity in affected.get("entities", ()):
            arn = str(entity.get("eventArn"))
            hurt[arn] = (*hurt.get(arn, ()), str(entity.get("entityValue", "")))
        told = [from_health(each, hurt.get(str(each.get("arn")), ()), words.get(str(each.get("arn")), ""), now)
                for each in events]  # fmt: skip
        return Told("aws-health", tuple(each for each in told if each is not None))


def _arn(detail: Mapping[str, Any]) -> str:
    return str(detail.get("event", {}).get("arn"))


def _words(detail: Mapping[str, Any]) -> str:
    return str(detail.get("eventDescription", {}).get("latestDescription", ""))
