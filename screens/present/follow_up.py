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


def item_line(item: ActionItem, today: date, cells: int) -> Line:
    """One action item: whether it is late, where from, what, by whom; how many days are left or over."""
    late = item.is_overdue(today)
    sign = ("✖ ", Tone.FAIL) if late else ("▲ ", Tone.WARN) if item.gap else ("· ", Tone.MUTED)
    owner = (item.owner, Tone.PLAIN) if item.owner else ("nobody", Tone.WARN)
    head = line(sign, (f"{item.ref} ", Tone.MUTED), (item.action, Tone.STRONG), "  ", owner)
    return spread(head, line((_days(item, today), Tone.FAIL if late else Tone.MUTED)), cells)


def item_detail(item: ActionItem | None, cells: int) -> list[Line]:
    """The item under the cursor in full."""
    if item is None:
        return wrap("No action item is open; a adds one to the incident in question.", cells, Tone.MUTED)
    due = item.due.isoformat() if item.due else "no day yet"
    words = f"{item.ref}, {item.owner or 'nobody yet'}, due {due}, {item.horizon} horizon, {item.status}"
    return [EMPTY, *wrap(item.action, cells)[:3], *wrap(words, cells, Tone.MUTED)[:2]]


def overdue_words(items: Sequence[ActionItem], today: date) -> str:
    """How many are open, and how many of them late."""
    late = sum(1 for item in items if item.is_overdue(today))
    return f"{len(items)} open, {late} overdue" if late else f"{len(items)} open"


def _days(item: ActionItem, today: date) -> str:
    if item.due is None:
        return "no day"
    left = (item.due - today).days
    return f"{-left}d late" if left < 0 else "today" if left == 0 else f"in {left}d"
