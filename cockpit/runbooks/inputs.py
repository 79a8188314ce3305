"""Typed values for `{{name}}`, and how they are put in: once, as data, never read again as a template.

A value is checked when it is given, not when it is used. Text of type `text` may hold anything printable; the
other types cannot hold a quote, a space, a control character or a leading hyphen, so they are safe wherever a
runbook puts them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.errors import BadInput
from cockpit.text import visible

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}")
"""`{{name}}` as it stands in a runbook."""

MAX_TEXT = 500

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{1,250}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


def typed(kind: str, text: str, name: str) -> str:
    """The value in its canonical form; raises BadInput saying what was expected."""
    check = _TYPES.get(kind)
    if check is None:
        raise BadInput(f"{name} has the unknown type {kind!r}; types are: {', '.join(_TYPES)}.")
    value = check(text.strip())
    if value is None:
        raise BadInput(f"{name}: {visible(text, limit=80)!r} is not {_EXPECTED[kind]}.")
    return value


def _domain(text: str) -> str | None:
    try:
        name = text.rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = name.split(".")
    fits = len(labels) >= 2 and len(name) <= 253 and all(map(_LABEL.fullmatch, labels))
    return name if fits and not labels[-1].isdigit() else None


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda text: text if pattern.fullmatch(text) else None


def _text(text: str) -> str | None:
    return text if text.isprintable() and text == visible(text) and len(text) <= MAX_TEXT else None


_TYPES: Mapping[str, Callable[[str], str | None]] = {
    "domain": _domain,
    "selector": _matching(_SELECTOR),
    "email": _matching(_EMAIL),
    "number": _matching(_NUMBER),
    "text": _text,
}
_EXPECTED = {
    "domain": "a domain name such as shop.example",
    "selector": "a DKIM selector: letters, digits and hyphens",
    "email": "an e-mail address",
    "number": "a number",
    "text": f"one line of printable text of at most {MAX_TEXT} characters",
}
TYPES = tuple(_TYPES)
"""The names of the types."""


def names_in(value: Any) -> set[str]:
    """Every placeholder's name in a text, or in the texts of a mapping or list."""
    if isinstance(value, str):
        return set(PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return {name for part in value.values() for name in names_in(part)}
    if isinstance(value, list | tuple):
        return {name for part in value for name in names_in(part)}
    return set()


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values in, in one pass: a value that looks like a placeholder stays as it is.

    A name without a value stays visible as `{{name}}`.
    """
    return PLACEHOLDER.sub(lambda match: values.get(match.group(1), match.group(0)), template)


def fill_all(value: Any, values: Mapping[str, str]) -> Any:
    """`fill()` for every text in a structure of mappings and lists."""
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, Mapping):
        return {key: fill_all(part, values) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [fill_all(part, values) for part in value]
    return value


def fill_required(template: str, values: Mapping[str, str]) -> str:
    """`fill()`, or BadInput naming the first placeholder that has no value or an empty one."""
    for name in PLACEHOLDER.findall(template):
        if not values.get(name):
            raise BadInput(f"{name} has no value: start the runbook again with one.")
    return fill(template, values)
