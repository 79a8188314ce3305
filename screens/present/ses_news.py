"""What CloudWatch, AWS Health and those who got the mail say, as lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.desk.health.ses_views import Alarms, FeedbackView, HealthNews
from cockpit.desk.views import CheckView, Freshness
from cockpit.health.model import Verdict
from cockpit.ses.tally import Count, Tally
from cockpit.text import visible
from screens.present.lines import Line, Tone, cut, line, pad, rule, spread, wrap
from screens.present.words import TONES, age, age_tone, count, glyph

_STATES = {"OK": ("●", Tone.OK), "ALARM": ("✖", Tone.FAIL), "INSUFFICIENT_DATA": ("?", Tone.UNKNOWN)}


def alarm_lines(alarms: Alarms, now: datetime, cells: int) -> list[Line]:
    """The six alarms with threshold, state and faults, the other alarms that are faulty, and the last changes."""
    lines = [*_head("Alarms", alarms.verdict, alarms.headline, alarms.at, alarms.freshness, now, cells)]
    silent = alarms.freshness is Freshness.SILENT
    for each in alarms.wanted:
        sign, tone = _STATES.get(each.state, ("✖", Tone.FAIL) if not each.found else ("?", Tone.UNKNOWN))
        if silent:
            sign, tone = "?", Tone.UNKNOWN
        word = each.state.lower().replace("_", " ") if each.found else "missing"
        actions = _actions(each.found, alarms.alarms)
        other = f" (as {visible(each.found)})" if each.found and each.found != each.name else ""
        head = line((f"{sign} ", tone), (f"{each.says:<24}", Tone.STRONG), (f"{word:<18}", tone))
        lines.append(cut(line(*head, (f"{actions}{other}", Tone.MUTED)), cells))
        for problem in each.problems:
            lines += wrap(visible(problem), cells, Tone.WARN, indent=4, first=line("  ", ("▲ ", Tone.WARN)))
    wanted = {each.found for each in alarms.wanted}
    for name, faults in sorted(alarms.faulty.items()):
        if name not in wanted:
            words = f"{visible(name)}: {visible('; '.join(faults))}"
            lines += wrap(words, cells, Tone.WARN, indent=2, first=line(("▲ ", Tone.WARN)))
    if alarms.history_failure:
        words = visible(alarms.history_failure, limit=200)
        lines += wrap(f"how they changed was not read: {words}", cells, Tone.UNKNOWN, indent=2, first=line("? "))
    for item in alarms.history[:6]:
        when = visible(item.get("at") or "–", limit=40)[:16].replace("T", " ")
        words = f"  {when} {visible(item.get('alarm'))}: {visible(item.get('says'))}"
        lines.append(cut(line((words, Tone.MUTED)), cells))
    return lines


def _actions(name: str, alarms: Sequence[Mapping[str, Any]]) -> str:
    """Whether an alarm tells anybody."""
    found = next((each for each in alarms if each.get("name") == name), None)
    if found is None:
        return ""
    number = len(found.get("actions") or ())
    if found.get("actions_enabled") is False:
        return "actions switched off"
    return f"tells {count(number, 'action')}" if number else "tells nobody"


def health_lines(news: HealthNews, advice: Sequence[Mapping[str, Any]], now: datetime, cells: int) -> list[Line]:
    """AWS Health's events of every status, and what AWS's adviser recommends."""
    lines = [*_head("AWS Health", news.verdict, news.headline, news.at, news.freshness, now, cells)]
    for event in news.events[:8]:
        status = visible(event.get("status") or "?")
        tone = Tone.WARN if status in ("open", "upcoming") else Tone.MUTED
        when = visible(event.get("updated") or event.get("started") or "–", limit=40)[:16].replace("T", " ")
        head = line((f"{status:<9}", tone), (f"{when} ", Tone.MUTED), (visible(event.get("code")), Tone.STRONG))
        lines.append(cut(head, cells))
        lines += wrap(visible(event.get("text") or "", limit=300), cells, Tone.MUTED, indent=2, first=line("  "))
    lines.append(rule(f"AWS's advice {len(advice)}", cells))
    for each in advice:
        tone = Tone.WARN if each.get("impact") == "HIGH" else Tone.MUTED
        head = line(
            (f"{visible(each.get('impact') or '?'):<7}", tone), (f"{visible(each.get('type'))} ", Tone.STRONG)
        )
        lines += wrap(visible(each.get("says"), limit=300), cells, Tone.MUTED, indent=8, first=head)
    return lines if advice else [*lines, line(("no recommendation", Tone.MUTED))]


def feedback_lines(view: FeedbackView, now: datetime, cells: int) -> list[Line]:
    """The last hour counted and ranked, what waits or was set aside, and the newest reports."""
    lines = [*_head("Feedback", view.verdict, view.headline, view.at, view.freshness, now, cells)]
    facts = [
        ("suppressed", view.suppressed),
        ("waiting", view.waiting),
        ("set aside", view.aside),
    ]
    words = " · ".join(f"{name} {number if number is not None else '?'}" for name, number in facts)
    if view.tally is not None and view.tally.not_spam:
        words += f" · not spam {view.tally.not_spam}"
    if view.tally is not None and view.tally.sends:
        # Without event publishing nobody tells how many were sent, and none is not what that means.
        words += f" · of {view.tally.sends:,} sent"
    lines.append(cut(line((words, Tone.WARN if view.aside else Tone.MUTED)), cells))
    if view.tally is not None:
        lines += _tally_lines(view.tally, cells)
    lines.append(rule("Newest", cells))
    for each in view.newest:
        tone = Tone.FAIL if each.suppress else Tone.MUTED
        what = f"{each.kind} {visible(each.subtype)}"[:26].ljust(27)
        head = line(
            (f"{age(each.at, now):>4} ", Tone.MUTED),
            (what, tone),
            (f"{visible(each.recipient)}  ", Tone.STRONG),
            (visible(each.reason, limit=200), Tone.MUTED),
        )
        lines.append(cut(head, cells))
    none = "Nothing came back within a day." if view.at is not None else "No queue is read: set ses.feedback_queue."
    if view.at is not None and view.verdict is Verdict.UNKNOWN:
        none = "The queue could not be read: what came back since is not known."
    return lines if view.newest else [*lines, line((none, Tone.MUTED))]


def _tally_lines(tally: Tally, cells: int) -> list[Line]:
    """The four rankings of the last hour, in as many columns as there is room for."""
    groups = [
        ("bouncing domains", tally.domains), ("reasons", tally.reasons), ("sets", tally.sets),
        ("providers", tally.providers),
    ]  # fmt: skip
    across = 4 if cells >= 120 else 2
    width = max(1, cells // across)
    lines: list[Line] = []
    for start in range(0, len(groups), across):
        columns = [_ranking(name, ranked, width) for name, ranked in groups[start : start + across]]
        for row in range(max(len(column) for column in columns)):
            cells_of_row = [pad(column[row] if row < len(column) else (), width) for column in columns]
            lines.append(tuple(span for cell in cells_of_row for span in cell))
    return lines


def _ranking(name: str, ranked: Sequence[Count], width: int) -> list[Line]:
    rows = [cut(line((f"{each.number:>6} ", Tone.STRONG), visible(each.name)), width - 1) for each in ranked[:5]]
    return [line((name, Tone.TITLE)), *(rows or [line(("     – none", Tone.MUTED))])]


def suppression_lines(view: CheckView | None, now: datetime, cells: int) -> list[Line]:
    """How both places compare, what they do not agree on (masked), and whether senders fail open."""
    if view is None:
        return [rule("Suppressed", cells), line(("The lists were not compared yet.", Tone.UNKNOWN))]
    lines = [*_head("Suppressed", view.verdict, view.headline, view.at, view.freshness, now, cells)]
    seen = view.evidence
    risk = bool(seen.get("risk"))
    tone = Tone.FAIL if risk else Tone.WARN if seen.get("fails_open") else Tone.OK
    if "fails_open" not in seen and not risk:
        # The lists were not read, and nothing is known of what senders meet.
        words, tone = "? what senders do when the table cannot be asked is not known", Tone.UNKNOWN
    elif risk:
        words = "✖ FAIL-OPEN: the table cannot be asked, and senders send to everybody while it cannot"
    elif seen.get("fails_open"):
        words = "▲ senders fail open: they send when the table cannot be asked (it answers now)"
    else:
        words = "● senders fail closed: they wait when the table cannot be asked"
    lines += wrap(words, cells, tone)
    for key, name in (
        ("only_list", "only on SES's list"), ("only_table", "only in the table"),
        ("only_feedback", "reported, suppressed nowhere"),
    ):  # fmt: skip
        number, some = _sample(seen, key)
        if number:
            lines.append(cut(line((f"{name} ", Tone.ACCENT), (f"{number}", Tone.STRONG)), cells))
            lines += wrap(", ".join(map(visible, some)), cells, Tone.MUTED, indent=2, first=line("  "))
    return lines


def _sample(seen: Mapping[str, Any], key: str) -> tuple[int, Sequence[str]]:
    """How many addresses differ, and some of them; nothing where one side was not read whole."""
    value = seen.get(key)
    return (int(value["number"]), list(value["some"])) if isinstance(value, Mapping) else (0, ())


def _head(
    title: str, verdict: Any, headline: str, at: datetime | None, freshness: Freshness, now: datetime, cells: int
) -> list[Line]:
    """A rule with the title, then the verdict's sentence with its age."""
    words = line(glyph(verdict, freshness), " ", (visible(headline), TONES[verdict]))
    return [rule(title, cells), spread(words, line((age(at, now), age_tone(freshness))), cells)]
