"""The language of routing conditions: `dns_resolution_failure AND (affected_domains >= 3 OR domain = 'a.example')`.

    condition  = term *( OR term )          term = factor *( AND factor )
    factor     = NOT factor / "(" condition ")" / fact / field operator value
    operator   = "=" / "==" / "!=" / "<>" / "<" / "<=" / ">" / ">="
    value      = number / 'text' / "text"

Words may be in any case. Numbers compare with every operator, texts only for being the same, which minds no case.
What is not known makes a comparison neither true nor false (Kleene's three values); only what is true holds.
"""

import operator
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

import msgspec

from cockpit.errors import BadInput
from cockpit.text import visible

MAX_LENGTH = 2000
MAX_DEPTH = 40

Value = float | str
Facts = Mapping[str, bool | float | str | None]
"""What is known: facts are true or false, fields have values; what is missing or None is not known."""


class Fact(msgspec.Struct, frozen=True, tag=True):
    """A name that is true or false."""

    name: str


class Comparison(msgspec.Struct, frozen=True, tag=True):
    """A field against a value."""

    field: str
    operator: str
    value: Value


class Not(msgspec.Struct, frozen=True, tag=True):
    """The opposite."""

    part: "Condition"


class And(msgspec.Struct, frozen=True, tag=True):
    """All of them."""

    parts: tuple["Condition", ...]


class Or(msgspec.Struct, frozen=True, tag=True):
    """Any of them."""

    parts: tuple["Condition", ...]


Condition = Fact | Comparison | Not | And | Or


class Vocabulary(msgspec.Struct, frozen=True):
    """The names that a condition may use: facts, and fields with the type of their value."""

    facts: frozenset[str]
    numbers: frozenset[str]
    texts: frozenset[str]


_OPERATORS: Mapping[str, Callable[[Value, Value], bool]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_SAME = {"==": "=", "<>": "!="}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<operator><=|>=|!=|<>|==|=|<|>)|(?P<mark>[()])|(?P<end>\Z))"
)


def parse_condition(text: str, vocabulary: Vocabulary) -> Condition:
    """Read a condition; raises BadInput with the column and what was expected there."""
    if len(text) > MAX_LENGTH:
        raise BadInput(f"A condition has at most {MAX_LENGTH} characters; this one has {len(text)}.")
    return _Parser(text, vocabulary).condition()


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Whether a condition is true; None when that is not known."""
    match condition:
        case Fact(name):
            known = facts.get(name)
            return known if isinstance(known, bool) else None
        case Comparison(field, sign, value):
            return _compared(facts.get(field), sign, value)
        case Not(part):
            inner = holds(part, facts)
            return None if inner is None else not inner
        case And(parts):
            told = [holds(part, facts) for part in parts]
            return False if False in told else None if None in told else True
        case Or(parts):
            told = [holds(part, facts) for part in parts]
            return True if True in told else None if None in told else False


def names_in(condition: Condition) -> frozenset[str]:
    """Every fact and field that a condition speaks of."""
    match condition:
        case Fact(name):
            return frozenset({name})
        case Comparison(field, _, _):
            return frozenset({field})
        case Not(part):
            return names_in(part)
        case And(parts) | Or(parts):
            return frozenset().union(*map(names_in, parts))


def written(condition: Condition) -> str:
    """The condition as text that is read back as the same."""
    match condition:
        case Fact(name):
            return name
        case Comparison(field, sign, value):
            return f"{field} {sign} {_literal(value)}"
        case Not(part):
            return f"NOT {_inner(part)}"
        case And(parts):
            return " AND ".join(map(_inner, parts))
        case Or(parts):
            return " OR ".join(map(_inner, parts))


def _literal(value: Value) -> str:
    if isinstance(value, str):
        quote = '"' if "'" in value else "'"
        return f"{quote}{value}{quote}"
    return f"{value:f}".rstrip("0").rstrip(".")


def _inner(part: Condition) -> str:
    return f"({written(part)})" if isinstance(part, And | Or) else written(part)


def _compared(known: bool | float | str | None, sign: str, value: Value) -> bool | None:
    if known is None or isinstance(known, bool) or isinstance(known, str) != isinstance(value, str):
        return None
    if isinstance(known, str) and isinstance(value, str):
        known, value = known.lower(), value.lower()
    return _OPERATORS[sign](known, value)


class _Parser:
    """Recursive descent over the tokens, with a limit on how deep it goes."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._text = text
        self._vocabulary = vocabulary
        self._depth = 0
        self._at = 0
        self._kind = self._word = ""
        self._start = 0
        self._step()

    def condition(self) -> Condition:
        """The whole text as a condition."""
        found = self._or()
        if self._kind != "end":
            raise self._wrong("AND, OR or the end")
        return found

    def _or(self) -> Condition:
        parts = [self._and()]
        while self._is("or"):
            self._step()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Condition:
        parts = [self._factor()]
        while self._is("and"):
            self._step()
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _factor(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadInput(f"The condition is nested more than {MAX_DEPTH} deep.")
        try:
            if self._is("not"):
                self._step()
                return Not(self._factor())
            if self._word == "(":
                self._step()
                inner = self._or()
                if self._word != ")":
                    raise self._wrong("a closing parenthesis")
                self._step()
                return inner
            return self._named()
        finally:
            self._depth -= 1

    def _named(self) -> Condition:
        if self._kind != "name" or self._word.lower() in ("and", "or", "not"):
            raise self._wrong("a name")
        name, start = self._word.lower(), self._start
        words = self._vocabulary
        if name not in words.facts | words.numbers | words.texts:
            raise self._unknown(name)
        self._step()
        if name in words.facts:
            return Fact(name)
        if self._kind != "operator":
            example = ">= 3" if name in words.numbers else "= 'x'"
            raise self._wrong(f"a comparison of {name}, such as {name} {example}")
        sign = _SAME.get(self._word, self._word)
        self._step()
        value = self._value(name)
        if isinstance(value, str) and sign not in ("=", "!="):
            raise BadInput(f"Column {start + 1}: {name} is text, and {sign} compares numbers; use = or !=.")
        return Comparison(name, sign, value)

    def _value(self, name: str) -> Value:
        wanted = "number" if name in self._vocabulary.numbers else "text"
        if self._kind != wanted:
            raise self._wrong("a number" if wanted == "number" else "a text in quotes")
        value: Value = float(self._word) if wanted == "number" else self._word[1:-1]
        self._step()
        return value

    def _is(self, word: str) -> bool:
        return self._kind == "name" and self._word.lower() == word

    def _step(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            rest = self._text[self._at :].lstrip()
            column = len(self._text) - len(rest) + 1
            raise BadInput(f"Column {column}: {visible(rest[:20])!r} has no meaning in a condition.")
        self._kind, self._word = match.lastgroup, match[match.lastgroup]
        self._start, self._at = match.start(match.lastgroup), match.end()

    def _wrong(self, expected: str) -> BadInput:
        found = visible(self._word, limit=40) or "the end"
        return BadInput(f"Column {self._start + 1}: expected {expected}, found {found}.")

    def _unknown(self, name: str) -> BadInput:
        words = self._vocabulary
        known = sorted(words.facts | words.numbers | words.texts)
        near = get_close_matches(name, known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
        return BadInput(f"Column {self._start + 1}: there is nothing called {visible(name, limit=60)}; {hint}")
