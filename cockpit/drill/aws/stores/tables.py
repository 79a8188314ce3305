"""One DynamoDB table: items by key, in memory, bounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.stores.attribute_values import Item, Value, invalid, kind_of, plain, weight

MAX_ITEMS = 10_000
MAX_BYTES = 32 * 1024 * 1024
MAX_ITEM = 400 * 1024
PAGE_BYTES = 1024 * 1024
"""How much of a table one Query or Scan reads."""

Key = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The key attributes of a table or an index; `sort` is empty when there is none."""

    partition: str
    sort: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Partition key first."""
        return (self.partition, self.sort) if self.sort else (self.partition,)

    @classmethod
    def read(cls, given: Sequence[Mapping[str, str]]) -> "KeySchema":
        """From `KeySchema` as CreateTable has it; raises AwsError."""
        kinds = {item["KeyType"]: item["AttributeName"] for item in given}
        if "HASH" not in kinds or set(kinds) - {"HASH", "RANGE"} or len(kinds) < len(given):
            raise invalid("Invalid KeySchema: one HASH key is needed, and at most one RANGE key")
        return cls(kinds["HASH"], kinds.get("RANGE", ""))


@dataclass(slots=True, kw_only=True)
class Table:
    """One table; `definition` is what CreateTable was given."""

    name: str
    arn: str
    created_at: datetime
    schema: KeySchema
    types: Mapping[str, str]
    definition: Mapping[str, Any] = field(default_factory=dict)
    indexes: Mapping[str, KeySchema] = field(default_factory=dict)
    items: dict[Key, Item] = field(default_factory=dict)
    bytes: int = 0

    def key(self, given: Mapping[str, Value], *, alone: bool = False) -> Key:
        """The key of an item, or of a key when it stands `alone`; raises AwsError (ValidationException)."""
        if alone and set(given) != set(self.schema.names):
            raise invalid("The provided key element does not match the schema")
        parts = []
        for name in self.schema.names:
            value = given.get(name)
            if value is None:
                raise invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
            if kind_of(value) != self.types[name]:
                raise invalid(f"One or more parameter values were invalid: Type mismatch for key {name}")
            if plain(value) in ("", b""):
                raise invalid(f"One or more parameter values are not valid: an empty key attribute. Key: {name}")
            parts.append((kind_of(value), plain(value)))
        return tuple(parts)

    def get(self, key: Key) -> Item | None:
        """The item of a key."""
        return self.items.get(key)

    def put(self, item: Item) -> Item | None:
        """Store an item and return the one it replaces; raises AwsError when it is no item or there is no room."""
        key = self.key(item)
        for value in item.values():
            plain(value)
        heavy = weight(item)
        if heavy > MAX_ITEM:
            raise invalid("Item size has exceeded the maximum allowed size")
        old = self.items.get(key)
        grown = self.bytes + heavy - (weight(old) if old else 0)
        if (old is None and len(self.items) >= MAX_ITEMS) or grown > MAX_BYTES:
            raise AwsError("ItemCollectionSizeLimitExceededException", "The drill world's table is full.", 400)
        self.items[key], self.bytes = item, grown
        return old

    def delete(self, key: Key) -> Item | None:
        """Drop an item and return it."""
        old = self.items.pop(key, None)
        self.bytes -= weight(old) if old else 0
        return old

    def in_order(self, index: str = "") -> list[Item]:
        """All items by key: those of an index by the index's keys, without items that lack one."""
        schema = self._schema(index)
        held = [item for item in self.items.values() if all(name in item for name in schema.names)]
        return sorted(held, key=lambda item: [_sortable(item[name]) for name in schema.names])

    def _schema(self, index: str) -> KeySchema:
        if index and index not in self.indexes:
            raise invalid(f"The table does not have the specified index: {index}")
        return self.indexes[index] if index else self.schema

    def schema_of(self, index: str) -> KeySchema:
        """The keys of the table, or of one of its indexes; raises AwsError."""
        return self._schema(index)

    def key_of(self, item: Item, index: str) -> Item:
        """What `LastEvaluatedKey` names an item by."""
        names = {*self.schema.names, *self._schema(index).names}
        return {name: item[name] for name in sorted(names)}


def _sortable(value: Value) -> tuple[str, Any]:
    return kind_of(value), plain(value)
