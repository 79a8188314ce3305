"""What of the practice calendar belongs into everybody's own: the drills of a month."""

from collections.abc import Sequence
from datetime import timedelta

from cockpit.practice.calendar import Slot, SlotState
from cockpit.review.calendar import Appointment

_BEGIN = timedelta(hours=14)
"""The time of day (UTC) at which a drill is put, on the last working day of its week."""


def drill_appointments(slots: Sequence[Slot]) -> list[Appointment]:
    """An appointment for each drill of the month that is still to be held."""
    found = []
    for slot in slots:
        if slot.state is SlotState.HELD:
            continue
        day = slot.ends - timedelta(days=1)
        while day.weekday() > 4 and day - timedelta(days=1) >= slot.begins:
            day -= timedelta(days=1)
        begins = day.replace(hour=0, minute=0, second=0, microsecond=0) + _BEGIN
        says = f"cockpit drill {slot.week.scenario}\n{', '.join(slot.week.participants)}"
        uid = f"drill-{slot.begins:%Y-%m}-week-{slot.week.number}"
        found.append(Appointment(uid, f"Drill: {slot.week.drill}", begins, slot.week.duration, says, private=False))
    return found
