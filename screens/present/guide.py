"""The help text: what this is, how to read a line, and what each key does here."""

from collections.abc import Callable, Sequence
from itertools import groupby

from screens.commands import REGISTRY
from screens.present.lines import EMPTY, Line, Tone, line, rule, wrap
from screens.present.words import GLYPHS, TONES

_SIGNS = {"FAIL": "broken", "WARN": "soon broken, or weak", "UNKNOWN": "nobody could tell: never green",
          "INFO": "worth knowing", "OK": "good", "N/A": "does not apply"}  # fmt: skip


def help_lines(screen: str, keys: Callable[[str], str], width: int) -> Sequence[Line]:
    """Everything that `?` shows on a screen, in `width` cells; `keys` names a command's keys."""
    lines: list[Line] = []
    lines += wrap("The Next line above the footer is the one step the cockpit would take now; ⏎ takes it. It comes "
                  "from the state of things, never from where the cursor stands.", width)  # fmt: skip
    lines += [EMPTY, rule("Signs", width)]
    for verdict, glyph in GLYPHS.items():
        lines.append(line(f"  {glyph}  ".rjust(5), (f"{verdict.value:<9}", TONES[verdict]), _SIGNS[verdict.value]))
    lines.append(line("  …  ", "running    ", "✔ done    ", "⏸ paused"))
    lines += wrap(
        "An age in amber is later than it should be; a grey one with “no data” is too old to trust.", width
    )
    lines.append(EMPTY)
    here = [command for command in REGISTRY if command.works_on(screen)]
    for group, commands in groupby(here, key=lambda command: command.group):
        lines.append(rule(group, width))
        for command in commands:
            first = line("  ", (f"{keys(command.id):<9}", Tone.KEY), (f"{command.title:<34}", Tone.STRONG))
            lines += wrap(
                command.help, max(20, width), Tone.MUTED, indent=11, first=first if width >= 90 else first[:2]
            )
        lines.append(EMPTY)
    lines.append(rule("Lists", width))
    lines += wrap("↑ ↓ or j k move, g G go to the ends, PgUp PgDn turn pages, tab goes to the next pane. A list "
                  "keeps its cursor on the same item when the order changes.", width)  # fmt: skip
    return lines
