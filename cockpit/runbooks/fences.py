"""What stands in a fenced block of each kind: from its text to a check, command, remedy or decision."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from cockpit.config import duration_s
from cockpit.config.yaml_subset import read_yaml
from cockpit.errors import BadInput, CockpitError
from cockpit.runbooks.command_line import command_lines, shell_reason, split
from cockpit.runbooks.model import Branch, Check, Command, Decide, Kind, Problem, Remedy, When, Work

SHELLS = frozenset({"bash", "sh", "shell", "zsh", "console", "shell-session", "shellsession"})
"""Languages whose blocks are commands in an ordinary document."""

_READ_ONLY = """
text txt json jsonc yaml yml toml ini hcl terraform tf properties env csv xml html css sql graphql promql log diff
python py ruby js javascript ts typescript go java c powershell dockerfile makefile nginx http dns zone bind
markdown md mermaid
"""
LANGUAGES = frozenset(_READ_ONLY.split())
"""Languages whose blocks are only to be read."""


class Fence(msgspec.Struct, frozen=True):
    """A fenced block: the first word of its info string, its attributes, its text and where it stands."""

    word: str
    attributes: Mapping[str, str]
    body: str
    line: int

    @property
    def kind(self) -> Kind | None:
        """The step kind that the block declares, or None for text to read."""
        if self.word in SHELLS:
            return Kind.COMMAND
        return Kind(self.word) if self.word in Kind._value2member_map_ else None


class Parsed(msgspec.Struct, frozen=True):
    """What a block amounts to. With problems of level error it is shown as text and done by hand."""

    kind: Kind
    work: Work
    next: str
    problems: tuple[Problem, ...] = ()


def parse_fence(fence: Fence, source: str) -> Parsed:
    """Read a block that declares a kind; problems are collected, never raised."""
    if fence.kind is None or fence.kind is Kind.MANUAL:
        return Parsed(Kind.MANUAL, None, fence.attributes.get("next", ""))
    try:
        if fence.kind is Kind.COMMAND:
            return _command(fence)
        return _structured(fence, fence.kind, source)
    except CockpitError as error:
        return Parsed(Kind.MANUAL, None, "", (Problem(fence.line, "error", str(error)),))


def _command(fence: Fence) -> Parsed:
    lines = command_lines(fence.body)
    if not lines:
        return Parsed(Kind.MANUAL, None, "", (Problem(fence.line, "warning", "The command block is empty."),))
    for line in lines:
        reason = shell_reason(line)
        if reason:
            message = f"This block needs a shell ({reason}): run it yourself, then tick the step off."
            return Parsed(Kind.MANUAL, None, "", (Problem(fence.line, "warning", message),))
    timeout = _span(fence.attributes.get("timeout", "5m"))
    work = Command(tuple(lines), tuple(map(split, lines)), asks=fence.word in SHELLS, timeout=timeout)
    return Parsed(Kind.COMMAND, work, fence.attributes.get("next", ""))


def _structured(fence: Fence, kind: Kind, source: str) -> Parsed:
    document = read_yaml(fence.body, f"{source} block at line {fence.line}")
    if not isinstance(document.value, dict):
        raise BadInput(f"A {kind} block is a mapping of keys to values.")
    fields = dict(document.value)
    following = str(fields.pop("next", "") or fence.attributes.get("next", ""))
    work = _READERS[kind](fields)
    if fields:
        unknown = next(iter(fields))
        raise BadInput(f"A {kind} block has no key {unknown!r}.")
    return Parsed(kind, work, following)


def _take(fields: dict[str, Any], key: str, what: str) -> str:
    value = fields.pop(key, None)
    if value is None or isinstance(value, dict | list) or value == "":
        raise BadInput(f"{what} needs the key {key!r}.")
    return str(value)


def _words(value: Any, fallback: tuple[str, ...]) -> tuple[str, ...]:
    if value is None:
        return fallback
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _span(value: Any) -> timedelta:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    return timedelta(seconds=duration_s(str(value)))


def _check(fields: dict[str, Any]) -> Check:
    check = Check(
        check=_take(fields, "check", "A check block"),
        target=_take(fields, "target", "A check block"),
        want=_words(fields.pop("want", None), ("OK",)),
        vantage=str(fields.pop("vantage", "") or ""),
        timeout=_span(fields.pop("timeout", "2m")),
        interval=_span(fields.pop("interval", "10s")),
    )
    wrong = [verdict for verdict in check.want if verdict not in ("OK", "INFO", "WARN", "FAIL", "UNKNOWN", "N/A")]
    if wrong:
        raise BadInput(f"{wrong[0]!r} is not a verdict: OK, INFO, WARN, FAIL, UNKNOWN or N/A.")
    return check


def _action(fields: dict[str, Any]) -> Remedy:
    name = _take(fields, "action", "An action block")
    parameters = fields.pop("with", {})
    if not isinstance(parameters, dict):
        raise BadInput("`with` in an action block names its parameters.")
    return Remedy(name, {str(key): str(value) for key, value in parameters.items()})


def _decide(fields: dict[str, Any]) -> Decide:
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


_READERS: Mapping[Kind, Callable[[dict[str, Any]], Work]] = {
    Kind.CHECK: _check,
    Kind.ACTION: _action,
    Kind.DECIDE: _decide,
}
