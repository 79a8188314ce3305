"""One domain's lines: findings as now, wanted and fix; who sees what; how it came about."""

from collections.abc import Mapping
from datetime import datetime

from cockpit.desk.views import CheckView, DomainView, Freshness
from cockpit.health.model import Verdict
from screens.present.lines import EMPTY, Line, Span, Tone, cut, join, line, spread, wrap
from screens.present.words import GLYPHS, TONES, age, age_tone, count, glyph, hour

_WORDS = {Verdict.FAIL: "FAIL", Verdict.WARN: "WARN", Verdict.UNKNOWN: "UNKNOWN", Verdict.INFO: "INFO",
          Verdict.OK: "OK", Verdict.NA: "do not apply"}  # fmt: skip


def summary_line(view: DomainView, more: str, cells: int) -> Line:
    """How many checks stand at each verdict, in words, and what else is to be known of the domain."""
    counted = [
        line((f"{GLYPHS[verdict]} {number} {word}", TONES[verdict]))
        for verdict, word in _WORDS.items()
        if (number := sum(check.verdict is verdict and _believed(check) for check in view.checks))
    ]
    silent = sum(not _believed(check) for check in view.checks)
    if silent:
        counted.append(line((f"{count(silent, 'check')} without data", Tone.MUTED)))
    owner = line((f"owner {view.owner}" if view.owner else "", Tone.MUTED))
    return cut(join([*counted, line((more, Tone.INFO)), owner], ("  ", Tone.PLAIN)), cells)


def _believed(check: CheckView) -> bool:
    """Whether a verdict counts: what was good and is not looked at any more does not."""
    return check.freshness is not Freshness.SILENT or check.verdict.rank < Verdict.UNKNOWN.rank


def tab_line(panes: Mapping[str, str], active: str, counts: Mapping[str, str], cells: int, *, alone: bool) -> Line:
    """The parts of a screen that shows one at a time; the active one is marked, `tab` goes on."""
    spans: list[Span] = []
    for name, title in panes.items():
        here = name == active
        spans += [(" ▸" if here else "  ", Tone.KEY), (title, Tone.TITLE if here else Tone.MUTED)]
        if counts.get(name):
            spans.append((f" {counts[name]}", Tone.WARN))
    return spread(tuple(spans), line(("tab", Tone.KEY), " next part" if alone else " turns the right"), cells)


def finding_lines(view: DomainView, now: datetime, cells: int, copy_key: str = "") -> list[Line]:
    """Every check, worst first: what is not well with now, wanted and fix, the others in a line each.

    `copy_key` is named at the first record, which is the one that it copies.
    """
    lines: list[Line] = []
    for check in view.checks:
        if check.verdict.rank < Verdict.OK.rank:
            lines += _check_lines(check, now, cells, copy_key)
            if check.finding is not None and check.finding.record:
                copy_key = ""
    lines += [_good_line(check, now, cells) for check in view.checks if check.verdict is Verdict.OK]
    idle = [check.title for check in view.checks if check.verdict is Verdict.NA]
    if idle:
        first = line((f"{GLYPHS[Verdict.NA]} ", Tone.MUTED))
        lines += wrap(f"do not apply: {', '.join(idle)}", cells, Tone.MUTED, indent=2, first=first)
    if not view.checks:
        lines += wrap("Nobody has looked at this domain yet: c asks the watch to look now.", cells, Tone.MUTED)
    if view.services:
        words = f"sends for {', '.join(view.services)}"
        lines += [EMPTY, *wrap(words, cells, Tone.MUTED)]
    return lines


def _good_line(check: CheckView, now: datetime, cells: int) -> Line:
    words = "no data: the last answer is too old" if check.freshness is Freshness.SILENT else check.headline
    _, _, short = words.partition(": ")
    head = line(
        glyph(check.verdict, check.freshness), " ", (check.title, Tone.STRONG), "  ", (short or words, Tone.MUTED)
    )
    return spread(head, line((age(check.at, now), age_tone(check.freshness))), cells)


def brief_lines(view: DomainView, now: datetime, cells: int) -> list[Line]:
    """For beside a list: what is wrong in full, and all that is well in one sentence."""
    lines: list[Line] = []
    well = [check.title for check in view.checks if check.verdict is Verdict.OK and _believed(check)]
    silent = [check.title for check in view.checks if check.verdict is Verdict.OK and not _believed(check)]
    for check in view.checks:
        if check.verdict.rank < Verdict.OK.rank:
            lines += _check_lines(check, now, cells)
    if well:
        words = f"{count(len(well), 'check')} OK: {', '.join(well)}"
        lines += wrap(words, cells, Tone.OK, indent=2, first=line(("● ", Tone.OK)))
    if silent:
        words = f"no data of {count(len(silent), 'check')}: {', '.join(silent)}"
        lines += wrap(words, cells, Tone.MUTED, indent=2, first=line(("? ", Tone.MUTED)))
    if not view.checks:
        lines += wrap("Nobody has looked at this domain yet: c asks the watch to look now.", cells, Tone.MUTED)
    return lines


def _check_lines(check: CheckView, now: datetime, cells: int, copy_key: str = "") -> list[Line]:
    well = check.verdict.rank >= Verdict.OK.rank
    aged = age(check.at if well else check.since, now)
    silent = check.freshness is Freshness.SILENT
    word = ("no data", Tone.MUTED) if silent else (check.verdict.value, TONES[check.verdict])
    head = line(glyph(check.verdict, check.freshness), " ", (check.title, Tone.STRONG), " ", word)
    lines = [spread(head, line((aged, age_tone(check.freshness))), cells)]
    indent = line("  ")
    lines += wrap(check.headline, cells, Tone.MUTED if well else TONES[check.verdict], indent=2, first=indent)
    if check.finding is None or well:
        return lines
    finding = check.finding
    for name, text in (("now", finding.now), ("wanted", finding.wanted), ("fix", finding.fix)):
        lines += wrap(text, cells, indent=9, first=line("  ", (f"{name:<7}", Tone.ACCENT)))
    if finding.record:
        lines += wrap(finding.record, cells, Tone.STRONG, indent=9, first=line("  ", ("record ", Tone.ACCENT)))
        if copy_key:
            lines.append(line(" " * 9, (copy_key, Tone.KEY), (" copies it whole", Tone.MUTED)))
    return [*lines, EMPTY]


def copyable_record(view: DomainView) -> str:
    """The record of the worst finding that has one; empty when none has."""
    return next((check.finding.record for check in view.checks if check.finding and check.finding.record), "")


def history_lines(view: DomainView, now: datetime, cells: int, titles: Mapping[str, str]) -> list[Line]:
    """Every change of verdict, newest first."""
    lines = []
    for change in view.history:
        head = line((hour(change.at, now), Tone.MUTED), " ", (GLYPHS[change.old], TONES[change.old]), "→",
                    (GLYPHS[change.new], TONES[change.new]), " ",
                    (titles.get(change.check, change.check), Tone.STRONG), "  ")  # fmt: skip
        lines.append(cut((*head, (change.headline, Tone.MUTED)), cells))
    return lines or [line(("No change of verdict yet.", Tone.MUTED))]
