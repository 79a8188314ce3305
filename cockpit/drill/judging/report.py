"""The drill report: the documents' template, filled with what the referee knows, ratings left to people.

Source of the template: Emergency Response Procedures, "Training and Drills", "Drill Report Template".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.clock import format_time
from cockpit.drill.happenings import Happening
from cockpit.drill.judging.claims import Claims
from cockpit.drill.judging.referee import Outcome, Score
from cockpit.drill.scenario import Scenario
from cockpit.practice.run import Deed, Expected, Result

_MARKS = {Outcome.MET: "✔ met", Outcome.LATE: "▲ late", Outcome.MISSED: "✖ missed", Outcome.OPEN: "… open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a report is made from; `elapsed` is scenario time since the world started."""

    scenario: Scenario
    score: Score
    claims: Claims
    happenings: Sequence[Happening]
    assumptions: Sequence[str]
    started: datetime
    elapsed: timedelta
    speed: float
    seed: int


def render(facts: Facts) -> str:
    """The report as Markdown; its rating and the team's observations stay to be written."""
    sections = (
        _information(facts),
        _results(facts),
        _expectations(facts),
        _acts(facts),
        _observations(facts),
        _timeline(facts.happenings),
        _footer(facts),
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def result_of(facts: Facts) -> Result:
    """The same judgement as values, for the records of practice."""
    scenario, score, claims = facts.scenario, facts.score, facts.claims
    return Result(
        scenario=scenario.name,
        title=scenario.title,
        type=scenario.type,
        week=scenario.week.number if scenario.week else None,
        started=facts.started,
        planned_s=scenario.duration_s,
        elapsed_s=round(facts.elapsed.total_seconds(), 1),
        speed=facts.speed,
        seed=facts.seed,
        incident=claims.incident,
        severity=claims.severity,
        percent=score.percent,
        restored=score.restored,
        detection_s=_seconds(score.detection),
        response_s=_seconds(score.response),
        restoration_s=_seconds(score.restoration),
        resolution_s=_seconds(score.resolution),
        expected=tuple(
            Expected(title=one.title, outcome=one.outcome, due_s=_seconds(one.due), after_s=_seconds(one.after))
            for one in score.judgements
        ),
        deeds=tuple(
            Deed(what=act.what, verdict=act.verdict, why=act.why, after_s=round(act.after.total_seconds(), 1))
            for act in score.acts
        ),
        missing=score.missing,
    )


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 1)


def clock(duration: timedelta | None) -> str:
    """`0:04:12`, or a dash where there is nothing."""
    if duration is None:
        return "—"
    sign = "-" if duration < timedelta() else ""
    seconds = round(abs(duration).total_seconds())
    return f"{sign}{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def _information(facts: Facts) -> Iterable[str]:
    scenario = facts.scenario
    week = f", week {scenario.week.number} ({scenario.week.drill})" if scenario.week else ""
    invited = scenario.week.participants if scenario.week else ()
    people = facts.claims.participants or invited
    yield f"# Drill report: {scenario.title}"
    yield ""
    yield "## Drill information"
    yield f"- **Date:** {format_time(facts.started)}"
    yield f"- **Type:** {scenario.type}{week}"
    yield f"- **Scenario:** {scenario.summary.strip()}"
    yield f"- **Duration:** {clock(timedelta(seconds=scenario.duration_s))} planned, {clock(facts.elapsed)} actual"
    yield f"- **Participants:** {', '.join(people) if people else '[to complete]'}"
    yield f"- **Incident:** {facts.claims.incident or 'none was opened'}"
    yield f"- **Score:** {facts.score.percent} of 100"


def _results(facts: Facts) -> Iterable[str]:
    score = facts.score
    yield "## Drill results"
    yield f"- **Detection time:** {clock(score.detection)}"
    yield f"- **Response time:** {clock(score.response)}"
    yield f"- **Restored (by the world's own measure):** {clock(score.restoration)}{_restored_note(score)}"
    yield f"- **Resolution time:** {clock(score.resolution)}"
    yield f"- **RTO:** {_against_rto(score)}"
    yield "- **Communication effectiveness:** [rating 1-5]"
    yield ""
    yield "Times count from the first inject, in scenario time."


def _against_rto(score: Score) -> str:
    """The time that the severity allows, and whether everything worked again within it."""
    if score.rto is None:
        return "none for this severity"
    if score.restoration is None or not score.restored:
        broke = score.restored and score.restoration is None
        return f"{clock(score.rto)}, {'not called on' if broke else '**not reached**'}"
    left = score.rto - score.restoration
    kept = f"kept, {clock(left)} left" if left >= timedelta() else f"**missed** by {clock(-left)}"
    return f"{clock(score.rto)}, {kept}"


def _restored_note(score: Score) -> str:
    if score.restored:
        return "" if score.restoration is not None else " (it never broke)"
    return " **not restored at the end of the drill**"


def _expectations(facts: Facts) -> Iterable[str]:
    yield "## Expectations"
    yield "| Expectation | Due | Met | Moment | Judged by |"
    yield "|---|---|---|---|---|"
    for one in facts.score.judgements:
        moment = f"{clock(one.after)} ({one.at:%H:%M:%SZ})" if one.at is not None else "—"
        note = f" {_cell(one.note)}" if one.note else ""
        yield f"| {_cell(one.title)} | {clock(one.due)} | {_MARKS[one.outcome]}{note} | {moment} | {one.source} |"


def _acts(facts: Facts) -> Iterable[str]:
    yield "## Actions"
    if not facts.score.acts and not facts.score.missing:
        yield "Nothing was changed."
        return
    yield "| After | Action | Verdict |"
    yield "|---|---|---|"
    for act in facts.score.acts:
        why = f": {_cell(act.why)}" if act.why else ""
        yield f"| {clock(act.after)} | {_cell(act.what)} | {act.verdict}{why} |"
    for title in facts.score.missing:
        yield f"| — | {_cell(title)} | missing |"


def _observations(facts: Facts) -> Iterable[str]:
    good = [one.title for one in facts.score.judgements if one.outcome is Outcome.MET]
    bad = [one.title for one in facts.score.judgements if one.outcome in (Outcome.LATE, Outcome.MISSED)]
    harm = [f"{act.what}: {act.why}" for act in facts.score.acts if act.verdict in ("wrong", "dangerous")]
    yield "## Observations"
    yield f"- **What worked well:** {_joined(good)}"
    yield f"- **Areas for improvement:** {_joined([*bad, *harm])}"
    yield "- **Procedure gaps:** [to complete]"
    yield ""
    yield "## Action items"
    yield "| Action | Owner | Due date | Priority |"
    yield "|---|---|---|---|"
    for title in bad or ["[action]"]:
        yield f"| {_cell(title)} | [owner] | [date] | [High/Med/Low] |"
    yield ""
    yield "## Recommendations"
    yield "- **Immediate:** [to complete]"
    yield "- **Short-term:** [to complete]"
    yield "- **Long-term:** [to complete]"


def _timeline(happenings: Sequence[Happening]) -> Iterable[str]:
    yield "## What the world saw"
    yield "| Scenario | Time | Who | What |"
    yield "|---|---|---|---|"
    for line in sorted(happenings, key=lambda line: line.at):
        yield f"| {clock(line.elapsed)} | {line.at:%H:%M:%SZ} | {line.source} | {_cell(line.text)} |"


def _footer(facts: Facts) -> Iterable[str]:
    yield "## How this world behaves"
    yield f"Speed {facts.speed:g}, seed {facts.seed}. AWS does not document the following; the drill assumes it:"
    yield ""
    for sentence in facts.assumptions:
        yield f"- {sentence}"
    if facts.scenario.facilitator:
        yield ""
        yield "## For the facilitator"
        yield facts.scenario.facilitator.strip()


def _joined(items: Sequence[str]) -> str:
    return "; ".join(items) if items else "[to complete]"


def _cell(text: str) -> str:
    """Text inside a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
