"""Earlier drills set beside each other: a run and the one before it, and the trend by scenario and by person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from cockpit.practice.run import Result, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The runs of one scenario, or of one person, oldest first; times are means in seconds of scenario time.

    `change` is the last score less the one before it, None for a single run.
    """

    subject: str
    runs: int
    scores: tuple[int, ...]
    change: int | None
    detection_s: float | None
    response_s: float | None
    restoration_s: float | None

    @property
    def last(self) -> int:
        """The newest score."""
        return self.scores[-1]

    @property
    def best(self) -> int:
        """The highest score."""
        return max(self.scores)


def by_scenario(runs: Iterable[Run]) -> tuple[Trend, ...]:
    """One trend for each scenario that was run, by name."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.result.scenario, []).append(run)
    return tuple(_trend(name, found[name]) for name in sorted(found))


def by_person(runs: Iterable[Run]) -> tuple[Trend, ...]:
    """One trend for each person who took part, by name."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        for person in run.people:
            found.setdefault(person, []).append(run)
    return tuple(_trend(name, found[name]) for name in sorted(found))


def previous(runs: Iterable[Run], run: Run) -> Run | None:
    """The last run of the same scenario before this one."""
    same = [one for one in runs if one.result.scenario == run.result.scenario]
    earlier = [one for one in same if one.uid != run.uid and one.result.started < run.result.started]
    return max(earlier, key=lambda one: one.result.started, default=None)


def comparison(earlier: Run | None, run: Run) -> str:
    """How a run went beside the one before it, in one sentence; empty for a first run."""
    if earlier is None:
        return ""
    new, old = run.result, earlier.result
    parts = [f"{new.percent} of 100 after {old.percent} on {old.started:%Y-%m-%d}"]
    for name, now_s, then_s in (
        ("noticed", new.detection_s, old.detection_s),
        ("answered", new.response_s, old.response_s),
        ("restored", new.restoration_s, old.restoration_s),
    ):
        if now_s is not None and then_s is not None and round(now_s) != round(then_s):
            parts.append(f"{name} {span(abs(now_s - then_s))} {'earlier' if now_s < then_s else 'later'}")
    return ", ".join(parts)


def beside(runs: Iterable[Run], result: Result) -> str:
    """A section for a report: this drill beside the last five of the same scenario; empty for the first."""
    same = sorted(
        (run for run in runs if run.result.scenario == result.scenario), key=lambda run: run.result.started
    )
    if not same:
        return ""
    rows = [(run.result, ", ".join(run.people)) for run in same[-5:]] + [(result, "this drill")]
    lines = [
        "## Beside earlier runs",
        "| When | Score | Noticed | Answered | Restored | Who |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.started:%Y-%m-%d %H:%MZ} | {one.percent} | {span(one.detection_s)} | {span(one.response_s)} "
        f"| {span(one.restoration_s)} | {who.replace('|', '/')} |"
        for one, who in rows
    ]
    return "\n".join(lines) + "\n"


def span(seconds: float | None) -> str:
    """`4 min 12 s`, or a dash where there is nothing."""
    if seconds is None:
        return "—"
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def _trend(subject: str, runs: Sequence[Run]) -> Trend:
    ordered = sorted(runs, key=lambda run: run.result.started)
    scores = tuple(run.result.percent for run in ordered)
    results = [run.result for run in ordered]
    return Trend(
        subject=subject,
        runs=len(ordered),
        scores=scores,
        change=scores[-1] - scores[-2] if len(scores) > 1 else None,
        detection_s=_mean(result.detection_s for result in results),
        response_s=_mean(result.response_s for result in results),
        restoration_s=_mean(result.restoration_s for result in results),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
