"""Parameters of remedies: each checked when it is given, and kept in one canonical form."""

import re
import shlex
from collections.abc import Callable, Mapping

from cockpit.actions.cards import Parameter, RemedyCard
from cockpit.errors import BadInput
from cockpit.runbooks.inputs import TYPES as PLAIN_TYPES
from cockpit.runbooks.inputs import typed
from cockpit.text import visible

MAX_RECORD = 4096
"""Characters of a record's values; a 4096-bit RSA key takes some 800."""

_LABEL = re.compile(r"(\*|(?!-)[a-z0-9_-]{1,63}(?<!-))")
_TYPE = re.compile(r"[A-Z][A-Z0-9]{0,15}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_OPERATORS = frozenset({";", "|", "||", "&", "&&", "<", ">", ">>", "2>", "2>&1"})


def checked_parameters(card: RemedyCard, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters in the card's order; raises BadInput for one that is missing, unknown or malformed."""
    unknown = sorted(set(given) - set(card.parameters))
    if unknown:
        raise BadInput(f"{card.name} takes no parameter {unknown[0]!r}.")
    missing = [name for name in card.parameters if name in card.required and not given.get(name)]
    if missing:
        raise BadInput(f"{card.name} needs the parameter {missing[0]!r}.")
    return {name: checked(each, given.get(name) or each.default, name) for name, each in card.parameters.items()}


def checked(parameter: Parameter, text: str, name: str) -> str:
    """One value in its canonical form; an optional one may be empty. Raises BadInput saying what was expected."""
    if parameter.optional and not text:
        return ""
    if parameter.choices:
        if text not in parameter.choices:
            raise BadInput(f"{name}: {visible(text, limit=80)!r} is none of {', '.join(parameter.choices)}.")
        return text
    if parameter.type in PLAIN_TYPES:
        return typed(parameter.type, text, name)
    value = _OWN[parameter.type](text.strip())
    if value is None:
        raise BadInput(f"{name}: {visible(text, limit=80)!r} is not {_EXPECTED[parameter.type]}.")
    return value


def _record_name(text: str) -> str | None:
    try:
        name = text.rstrip(".").lower()
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = name.split(".")
    fits = len(name) <= 253 and all(map(_LABEL.fullmatch, labels)) and "*" not in labels[1:]
    return name if fits else None


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda text: text if pattern.fullmatch(text) else None


def _record_type(text: str) -> str | None:
    return text.upper() if _TYPE.fullmatch(text.upper()) else None


def _record_values(text: str) -> str | None:
    return text if text.isprintable() and text == visible(text, limit=MAX_RECORD) else None


def _command(text: str) -> str | None:
    """A command line that needs no shell: what a shell would treat as more than words is refused."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    plain = text.isprintable() and bool(words) and not _OPERATORS & set(words)
    return text if plain and "$(" not in text and "`" not in text else None


_OWN: Mapping[str, Callable[[str], str | None]] = {
    "record-name": _record_name,
    "record-type": _record_type,
    "record-values": _record_values,
    "whole-number": _matching(_WHOLE),
    "command": _command,
}
_EXPECTED = {
    "record-name": "the name of a record such as www.shop.example",
    "record-type": "a record type such as TXT",
    "record-values": f"one line of at most {MAX_RECORD} printable characters",
    "whole-number": "a whole number",
    "command": "one command with its arguments; it is run without a shell, so without pipes and substitutions",
}
TYPES = (*PLAIN_TYPES, *_OWN)
"""The names of the types of parameters."""
