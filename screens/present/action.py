"""An action's lines: the plan as a diff with reach, way back and proof, then the run as its journal tells it."""

import textwrap
from datetime import datetime

from cockpit.actions.contract import Plan
from cockpit.actions.journal import ActionState
from cockpit.actions.telling import JournalLine
from cockpit.desk.remedies.actions import ActionView
from cockpit.text import cell_width
from screens.present.frame import short_account
from screens.present.lines import EMPTY, Line, Span, Tone, cut, line, rule, spread, wrap
from screens.present.words import countdown, utc

_STATE_TONES = {
    ActionState.SUCCEEDED: Tone.OK,
    ActionState.ROLLED_BACK: Tone.OK,
    ActionState.UNKNOWN: Tone.UNKNOWN,
    ActionState.RECONCILING: Tone.UNKNOWN,
    ActionState.CONFLICT: Tone.FAIL,
    ActionState.NEEDS_HUMAN: Tone.FAIL,
    ActionState.REFUSED: Tone.FAIL,
    ActionState.PLANNED: Tone.KEY,
}
_STATE_SIGNS = {
    ActionState.SUCCEEDED: "✔",
    ActionState.ROLLED_BACK: "✔",
    ActionState.UNKNOWN: "?",
    ActionState.RECONCILING: "?",
    ActionState.CONFLICT: "✖",
    ActionState.NEEDS_HUMAN: "✖",
    ActionState.REFUSED: "✖",
    ActionState.EXPIRED: "·",
    ActionState.DISCARDED: "·",
    ActionState.CANCELLED: "·",
    ActionState.CLOSED: "·",
    ActionState.PLANNED: "⏸",
}
_JOURNAL: dict[str, Span] = {
    "succeeded": ("✔", Tone.OK),
    "applied": ("✔", Tone.OK),
    "checked": ("✔", Tone.OK),
    "confirmed": ("●", Tone.KEY),
    "approved": ("✔", Tone.OK),
    "approval_revoked": ("▲", Tone.WARN),
    "rejected": ("✖", Tone.FAIL),
    "unknown": ("?", Tone.UNKNOWN),
    "reconciling": ("?", Tone.UNKNOWN),
    "refused": ("✖", Tone.FAIL),
    "conflict": ("✖", Tone.FAIL),
    "needs_human": ("✖", Tone.FAIL),
    "rolling_back": ("▲", Tone.WARN),
    "rolled_back": ("✔", Tone.OK),
    "effect": ("▸", Tone.KEY),
    "intent": ("▸", Tone.MUTED),
}


_WIDE = 120
"""Cells from which on the way back of a line stands beside it even where the line is wrapped for it."""


def head_lines(view: ActionView, now: datetime, cells: int, *, profile: str) -> list[Line]:
    """What it is, where it stands, in which account and as whom."""
    tone = _STATE_TONES.get(view.state, Tone.ACCENT)
    sign = _STATE_SIGNS.get(view.state, "…")
    right = line((f"{sign} {view.state}", tone))
    if view.state is ActionState.PLANNED and view.expires_at is not None:
        right = (*right, (" expires ", Tone.MUTED), countdown(view.expires_at, now))
    lines = [spread(line(("Plan: " if view.plan else "", Tone.MUTED), (view.title, Tone.TITLE)), right, cells)]
    if view.plan is not None:
        plan = view.plan
        account = short_account(plan.account) if plan.account.isdigit() else plan.account
        where = f"account {account} ({profile})  region {plan.region}  as {_role(plan.caller)}"
        lines.append(cut(line((f"{where} ({view.operator})", Tone.MUTED)), cells))
    return lines


def _role(caller: str) -> str:
    """`role/ic-remediate` out of `arn:aws:sts::…:assumed-role/ic-remediate/name`."""
    parts = caller.rsplit(":", 1)[-1].split("/")
    return f"role/{parts[1]}" if len(parts) > 1 and parts[0] == "assumed-role" else parts[-1] or "nobody known"


def refusal_lines(view: ActionView, cells: int) -> list[Line]:
    """Why there is no plan, or why its first request had no effect; what was asked for, and what can be done."""
    if view.state is not ActionState.REFUSED:
        return []
    whole = "Refused before there was a plan" if view.plan is None else "Refused by the service"
    code = f" ({view.code})" if view.code else ""
    lines = [cut(line((f"✖ {whole}{code}: nothing was changed.", Tone.FAIL)), cells), EMPTY]
    lines += wrap(view.reason, cells, Tone.STRONG)
    asked = "  ".join(f"{name}={value}" for name, value in view.parameters.items() if value)
    told = [("asked", f"{view.remedy}  {asked}")]
    if view.can_repeat:
        told.append(("again", "r asks for the plan once more, and reads everything afresh"))
    lines.append(EMPTY)
    for name, text in told:
        lines += wrap(text, cells, first=line((f"{name:<8}", Tone.ACCENT)), indent=8)
    return lines


def body_lines(view: ActionView, now: datetime, cells: int, *, journal_first: bool) -> list[Line]:
    """The plan and the journal; once it runs, the journal stands first. A refusal comes before both."""
    plan = [*plan_lines(view.plan, cells), *step_lines(view, cells)] if view.plan is not None else []
    journal = journal_lines(view, now, cells)
    parts = [refusal_lines(view, cells), *([journal, plan] if journal_first else [plan, journal])]
    return [one for part in parts if part for one in (*part, EMPTY)]


def plan_lines(plan: Plan, cells: int) -> list[Line]:
    """The diff, whom it reaches, the way back, what was proven, and what will be checked afterwards."""
    lines: list[Line] = []
    labels = max((len(row.label) for row in plan.diff), default=0)
    for row in plan.diff:
        tone = {"-": Tone.FAIL, "+": Tone.OK}.get(row.sign, Tone.MUTED)
        first = line((f"  {row.sign} {row.label:<{labels}}  ", tone))
        whole = f"{row.text}   (undo: {row.undo})"
        fits = bool(row.undo) and (cells >= _WIDE or labels + 6 + cell_width(whole) <= cells)
        lines += wrap(whole if fits else row.text, cells, tone, first=first, indent=labels + 6)
        if row.undo and not fits:
            lines += wrap(f"undo: {row.undo}", cells, Tone.MUTED, first=line(" " * (labels + 6)), indent=labels + 6)
    lines.append(EMPTY)
    several = len(plan.steps) > 1
    told = [
        *([("sends", f"{len(plan.steps)} requests, one after the other, as listed below")] if several else []),
        ("reach", plan.reach),
        ("undo", plan.undo if plan.reversible else f"NO WAY BACK: {plan.undo}"),
        *(("proof", sentence) for sentence in plan.proof),
        *(("checks", sentence) for sentence in plan.checks),
    ]
    for number, (name, text) in enumerate(told):
        shown = name if number == 0 or told[number - 1][0] != name else ""
        tone = Tone.FAIL if name == "undo" and not plan.reversible else Tone.PLAIN
        lines += wrap(text, cells, tone, first=line((f"{shown:<8}", Tone.ACCENT)), indent=8)
    risk = Tone.WARN if plan.risk not in ("", "low") else Tone.MUTED
    rated = ": ".join(filter(None, (plan.risk or "not rated", plan.subject.get("risk"))))
    lines += wrap(rated, cells, risk, first=line((f"{'risk':<8}", Tone.ACCENT)), indent=8)
    return lines


def step_lines(view: ActionView, cells: int) -> list[Line]:
    """The requests one after the other, where there are several, with those that had their effect."""
    if view.plan is None or len(view.plan.steps) < 2:
        return []
    steps = view.plan.steps
    lines = [EMPTY, rule("Requests", cells, f"{len(steps)}, one after the other; X stops between two")]
    for number, step in enumerate(steps, start=1):
        done = number <= view.steps_done and not view.back
        sign: Span = ("✔", Tone.OK) if done else ("·", Tone.MUTED)
        lines += wrap(step.says, cells, first=line((f"{number:>5} ", Tone.MUTED), sign, " "), indent=8)
    return lines


def progress_lines(view: ActionView, cells: int) -> list[Line]:
    """How many of many requests had their effect, while they are sent."""
    if view.plan is None or len(view.plan.steps) < 2 or not (view.running and view.confirmed_by):
        return []
    made, of = view.steps_done, len(view.plan.steps)
    room = max(10, min(40, cells - 50))
    full = room * made // of
    words = f" {made} of {of} requests {'taken back' if view.back else 'made'}"
    return [cut(line(("█" * full, Tone.OK), ("░" * (room - full), Tone.MUTED), words), cells), EMPTY]


def doubt_lines(view: ActionView, cells: int) -> list[Line]:
    """What is not known, and what is read from when on to find out."""
    if not view.in_doubt:
        return []
    reads = ", ".join(view.reads[:4]) + (f" and {len(view.reads) - 4} more" if len(view.reads) > 4 else "")
    since = f" from {utc(view.quiet_until)} on, when nothing can land late any more," if view.quiet_until else ""
    words = (
        "The outcome is UNKNOWN: the request may have had its effect or not. Nothing is sent again. To find out,"
        f"{since} the live state of {view.target} is read until two readings agree: {reads or 'all of it'}."
    )
    return wrap(words, cells, Tone.UNKNOWN, first=line(("? ", Tone.UNKNOWN)), indent=2)


def journal_lines(view: ActionView, now: datetime, cells: int) -> list[Line]:
    """Each committed entry, and what is being waited for now."""
    lines = [*approval_lines(view, now, cells), *progress_lines(view, cells)]
    lines += [rule("Journal", cells, "" if view.alive or not view.running else "no runner is at work")]
    for entry in view.lines:
        lines += _entry(entry, cells)
    lines += doubt_lines(view, cells)
    if view.waiting_for:
        lines += wrap(
            f"waiting for {view.waiting_for}", cells, Tone.ACCENT, first=line(("… ", Tone.ACCENT)), indent=2
        )
    return lines


def approval_lines(view: ActionView, now: datetime, cells: int) -> list[Line]:
    """Who has approved; the code of the plan, who may give what is missing, and until when."""
    lines: list[Line] = []
    if view.approved_by:
        lines += wrap(f"approved by {', '.join(view.approved_by)}", cells, first=line(("✔ ", Tone.OK)), indent=2)
    if view.approvals_missing:
        who = ", ".join(view.may_approve) or "anybody but you"
        head = line(("⏸ approval ", Tone.WARN), (view.code_to_approve, Tone.STRONG))
        if view.expires_at is not None:
            until = ("  until ", Tone.MUTED), (utc(view.expires_at), Tone.PLAIN), (" (", Tone.MUTED)
            head = line(*head, *until, countdown(view.expires_at, now), (")", Tone.MUTED))
        lines.append(cut(head, cells))
        words = (
            f"{view.approvals_missing} more person has to approve ({view.approval_why}): {who}. In a terminal of"
            f" their own they type cockpit approve {view.code_to_approve}, or they read a code out by phone."
        )
        lines += wrap(words, cells, Tone.WARN, first=line("  "), indent=2)
    return [*lines, EMPTY] if lines else []


def _entry(entry: JournalLine, cells: int) -> list[Line]:
    sign = _JOURNAL.get(entry.kind, ("·", Tone.MUTED))
    first = line((utc(entry.at), Tone.MUTED), " ", sign, " ")
    return wrap(entry.text, cells, first=first, indent=12)


def result_lines(view: ActionView, cells: int) -> list[Line]:
    """The result record of a run that succeeded, and whether it can still be undone."""
    if view.result is None:
        return []
    lines = [rule("Result", cells)]
    for name, value in view.result.items():
        lines += wrap(textwrap.shorten(str(value), 400), cells, first=line((f"{name}  ", Tone.ACCENT)), indent=4)
    return lines


def no_action(cells: int) -> list[Line]:
    """What stands on the action screen while there is none."""
    words = (
        "No action was planned yet. An action step of a runbook plans one; nothing is changed before you confirm."
    )
    return wrap(words, cells, Tone.MUTED)
