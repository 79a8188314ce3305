"""Lines of the people of an incident: what waits for whom, the roster, and the check-in board."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from cockpit.desk.incident.people import CheckInLine
from cockpit.desk.incident.terminals import Here
from cockpit.incident.clocks import ChainLine
from cockpit.incident.roles import Place
from cockpit.incident.team import Decision, Handover, Task, Team
from screens.present.lines import EMPTY, Line, Tone, line, pad, rule, spread, wrap
from screens.present.words import age, countdown, utc


class Matter(msgspec.Struct, frozen=True):
    """One thing that waits for a person. `kind` is offer, task, decision or role; `id` is its own."""

    kind: str
    id: str
    who: str
    words: str
    due: datetime | None = None
    at: datetime | None = None
    done: str = ""
    detail: str = ""


def matters(team: Team, board: Sequence[CheckInLine], roster: Sequence[Place]) -> list[Matter]:
    """Handovers, tasks and decisions that wait, then the roles with their check-ins, then what was done."""
    listed = [_offer(each) for each in team.offers]
    listed += [_task(each) for each in team.open_tasks]
    decisions = sorted(team.decisions.values(), key=lambda each: each.at, reverse=True)
    listed += [_decision(each) for each in decisions if each.is_open]
    listed += [_held(each) for each in board]
    held = {each.role for each in board}
    listed += [
        Matter("role", each.role, "open", f"{each.role} {each.title}", detail=_place_words(each))
        for each in roster
        if each.role not in held
    ]
    listed += [_decision(each) for each in decisions if not each.is_open]
    ended = [each for each in team.tasks.values() if not each.is_open]
    return listed + [_task(each) for each in sorted(ended, key=lambda each: each.at, reverse=True)]


def matter_line(matter: Matter, now: datetime, cells: int) -> Line:
    """Who has to act, on what, and the time that is left."""
    sign, tone = _SIGNS[matter.kind]
    if matter.done:
        sign, tone = "✔", Tone.MUTED
    elif matter.who == "open":
        sign, tone = "▲", Tone.WARN
    words = (matter.words, Tone.MUTED if matter.done else Tone.PLAIN)
    left = (*line((sign, tone), " "), *pad(line((matter.who, Tone.STRONG)), 10), *line(" ", words))
    right = line((matter.done, Tone.MUTED))
    if not matter.done and matter.due is not None:
        right = line(countdown(matter.due, now))
    return spread(left, right, cells)


def matter_lines(matter: Matter | None, now: datetime, cells: int) -> list[Line]:
    """One matter in full."""
    if matter is None:
        return []
    lines = wrap(matter.words, cells, Tone.STRONG)
    if matter.at is not None:
        lines += wrap(f"since {matter.at:%Y-%m-%d} {utc(matter.at)}, {age(matter.at, now)} ago", cells, Tone.MUTED)
    for row in matter.detail.split("\n"):
        lines += wrap(row, cells)
    return lines


def chain_lines(chain: Sequence[ChainLine], now: datetime, cells: int) -> list[Line]:
    """The escalation chain: level, authority, person or when somebody should be there."""
    lines = [rule("Escalation", cells, "E engages the next level")]
    for each in chain:
        state = (
            line((each.person, Tone.PLAIN)) if each.person else line(("not needed at this severity", Tone.MUTED))
        )
        if not each.person and each.engaged_at is not None:
            state = line(("✔ ", Tone.OK), (f"there since {each.engaged_at:%H:%M:%S}Z", Tone.MUTED))
        elif not each.person and each.wanted and each.due is not None:
            state = line(("due ", Tone.MUTED), countdown(each.due, now))
        head = line(
            (f"L{each.level.level} ", Tone.STRONG), each.level.title, "  ", (each.level.authority, Tone.MUTED)
        )
        lines.append(spread(head, state, cells))
    return lines


def here_words(others: Sequence[Here], incident: str) -> str:
    """Who else sits at a terminal: those who look at this incident first."""
    names = dict.fromkeys(here.person for here in others if here.incident == incident)
    elsewhere = [name for name in dict.fromkeys(here.person for here in others) if name not in names]
    verb = "look here too" if len(names) > 1 else "looks here too"
    here_too = f"{', '.join(names)} {verb}" if names else ""
    return "; ".join(filter(None, (here_too, f"{', '.join(elsewhere)} elsewhere" if elsewhere else "")))


def phase_line(number: int, title: str, ends: datetime | None, now: datetime, cells: int) -> Line:
    """The four phases as a bar, the present one with its name and what is left of it."""
    marks = [("■" if each < number else "▣" if each == number else "□") for each in range(1, 5)]
    left = line(("phase ", Tone.MUTED), ("".join(marks), Tone.ACCENT), f" {number} {title}")
    right = line(countdown(ends, now)) if ends is not None else EMPTY
    return spread(left, right, cells)


_SIGNS = {
    "offer": ("⇄", Tone.KEY),
    "task": ("▸", Tone.KEY),
    "decision": ("?", Tone.INFO),
    "role": ("●", Tone.INFO),
}


def _offer(offer: Handover) -> Matter:
    words = f"{offer.giver} hands {offer.role} over to {offer.taker}, who has to accept"
    return Matter("offer", offer.id, offer.taker, words, at=offer.at, detail=offer.card)


def _task(task: Task) -> Matter:
    heard = f"heard {utc(task.acknowledged_at)}" if task.acknowledged_at is not None else "not acknowledged yet"
    detail = f"given by {task.by}, {task.minutes} minutes, {heard}" + (f"\n{task.result}" if task.result else "")
    done = "" if task.is_open else task.step
    return Matter("task", task.id, task.to, task.title, due=task.due, at=task.at, done=done, detail=detail)


def _decision(decision: Decision) -> Matter:
    objections = "\n".join(f"{each.by} objects: {each.reason}" for each in decision.objections)
    detail = objections or "Any strong objections? None so far."
    if decision.outcome:
        detail = f"{detail}\n{decision.step}: {decision.outcome}"
    done = "" if decision.is_open else decision.step
    count = len(decision.objections)
    words = f"{decision.text}" + (f" ({count} objected)" if count else "")
    return Matter("decision", decision.id, decision.by, words, at=decision.at, done=done, detail=detail)


def _held(held: CheckInLine) -> Matter:
    said = held.last
    words = f"{held.role} {held.title}" + (f": {said.status}" if said is not None else "")
    detail = "No check-in yet." if said is None else f"{said.location}\n{said.actions}".strip()
    at = said.at if said is not None else None
    return Matter("role", held.role, held.person, words, due=held.due, at=at, detail=detail)


def _place_words(place: Place) -> str:
    need = "required at this severity" if place.required else place.asked_for or "not required"
    return f"{need}\nusually {place.primary or 'nobody'}, after that {place.backup or 'nobody'}"
