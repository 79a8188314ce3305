"""AWS Health: what AWS says about its own state. It needs a support plan, which a drill can take away."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation

KEPT_EVENTS = 200
CATEGORIES = ("issue", "accountNotification", "scheduledChange", "investigation")


@dataclass(slots=True, kw_only=True)
class HealthEvent:
    """One event; `status` is open, closed or upcoming, and `entities` are what it concerns in this account."""

    arn: str
    service: str
    code: str
    category: str
    status: str
    region: str
    started: datetime
    updated: datetime
    text: str
    ended: datetime | None = None
    entities: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)


class Health:
    """The events of one account; `subscribed` is whether its support plan has the API."""

    name = "health"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._events: deque[HealthEvent] = deque(maxlen=KEPT_EVENTS)
        self._numbered = 0
        self.subscribed = True

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "DescribeEvents": self.describe_events,
            "DescribeEventDetails": self.describe_event_details,
            "DescribeAffectedEntities": self.describe_affected_entities,
        }

    def announce(
        self,
        service: str,
        code: str,
        text: str,
        at: datetime,
        *,
        category: str = "issue",
        status: str = "open",
        region: str = "",
        entities: tuple[str, ...] = (),
    ) -> HealthEvent:
        """Begin an event; one that is `closed` from the start has its end there too."""
        self._numbered += 1
        where = region or self._place.region
        event = HealthEvent(
            arn=f"arn:aws:health:{where}::event/{service}/{code}/{code}_DRILL{self._numbered:05d}",
            service=service,
            code=code,
            category=category,
            status=status,
            region=where,
            started=at,
            updated=at,
            text=text,
            ended=at if status == "closed" else None,
            entities=entities,
        )
        self._events.append(event)
        return event

    def close(self, code: str, at: datetime) -> bool:
        """End every open event of a type; False when there is none."""
        ended = [event for event in self._events if event.code == code and event.status != "closed"]
        for event in ended:
            event.status, event.ended, event.updated = "closed", at, at
        return bool(ended)

    def sending_paused(self, at: datetime) -> HealthEvent:
        """The event of a paused account. AWS always shows it as closed, so who asks for open ones misses it."""
        text = (
            "Amazon SES has paused your account's ability to send email. Review the findings and reply to the "
            "Support case that has been opened for you."
        )
        return self.announce(
            "SES",
            "AWS_SES_SENDING_PAUSED",
            text,
            at,
            category="accountNotification",
            status="closed",
            entities=(self._place.account,),
        )

    def describe_events(self, call: Call) -> Mapping[str, Any]:
        """Health DescribeEvents by every part of its filter but tags, the newest first."""
        self._check_plan()
        wanted = call.parameters.get("filter", {})
        found = [event for event in reversed(self._events) if _meets(event, wanted)]
        return _paged("events", [_shown(event) for event in found], call)

    def describe_event_details(self, call: Call) -> Mapping[str, Any]:
        """Health DescribeEventDetails of up to 10 events."""
        self._check_plan()
        arns = call.parameters["eventArns"]
        if len(arns) > 10:
            raise AwsError("ValidationException", "At most 10 events can be asked for.", 400)
        held = {event.arn: event for event in self._events}
        known = [held[arn] for arn in arns if arn in held]
        failed = [
            {"eventArn": arn, "errorName": "InvalidEventArn", "errorMessage": "No such event."}
            for arn in arns
            if arn not in held
        ]
        details = [
            {
                "event": _shown(event),
                "eventDescription": {"latestDescription": event.text},
                "eventMetadata": dict(event.metadata),
            }
            for event in known
        ]
        return {"successfulSet": details, "failedSet": failed}

    def describe_affected_entities(self, call: Call) -> Mapping[str, Any]:
        """Health DescribeAffectedEntities of up to 10 events."""
        self._check_plan()
        wanted = call.parameters["filter"]
        entities = [
            {
                "entityArn": f"{event.arn}/entity/{index}",
                "eventArn": event.arn,
                "entityValue": value,
                "awsAccountId": self._place.account,
                "lastUpdatedTime": event.updated,
                "statusCode": "IMPAIRED" if event.status == "open" else "UNKNOWN",
            }
            for event in self._events
            if event.arn in wanted["eventArns"]
            for index, value in enumerate(event.entities)
            if value in wanted.get("entityValues", [value])
        ]
        return _paged("entities", entities, call)

    def _check_plan(self) -> None:
        if not self.subscribed:
            message = "You need a paid support plan to use the AWS Health API."
            raise AwsError("SubscriptionRequiredException", message, 400)


def _meets(event: HealthEvent, wanted: Mapping[str, Any]) -> bool:
    values = {
        "eventArns": event.arn,
        "services": event.service,
        "regions": event.region,
        "eventTypeCodes": event.code,
        "eventTypeCategories": event.category,
        "eventStatusCodes": event.status,
    }
    if any(name in wanted and value not in wanted[name] for name, value in values.items()):
        return False
    if "entityValues" in wanted and not set(wanted["entityValues"]) & set(event.entities):
        return False
    times = {"startTimes": event.started, "endTimes": event.ended, "lastUpdatedTimes": event.updated}
    return all(_within(times[name], wanted[name]) for name in times if name in wanted)


def _within(moment: datetime | None, ranges: list[Mapping[str, datetime]]) -> bool:
    if moment is None:
        return False
    return any(one.get("from", moment) <= moment <= one.get("to", moment) for one in ranges)


def _shown(event: HealthEvent) -> dict[str, Any]:
    told: dict[str, Any] = {
        "arn": event.arn,
        "service": event.service,
        "eventTypeCode": event.code,
        "eventTypeCategory": event.category,
        "region": event.region,
        "startTime": event.started,
        "lastUpdatedTime": event.updated,
        "statusCode": event.status,
        "eventScopeCode": "ACCOUNT_SPECIFIC" if event.entities else "PUBLIC",
    }
    return told | ({"endTime": event.ended} if event.ended else {})


def _paged(name: str, items: list[dict[str, Any]], call: Call) -> dict[str, Any]:
    token, size = call.parameters.get("nextToken", "from0"), call.parameters.get("maxResults", 100)
    token = token.removeprefix("from")
    if not token.isdigit():
        raise AwsError("InvalidPaginationToken", "The nextToken is not valid.", 400)
    end = int(token) + size
    return {name: items[int(token) : end]} | ({"nextToken": f"from{end}"} if end < len(items) else {})
