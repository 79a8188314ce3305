"""The help text: what this is, how to read a line, and what each key does here."""

from collections.abc import Callable, Sequence
from itertools import groupby

from screens.commands import REGISTRY, Command
from screens.present.lines import EMPTY, Line, Tone, line, pad, rule, wrap
from screens.present.words import GLYPHS, TONES

_SIGNS = {"FAIL": "broken", "WARN": "soon broken, or weak", "UNKNOWN": "nobody could tell: never green",
          "INFO": "worth knowing", "OK": "good", "N/A": "does not apply"}  # fmt: skip


def help_lines(screen: str, keys: Callable[[str], str], width: int) -> Sequence[Line]:
    """Everything that `?` shows on a screen, in `width` cells; `keys` names a command's keys."""
    lines = wrap(_NEXT, width)
    here = [command for command in REGISTRY if command.works_on(screen)]
    here.sort(key=lambda command: not command.where)
    for group, commands in groupby(here, key=lambda command: command.group):
        lines += [EMPTY, rule(group, width)]
        for command in commands:
            lines += _command_lines(command, keys(command.id), width)
    return [*lines, EMPTY, *_signs(width), EMPTY, rule("Lists", width), *wrap(_LISTS, width)]


def _command_lines(command: Command, keys: str, width: int) -> list[Line]:
    head = line("  ", (f"{keys:<9}", Tone.KEY), (command.title, Tone.STRONG))
    if width < 90:
        return [head, *wrap(command.help, width, Tone.MUTED, indent=11, first=line(" " * 11))]
    return wrap(command.help, width, Tone.MUTED, indent=45, first=pad(head, 45))


def _signs(width: int) -> list[Line]:
    lines = [rule("Signs", width)]
    for verdict, sign in GLYPHS.items():
        lines.append(line("  ", (sign, TONES[verdict]), f"  {verdict.value:<9}", _SIGNS[verdict.value]))
    lines.append(line("  …  running    ✔  done    ⏸  paused"))
    return lines + wrap(_AGES, width)


_NEXT = (
    "The Next line above the footer is the one step the cockpit would take now; ⏎ takes it. It comes from the "
    "state of things, never from where the cursor stands."
)
_AGES = "An age in amber is later than it should be; a grey one with “no data” is too old to trust."
_LISTS = (
    "↑ ↓ or j k move, g G go to the ends, PgUp PgDn turn pages, tab goes to the next pane. A list keeps its cursor "
    "on the same item when the order changes."
)
