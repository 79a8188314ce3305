"""DynamoDB through unmodified boto3; the same bodies run against moto as an outside peer."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.drill.aws.conftest import Endpoint, HandAccount

TABLE = "ses-email-suppression-list"


def test_the_suppression_table_is_made_as_the_documents_have_it(peer: Endpoint) -> None:
    client = _with_table(peer)
    table = client.describe_table(TableName=TABLE)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("email", "HASH"),
        ("reason", "RANGE"),
    ]
    assert client.list_tables()["TableNames"] == [TABLE]
    with pytest.raises(client.exceptions.ResourceInUseException):
        _make_table(client)
    client.delete_table(TableName=TABLE)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName=TABLE)


def test_both_reasons_for_one_address_are_found_by_query(peer: Endpoint) -> None:
    client = _with_table(peer)
    for email, reason in (("a@x.example", "complaint"), ("a@x.example", "bounce"), ("b@x.example", "bounce")):
        client.put_item(TableName=TABLE, Item=_item(email, reason))
    asked: dict[str, Any] = {
        "TableName": TABLE,
        "KeyConditionExpression": "email = :e",
        "ExpressionAttributeValues": {":e": {"S": "a@x.example"}},
    }
    assert [item["reason"]["S"] for item in client.query(**asked)["Items"]] == ["bounce", "complaint"]
    newest = client.query(**asked, ScanIndexForward=False, Limit=1)
    assert newest["Items"][0]["reason"]["S"] == "complaint"
    rest = client.query(**asked, ScanIndexForward=False, ExclusiveStartKey=newest["LastEvaluatedKey"])
    assert [item["reason"]["S"] for item in rest["Items"]] == ["bounce"]
    asked["KeyConditionExpression"] = "email = :e AND begins_with(reason, :r)"
    asked["ExpressionAttributeValues"][":r"] = {"S": "bo"}
    assert client.query(**asked, Select="COUNT")["Count"] == 1


def test_an_item_is_put_got_and_deleted_with_its_old_self(peer: Endpoint) -> None:
    client = _with_table(peer)
    item = _item("a@x.example", "bounce") | {
        "count": {"N": "3"},
        "tags": {"SS": ["x", "y"]},
        "more": {"M": {"deep": {"L": [{"BOOL": True}, {"NULL": True}, {"B": b"\x00\xff"}]}}},
    }
    client.put_item(TableName=TABLE, Item=item)
    got = client.get_item(TableName=TABLE, Key=_key("a@x.example", "bounce"))["Item"]
    assert got["more"] == item["more"]
    assert sorted(got["tags"]["SS"]) == ["x", "y"]
    some = client.get_item(
        TableName=TABLE,
        Key=_key("a@x.example", "bounce"),
        ProjectionExpression="#c, email",
        ExpressionAttributeNames={"#c": "count"},
    )["Item"]
    assert some == {"email": {"S": "a@x.example"}, "count": {"N": "3"}}
    gone = client.delete_item(TableName=TABLE, Key=_key("a@x.example", "bounce"), ReturnValues="ALL_OLD")
    assert gone["Attributes"]["count"] == {"N": "3"}
    assert "Item" not in client.get_item(TableName=TABLE, Key=_key("a@x.example", "bounce"))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("attribute_not_exists(email)", False),
        ("attribute_exists(email)", True),
        ("#n = :two", True),
        ("#n <> :two", False),
        ("#n > :one AND NOT #n > :two", True),
        ("#n BETWEEN :one AND :two", True),
        ("#n IN (:one, :ten)", False),
        ("(#n = :one OR begins_with(email, :a)) AND size(email) > :ten", True),
        ("contains(tags, :a)", True),
        ("attribute_type(#n, :type)", True),
    ],
)
def test_a_write_happens_only_on_its_condition(peer: Endpoint, condition: str, holds: bool) -> None:
    client = _with_table(peer)
    item = _item("a@x.example", "bounce") | {"n": {"N": "2.0"}, "tags": {"SS": ["a", "b"]}}
    client.put_item(TableName=TABLE, Item=item)
    values = {
        ":one": {"N": "1"},
        ":two": {"N": "2"},
        ":ten": {"N": "10"},
        ":a": {"S": "a"},
        ":type": {"S": "N"},
    }
    used = {name: value for name, value in values.items() if name in condition}
    asked: dict[str, Any] = {"TableName": TABLE, "Key": _key("a@x.example", "bounce")}
    asked["ConditionExpression"] = condition
    if used:
        asked["ExpressionAttributeValues"] = used
    if "#n" in condition:
        asked["ExpressionAttributeNames"] = {"#n": "n"}
    if holds:
        client.delete_item(**asked)
    else:
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            client.delete_item(**asked)
    assert ("Item" not in client.get_item(TableName=TABLE, Key=_key("a@x.example", "bounce"))) is holds


def test_an_append_only_log_refuses_a_number_that_is_taken(peer: Endpoint) -> None:
    client = _with_table(peer)
    first = _item("stream", "000001") | {"body": {"S": "one"}}
    client.put_item(TableName=TABLE, Item=first, ConditionExpression="attribute_not_exists(email)")
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(
            TableName=TABLE,
            Item=first | {"body": {"S": "two"}},
            ConditionExpression="attribute_not_exists(email)",
        )
    assert client.get_item(TableName=TABLE, Key=_key("stream", "000001"))["Item"]["body"] == {"S": "one"}


def test_an_update_sets_counts_removes_and_makes_the_item(peer: Endpoint) -> None:
    client = _with_table(peer)
    asked: dict[str, Any] = {"TableName": TABLE, "Key": _key("a@x.example", "bounce"), "ReturnValues": "ALL_NEW"}
    made = client.update_item(
        **asked,
        UpdateExpression="SET #c = if_not_exists(#c, :zero) + :one, note = :note ADD hits :one",
        ExpressionAttributeNames={"#c": "count"},
        ExpressionAttributeValues={":zero": {"N": "0"}, ":one": {"N": "1"}, ":note": {"S": "x"}},
    )["Attributes"]
    assert (made["count"], made["hits"], made["note"]) == ({"N": "1"}, {"N": "1"}, {"S": "x"})
    changed = client.update_item(
        **asked,
        UpdateExpression="SET #c = #c + :one REMOVE note",
        ExpressionAttributeNames={"#c": "count"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )["Attributes"]
    assert changed["count"] == {"N": "2"}
    assert "note" not in changed


def test_a_scan_filters_and_goes_by_pages(peer: Endpoint) -> None:
    client = _with_table(peer)
    for index in range(7):
        client.put_item(TableName=TABLE, Item=_item(f"{index}@x.example", "bounce" if index % 2 else "complaint"))
    pages = client.get_paginator("scan").paginate(
        TableName=TABLE,
        FilterExpression="reason = :r",
        ExpressionAttributeValues={":r": {"S": "bounce"}},
        PaginationConfig={"PageSize": 2},
    )
    found = [item["email"]["S"] for page in pages for item in page["Items"]]
    assert sorted(found) == ["1@x.example", "3@x.example", "5@x.example"]


def test_many_items_are_written_and_read_at_once(peer: Endpoint) -> None:
    client = _with_table(peer)
    puts = [{"PutRequest": {"Item": _item(f"{index}@x.example", "bounce")}} for index in range(20)]
    assert client.batch_write_item(RequestItems={TABLE: puts})["UnprocessedItems"] == {}
    client.batch_write_item(RequestItems={TABLE: [{"DeleteRequest": {"Key": _key("0@x.example", "bounce")}}]})
    keys = [_key(f"{index}@x.example", "bounce") for index in range(2)]
    found = client.batch_get_item(RequestItems={TABLE: {"Keys": keys}})["Responses"][TABLE]
    assert [item["email"]["S"] for item in found] == ["1@x.example"]
    with pytest.raises(ClientError) as caught:
        client.batch_write_item(RequestItems={TABLE: puts * 2})
    assert caught.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    "item",
    [
        {"email": {"S": "a"}},
        {"email": {"N": "1"}, "reason": {"S": "bounce"}},
        {"email": {"S": ""}, "reason": {"S": "bounce"}},
    ],
)
def test_an_item_without_a_good_key_is_refused(peer: Endpoint, item: dict[str, Any]) -> None:
    client = _with_table(peer)
    with pytest.raises(ClientError) as caught:
        client.put_item(TableName=TABLE, Item=item)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    "expression", ["email == :e", "email = :missing", "#nobody = :e", "email = :e AND", "walk(email) = :e"]
)
def test_an_expression_that_cannot_be_read_is_refused(account: HandAccount, expression: str) -> None:
    client = _with_table(account)
    with pytest.raises(ClientError) as caught:
        client.put_item(
            TableName=TABLE,
            Item=_item("a", "b"),
            ConditionExpression=expression,
            ExpressionAttributeValues={":e": {"S": "x"}},
        )
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_what_expressions_have_replaced_is_not_built(account: HandAccount) -> None:
    client = _with_table(account)
    with pytest.raises(ClientError) as caught:
        client.delete_item(TableName=TABLE, Key=_key("a", "b"), Expected={"email": {"Exists": False}})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def _with_table(peer: Any) -> Any:
    client = peer.client("dynamodb")
    _make_table(client)
    return client


def _make_table(client: Any) -> None:
    names = {"email": "HASH", "reason": "RANGE"}
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in names.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        BillingMode="PAY_PER_REQUEST",
    )


def _key(email: str, reason: str) -> dict[str, Any]:
    return {"email": {"S": email}, "reason": {"S": reason}}


def _item(email: str, reason: str) -> dict[str, Any]:
    return _key(email, reason) | {"added_at": {"S": "2026-11-20T10:00:00Z"}}
