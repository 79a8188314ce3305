"""A runbook as values: its inputs, its steps, and what each step waits for."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a step is. MANUAL is done by a person; INCLUDE stands for the steps of another runbook."""

    MANUAL = "manual"
    COMMAND = "command"
    CHECK = "check"
    ACTION = "action"
    DECIDE = "decide"
    APPROVE = "approve"
    WAIT = "wait"
    MESSAGE = "message"
    INPUT = "input"
    INCLUDE = "include"


END = "end"
"""The name to go to that ends the run."""

REVIEW_EVERY = timedelta(days=180)
"""How often a runbook is read again by its owner, unless it says otherwise."""


class Input(msgspec.Struct, frozen=True):
    """A value that the runbook asks for. `source` says where a desk finds it, such as `config.dkim.selector`.

    `found` means that nobody declared it: it is a placeholder in an ordinary document, and is asked for once, when
    the first step needs it.
    """

    name: str
    type: str = "text"
    ask: str = ""
    default: str = ""
    source: str = ""
    required: bool = True
    line: int = 0
    found: bool = False


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


class Output(msgspec.Struct, frozen=True):
    """A value that is taken out of what a command prints: by a regular expression's first group, or a JSON path."""

    name: str
    how: str
    pattern: str
    type: str = "text"


class Command(msgspec.Struct, frozen=True):
    """Command lines, each split into arguments before values are put in.

    No shell sees them unless `shell` names one; then `script` is its text, and values reach it as variables of its
    environment, never as text. `asks` means that it is confirmed before it runs. `tty` gives it a terminal. A
    command that prints nothing for `silent` is pointed out.
    """

    lines: tuple[str, ...]
    argv: tuple[tuple[str, ...], ...]
    asks: bool
    timeout: timedelta = timedelta(minutes=5)
    silent: timedelta = timedelta(minutes=1)
    tty: bool = False
    shell: str = ""
    script: str = ""
    outputs: tuple[Output, ...] = ()


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


class Approve(msgspec.Struct, frozen=True):
    """`needs` people of `of` (ids or roles; none means anyone) agree within `expires`; who works the run cannot."""

    question: str
    of: tuple[str, ...] = ()
    needs: int = 1
    expires: timedelta = timedelta(hours=1)


class Wait(msgspec.Struct, frozen=True):
    """A timer, or the next time that a clock in UTC shows `until` (hours and minutes)."""

    span: timedelta | None = None
    until: str = ""


class Message(msgspec.Struct, frozen=True):
    """Words for an audience, from a template by name or from `text`, opened filled and sent by a person."""

    audience: str
    template: str = ""
    text: str = ""


class Question(msgspec.Struct, frozen=True):
    """Ask for a value in the middle of a run; it is checked by its type and known from then on."""

    name: str
    type: str
    ask: str
    default: str = ""


class Include(msgspec.Struct, frozen=True):
    """The steps of another runbook, with `values` for its inputs.

    `sha256` (a prefix of eight characters or more) pins its text.
    """

    runbook: str
    values: Mapping[str, str] = {}
    sha256: str = ""


Work = Check | Command | Remedy | Decide | Approve | Wait | Message | Question | Include | None

STOP, GO_ON, ABORT = "stop", "go-on", "abort"
"""What a runbook may say about a step that fails, besides the name of the step to go to."""


class Policy(msgspec.Struct, frozen=True):
    """What happens when a step fails: it is tried `retries` times more, then stops, is left out, or leads on.

    `undo` says in words how the step is taken back.
    """

    on_failure: str = STOP
    retries: int = 0
    undo: str = ""


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
    policy: Policy = Policy()


class Problem(msgspec.Struct, frozen=True):
    """Something that is wrong with a runbook; `level` is `error` or `warning`."""

    line: int
    level: str
    message: str


class Runbook(msgspec.Struct, frozen=True):
    """A runbook as its text says. `problems` are those that were met while reading it.

    `cleanup` names the step at which a run that is aborted goes on before it ends. `for_no_alert` means that its
    list of alerts is empty on purpose. `every` is how often it is worked, alert or not. `places` says where each
    step stands, by id.
    """

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
    review_every: timedelta = REVIEW_EVERY
    every: timedelta | None = None
    cleanup: str = ""
    for_no_alert: bool = False
    places: Mapping[str, int] = {}

    def step(self, id: str) -> Step | None:
        """The step of that id, or None."""
        place = self.places.get(id)
        return None if place is None else self.steps[place]

    def after(self, id: str) -> str | None:
        """The id of the step below that one, or None at the end."""
        place = self.places[id] + 1
        return self.steps[place].id if place < len(self.steps) else None
