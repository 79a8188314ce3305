"""A domain's past and surroundings: changed records, when all will be clear, owners, routes, age of backups."""

from collections.abc import Sequence
from datetime import datetime

from cockpit.desk.health.backups import RPO, Backup
from cockpit.desk.health.owners import OwnerList
from cockpit.desk.views import AlertLine
from cockpit.health.changes import Change, Diff
from cockpit.health.clearing import Clearing
from screens.present.lines import Line, Tone, cut, line, spread, wrap
from screens.present.words import age, utc

NO_RECORD = "no record"
MOST_SERVICES = 8
_NARROW = 60


def change_lines(diff: Diff, clearing: Clearing | None, now: datetime, cells: int) -> list[Line]:
    """Every changed record, the newest first, and the time at which all will be clear."""
    words = clearing.words(now) if clearing is not None else ""
    lines = wrap(words, cells, Tone.INFO) if words else []
    for change in reversed(diff.changes):
        lines += _change(change, now, cells)
    return lines


def backup_lines(backups: Sequence[Backup], now: datetime, cells: int) -> list[Line]:
    """How old the copies of the zone are, against how old they may be; nothing where none was ever made."""
    if not backups:
        return []
    minutes = int(RPO.total_seconds() // 60)
    said = ", ".join(f"{each.source} {age(each.confirmed_at, now)} ago" for each in backups)
    late = all(now - each.confirmed_at > RPO for each in backups)
    words = f"backup {said}" + (f": older than the {minutes} min it may be" if late else f" (RPO {minutes} min)")
    return wrap(words, cells, Tone.WARN if late else Tone.MUTED, first=line(("▲ ", Tone.WARN)) if late else ())


def owner_lines(owners: OwnerList | None, now: datetime, cells: int) -> list[Line]:
    """The services that send as the domain with their owners, and when somebody last verified that."""
    if owners is None:
        return []
    number = len(owners.services)
    counted = f"{number or 'no'} service{'' if number == 1 else 's'} by the register"
    head = f"{counted}, verified {age(owners.verified_at, now)} ago"
    lines = wrap(head, cells, Tone.MUTED)
    for each in owners.services[:MOST_SERVICES]:
        who = ", ".join(filter(None, [each.owner, each.email])) or "no owner known"
        lines.append(cut(line("  ", (each.service, Tone.STRONG), " ", (who, Tone.MUTED)), cells))
    if number > MOST_SERVICES:
        lines.append(line((f"  and {number - MOST_SERVICES} more", Tone.MUTED)))
    return lines


def routed_lines(alerts: Sequence[AlertLine], cells: int) -> list[Line]:
    """Where the open alerts go by the routing rules, and whom these name."""
    lines: list[Line] = []
    for alert in alerts:
        if alert.route:
            words = f"{alert.route}: {'; '.join(alert.notify) or 'nobody named'}"
            lines += wrap(words, cells, Tone.WARN, first=line((f"{alert.severity} ", Tone.FAIL)))
    return lines


def changed_title(diff: Diff, now: datetime) -> str:
    """What stands above them."""
    if not diff.changes:
        return "Changed"
    return f"Changed since good at {_when(diff.good_at, now)}" if diff.good_at else "Changed since it was good"


def _change(change: Change, now: datetime, cells: int) -> Sequence[Line]:
    tone = Tone.OK if change.good else Tone.FAIL
    lines = [cut(line((change.record, Tone.STRONG), " ", (change.type, Tone.MUTED)), cells)]
    if change.old is not None:
        until = f"till {_when(change.old_at, now)}" if change.old_at else ""
        lines.append(_side("- ", change.old, until, Tone.MUTED, cells))
    lines.append(_side("+ ", change.new, _when(change.at, now), tone, cells))
    if change.because and cells >= _NARROW:
        lines += wrap(change.because, cells, Tone.MUTED, indent=2, first=line("  "))
    return lines


def _side(sign: str, value: str, time: str, tone: Tone, cells: int) -> Line:
    return spread(line((sign, tone), (value or NO_RECORD, tone)), line((time, Tone.MUTED)), cells)


def _when(at: datetime, now: datetime) -> str:
    """The time of day in UTC; another day is named."""
    return utc(at) if at.date() == now.date() else f"{at:%d %b %H:%M}Z"
