"""How sending stands, as lines: the account in one, its stops, its quota, each rate with its runway, identities."""

from collections.abc import Sequence
from datetime import datetime

from cockpit.desk.health.ses_views import CallLine, IdentityLine, Rate, Status
from cockpit.desk.views import CheckView, Freshness
from cockpit.health.model import Verdict
from cockpit.ses.budget import SESSION
from cockpit.ses.runway import Course, Runway
from cockpit.ses.runway_words import runway_words
from screens.present.lines import EMPTY, Line, Tone, cut, join, line, rule, spread, wrap
from screens.present.words import GLYPHS, PAUSED, TONES, age, age_tone, count, glyph, percent

QUOTA_MARKS = (0.7, 0.9)
"""Shares of the daily quota at which it turns amber and red."""

ORIGINS = {"AWS_SES": "Easy DKIM", "EXTERNAL": "our own key"}
"""What SES calls the origin of a key, in words."""

_GAP = ("  ", Tone.PLAIN)


def account_line(status: Status, position: int, total: int, now: datetime, cells: int) -> Line:
    """The account on show, what it says, and how old that is."""
    account, _, region = status.target.removeprefix("ses:").partition("/")
    which = f" ({position} of {total}, a turns)" if total > 1 else ""
    head = line(
        glyph(status.verdict, status.freshness),
        " ",
        (account, Tone.STRONG),
        " ",
        (region, Tone.MUTED),
        (which, Tone.KEY),
    )
    worst = next((check for check in status.checks if check.verdict.rank < Verdict.OK.rank), None)
    told = [line((status.enforcement, Tone.PLAIN))] if worst is not None and worst.check != "ses.account" else []
    headline = worst.headline if worst is not None else status.headline
    words = join([*told, line((headline, TONES[status.verdict]))], (" · ", Tone.MUTED))
    return spread(join([head, words], _GAP), line((age(status.at, now), age_tone(status.freshness))), cells)


def state_lines(status: Status, cells: int) -> list[Line]:
    """Who stopped what and who lifts it, production access, review, and the quota as a gauge."""
    known = _fresh(status, "ses.account") and bool(status.enforcement)
    return [
        *_stop_lines(status, known, cells),
        _fact("access", _access(status), cells),
        *([_fact("review", _review(status), cells)] if status.review_status or status.review_case else []),
        _fact("quota", quota_spans(status, max(10, min(40, cells - 62))), cells),
    ]


def _fresh(status: Status, check: str) -> bool:
    """Whether a check was answered, and lately enough to believe what it said."""
    found = next((each for each in status.checks if each.check == check), None)
    return found is not None and found.freshness is not Freshness.SILENT and found.verdict is not Verdict.UNKNOWN


def _fact(name: str, words: Line, cells: int) -> Line:
    return cut(line((f"{name:<9}", Tone.MUTED), *words), cells)


def _stop_lines(status: Status, known: bool, cells: int) -> list[Line]:
    """The three kinds of pause, a line each whether it holds or not: different people lift them."""
    held = {kind: [each for each in status.pauses if each.kind == kind] for kind in ("aws", "ours", "set")}
    quiet = {
        "aws": ("AWS", f"no pause by AWS ({status.enforcement})" if known else "not known"),
        "ours": ("switch", "sending is on" if known and status.sending else "not known"),
        "set": ("sets", "no configuration set is paused" if _fresh(status, "ses.sets") else "not known"),
    }
    lines: list[Line] = []
    for kind, (name, words) in quiet.items():
        for pause in held[kind]:
            first = line((f"{name:<9}", Tone.MUTED), (f"{PAUSED} {pause.what}", Tone.FAIL))
            lines += wrap(f" · lifted by {pause.lifted_by}", cells, Tone.MUTED, indent=9, first=first)
        if not held[kind]:
            if kind == "ours" and known and status.sending is False:
                words = "sending is off, as long as AWS pauses the account"
            unknown = words == "not known"
            tone, sign = (Tone.UNKNOWN, "?") if unknown else (Tone.OK, "●")
            if kind == "ours" and status.sending is False:
                tone, sign = Tone.WARN, "▲"
            if kind == "aws" and status.enforcement == "PROBATION":
                tone, sign, words = Tone.WARN, "▲", "under review (PROBATION): AWS may pause it next"
            lines.append(_fact(name, line((f"{sign} {words}", tone)), cells))
    return lines


def _access(status: Status) -> Line:
    if status.production is None or not _fresh(status, "ses.account"):
        return line(("? not known", Tone.UNKNOWN))
    if status.production:
        return line(("● production", Tone.OK))
    return line(("▲ sandbox: 200 mails a day, to verified addresses only", Tone.WARN))


def _review(status: Status) -> Line:
    case = f", case {status.review_case}" if status.review_case else ""
    return line((f"{status.review_status or 'asked'}{case}", Tone.INFO))


def quota_spans(status: Status, cells: int) -> Line:
    """How much of the daily quota is used, as a bar with a notch at 70 % and at 90 %."""
    used = status.quota_used
    if used is None or not _fresh(status, "ses.quota"):
        return line(("? not known", Tone.UNKNOWN))
    tone = Tone.FAIL if used >= QUOTA_MARKS[1] else Tone.WARN if used >= QUOTA_MARKS[0] else Tone.OK
    filled = max(0, min(cells, round(used * cells)))
    bar = ["█"] * filled + ["░"] * (cells - filled)
    for mark in QUOTA_MARKS:
        bar[min(cells - 1, int(mark * cells))] = "┃"
    sent = f"{status.sent_24h:,.0f}" if status.sent_24h is not None else "?"
    most = f"{status.max_24h:,.0f}" if status.max_24h is not None else "?"
    pace = f", {status.per_s:g} a second" if status.per_s is not None else ""
    return line(("".join(bar), tone), (f" {used:.0%}", tone), (f" {sent} of {most} in 24 h{pace}", Tone.MUTED))


def rate_lines(rate: Rate, now: datetime, cells: int) -> list[Line]:
    """The figures of one rate side by side, and the runway to each line."""
    silent = rate.freshness is Freshness.SILENT
    head = join(
        [
            line(glyph(rate.verdict, rate.freshness), " ", (f"{rate.name} rate", Tone.STRONG)),
            line(("AWS's figure ", Tone.MUTED), (percent(rate.reported), _tone(rate, rate.reported, silent))),
            line(("last hour, ours ", Tone.MUTED), (percent(rate.windowed), _tone(rate, rate.windowed, silent))),
            line(("by events ", Tone.MUTED), (percent(rate.by_events), Tone.PLAIN)),
        ],
        _GAP,
    )
    lines = [spread(head, line((age(rate.at, now), age_tone(rate.freshness))), cells)]
    if silent:
        return [*lines, line(("  no data: nothing is said of the time that is left", Tone.UNKNOWN))]
    lines += _runway_lines(rate, cells)
    if not rate.runway:
        lines += wrap(rate.headline, cells, Tone.MUTED, indent=2, first=line("  "))
    sets = sorted(rate.sets.items(), key=lambda pair: -(pair[1] or 0))
    if sets:
        figures = [
            line((f"{name} ", Tone.MUTED), (percent(value), _tone(rate, value, silent))) for name, value in sets
        ]
        lines.append(cut(line(("  by set  ", Tone.ACCENT), *join(figures, (" · ", Tone.MUTED))), cells))
    return lines


def _runway_lines(rate: Rate, cells: int) -> list[Line]:
    """Each line in words; those about which the same is said share theirs."""
    said: dict[str, list[Runway]] = {}
    for found in rate.runway:
        said.setdefault(f"{found.course}|{runway_words(found, rate.name)}", []).append(found)
    lines: list[Line] = []
    for alike in said.values():
        course = alike[0].course
        tone = Tone.FAIL if course is Course.CROSSED else Tone.WARN if course is Course.NEARING else Tone.MUTED
        names = ", ".join(f"{each.line * 100:g} % {_who(rate, each.line)}".rstrip() for each in alike)
        first = line(("  ", Tone.PLAIN), (f"{names}  ", Tone.ACCENT))
        lines += wrap(runway_words(alike[0], rate.name), cells, tone, indent=6, first=first)
    return lines


def _who(rate: Rate, value: float) -> str:
    review, pause = rate.lines
    return "AWS review" if value == review else "AWS pause" if value == pause else "ours"


def _tone(rate: Rate, value: float | None, silent: bool) -> Tone:
    """Measured against our own ladder; without data nothing has the colour of being well."""
    if value is None or silent:
        return Tone.UNKNOWN
    warn, fail = rate.ladder
    return Tone.FAIL if value >= fail else Tone.WARN if value >= warn else Tone.OK


def check_lines(checks: Sequence[CheckView], now: datetime, cells: int) -> list[Line]:
    """Every check of the account: worst first, with what to do where something is wrong."""
    waiting = [each for each in checks if each.check != "ses.calls" and each.evidence.get("failure") in SESSION]
    lines: list[Line] = []
    if len(waiting) > 1:
        # Each of them would say the same sentence, which stands above every screen already.
        words = f"{len(waiting)} checks wait for the login: {', '.join(each.title for each in waiting)}"
        lines += wrap(words, cells, Tone.UNKNOWN, indent=2, first=line(("? ", Tone.UNKNOWN)))
    for check in checks:
        if len(waiting) > 1 and check in waiting:
            continue
        silent = check.freshness is Freshness.SILENT
        head = line(glyph(check.verdict, check.freshness), " ", (check.title, Tone.STRONG), "  ")
        tone = Tone.MUTED if check.verdict.rank >= Verdict.OK.rank else TONES[check.verdict]
        words = "no data: the last answer is too old" if silent else check.headline
        lines.append(
            spread(line(*head, (words, tone)), line((age(check.at, now), age_tone(check.freshness))), cells)
        )
        if check.finding is not None and check.verdict.rank < Verdict.OK.rank and not silent:
            lines += wrap(check.finding.fix, cells, indent=4, first=line("  ", ("→ ", Tone.ACCENT)))
    return lines


def identity_lines(identities: Sequence[IdentityLine], now: datetime, cells: int) -> list[Line]:
    """Every domain as SES last saw it, worst first."""
    lines = [rule(f"Identities {len(identities)}", cells)]
    width = min(max((len(each.domain) for each in identities), default=0), 32)
    for each in identities:
        facts = f"DKIM {each.dkim or '–'} {ORIGINS.get(each.origin, each.origin)}".rstrip()
        if each.mail_from_status:
            facts += f" · MAIL FROM {each.mail_from_status}"
        if each.error_type:
            facts += f" · SES saw {each.error_type}"
        tone = Tone.MUTED if each.verdict.rank >= Verdict.OK.rank else TONES[each.verdict]
        batch = " (batch)" if each.swept else ""
        head = line(glyph(each.verdict, each.freshness), " ", (f"{each.domain:<{width}}", Tone.STRONG), "  ",
                    (facts, tone), (batch, Tone.MUTED))  # fmt: skip
        lines.append(spread(head, line((age(each.at, now), age_tone(each.freshness))), cells))
    return lines if identities else [*lines, line(("No identity was looked at yet.", Tone.MUTED))]


def call_lines(calls: Sequence[CallLine], cells: int) -> list[Line]:
    """How much of what AWS lets us ask is used, by action; the busiest first."""
    lines = [rule("Calls to AWS: last minute of what a minute allows", cells)]
    for each in sorted(calls, key=lambda call: (-bool(call.failing), -call.last_minute)):
        share = each.last_minute / each.per_minute if each.per_minute else 0.0
        tone = Tone.FAIL if each.failing else Tone.WARN if share > 0.8 or each.waiting else Tone.MUTED
        answered = f"answered {each.answered_s:.0f} s ago" if each.answered_s is not None else "never answered"
        waiting = f", {count(each.waiting, 'call')} waiting" if each.waiting else ""
        words = f"{each.last_minute} of {each.per_minute}{waiting}, {answered}"
        told = f"  {GLYPHS[Verdict.FAIL]} {each.failing}" if each.failing else ""
        lines.append(cut(line((f"{each.action:<40} ", Tone.PLAIN), (words, tone), (told, Tone.FAIL)), cells))
    return lines if calls else [*lines, line(("Nothing was asked yet.", Tone.MUTED)), EMPTY]
