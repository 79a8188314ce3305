"""What has to be done now and then and was not: drills, training, and looking at everything by hand."""

from collections.abc import Callable, Sequence

import msgspec

from screens.present.lines import Line, Tone, cut, line
from screens.present.words import count


class Duties(msgspec.Struct, frozen=True):
    """What is overdue. `practice` has a sentence each; `verification` is one sentence, empty when it is not due."""

    practice: tuple[str, ...] = ()
    verification: str = ""


def duty_lines(duties: Duties, key: Callable[[str], str], cells: int) -> Sequence[Line]:
    """A line for each kind of duty that is overdue, with the key that begins it."""
    lines = []
    if duties.practice:
        more = f" ({count(len(duties.practice), 'duty', 'duties')})" if len(duties.practice) > 1 else ""
        words = f"practice overdue{more}: {duties.practice[0]}"
        lines.append(_line(key("drill.start"), words, cells))
    if duties.verification:
        lines.append(_line(key("verify.all"), duties.verification, cells))
    return lines


def _line(key: str, words: str, cells: int) -> Line:
    return cut(line(("▲ ", Tone.WARN), (key, Tone.KEY), " ", (words, Tone.WARN)), cells)
