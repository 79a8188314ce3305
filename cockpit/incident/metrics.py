"""The four times of an incident: TTD, TTA, TTM, TTR. A number is shown only when both of its ends are known.

TTD runs from the confirmed onset to detection; the others run from detection, to the first acknowledgement, to
the mitigation and to the resolution of the last round. An onset that nobody confirmed gives no number.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from cockpit.incident.model import Incident


class Recording(StrEnum):
    """INVALID: the end lies before the start, or in the future; it is shown and not hidden."""

    RECORDED = "recorded"
    PENDING = "pending"
    NOT_APPLICABLE = "not applicable"
    INVALID = "invalid"


class Metric(msgspec.Struct, frozen=True):
    """One time; `value` only when RECORDED."""

    name: str
    title: str
    recording: Recording
    value: timedelta | None = None
    start: datetime | None = None
    end: datetime | None = None
    note: str = ""


def metrics(incident: Incident, now: datetime) -> tuple[Metric, ...]:
    """TTD, TTA, TTM and TTR at `now`."""
    detected = incident.detected_at
    again = f"last of {incident.reopened + 1} rounds" if incident.reopened else ""
    return (
        _time_to_detect(incident, now),
        _measure("TTA", "Time to acknowledge", (detected, incident.acknowledged_at), incident, now),
        _measure("TTM", "Time to mitigate", (detected, incident.mitigated_at), incident, now, again),
        _measure("TTR", "Time to resolve", (detected, incident.resolved_at), incident, now, again),
    )


def _time_to_detect(incident: Incident, now: datetime) -> Metric:
    name, title, onset = "TTD", "Time to detect", incident.onset
    if onset is not None and onset.confirmed:
        return _measure(name, title, (onset.at, incident.detected_at), incident, now, onset.source)
    if incident.closed_early:
        return Metric(name, title, Recording.NOT_APPLICABLE, note=f"closed early: {incident.close_code}")
    if onset is None:
        return Metric(name, title, Recording.PENDING, note="no onset is known")
    note = f"onset proposed, not confirmed: {onset.source}" if onset.source else "onset proposed, not confirmed"
    return Metric(name, title, Recording.PENDING, start=onset.at, note=note)


def _measure(
    name: str,
    title: str,
    ends: tuple[datetime, datetime | None],
    incident: Incident,
    now: datetime,
    note: str = "",
) -> Metric:
    start, end = ends
    if end is None:
        if incident.closed_early:
            code = incident.close_code
            return Metric(name, title, Recording.NOT_APPLICABLE, start=start, note=f"closed early: {code}")
        return Metric(name, title, Recording.PENDING, start=start, note=note)
    if end < start:
        return Metric(name, title, Recording.INVALID, None, start, end, "the end lies before the start")
    if end > now:
        return Metric(name, title, Recording.INVALID, None, start, end, "the end lies in the future")
    return Metric(name, title, Recording.RECORDED, end - start, start, end, note)
