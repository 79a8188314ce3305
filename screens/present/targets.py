"""Who serves behind a load balancer: each target group, its zones, and every target that does not serve."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.desk.views import CheckView, Freshness, VantageView
from cockpit.health.model import Verdict
from screens.present.lines import EMPTY, Line, Tone, cut, line, rule, spread, wrap
from screens.present.words import TONES, age, count, glyph

MOST = 8
"""Targets of one group that are listed; those that do not serve come first."""

_WORDY = "Health checks failed with these codes: "
"""How AWS begins what would be cut off before the codes on a narrow screen."""

_MARKS = {"healthy": Verdict.OK, "initial": Verdict.INFO, "draining": Verdict.INFO, "unused": Verdict.NA}
"""By state (ELBv2 TargetHealthStateEnum); every other one is a failure."""


def target_lines(check: CheckView, now: datetime, cells: int) -> list[Line]:
    """Group by group: what AWS's own health checks say."""
    lines: list[Line] = [EMPTY, rule(check.title, cells, f"{age(check.at, now)} ago")]
    for seen in check.vantages:
        lines += _group(seen, seen.freshness, cells)
    return lines


def _group(seen: VantageView, freshness: Freshness, cells: int) -> list[Line]:
    told = seen.evidence
    targets = [each for each in _list(told.get("targets")) if isinstance(each, Mapping)]
    if "group" not in told:
        first = line(glyph(seen.verdict, freshness), " ")
        return wrap(seen.headline, cells, TONES[seen.verdict], indent=2, first=first)
    healthy, every = told.get("healthy", 0), told.get("all", len(targets))
    balancer = str(told.get("balancer") or "")
    well = seen.verdict is Verdict.OK
    head = line(
        glyph(seen.verdict, freshness), " ", (str(told["group"]), Tone.STRONG),
        (f"  {healthy} of {every} healthy", Tone.MUTED if well else TONES[seen.verdict]),
    )  # fmt: skip
    lines = [spread(head, line((f"behind {balancer}" if balancer else "", Tone.MUTED)), cells)]
    lines += _zones(told.get("zones"), freshness, cells)
    idle = [each for each in targets if _mark(each) is not Verdict.OK]
    lines += [_target(each, freshness, cells) for each in idle[:MOST]]
    if len(idle) > MOST:
        lines.append(line((f"  and {count(len(idle) - MOST, 'target')} more that do not serve", Tone.MUTED)))
    return lines


def _zones(zones: object, freshness: Freshness, cells: int) -> list[Line]:
    """`ca-central-1a 2/2`: a zone without a healthy target stands out."""
    if not isinstance(zones, Mapping) or not any(zones):
        return []
    parts = []
    for zone, counts in sorted(zones.items()):
        well, every = int(counts[0]), int(counts[1])
        verdict = Verdict.OK if well == every else Verdict.WARN if well else Verdict.FAIL
        parts += [glyph(verdict, freshness), (f" {zone} {well}/{every}   ", Tone.MUTED)]
    return [cut(line("  ", *parts), cells)]


def _target(each: Mapping[str, Any], freshness: Freshness, cells: int) -> Line:
    mark = _mark(each)
    reason = str(each.get("reason") or "").removeprefix("Target.").removeprefix("Elb.")
    why = str(each.get("description") or "").replace(_WORDY, "health checks answered ") or reason
    state = str(each.get("state") or "state not told")
    place = f" {each.get('id')}:{each.get('port')}"
    said = (f"  {state}{f': {why}' if why else ''}", TONES[mark])
    return cut(line("  ", glyph(mark, freshness), place, (f"  {each.get('zone') or ''}", Tone.MUTED), said), cells)


def _mark(each: Mapping[str, Any]) -> Verdict:
    return _MARKS.get(str(each.get("state")), Verdict.FAIL)


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
