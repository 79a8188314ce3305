"""Folding a timeline: what a run of a runbook or an action wrote by itself stands in one row, people's words apart.

A row of its own keeps what failed, what was approved or left out by somebody, and what anybody corrected or pinned.
Nothing is taken from the record: exports and the opened fold have every entry.
"""

from collections.abc import Collection, Sequence
from datetime import tzinfo

import msgspec
from msgspec.structs import replace

from cockpit.incident.timeline import Entry
from screens.present.lines import Line, Tone, cut, line, rule
from screens.present.words import count

_BY_ITSELF = ("run/", "action/")
_LEAST = 3
"""Entries that a fold has at least; fewer are as short as the fold itself."""
_STARTS = ("runbook started: ", "planned: ")


class Folded(msgspec.Struct, frozen=True):
    """What is shown of a timeline: its rows, and by the id of each fold's row the entries that it stands for."""

    rows: Sequence[Entry]
    folds: dict[str, Sequence[Entry]]


def folded(entries: Sequence[Entry], opened: Collection[str] = ()) -> Folded:
    """The entries with each run folded into the row of its first entry, unless its stream was opened."""
    runs: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.stream not in opened and entry.stream.startswith(_BY_ITSELF) and _is_routine(entry):
            runs.setdefault(entry.stream, []).append(entry)
    folds = {run[0].id: run for run in runs.values() if len(run) >= _LEAST}
    if not folds:
        return Folded(entries, {})
    gone = {entry.id for run in folds.values() for entry in run[1:]}
    rows = [_row(folds[entry.id]) if entry.id in folds else entry for entry in entries if entry.id not in gone]
    return Folded(rows, {id_: tuple(run) for id_, run in folds.items()})


def _is_routine(entry: Entry) -> bool:
    told = ": left out" in entry.text or ": approved by" in entry.text or ": the runbook was wrong" in entry.text
    return not (entry.failed or entry.pinned or entry.struck or entry.history or told)


def _row(run: Sequence[Entry]) -> Entry:
    first, last = run[0], run[-1]
    title = first.text
    for start in _STARTS:
        title = title.removeprefix(start)
    words = f"{title}: {count(len(run), 'entry', 'entries')} to {last.occurred_at:%H:%M:%S}Z, {last.text}"
    return replace(first, text=words)


def fold_detail(run: Sequence[Entry], cells: int, zone: tzinfo) -> list[Line]:
    """What a fold's row stands for, the newest entries of it, and how it is opened."""
    lines = [rule(f"{count(len(run), 'entry', 'entries')} of one run", cells, "space opens it")]
    for entry in run[-4:]:
        moment = entry.occurred_at.astimezone(zone)
        lines.append(cut(line((f"{moment:%H:%M:%S} ", Tone.MUTED), entry.text), cells))
    return lines
