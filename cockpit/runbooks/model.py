"""A runbook as values: its inputs, its steps, and what each step waits for."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a step is. MANUAL is done by a person; the others can be run."""

    MANUAL = "manual"
    COMMAND = "command"
    CHECK = "check"
    ACTION = "action"
    DECIDE = "decide"


END = "end"
"""The name to go to that ends the run."""


class Input(msgspec.Struct, frozen=True):
    """A value that the runbook asks for. `source` says where a desk finds it, such as `config.dkim.selector`."""

    name: str
    type: str = "text"
    ask: str = ""
    default: str = ""
    source: str = ""
    required: bool = True
    line: int = 0


class Check(msgspec.Struct, frozen=True):
    """Wait until a check of a target, observed after the step began, has one of the wanted verdicts.

    `vantage` "" is the check's own decision over all vantages; otherwise every vantage whose name begins so has
    to agree. `interval` is how often a fresh probe is asked for.
    """

    check: str
    target: str
    want: tuple[str, ...] = ("OK",)
    vantage: str = ""
    timeout: timedelta = timedelta(minutes=2)
    interval: timedelta = timedelta(seconds=10)


class Command(msgspec.Struct, frozen=True):
    """Command lines, each split into arguments before values are put in; never given to a shell.

    `asks` means that the runbook's author did not write it for this product, so it is confirmed each time.
    """

    lines: tuple[str, ...]
    argv: tuple[tuple[str, ...], ...]
    asks: bool
    timeout: timedelta = timedelta(minutes=5)


class Remedy(msgspec.Struct, frozen=True):
    """Ask for a plan of a remedy with these parameters."""

    action: str
    parameters: Mapping[str, str]


class When(msgspec.Struct, frozen=True):
    """A condition over data: an input that is set, unset or equal to a value, or the latest verdict of a check."""

    input: str = ""
    check: str = ""
    target: str = ""
    is_: tuple[str, ...] = ("set",)


class Branch(msgspec.Struct, frozen=True):
    """One answer of a decision, the step it leads to, and the data that chooses it without asking."""

    answer: str
    go: str
    when: When | None = None


class Decide(msgspec.Struct, frozen=True):
    """A question and its answers."""

    question: str
    branches: tuple[Branch, ...]


Work = Check | Command | Remedy | Decide | None


class Step(msgspec.Struct, frozen=True):
    """One step. `id` is made from its words, so it survives edits around it; `text` is Markdown to read.

    `next` names the step that follows instead of the one below. `line` is where it begins in the file.
    """

    id: str
    title: str
    kind: Kind
    line: int
    text: str = ""
    section: str = ""
    work: Work = None
    next: str = ""


class Problem(msgspec.Struct, frozen=True):
    """Something that is wrong with a runbook; `level` is `error` or `warning`."""

    line: int
    level: str
    message: str


class Runbook(msgspec.Struct, frozen=True):
    """A runbook as its text says. `problems` are those that were met while reading it."""

    id: str
    title: str
    source: str
    text: str
    sha256: str
    steps: tuple[Step, ...]
    inputs: tuple[Input, ...] = ()
    alerts: tuple[str, ...] = ()
    owner: str = ""
    reviewed: str = ""
    intro: str = ""
    written_for_us: bool = False
    problems: tuple[Problem, ...] = msgspec.field(default=())

    def step(self, id: str) -> Step | None:
        """The step of that id, or None."""
        return next((step for step in self.steps if step.id == id), None)

    def after(self, id: str) -> str | None:
        """The id of the step below that one, or None at the end."""
        ids = [step.id for step in self.steps]
        place = ids.index(id) + 1
        return ids[place] if place < len(ids) else None
