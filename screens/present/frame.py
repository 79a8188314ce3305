"""The lines that stand on every screen: header, Next line, footer, and the frame of a drill."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cockpit.desk.views import Header, IncidentCard, NextStep
from cockpit.health.model import Verdict
from cockpit.text import cell_width, fit
from screens.present.lines import Line, Span, Tone, cut, join, line, pad, spread, width_of
from screens.present.words import GLYPHS, TONES, countdown, elapsed, elapsed_words, utc

_BAR: Span = (" │ ", Tone.RULE)
_GAP: Span = ("  ", Tone.PLAIN)


def short_account(account: str) -> str:
    """The first and last four digits of an account number, enough to tell two accounts apart."""
    return f"{account[:4]}…{account[-4:]}" if len(account) > 9 else account


def counts_line(header: Header) -> Line:
    """How many domains fail, warn or are unknown, all well said in words; and SES where that is not well."""
    return join([_domains(header), *_sending(header)], (" ", Tone.PLAIN))


def _sending(header: Header) -> list[Line]:
    verdict = header.sending
    if verdict is None or verdict.rank >= Verdict.INFO.rank:
        return []
    return [line((f"{GLYPHS[verdict]}SES", TONES[verdict]))]


def _domains(header: Header) -> Line:
    counted = [
        line((f"{GLYPHS[verdict]}{number}", TONES[verdict]))
        for verdict in (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN)
        if (number := header.counts.get(verdict, 0))
    ]
    if counted:
        return join(counted, (" ", Tone.PLAIN))
    well, remarked = header.counts.get(Verdict.OK, 0), header.counts.get(Verdict.INFO, 0)
    if not (well or remarked):
        return line(("no domains", Tone.MUTED))
    parts = [(well, f"{GLYPHS[Verdict.OK]}{well} OK", Tone.OK), (remarked, f"{remarked} INFO", Tone.INFO)]
    return join([line((words, tone)) for number, words, tone in parts if number], (" ", Tone.PLAIN))


def watch_state(header: Header, *, starting: bool = False, trouble: str = "") -> Line:
    """What stands in the way of truth: a database that cannot be read, nobody who probes; else nothing."""
    if trouble:
        return line(("✖ cannot read or write", Tone.FAIL))
    if header.watch_running:
        return ()
    return line(("… the watch starts", Tone.INFO) if starting else ("⏸ nobody is probing", Tone.WARN))


def header_line(
    header: Header, card: IncidentCard | None, now: datetime, local: datetime, cells: int, state: Line | None = None
) -> Line:
    """Product, profile, account, region, operator, both clocks, the worst incident's clocks, and the counts.

    The parts that matter least are left out first when `cells` are few; the counts and the clock always stay.
    """
    counts = counts_line(header)
    parts: list[tuple[int, Line]] = [
        (0, line(("COCKPIT", Tone.STRONG), " ", _profile(header))),
        (5, join([line(short_account(header.account)), line((header.region, Tone.MUTED))], (" ", Tone.PLAIN))),
        (4, line(("IC ", Tone.MUTED), (header.operator, Tone.PLAIN))),
        (1, _clocks(now, local)),
        (2, watch_state(header) if state is None else state),
        (3, _incident_clocks(card, now)),
    ]
    kept = [(rank, part) for rank, part in parts if part]
    while len(kept) > 1:
        left = join([part for _, part in kept], _BAR)
        if width_of(left) + 3 + width_of(counts) <= cells:
            return join([left, counts], _BAR) if cells < 100 else spread(left, counts, cells)
        kept.remove(max(kept, key=lambda entry: entry[0]))
    return spread(kept[0][1], counts, cells)


def _profile(header: Header) -> Span:
    only = " read-only" if header.read_only else ""
    if header.kind == "drill":
        return (f"DRILL{only}", Tone.DRILL)
    return (f"{header.profile.upper()}{only}", Tone.ACCENT)


def _clocks(now: datetime, local: datetime) -> Line:
    """UTC, and the local time of day where that is another one."""
    here = local.strftime("%H:%M") if local.utcoffset() else ""
    return line((utc(now), Tone.STRONG), " " if here else "", (here, Tone.MUTED))


def _incident_clocks(card: IncidentCard | None, now: datetime) -> Line:
    if card is None:
        return ()
    clocks = line((f"{card.number} ", Tone.STRONG), (elapsed(card.opened_at, now), Tone.PLAIN))
    if card.next_due is None:
        return clocks
    return (*clocks, (f" {card.next_deadline} ", Tone.MUTED), countdown(card.next_due, now))


def next_line(step: NextStep, cells: int, key: str = "⏎") -> Line:
    """The one step the cockpit would take now, with its key and its cost; a guess is marked as one."""
    head = line(("Next ", Tone.TITLE), (f"{key} ", Tone.KEY), ("perhaps: " if not step.sure else "", Tone.MUTED))
    body = (*head, (step.text, Tone.STRONG))
    cost = line((f"({step.cost})" if step.cost else "", Tone.MUTED))
    if width_of(body) + 1 + width_of(cost) <= cells:
        return pad((*body, (" ", Tone.PLAIN), *cost), cells)
    return pad(cut(body, cells), cells)


def footer_line(hints: Sequence[tuple[str, str, bool]], cells: int, fixed: Sequence[tuple[str, str]] = ()) -> Line:
    """Key hints `(key, word, enabled)` as many as fit; `fixed` ones stand at the right end and always stay."""
    tail = join([line((key, Tone.KEY), (f" {word}", Tone.PLAIN)) for key, word in fixed], _GAP)
    room = cells - width_of(tail) - 2
    shown: list[Line] = []
    for key, word, enabled in hints:
        tone = Tone.PLAIN if enabled else Tone.MUTED
        hint = line((key, Tone.KEY if enabled else Tone.MUTED), (f" {word}", tone))
        if width_of(join([*shown, hint], _GAP)) > room:
            break
        shown.append(hint)
    return spread(join(shown, _GAP), tail, cells)


def drill_edge(header: Header, cells: int, scenario_time: timedelta | None = None, speed: float = 1.0) -> Line:
    """The upper line of the frame that stands around everything in a drill, or the lower one without a time."""
    top = scenario_time is not None
    left, right = ("╔═", "═╗") if top else ("╚═", "═╝")
    words = [header.scenario or header.profile] if top else ["practice: nothing leaves this machine"]
    if scenario_time is not None:
        words.append(f"scenario T+{elapsed_words(scenario_time)}" + (f" at {speed:g}x" if speed != 1 else ""))
    head = f"{left} DRILL ═" + "".join(f" {word} ═" for word in words)
    tail = f" DRILL {right}"
    room = cells - cell_width(head) - cell_width(tail)
    if room < 0:
        return line((fit(f"{left} DRILL " + "═" * cells, cells - 1) + right[-1], Tone.DRILL))
    return line((head + "═" * room + tail, Tone.DRILL))
