"""DynamoDB attribute values: `{"S": "x"}` and its kin, compared and measured as DynamoDB does."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError

Value = Mapping[str, Any]
Item = dict[str, Value]
_SETS = ("SS", "NS", "BS")


def kind_of(value: Value) -> str:
    """The type of a value: S, N, B, BOOL, NULL, M, L, SS, NS or BS; raises AwsError for none or several."""
    kinds = [kind for kind, content in value.items() if content is not None]
    if len(kinds) != 1:
        raise invalid("Supplied AttributeValue is empty or holds several types, must contain exactly one of them")
    return kinds[0]


def plain(value: Value) -> Any:
    """A value as Python compares it: numbers exact, sets as frozensets; raises AwsError."""
    kind = kind_of(value)
    content = value[kind]
    if kind == "N":
        return number(content)
    if kind in _SETS:
        members = [number(item) for item in content] if kind == "NS" else list(content)
        if not members or len(set(members)) < len(members):
            raise invalid("An AttributeValue may not contain an empty set or duplicates")
        return frozenset(members)
    if kind == "M":
        return {name: (kind_of(item), plain(item)) for name, item in content.items()}
    if kind == "L":
        return [(kind_of(item), plain(item)) for item in content]
    return content


def number(text: str) -> Decimal:
    """A number of up to 38 digits; raises AwsError."""
    try:
        parsed = Decimal(text)
    except InvalidOperation:
        raise invalid("The parameter cannot be converted to a numeric value") from None
    if not parsed.is_finite() or len(parsed.normalize().as_tuple().digits) > 38:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    return parsed


def equal(left: Value | None, right: Value | None) -> bool:
    """Whether two values are of one type and the same; what is absent equals nothing."""
    if left is None or right is None:
        return False
    return kind_of(left) == kind_of(right) and bool(plain(left) == plain(right))


def order(left: Value | None, right: Value | None) -> int | None:
    """-1, 0 or 1 for values of one type that have an order; None for all others."""
    if left is None or right is None or kind_of(left) != kind_of(right) or kind_of(left) not in "SNB":
        return None
    first, second = plain(left), plain(right)
    return int(first > second) - int(first < second)


def size(value: Value) -> int:
    """What a value weighs, near enough, in bytes."""
    kind = kind_of(value)
    content = value[kind]
    if kind == "M":
        return 3 + sum(len(name) + size(item) for name, item in content.items())
    if kind == "L":
        return 3 + sum(size(item) for item in content)
    if kind in _SETS:
        return sum(len(item) for item in content)
    return len(content.encode()) if isinstance(content, str) else len(content) if isinstance(content, bytes) else 1


def weight(item: Mapping[str, Value]) -> int:
    """What an item weighs, near enough, in bytes."""
    return sum(len(name) + size(value) for name, value in item.items())


def invalid(message: str) -> AwsError:
    """What DynamoDB calls a request that makes no sense."""
    return AwsError("ValidationException", message, 400)
