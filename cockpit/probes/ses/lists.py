"""Who is suppressed: SES's account list (SESv2) and the organisation's own table (DynamoDB)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.aws import AwsFailure
from cockpit.probes.ses.calls import Asker
from cockpit.ses.feedback import address as bare
from cockpit.ses.feedback import moment
from cockpit.ses.suppression import Entry
from cockpit.text import visible

VANTAGE = "ses"
PAGE = 1000
LOOK_PAGES = 10
"""Pages of each place that one look of the watch reads."""


async def on_list(asker: Asker, *, pages: int = 1000) -> tuple[list[Entry], bool]:
    """SES's list (ListSuppressedDestinations), and whether that is all of it; raises AwsFailure."""
    found: list[Entry] = []
    more: dict[str, Any] = {}
    for _ in range(pages):
        answer = await asker.call("sesv2", "list_suppressed_destinations", PageSize=PAGE, **more)
        found += [
            Entry(_address(each.get("EmailAddress")), _text(each.get("Reason")), each.get("LastUpdateTime"))
            for each in answer.get("SuppressedDestinationSummaries", ())
        ]
        if not answer.get("NextToken"):
            return found, True
        more = {"NextToken": answer["NextToken"]}
    return found, False


async def in_table(asker: Asker, table: str, *, pages: int = 1000) -> tuple[list[Entry], bool]:
    """The table's items (Scan), and whether these are all; raises AwsFailure."""
    found: list[Entry] = []
    more: dict[str, Any] = {}
    for _ in range(pages):
        answer = await asker.call("dynamodb", "scan", TableName=table, **more)
        found += [item_entry(each) for each in answer.get("Items", ())]
        if not answer.get("LastEvaluatedKey"):
            return found, True
        more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    return found, False


async def look_up(asker: Asker, address: str, table: str) -> tuple[Entry | None, list[Entry]]:
    """One address: on SES's list (GetSuppressedDestination), and in the table (Query); raises AwsFailure."""
    try:
        answer = (await asker.call("sesv2", "get_suppressed_destination", EmailAddress=address)).get(
            "SuppressedDestination", {}
        )
        listed = Entry(
            _address(answer.get("EmailAddress")), _text(answer.get("Reason")), answer.get("LastUpdateTime")
        )
    except AwsFailure as failure:
        if failure.token != "not-found":  # noqa: S105 -- a token of ours for a kind of failure
            raise
        listed = None
    if not table:
        return listed, []
    answer = await asker.call(
        "dynamodb",
        "query",
        TableName=table,
        KeyConditionExpression="email = :email",
        ExpressionAttributeValues={":email": {"S": address}},
        ConsistentRead=True,
    )
    return listed, [item_entry(each) for each in answer.get("Items", ())]


async def read_lists(asker: Asker, target: str, check: str, table: str, *, at: datetime) -> Reading:
    """Both places; a table that fails is told in `table_failure`, so that the list is not lost with it."""

    async def look(reader: Asker) -> dict[str, Any]:
        listed, all_listed = await on_list(reader, pages=LOOK_PAGES)
        seen: dict[str, Any] = {"on_list": listed, "in_table": [], "cut": not all_listed}
        try:
            tabled, all_tabled = await in_table(reader, table, pages=LOOK_PAGES)
        except AwsFailure as failure:
            return {**seen, "table_failure": f"{failure.token}: {failure}"}
        return {**seen, "in_table": tabled, "cut": not (all_listed and all_tabled)}

    return await asker.read(target, check, VANTAGE, at, look)


def item_entry(item: Mapping[str, Any]) -> Entry:
    """An item of the table, whatever else it carries; a time may stand under several names."""
    values = {
        key: next(iter(value.values()), "") if isinstance(value, dict) else value for key, value in item.items()
    }
    when = next(
        (moment(values[name]) for name in ("timestamp", "added_at", "at", "created_at") if name in values), None
    )
    return Entry(_address(values.get("email")), _text(values.get("reason")).upper(), when)


def _address(value: Any) -> str:
    return visible(bare(str(value or "")), limit=320)


def _text(value: Any) -> str:
    return visible(value or "", limit=60)
