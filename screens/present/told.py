"""Lines of who was told what when."""

from collections.abc import Mapping
from datetime import datetime

from cockpit.desk.incident.told import Delivery
from screens.present.lines import Line, Span, Tone, line, pad, spread, wrap
from screens.present.words import countdown

_STATES: Mapping[str, Span] = {
    "sent": ("✔", Tone.OK),
    "by hand": ("✔", Tone.OK),
    "failed": ("✖", Tone.FAIL),
    "unknown": ("?", Tone.UNKNOWN),
    "sending": ("…", Tone.INFO),
    "retrying": ("▲", Tone.WARN),
}


def delivery_line(told: Delivery, now: datetime, cells: int) -> Line:
    """When, to whom, over what, what became of it, and its first words."""
    state = "unknown" if told.is_lost(now) else told.state
    sign = _STATES.get(state, ("·", Tone.MUTED))
    day = "" if told.at.date() == now.date() else f"{told.at:%d %b} "
    head = line((f"{day}{told.at:%H:%M:%S} ", Tone.MUTED), sign, " ")
    who = (*pad(line((told.audience, Tone.STRONG)), 12), *pad(line((told.channel, Tone.MUTED)), 14))
    first = told.text.strip().partition("\n")[0]
    return spread((*head, *who, (first, Tone.PLAIN)), line((state, sign[1])), cells)


def delivery_lines(told: Delivery | None, now: datetime, cells: int) -> list[Line]:
    """One message in full: by whom, to whom, how often it was tried, what was answered, and all of its words."""
    if told is None:
        return wrap(
            "Nobody was told anything yet. u on the incident (2) writes the first update.", cells, Tone.MUTED
        )
    to = f", to {', '.join(told.to)}" if told.to else ""
    lines = wrap(f"{told.at:%Y-%m-%d %H:%M:%S}Z by {told.by}{to}, attempt {told.attempts}", cells, Tone.MUTED)
    if told.is_lost(now):
        lines += wrap(
            "Its courier was lost; nobody knows whether it arrived. x sends it once more.", cells, Tone.WARN
        )
    if told.next_at is not None:
        lines.append(line(("tried again in ", Tone.MUTED), countdown(told.next_at, now)))
    if told.said:
        lines += wrap(told.said, cells, Tone.WARN if told.wants_person else Tone.MUTED)
    for row in told.text.strip().split("\n"):
        lines += wrap(row, cells)
    return lines
