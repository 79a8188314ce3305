"""Our own keys: how old each is, what is ready of the way to SES, and the functions that carry it out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.text import visible
from screens.present.lines import EMPTY, Line, Tone, cut, line, rule, spread, wrap
from screens.present.ses import ORIGINS
from screens.present.ses_kit import STATES, Asked, asked_head

VALID_DAYS = 456
NOTICE_DAYS = 60
_MARKS = {True: ("✔", Tone.OK), False: ("✖", Tone.FAIL), None: ("?", Tone.UNKNOWN)}
_BAR = 20


def estate_lines(asked: Asked, now: datetime, cells: int) -> list[Line]:
    """The key-age board with what is ready, the checklist of phase 7, and the functions with their contracts."""
    answer: Mapping[str, Any] = asked.answer or {}
    keys: Sequence[Mapping[str, Any]] = answer.get("keys", ())
    number = f" {len(keys)}" if asked.answer else ""
    title = f"DKIM keys of ours{number}: good for {VALID_DAYS} days, told {NOTICE_DAYS} before"
    lines = asked_head(title, asked, now, cells)
    for each in keys:
        lines += _key_lines(each, cells)
    if asked.answer and not keys:
        lines.append(line(("No key is stored: cockpit estate generate makes one.", Tone.MUTED)))
    if answer.get("place"):
        lines.append(
            cut(line(("  they lie in ", Tone.MUTED), (visible(answer["place"], limit=300), Tone.PLAIN)), cells)
        )
    functions: Sequence[Mapping[str, Any]] = answer.get("functions", ())
    if functions:
        lines += [EMPTY, rule("Functions", cells)]
        for each in functions:
            lines += _function_lines(each, cells)
    return lines


def _key_lines(each: Mapping[str, Any], cells: int) -> list[Line]:
    left = int(each["days_left"])
    tone = Tone.FAIL if left <= 0 else Tone.WARN if left <= NOTICE_DAYS else Tone.OK
    bar = _BAR if cells >= 100 else _BAR // 2
    filled = max(0, min(bar, round(bar * left / VALID_DAYS)))
    recorded = "" if each["recorded"] else "  no DNS information in S3"
    words = line(
        ("█" * filled + "░" * (bar - filled), tone),
        (f" {left:>4} d  ", tone),
        (f"{visible(each['domain'], limit=80)} ", Tone.STRONG),
        (visible(each["selector"], limit=63), Tone.PLAIN),
        (recorded, Tone.WARN),
    )
    lines = [spread(words, line((f"by {str(each['replace_by'])[:10]}", Tone.MUTED)), cells)]
    ready = each.get("ready")
    if ready is None:
        return lines
    facts = [
        span
        for name, fact in (("key in S3", "stored"), ("DNS information", "recorded"), ("published", "published"))
        for span in ((f"{_MARKS[ready[fact]][0]} ", _MARKS[ready[fact]][1]), (f"{name}  ", Tone.PLAIN))
    ]
    by = ORIGINS.get(ready["origin"] or "", ready["origin"]) or "a key not known"
    signs = f"SES signs with {by}, {ready['dkim_status'] or 'not known'}"
    lines.append(cut(line("  ", *facts, (visible(signs), Tone.MUTED)), cells))
    lines += wrap(visible(ready["said"], limit=200), cells, Tone.MUTED, indent=4, first=line("    "))
    return [*lines, *_checklist(each, cells)]


def _checklist(each: Mapping[str, Any], cells: int) -> list[Line]:
    """The six items of phase 7, and the next step for the first that is open."""
    items: Sequence[Mapping[str, Any]] = each.get("checklist", ())
    done = sum(item["done"] is True for item in items)
    lines = [line(("  phase 7 ", Tone.ACCENT), (f"{done} of {len(items)} done", Tone.PLAIN))]
    for item in items:
        sign, tone = _MARKS[item["done"]]
        head = line(
            ("    ", Tone.PLAIN), (f"{sign} ", tone), (f"{visible(item['says'], limit=60):<28} ", Tone.PLAIN)
        )
        lines.append(cut(line(*head, (visible(item["evidence"], limit=200), Tone.MUTED)), cells))
    lines += wrap(_next_step(each, items), cells, indent=6, first=line("    ", ("→ ", Tone.ACCENT)))
    return lines


def _next_step(each: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> str:
    """What the procedure does next for this key."""
    domain, selector = visible(each["domain"], limit=80), visible(each["selector"], limit=63)
    if not each["ready"]["published"]:
        return f"have the record published: f lets the notifier mail it, cockpit ses todo {domain} writes it out"
    if not all(item["done"] for item in items[:-1]):
        return f"runbook byodkim-phase-7, or f runs the manager for {domain} with selector {selector}"
    return f"w writes the completion report, as cockpit estate report {domain} does"


def _function_lines(each: Mapping[str, Any], cells: int) -> list[Line]:
    sign, tone = ("·", Tone.MUTED) if each["state"] == "absent" else STATES[each["state"]]
    told = "not there" if each["state"] == "absent" else each["says"]
    head = line((f"{sign} ", tone), (f"{visible(each['name'], limit=80):<40} ", Tone.STRONG), (told, Tone.MUTED))
    lines = [cut(head, cells)]
    if each["state"] == "absent":
        return lines
    for problem in each["problems"]:
        lines += wrap(
            visible(problem, limit=200), cells, Tone.WARN, indent=6, first=line("    ", ("▲ ", Tone.WARN))
        )
    if each["why"]:
        lines += wrap(visible(each["why"], limit=200), cells, Tone.UNKNOWN, indent=4, first=line("    "))
    facts = " · ".join(visible(fact, limit=120) for fact in each["facts"])
    answers = f" → {each['answers']}" if each["answers"] else ""
    for words in (facts, f"{each['payload']}{answers}"):
        if words:
            lines += wrap(words, cells, Tone.MUTED, indent=6, first=line("    "))
    return lines
