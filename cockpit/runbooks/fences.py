"""What stands in a fenced block: from its info string and text to a step's work and policy."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from cockpit.config.yaml_subset import read_yaml
from cockpit.errors import BadInput, CockpitError
from cockpit.runbooks.command_line import command_lines, shell_reason, shell_script, split
from cockpit.runbooks.inputs import TYPES
from cockpit.runbooks.kinds import Fields, read_kind, span, whole
from cockpit.runbooks.model import STOP, Command, Kind, Output, Policy, Problem, Work

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
    policy: Policy = Policy()


MAX_RETRIES = 9
_ATTRIBUTES = frozenset({"next", "on_failure", "retries", "undo"})
_OF_COMMANDS = frozenset({"timeout", "silent", "tty", "shell"})


def parse_fence(fence: Fence, source: str) -> Parsed:
    """Read a block that declares a kind; problems are collected, never raised."""
    if fence.kind is None:
        return Parsed(Kind.MANUAL, None, fence.attributes.get("next", ""))
    problems = tuple(_unknown_attributes(fence))
    try:
        if fence.kind is Kind.MANUAL:
            parsed = Parsed(Kind.MANUAL, None, fence.attributes.get("next", ""), policy=_policy(fence.attributes))
        elif fence.kind is Kind.COMMAND:
            parsed = _command(fence)
        else:
            parsed = _structured(fence, fence.kind, source)
    except CockpitError as error:
        parsed = Parsed(Kind.MANUAL, None, "", (Problem(fence.line, "error", str(error)),))
    return msgspec.structs.replace(parsed, problems=(*problems, *parsed.problems))


def _unknown_attributes(fence: Fence) -> Iterator[Problem]:
    """What an info string says that nothing reads; other people's documents may say what they like."""
    if fence.word in SHELLS:
        return
    known = _ATTRIBUTES | (_OF_COMMANDS if fence.kind is Kind.COMMAND else frozenset())
    for name in fence.attributes:
        if name not in known and not (fence.kind is Kind.COMMAND and name.startswith("out.")):
            yield Problem(fence.line, "error", f"A {fence.kind} block has no attribute {name!r}.")


def _policy(fields: Mapping[str, object]) -> Policy:
    return Policy(
        on_failure=str(fields.get("on_failure") or STOP),
        retries=whole(fields.get("retries") or 0, "`retries`", 0, MAX_RETRIES),
        undo=str(fields.get("undo") or ""),
    )


def _command(fence: Fence) -> Parsed:
    lines = command_lines(fence.body)
    if not lines:
        return Parsed(Kind.MANUAL, None, "", (Problem(fence.line, "warning", "The command block is empty."),))
    following, attributes = fence.attributes.get("next", ""), fence.attributes
    shell = attributes.get("shell", "")
    if shell:
        return Parsed(Kind.COMMAND, _in_shell(fence, shell), following, policy=_policy(attributes))
    for line in lines:
        reason = shell_reason(line)
        if reason:
            message = f"This block needs a shell ({reason}): run it yourself, then tick the step off."
            return Parsed(Kind.MANUAL, None, following, (Problem(fence.line, "warning", message),))
    work = Command(tuple(lines), tuple(map(split, lines)), asks=fence.word in SHELLS)
    return Parsed(Kind.COMMAND, _limits(work, attributes), following, policy=_policy(attributes))


def _in_shell(fence: Fence, shell: str) -> Command:
    """A block that names the shell which is to read it; it is shown as a whole and confirmed each time."""
    if shell not in ("sh", "bash"):
        raise BadInput(f"`shell` is sh or bash, not {shell!r}.")
    script = shell_script(fence.body)
    # What fails in the middle of a pipe would else be taken for success.
    start = "set -eu -o pipefail" if shell == "bash" else "set -eu"
    argv = ((shell, "-c", f"{start}\n{script}", shell),)
    work = Command((fence.body,), argv, asks=True, shell=shell, script=script)
    return _limits(work, fence.attributes)


def _limits(work: Command, attributes: Mapping[str, str]) -> Command:
    return msgspec.structs.replace(
        work,
        timeout=span(attributes.get("timeout", "5m")),
        silent=span(attributes.get("silent", "1m")),
        tty=attributes.get("tty", "") in ("yes", "true"),
        outputs=tuple(_output(name, value) for name, value in attributes.items() if name.startswith("out.")),
    )


def _output(key: str, value: str) -> Output:
    """`out.NAME="regex:…"` or `out.NAME.TYPE="json:A.B[0]"`."""
    _, name, *kind = key.split(".")
    how, colon, pattern = value.partition(":")
    if how not in ("regex", "json") or not colon or not pattern or len(kind) > 1 or not name.isidentifier():
        raise BadInput(f'{key} is written out.NAME="regex:PATTERN" or out.NAME.TYPE="json:PATH".')
    if kind and kind[0] not in TYPES:
        raise BadInput(f"{kind[0]!r} is not a type: {', '.join(TYPES)}.")
    if how == "regex":
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise BadInput(f"{key}: the expression cannot be read: {error}.") from None
        if groups != 1:
            raise BadInput(f"{key}: the expression needs one group in parentheses, the value.")
    return Output(name, how, pattern, kind[0] if kind else "text")


def _structured(fence: Fence, kind: Kind, source: str) -> Parsed:
    document = read_yaml(fence.body, f"{source} block at line {fence.line}")
    if not isinstance(document.value, dict):
        raise BadInput(f"A {kind} block is a mapping of keys to values.")
    fields: Fields = {**fence.attributes, **document.value}
    following = str(fields.pop("next", "") or "")
    policy = _policy({name: fields.pop(name, None) for name in ("on_failure", "retries", "undo")})
    work = read_kind(kind, fields)
    left = [name for name in fields if name not in fence.attributes]
    if left:
        raise BadInput(f"A {kind} block has no key {left[0]!r}.")
    return Parsed(kind, work, following, policy=policy)
