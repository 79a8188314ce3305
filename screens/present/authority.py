"""Who decides: the recovery decision matrices as ruled for one incident, and plans that wait for approval."""

from collections.abc import Sequence

from cockpit.desk.remedies.action_view import ActionView
from cockpit.desk.runbooks.people import StepAsked
from cockpit.incident.authority import CHAIN, MATRICES, MatrixRow, Permission, Ruling, decide_recovery
from cockpit.incident.model import Incident
from cockpit.incident.recovery import ROWS
from cockpit.incident.roles import ROLES
from screens.present.lines import EMPTY, Line, Tone, line, rule, wrap
from screens.present.words import count

_RULINGS = {
    Ruling.AUTO: ("●", Tone.OK, "goes ahead"),
    Ruling.LEVEL: ("▲", Tone.WARN, "needs a level of the chain"),
    Ruling.ROLES: ("⏸", Tone.WARN, "needs an approval"),
}


def ruling_words(row: MatrixRow, incident: Incident, operator: str) -> str:
    """The ruling on one recovery for whoever sits here, after the condition that the row is about."""
    ruled = decide_recovery(row, incident, operator=operator)
    sign = _RULINGS[ruled.ruling][0]
    return f"{sign} {row.condition}: {ruled.sentence.removeprefix(row.scenario).removeprefix(': ')}"


def waiting_words(view: ActionView) -> str:
    """A plan that waits for somebody else: what it does, whose it is, and who may approve it."""
    who = ", ".join(view.may_approve) or "anybody else"
    more = count(view.approvals_missing, "approval")
    return f"⏸ {view.title}, planned by {view.operator}: {more} missing, by {who} ({view.approval_why})"


def step_words(step: StepAsked) -> str:
    """A step of a runbook that waits for somebody's approval: what it asks, in which run, whose it is."""
    who = ", ".join(step.of) or "anybody else"
    return f"⏸ {step.title}, {step.step}: {step.question} Worked by {', '.join(step.hands)}; asked of {who}"


def waiting_lines(view: ActionView, cells: int) -> list[Line]:
    """A plan that waits, with all that an approver has to know before they sign it."""
    lines = wrap(waiting_words(view), cells, Tone.WARN)
    plan = view.plan
    if plan is None:
        return lines
    lines += [EMPTY, rule("What would change", cells)]
    for change in plan.diff:
        tone = Tone.MUTED if change.sign == "-" else Tone.PLAIN
        lines += wrap(f"{change.sign} {change.label}: {change.text}", cells, tone, indent=2)
    for name, words in (("reach", plan.reach), ("undo", plan.undo), ("risk", plan.risk)):
        lines += wrap(words, cells, indent=8, first=line((f"{name:<8}", Tone.MUTED)))
    return lines


def row_lines(row: MatrixRow, incident: Incident, operator: str, cells: int) -> list[Line]:
    """One recovery decision in full: the document's row, and what it means in this incident now."""
    ruled = decide_recovery(row, incident, operator=operator)
    sign, tone, word = _RULINGS[ruled.ruling]
    area = next(name for name, rows in MATRICES.items() if row in rows)
    lines = [line((f"{sign} {word}", tone)), *wrap(ruled.sentence, cells), EMPTY]
    told = [
        ("matrix", area),
        ("when", row.condition),
        ("by itself", f"yes: {row.how}" if row.auto else "no"),
        ("a person", f"{row.review}{f' ({row.why})' if row.why else ''}"),
        ("escalates", f"to {row.severity}"),
        ("remedies", ", ".join(sorted(name for name, id_ in ROWS.items() if id_ == row.id))),
    ]
    for name, words in told:
        lines += wrap(words, cells, indent=11, first=line((f"{name:<11}", Tone.MUTED))) if words else []
    return [*lines, EMPTY, *_who_lines(row, ruled, incident, cells)]


def _who_lines(row: MatrixRow, ruled: Permission, incident: Incident, cells: int) -> Sequence[Line]:
    """Who has the word: the roles asked for with who holds them, and the level of the chain."""
    lines = [rule("Who", cells)]
    for role in row.roles:
        holder = incident.holder(role)
        who = (holder, Tone.PLAIN) if holder else ("open: a on the incident gives it", Tone.WARN)
        lines.append(line((f"{role:<4}", Tone.STRONG), who, (f"  {ROLES.get(role, role)}", Tone.MUTED)))
    level = next(each for each in CHAIN if each.level == ruled.level)
    words = f"{level.title}: {level.authority}; responds within {level.response_minutes} minutes"
    return [*lines, *wrap(words, cells, Tone.MUTED, indent=4, first=line((f"L{level.level}  ", Tone.STRONG)))]
