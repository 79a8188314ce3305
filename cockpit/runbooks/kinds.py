"""The blocks that are mappings: each kind of step read from its keys; what is wrong is said in a sentence."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from cockpit.config import duration_s
from cockpit.errors import BadInput
from cockpit.runbooks.inputs import TYPES
from cockpit.runbooks.model import (
    Approve,
    Branch,
    Check,
    Decide,
    Include,
    Kind,
    Message,
    Question,
    Remedy,
    Wait,
    When,
    Work,
)

_VERDICTS = ("OK", "INFO", "WARN", "FAIL", "UNKNOWN", "N/A")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)Z?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

Fields = dict[str, Any]


def read_kind(kind: Kind, fields: Fields) -> Work:
    """The work that a block of this kind describes; takes its keys out of `fields`, raises BadInput."""
    return _READERS[kind](fields)


def span(value: Any) -> timedelta:
    """A duration: a number of seconds, or text such as `30s`, `5m` and `2h`; raises BadInput."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    return timedelta(seconds=duration_s(str(value)))


def whole(value: Any, what: str, least: int, most: int) -> int:
    """A whole number between two bounds; raises BadInput."""
    text = str(value)
    if not text.isdigit() or not least <= int(text) <= most:
        raise BadInput(f"{what} is a whole number from {least} to {most}, not {text!r}.")
    return int(text)


def _take(fields: Fields, key: str, what: str) -> str:
    value = fields.pop(key, None)
    if value is None or isinstance(value, dict | list) or value == "":
        raise BadInput(f"{what} needs the key {key!r}.")
    return str(value)


def _words(value: Any, fallback: tuple[str, ...]) -> tuple[str, ...]:
    if value is None:
        return fallback
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _check(fields: Fields) -> Check:
    check = Check(
        check=_take(fields, "check", "A check block"),
        target=_take(fields, "target", "A check block"),
        want=_words(fields.pop("want", None), ("OK",)),
        vantage=str(fields.pop("vantage", "") or ""),
        timeout=span(fields.pop("timeout", "2m")),
        interval=span(fields.pop("interval", "10s")),
    )
    wrong = [verdict for verdict in check.want if verdict not in _VERDICTS]
    if wrong:
        raise BadInput(f"{wrong[0]!r} is not a verdict: OK, INFO, WARN, FAIL, UNKNOWN or N/A.")
    return check


def _action(fields: Fields) -> Remedy:
    name = _take(fields, "action", "An action block")
    parameters = fields.pop("with", {})
    if not isinstance(parameters, dict):
        raise BadInput("`with` in an action block names its parameters.")
    return Remedy(name, {str(key): str(value) for key, value in parameters.items()})


def _decide(fields: Fields) -> Decide:
    question = _take(fields, "question", "A decide block")
    branches = fields.pop("branches", None)
    if not isinstance(branches, list) or not branches:
        raise BadInput("A decide block needs a list of `branches`.")
    return Decide(question, tuple(map(_branch, branches)))


def _branch(fields: Any) -> Branch:
    if not isinstance(fields, dict):
        raise BadInput("Each branch has the keys `answer` and `go`.")
    fields = dict(fields)
    when = fields.pop("when", None)
    branch = Branch(_take(fields, "answer", "A branch"), _take(fields, "go", "A branch"), _when(when))
    if fields:
        raise BadInput(f"A branch has no key {next(iter(fields))!r}.")
    return branch


def _when(value: Any) -> When | None:
    if value is None:
        return None
    if not isinstance(value, dict) or ("input" in value) == ("check" in value):
        raise BadInput("`when` names either an `input`, or a `check` and its `target`.")
    fields = dict(value)
    expected = _words(fields.pop("is", None), ("set",) if "input" in fields else ("OK",))
    if "input" in fields:
        when = When(input=str(fields.pop("input")), is_=expected)
    else:
        target = str(fields.pop("target", ""))
        when = When(check=str(fields.pop("check")), target=target, is_=expected)
        if not target:
            raise BadInput("`when` with a `check` needs its `target`.")
    if fields:
        raise BadInput(f"`when` has no key {next(iter(fields))!r}.")
    return when


def _approve(fields: Fields) -> Approve:
    approve = Approve(
        question=_take(fields, "question", "An approve block"),
        of=_words(fields.pop("of", None), ()),
        needs=whole(fields.pop("needs", 1), "`needs` in an approve block", 1, 9),
        expires=span(fields.pop("expires", "1h")),
    )
    if not timedelta(0) < approve.expires <= timedelta(days=30):
        raise BadInput("An approval expires within 30 days.")
    return approve


def _wait(fields: Fields) -> Wait:
    length, until = fields.pop("for", None), fields.pop("until", None)
    if (length is None) == (until is None):
        raise BadInput(
            "A wait block names either `for`, a time such as 10m, or `until`, a clock time such as 14:30."
        )
    if length is not None:
        return Wait(span=span(length))
    match = _CLOCK.fullmatch(str(until).strip())
    if match is None:
        raise BadInput(f"{until!r} is not a clock time in UTC such as '14:30'; put it in quotes.")
    return Wait(until=f"{int(match[1]):02}:{match[2]}")


def _message(fields: Fields) -> Message:
    message = Message(
        audience=_take(fields, "audience", "A message block"),
        template=str(fields.pop("template", "") or ""),
        text=str(fields.pop("text", "") or ""),
    )
    if message.template and message.text:
        raise BadInput("A message block has a `template` or a `text`, not both.")
    return message


def _input(fields: Fields) -> Question:
    name = _take(fields, "input", "An input block")
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is not a name: letters, digits, - and _.")
    kind = _take(fields, "type", "An input block")
    if kind not in TYPES:
        raise BadInput(f"{kind!r} is not a type: {', '.join(TYPES)}.")
    ask = str(fields.pop("ask", "") or name.replace("_", " "))
    return Question(name, kind, ask, str(fields.pop("default", "") or ""))


def _include(fields: Fields) -> Include:
    values = fields.pop("with", {})
    if not isinstance(values, dict):
        raise BadInput("`with` in an include block gives values to the inputs of the other runbook.")
    pin = str(fields.pop("sha256", "") or "")
    if pin and not re.fullmatch(r"[0-9a-f]{8,64}", pin):
        raise BadInput("`sha256` is the hash of the other runbook's text, eight characters of it at least.")
    given = {str(key): str(value) for key, value in values.items()}
    return Include(_take(fields, "runbook", "An include block"), given, pin)


_READERS: Mapping[Kind, Callable[[Fields], Work]] = {
    Kind.CHECK: _check,
    Kind.ACTION: _action,
    Kind.DECIDE: _decide,
    Kind.APPROVE: _approve,
    Kind.WAIT: _wait,
    Kind.MESSAGE: _message,
    Kind.INPUT: _input,
    Kind.INCLUDE: _include,
}
