"""The dashboard's lines: domains, the SES panel, open incidents, the alert feed, and the empty board."""

from collections.abc import Callable
from datetime import datetime

from cockpit.desk.views import AlertLine, DomainRow, Freshness, Gauge, IncidentCard, SesPanel
from cockpit.health.model import Verdict
from cockpit.health.registry import ACCOUNT_PREFIX
from screens.present.lines import EMPTY, Line, Tone, cut, join, line, pad, spread, width_of, wrap
from screens.present.trend import plot, sparkline
from screens.present.words import (
    TONES,
    age,
    age_tone,
    bare_percent,
    count,
    countdown,
    elapsed,
    glyph,
    hour,
    percent,
)


def domain_line(row: DomainRow, now: datetime, cells: int, name_cells: int) -> Line:
    """One domain in a line: glyph, name, the sentence, the age."""
    head = line(glyph(row.verdict, row.freshness), " ", *pad(line((row.target, name_tone(row))), name_cells), " ")
    return spread((*head, sentence_of(row)), line((age_of(row, now), age_tone(row.freshness))), cells)


def name_tone(row: DomainRow) -> Tone:
    """A name stands out while something is wrong, and fades when nothing is known any more."""
    if row.freshness is Freshness.SILENT:
        return Tone.MUTED
    return Tone.STRONG if row.verdict in (Verdict.FAIL, Verdict.WARN) else Tone.PLAIN


def sentence_of(row: DomainRow) -> tuple[str, Tone]:
    """The worst check's sentence; what is too old says so first."""
    if row.freshness is Freshness.SILENT and row.at is not None and not row.headline.startswith("no data"):
        return (f"no data; was {row.verdict}: {row.headline}", Tone.MUTED)
    if row.freshness is Freshness.SILENT:
        return (row.headline, Tone.MUTED)
    if row.verdict is Verdict.OK:
        return (row.headline, Tone.MUTED)
    return (row.headline, TONES[row.verdict])


def age_of(row: DomainRow, now: datetime) -> str:
    """Since when it is as it is, for what is wrong; when it was last seen, for what is well or silent."""
    well = row.verdict in (Verdict.OK, Verdict.NA, Verdict.INFO) or row.freshness is not Freshness.FRESH
    return age(row.at if well else row.since, now)


_CONTENT = "HEALTHY"
"""What SES says of an account that it neither reviews nor has paused."""


def ses_lines(panel: SesPanel, now: datetime, cells: int, *, expected: bool = False) -> list[Line]:
    """The SES account: both rates against AWS's marks and the organisation's own, then its state and quota.

    `expected` says that an account is configured, so that one that was never seen is only not seen yet.
    """
    if not panel.watched and expected:
        return wrap("The SES account was not looked at yet.", cells, Tone.MUTED)
    if not panel.watched:
        return wrap(
            "No SES account is configured: set aws.account and aws.region in cockpit.yaml.", cells, Tone.MUTED
        )
    lines = [
        one for gauge in (panel.bounce, panel.complaint) for one in _gauge_lines(gauge, panel.freshness, cells)
    ]
    sending = {True: "sending on", False: "sending OFF", None: "sending unknown"}[panel.sending]
    silent = panel.freshness is Freshness.SILENT
    stands = panel.enforcement or "state unknown"
    said = (f"was {stands}", Tone.MUTED) if silent and panel.enforcement else (stands, TONES[panel.verdict])
    headline = panel.headline if panel.verdict.rank < Verdict.INFO.rank else ""
    sign = line(glyph(panel.verdict, panel.freshness), " ")
    # Where AWS itself is content, the sign belongs to what is wrong.
    content = stands == _CONTENT and bool(headline) and not silent
    state = line(("AWS: ", Tone.MUTED), (stands, Tone.PLAIN)) if content else line(*sign, said)
    words = f" · {sending} · quota {percent(panel.quota_used, 0)}"
    if width_of(state) + len(words) > cells:
        # Half a number would be another number.
        words = f" · {sending}"
    lines.append(cut((*state, (words, Tone.FAIL if panel.sending is False else Tone.PLAIN)), cells))
    if headline:
        first = sign if content else EMPTY
        lines.extend(wrap(headline, cells, TONES[panel.verdict], indent=width_of(first), first=first)[:2])
    return lines


def _gauge_lines(gauge: Gauge, freshness: Freshness, cells: int) -> list[Line]:
    """Our rate with its trend against AWS's marks, and AWS's own figure beside the organisation's marks."""
    wide = cells >= 42
    marks, own = (" ".join(bare_percent(mark) for mark in pair) for pair in (gauge.lines, gauge.ladder))
    acts = line(("AWS acts at " if wide else "of ", Tone.MUTED), (marks, Tone.FAIL))
    ours = line(("own marks " if wide else "own ", Tone.MUTED), (own, Tone.WARN))
    silent = freshness is Freshness.SILENT
    tone = Tone.MUTED if silent else TONES[gauge.verdict]
    value = (f"{percent(gauge.value):>6}", Tone.STRONG if tone is Tone.OK else tone)
    head = line(glyph(gauge.verdict, freshness), " ", f"{gauge.name:<9}", " ", value, " ")
    room = cells - width_of(head) - width_of(acts) - 1
    bars = sparkline(gauge.trend, max(0, min(24, room)), top=gauge.lines[0])
    told = line(
        ("  by AWS    ", Tone.MUTED), (f"{percent(gauge.reported):>6}", Tone.MUTED if silent else Tone.PLAIN)
    )
    return [spread((*head, (bars, tone)), acts, cells), spread(told, ours, cells)]


def alert_line(alert: AlertLine, now: datetime, cells: int, incident: str = "") -> Line:
    """One row of the feed: time, glyph or `✔` once cleared, target, what; then the `incident` that took it."""
    sign = ("✔", Tone.OK) if alert.cleared_at is not None else glyph(alert.verdict)
    tone = Tone.MUTED if alert.cleared_at is not None else Tone.PLAIN
    head = line((hour(alert.at, now), Tone.MUTED), " ", sign, " ", (_short_target(alert.target, cells), tone), " ")
    words = f"cleared {age(alert.cleared_at, now)} ago" if alert.cleared_at is not None else alert.headline
    taken = line((f"→{incident}", Tone.ACCENT)) if incident else line((alert.severity, Tone.KEY))
    return spread((*head, (words, Tone.MUTED)), taken, cells)


def _short_target(target: str, cells: int) -> str:
    """A domain as it is; an SES account (`ses:ACCOUNT/REGION`) so short that what befell it has room beside it."""
    if not target.startswith(ACCOUNT_PREFIX):
        return target
    account, _, region = target.removeprefix(ACCOUNT_PREFIX).partition("/")
    return f"SES …{account[-4:]}" if cells < 60 else f"SES …{account[-4:]} {region}"


def incident_lines(card: IncidentCard, now: datetime, cells: int) -> list[Line]:
    """Two lines per open incident: what and how long; who leads, how far, and which clock runs out next."""
    head = line((f"{card.severity} ", Tone.FAIL), (f"{card.number} ", Tone.STRONG), card.title)
    first = spread(head, line((elapsed(card.opened_at, now), Tone.PLAIN)), cells)
    lead = line(("IC ", Tone.MUTED), card.lead) if card.lead else line(("nobody leads", Tone.WARN))
    due: Line = EMPTY
    if card.next_due is not None:
        due = line((f"{card.next_deadline} ", Tone.MUTED), countdown(card.next_due, now))
    late = line((f"{count(card.breached, 'clock')} missed" if card.breached else "", Tone.FAIL))
    parts = [lead, line((card.state, Tone.ACCENT)), line((card.progress, Tone.PLAIN)), due, late]
    return [first, cut((("   ", Tone.PLAIN), *join(parts, (" · ", Tone.RULE))), cells)]


def empty_board(cells: int, keys: Callable[[str], str]) -> list[Line]:
    """What stands here before there is a domain: what this is, and one key each for the four ways on.

    `keys` names the key of a command, as the registry has it.
    """
    ways = (
        ("drill.start", "practise on a simulated outage; nothing leaves this machine"),
        ("domain.add", "watch a domain: its DNS, mail records, certificates and web answers"),
        ("identities.import", "watch every identity of your SES account"),
        ("help.show", "what each key does, and how the cockpit thinks"),
    )
    lines: list[Line] = [EMPTY, line(("Incident cockpit", Tone.TITLE))]
    lines += wrap("For the person in charge when mail or DNS is down. It watches your domains and SES account, "
                  "and leads from the first alert to a verified repair and the post-mortem.", cells)  # fmt: skip
    lines += [EMPTY, line(("No domain is watched yet. One key each:", Tone.MUTED)), EMPTY]
    for command, words in ways:
        first = line("  ", (keys(command), Tone.KEY), "  ")
        lines += wrap(words, cells, first=first, indent=5)
    return lines


def silent_lines(silent: int, total: int, key: str, cells: int) -> list[Line]:
    """How many domains nobody has looked at for too long, and the key that starts looking again."""
    who = "no domain has" if silent == total else f"{count(silent, 'domain')} of {total} without"
    words = f"{who} data that can be trusted; {key} starts a watch where none runs"
    return [cut(line(("? ", Tone.UNKNOWN), (words, Tone.UNKNOWN)), cells)]


def nothing_found(text: str, cells: int) -> list[Line]:
    """What stands in the list when no domain passes the filter."""
    return wrap(f"No domain passes “{text}”. esc shows all of them again.", cells, Tone.MUTED)


def gauge_plot(gauge: Gauge, cells: int, rows: int) -> list[Line]:
    """The rate over time against both ladders, for screens with room."""
    marks = [
        (mark, f"{bare_percent(mark)} %", tone)
        for mark, tone in zip(
            (*gauge.ladder, *gauge.lines), (Tone.WARN, Tone.WARN, Tone.FAIL, Tone.FAIL), strict=True
        )
    ]
    return [EMPTY, line((f"{gauge.name} over time", Tone.MUTED)), *plot(gauge.trend, cells, rows, marks)]
