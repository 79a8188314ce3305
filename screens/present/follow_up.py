"""Lines of what follows an incident: what is due, enhanced monitoring, the checklist, and action items."""

from collections.abc import Sequence
from datetime import date, datetime

from cockpit.review.follow_up import IMPROVEMENTS, CloserProfile, FollowUp
from cockpit.review.items import ActionItem
from screens.present.lines import EMPTY, Line, Tone, line, rule, spread, wrap
from screens.present.words import countdown


def follow_up_lines(due: Sequence[FollowUp], closer: CloserProfile | None, now: datetime, cells: int) -> list[Line]:
    """What is due with the time that is left, the monitoring to tighten with its end, and the checklist."""
    if not due:
        return wrap("The incident is not resolved yet; what follows begins then.", cells, Tone.MUTED)
    lines: list[Line] = [rule("Due", cells)]
    for each in due:
        sign = ("✔ ", Tone.OK) if each.done else ("▲ ", Tone.WARN) if each.due < now else ("· ", Tone.MUTED)
        left = line((f"by {each.due:%Y-%m-%d %H:%M}Z ", Tone.MUTED), countdown(each.due, now))
        head = line(sign, (each.title, Tone.STRONG), (f"  {each.says}", Tone.MUTED))
        lines.append(spread(head, EMPTY if each.done else left, cells))
    if closer is not None:
        lines += [EMPTY, rule("Enhanced monitoring", cells, f"until {closer.until:%Y-%m-%d %H:%M}Z")]
        lines += wrap("; ".join(closer.settings), cells)
        lines += wrap(
            f"for {', '.join(closer.targets) or 'no domain'}; w on the board watches one closer", cells, Tone.MUTED
        )
    lines += [EMPTY, rule("Process improvement", cells)]
    for group, points in IMPROVEMENTS.items():
        lines += [
            one for point in points for one in wrap(point, cells, indent=2, first=line((f"{group} ", Tone.MUTED)))
        ]
    return lines


def item_name(item: ActionItem, today: date) -> str:
    """The incident, whether it is late, and the day."""
    return f"{item.ref} {'overdue ' if item.is_overdue(today) else ''}{item.due or 'no day'}"


def item_words(item: ActionItem) -> str:
    """What, by whom, how far off, and how it stands."""
    return f"{item.action} · {item.owner or 'nobody'} · {item.horizon} · {item.status}"
