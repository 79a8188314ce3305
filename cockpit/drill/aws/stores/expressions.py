"""DynamoDB expressions: conditions, key conditions, filters, projections and updates.

Built as far as conditional writes and queries by key need them: comparison, BETWEEN, IN, AND, OR, NOT,
attribute_exists, attribute_not_exists, attribute_type, begins_with, contains, size; SET, REMOVE, ADD and DELETE of
whole attributes. What is not built says so (501).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.drill.aws.protocol.errors import not_built
from cockpit.drill.aws.stores.attribute_values import (
    Item,
    Value,
    equal,
    invalid,
    kind_of,
    number,
    order,
    plain,
    size,
)

Test = Callable[[Item], bool]
Operand = Callable[[Item], Value | None]

_TOKEN = re.compile(r"\s*(?:(<=|>=|<>|[=<>(),+\-\[\].])|([:#]?[A-Za-z0-9_]+))")
_COMPARISONS: dict[str, tuple[int, ...]] = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (1, 0)}
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class Expressions:
    """Reads the expressions of one request with its names (`#n`) and values (`:v`)."""

    def __init__(self, names: Mapping[str, str], values: Mapping[str, Value]) -> None:
        self._names = names
        self._values = values
        self._tokens: list[str] = []
        self.equals: set[str] = set()
        """Attributes that the last condition demanded to be equal to something."""

    def condition(self, text: str) -> Test:
        """A condition, filter or key condition as a test of items; raises AwsError."""
        self._open(text)
        self.equals = set()
        test = self._either()
        self._close()
        return test

    def projection(self, text: str) -> list[str]:
        """The attributes that a projection names; nested ones are not built."""
        self._open(text)
        names = [self._attribute()]
        while self._took(","):
            names.append(self._attribute())
        self._close()
        return names

    def update(self, text: str) -> Callable[[Item], Item]:
        """An update as a function from the item before to the item after; raises AwsError."""
        self._open(text)
        steps: list[Callable[[Item, Item], None]] = []
        while self._tokens:
            clause = self._tokens.pop(0).upper()
            if clause not in _CLAUSES:
                raise invalid(f"Invalid UpdateExpression: Syntax error; token: {clause}")
            steps.append(self._step(clause))
            while self._took(","):
                steps.append(self._step(clause))
        if not steps:
            raise invalid("Invalid UpdateExpression: The expression can not be empty;")

        def change(before: Item) -> Item:
            after = dict(before)
            for step in steps:
                step(before, after)
            return after

        return change

    # Conditions

    def _either(self) -> Test:
        tests = [self._both()]
        while self._took("OR"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def _both(self) -> Test:
        tests = [self._denied()]
        while self._took("AND"):
            tests.append(self._denied())
        return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)

    def _denied(self) -> Test:
        if self._took("NOT"):
            inner = self._denied()
            return lambda item: not inner(item)
        if self._took("("):
            whole = self._either()
            self._need(")")
            return whole
        return self._call() if self._ahead(1) == "(" and self._ahead(0) != "size" else self._comparison()

    def _call(self) -> Test:
        name = self._tokens.pop(0)
        self._need("(")
        subject = self._operand()
        if name in ("attribute_exists", "attribute_not_exists"):
            self._need(")")
            wanted = name == "attribute_exists"
            return lambda item: (subject(item) is not None) is wanted
        self._need(",")
        other = self._operand()
        self._need(")")
        tests = {"begins_with": _begins_with, "contains": _contains, "attribute_type": _is_type}
        if name not in tests:
            raise invalid(f"Invalid expression: Invalid function name; function: {name}")
        return lambda item: tests[name](subject(item), other(item))

    def _comparison(self) -> Test:
        name = self._names.get(self._ahead(0), self._ahead(0))
        left = self._operand()
        if self._took("BETWEEN"):
            low = self._operand()
            self._need("AND")
            high = self._operand()
            return lambda item: order(low(item), left(item)) in (-1, 0) and order(left(item), high(item)) in (-1, 0)
        if self._took("IN"):
            self._need("(")
            choices = [self._operand()]
            while self._took(","):
                choices.append(self._operand())
            self._need(")")
            return lambda item: any(equal(left(item), choice(item)) for choice in choices)
        sign = self._tokens.pop(0) if self._tokens else ""
        right = self._operand()
        if sign == "=":
            self.equals.add(name)
            return lambda item: equal(left(item), right(item))
        if sign == "<>":
            return lambda item: not equal(left(item), right(item))
        if sign not in _COMPARISONS:
            raise invalid(f"Invalid expression: Syntax error; token: {sign!r}")
        wanted = _COMPARISONS[sign]
        return lambda item: order(left(item), right(item)) in wanted

    def _operand(self) -> Operand:
        word = self._ahead(0)
        if word == "size" and self._ahead(1) == "(":
            del self._tokens[:2]
            inner = self._operand()
            self._need(")")
            return lambda item: _size(inner(item))
        if word.startswith(":"):
            self._tokens.pop(0)
            if word not in self._values:
                raise invalid(f"An expression attribute value used in expression is not defined: {word}")
            value = self._values[word]
            plain(value)
            return lambda item: value
        return self._path()

    def _path(self) -> Operand:
        steps: list[str | int] = [self._name()]
        while self._ahead(0) in (".", "["):
            if self._tokens.pop(0) == ".":
                steps.append(self._name())
            else:
                steps.append(int(self._tokens.pop(0)))
                self._need("]")
        return lambda item: _walk(item, steps)

    # Updates

    def _step(self, clause: str) -> Callable[[Item, Item], None]:
        name = self._attribute()
        if clause == "REMOVE":
            return lambda before, after: _forget(after, name)
        if clause == "SET":
            self._need("=")
            value = self._sum()
            return lambda before, after: _store(after, name, value(before))
        operand = self._operand()
        change = _added if clause == "ADD" else _taken
        return lambda before, after: _store(after, name, change(before.get(name), operand(before)), removes=True)

    def _sum(self) -> Operand:
        left = self._term()
        sign = self._ahead(0)
        if sign not in ("+", "-"):
            return left
        self._tokens.pop(0)
        right = self._term()
        return lambda item: _total(left(item), right(item), 1 if sign == "+" else -1)

    def _term(self) -> Operand:
        name = self._ahead(0)
        if name not in ("if_not_exists", "list_append") or self._ahead(1) != "(":
            return self._operand()
        del self._tokens[:2]
        first = self._operand()
        self._need(",")
        second = self._operand()
        self._need(")")
        if name == "if_not_exists":
            return lambda item: first(item) if first(item) is not None else second(item)
        return lambda item: _joined(first(item), second(item))

    # Tokens

    def _open(self, text: str) -> None:
        self._tokens, at = [], 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if found is None:
                raise invalid(f"Invalid expression: Syntax error; token: {text[at : at + 20]!r}")
            self._tokens.append(found.group(1) or found.group(2))
            at = found.end()

    def _close(self) -> None:
        if self._tokens:
            raise invalid(f"Invalid expression: Syntax error; token: {self._tokens[0]!r}")

    def _ahead(self, index: int) -> str:
        return self._tokens[index] if index < len(self._tokens) else ""

    def _took(self, token: str) -> bool:
        if self._ahead(0).upper() != token:
            return False
        self._tokens.pop(0)
        return True

    def _need(self, token: str) -> None:
        if not self._took(token):
            raise invalid(f"Invalid expression: Syntax error; token: {self._ahead(0)!r}, near: {token!r} expected")

    def _name(self) -> str:
        token = self._tokens.pop(0) if self._tokens else ""
        if token.startswith("#"):
            if token not in self._names:
                raise invalid(f"An expression attribute name used in the expression is not defined: {token}")
            return self._names[token]
        if not token or not token[0].isalpha():
            raise invalid(f"Invalid expression: Syntax error; token: {token!r}")
        return token

    def _attribute(self) -> str:
        name = self._name()
        if self._ahead(0) in (".", "["):
            raise not_built("dynamodb updates and projections of nested attributes")
        return name


def _walk(item: Item, steps: list[str | int]) -> Value | None:
    value: Any = {"M": item}
    for step in steps:
        held = value.get("L" if isinstance(step, int) else "M")
        if isinstance(step, int):
            value = held[step] if held is not None and step < len(held) else None
        else:
            value = None if held is None else held.get(step)
        if value is None:
            return None
    found: Value = value
    return found


def _begins_with(value: Value | None, start: Value | None) -> bool:
    if value is None or start is None or kind_of(value) != kind_of(start) or kind_of(value) not in "SB":
        return False
    return bool(plain(value).startswith(plain(start)))


def _contains(value: Value | None, part: Value | None) -> bool:
    if value is None or part is None:
        return False
    kind = kind_of(value)
    if kind == "L":
        return (kind_of(part), plain(part)) in plain(value)
    return kind in (kind_of(part), f"{kind_of(part)}S") and kind != "N" and plain(part) in plain(value)


def _is_type(value: Value | None, kind: Value | None) -> bool:
    return value is not None and kind is not None and kind_of(value) == plain(kind)


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    content = plain(value)
    return {"N": str(len(content) if isinstance(content, list | dict | frozenset) else size(value))}


def _store(after: Item, name: str, value: Value | None, removes: bool = False) -> None:
    if value is None:
        if not removes:
            raise invalid("The provided expression refers to an attribute that does not exist in the item")
        after.pop(name, None)
    else:
        after[name] = value


def _forget(after: Item, name: str) -> None:
    after.pop(name, None)


def _total(left: Value | None, right: Value | None, sign: int) -> Value | None:
    if left is None or right is None:
        return None
    if kind_of(left) != "N" or kind_of(right) != "N":
        raise invalid("An operand in the update expression has an incorrect data type")
    return {"N": format(number(left["N"]) + sign * number(right["N"]), "f")}


def _joined(left: Value | None, right: Value | None) -> Value | None:
    if left is None or right is None:
        return None
    return {"L": [*left.get("L", []), *right.get("L", [])]}


def _added(held: Value | None, more: Value | None) -> Value | None:
    if held is None or more is None:
        return more
    if kind_of(more) == "N":
        return _total(held, more, 1)
    kind = kind_of(held)
    return {kind: [*held[kind], *(item for item in more[kind] if item not in held[kind])]}


def _taken(held: Value | None, less: Value | None) -> Value | None:
    if held is None or less is None:
        return held
    kind = kind_of(held)
    left = [item for item in held[kind] if item not in less.get(kind, [])]
    return {kind: left} if left else None
