"""DynamoDB: tables with conditional writes, queries and scans."""

from collections.abc import Callable, Mapping
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.stores.attribute_values import Item, invalid, weight
from cockpit.drill.aws.stores.expressions import Expressions
from cockpit.drill.aws.stores.tables import PAGE_BYTES, KeySchema, Table

MAX_TABLES = 50
_OLD = ("Expected", "KeyConditions", "QueryFilter", "ScanFilter", "AttributeUpdates", "AttributesToGet")
"""Parameters from before there were expressions."""


class DynamoDb:
    """The tables of one region."""

    name = "dynamodb"

    def __init__(self, place: Place, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._tables: dict[str, Table] = {}

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateTable": self.create_table,
            "DescribeTable": self.describe_table,
            "ListTables": self.list_tables,
            "DeleteTable": self.delete_table,
            "PutItem": self.put_item,
            "GetItem": self.get_item,
            "DeleteItem": self.delete_item,
            "UpdateItem": self.update_item,
            "Query": self.query,
            "Scan": self.scan,
            "BatchWriteItem": self.batch_write_item,
            "BatchGetItem": self.batch_get_item,
        }

    # From other parts of the account

    def table(self, name: str) -> Table:
        """A table by name or ARN; raises AwsError (ResourceNotFoundException)."""
        found = self._tables.get(name.rpartition("/")[2])
        if found is None:
            raise AwsError("ResourceNotFoundException", "Requested resource not found", 400)
        return found

    def add(self, name: str, partition: str, sort: str = "") -> Table:
        """Make a table with string keys, as the baseline does."""
        schema = KeySchema(partition, sort)
        types = dict.fromkeys(schema.names, "S")
        keys = [{"AttributeName": partition, "KeyType": "HASH"}]
        keys += [{"AttributeName": sort, "KeyType": "RANGE"}] if sort else []
        definition = {
            "KeySchema": keys,
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in types],
            "BillingMode": "PAY_PER_REQUEST",
        }
        return self._add(name, schema, types, definition, {})

    # Tables

    def create_table(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB CreateTable; the table is ACTIVE at once."""
        asked = call.parameters
        types = {item["AttributeName"]: item["AttributeType"] for item in asked.get("AttributeDefinitions", [])}
        schema = KeySchema.read(asked.get("KeySchema", []))
        given = [*asked.get("GlobalSecondaryIndexes", []), *asked.get("LocalSecondaryIndexes", [])]
        indexes = {item["IndexName"]: KeySchema.read(item["KeySchema"]) for item in given}
        needed = {name for keys in (schema, *indexes.values()) for name in keys.names}
        if needed != set(types):
            raise invalid("Some AttributeDefinitions are not used, or some index key attributes are not defined")
        if asked.get("BillingMode", "PROVISIONED") == "PROVISIONED" and "ProvisionedThroughput" not in asked:
            raise invalid("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
        if asked["TableName"] in self._tables:
            raise AwsError("ResourceInUseException", f"Table already exists: {asked['TableName']}", 400)
        return {"TableDescription": _described(self._add(asked["TableName"], schema, types, asked, indexes))}

    def describe_table(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB DescribeTable."""
        return {"Table": _described(self._asked(call))}

    def list_tables(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB ListTables, all on one page."""
        return {"TableNames": sorted(self._tables)}

    def delete_table(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB DeleteTable with its items."""
        table = self._asked(call)
        del self._tables[table.name]
        return {"TableDescription": _described(table) | {"TableStatus": "DELETING"}}

    # Items

    def put_item(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB PutItem, on a condition or without."""
        table, item = self._asked(call), dict(call.parameters["Item"])
        self._check_condition(call, table.get(table.key(item)))
        old = table.put(item)
        return {"Attributes": old} if old and call.parameters.get("ReturnValues") == "ALL_OLD" else {}

    def get_item(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB GetItem; always consistent."""
        table = self._asked(call)
        found = table.get(table.key(call.parameters["Key"], alone=True))
        return {} if found is None else {"Item": _projection(call)(found)}

    def delete_item(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB DeleteItem, on a condition or without; an item that is not there is no error."""
        table = self._asked(call)
        key = table.key(call.parameters["Key"], alone=True)
        self._check_condition(call, table.get(key))
        old = table.delete(key)
        return {"Attributes": old} if old and call.parameters.get("ReturnValues") == "ALL_OLD" else {}

    def update_item(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB UpdateItem of whole attributes; makes the item where there is none."""
        table, asked = self._asked(call), call.parameters
        key = table.key(asked["Key"], alone=True)
        old = table.get(key)
        self._check_condition(call, old)
        change = _expressions(call).update(asked["UpdateExpression"]) if "UpdateExpression" in asked else dict
        new = change(dict(old or asked["Key"]))
        if table.key(new) != key:
            raise invalid("Cannot update attribute that is part of the key")
        table.put(new)
        wanted = asked.get("ReturnValues", "NONE")
        shown = {
            "ALL_OLD": old,
            "ALL_NEW": new,
            "UPDATED_NEW": _changed(new, old),
            "UPDATED_OLD": _changed(old, new),
        }
        return {"Attributes": shown[wanted]} if shown.get(wanted) else {}

    def query(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB Query by key condition and filter, on the table or on an index."""
        table, asked = self._asked(call), call.parameters
        expressions = _expressions(call)
        if "KeyConditionExpression" not in asked:
            raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified")
        test = expressions.condition(asked["KeyConditionExpression"])
        if table.schema_of(asked.get("IndexName", "")).partition not in expressions.equals:
            raise invalid("Query condition missed key schema element")
        found = [item for item in table.in_order(asked.get("IndexName", "")) if test(item)]
        return self._page(call, table, found if asked.get("ScanIndexForward", True) else found[::-1])

    def scan(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB Scan with a filter, on the table or on an index."""
        table = self._asked(call)
        if "TotalSegments" in call.parameters:
            raise not_built("dynamodb:Scan in segments")
        return self._page(call, table, table.in_order(call.parameters.get("IndexName", "")))

    def batch_write_item(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB BatchWriteItem: up to 25 puts and deletions, each on its own."""
        requests = [
            (self.table(name), one) for name, some in call.parameters["RequestItems"].items() for one in some
        ]
        if not 1 <= len(requests) <= 25:
            raise invalid("1 to 25 requests are allowed in one BatchWriteItem")
        keys = [(table.name, _batch_key(table, request)) for table, request in requests]
        if len(set(keys)) < len(keys):
            raise invalid("Provided list of item keys contains duplicates")
        for (table, request), (_, key) in zip(requests, keys, strict=True):
            if "PutRequest" in request:
                table.put(dict(request["PutRequest"]["Item"]))
            else:
                table.delete(key)
        return {"UnprocessedItems": {}}

    def batch_get_item(self, call: Call) -> Mapping[str, Any]:
        """DynamoDB BatchGetItem: up to 100 keys; what is not there is left out."""
        answers: dict[str, list[Item]] = {}
        for name, asked in call.parameters["RequestItems"].items():
            table = self.table(name)
            keys = [table.key(key, alone=True) for key in asked["Keys"]]
            answers[name] = [item for key in keys if (item := table.get(key)) is not None]
        return {"Responses": answers, "UnprocessedKeys": {}}

    def _page(self, call: Call, table: Table, found: list[Item]) -> dict[str, Any]:
        """What one page holds: at most `Limit` items, and PAGE_BYTES, are looked at before the filter."""
        asked, index = call.parameters, call.parameters.get("IndexName", "")
        start = asked.get("ExclusiveStartKey")
        if start is not None:
            names = [table.key_of(item, index) for item in found]
            found = found[names.index(dict(start)) + 1 :] if dict(start) in names else []
        seen: list[Item] = []
        taken = 0
        for item in found:
            taken += weight(item)
            if len(seen) == asked.get("Limit", len(found)) or (seen and taken > PAGE_BYTES):
                break
            seen.append(item)
        test = _expressions(call).condition(asked["FilterExpression"]) if "FilterExpression" in asked else None
        kept = [item for item in seen if test is None or test(item)]
        answer: dict[str, Any] = {"Count": len(kept), "ScannedCount": len(seen)}
        if asked.get("Select") != "COUNT":
            answer["Items"] = [_projection(call)(item) for item in kept]
        if seen and (len(seen) < len(found) or len(seen) == asked.get("Limit")):
            answer["LastEvaluatedKey"] = table.key_of(seen[-1], index)
        return answer

    def _check_condition(self, call: Call, item: Item | None) -> None:
        text = call.parameters.get("ConditionExpression")
        if text is None or _expressions(call).condition(text)(item or {}):
            return
        told = (
            {"Item": item}
            if item and call.parameters.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            else {}
        )
        raise AwsError("ConditionalCheckFailedException", "The conditional request failed", 400, **told)

    def _asked(self, call: Call) -> Table:
        old = [name for name in _OLD if name in call.parameters]
        if old:
            raise not_built(f"dynamodb:{call.operation} with {old[0]}, which expressions have replaced")
        return self.table(call.parameters["TableName"])

    def _add(
        self,
        name: str,
        schema: KeySchema,
        types: Mapping[str, str],
        definition: Mapping[str, Any],
        indexes: Mapping[str, KeySchema],
    ) -> Table:
        if len(self._tables) >= MAX_TABLES:
            raise AwsError("LimitExceededException", f"The drill world keeps {MAX_TABLES} tables and no more.", 400)
        table = Table(
            name=name,
            arn=self._place.arn("dynamodb", f"table/{name}"),
            created_at=self._clock.now(),
            schema=schema,
            types=types,
            definition=definition,
            indexes=indexes,
        )
        self._tables[name] = table
        return table


def _expressions(call: Call) -> Expressions:
    asked = call.parameters
    return Expressions(asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {}))


def _projection(call: Call) -> Callable[[Item], Item]:
    text = call.parameters.get("ProjectionExpression")
    if text is None:
        return lambda item: item
    names = _expressions(call).projection(text)
    return lambda item: {name: item[name] for name in names if name in item}


def _changed(item: Item | None, other: Item | None) -> Item:
    """The attributes of an item that the other has not, or has otherwise."""
    return {name: value for name, value in (item or {}).items() if (other or {}).get(name) != value}


def _batch_key(table: Table, request: Mapping[str, Any]) -> Any:
    if "PutRequest" in request:
        return table.key(request["PutRequest"]["Item"])
    return table.key(request["DeleteRequest"]["Key"], alone=True)


def _described(table: Table) -> dict[str, Any]:
    given = table.definition
    told: dict[str, Any] = {
        "TableName": table.name,
        "TableArn": table.arn,
        "TableStatus": "ACTIVE",
        "CreationDateTime": table.created_at,
        "KeySchema": given["KeySchema"],
        "AttributeDefinitions": given["AttributeDefinitions"],
        "ItemCount": len(table.items),
        "TableSizeBytes": table.bytes,
    }
    if given.get("BillingMode") == "PAY_PER_REQUEST":
        told["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST"}
    if "ProvisionedThroughput" in given:
        told["ProvisionedThroughput"] = {"NumberOfDecreasesToday": 0, **given["ProvisionedThroughput"]}
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if kind in given:
            told[kind] = [_index(item, kind.startswith("Global")) for item in given[kind]]
    return told


def _index(given: Mapping[str, Any], whole: bool) -> dict[str, Any]:
    told = {name: given[name] for name in ("IndexName", "KeySchema", "Projection")}
    return told | ({"IndexStatus": "ACTIVE"} if whole else {})
