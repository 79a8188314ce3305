"""Calling the operator back: one bell per new grave alert and per clock that ran out, the counts in the title."""

from collections.abc import Iterable

from cockpit.desk.views import AlertLine, Header
from cockpit.health.model import Verdict
from cockpit.incident.clocks import Clock

GRAVE = ("P0", "P1")
PUSH_TITLE = "\x1b[22;0t"
POP_TITLE = "\x1b[23;0t"
"""xterm's window operations 22 and 23: keep the title that was there, and put it back."""


class Attention:
    """Remembers which alerts were called out already; those that stood there at the start are not new."""

    def __init__(self) -> None:
        self._known: set[str] | None = None
        self._rung: set[str] | None = None

    def is_called_for(self, alerts: Iterable[AlertLine]) -> bool:
        """Whether a P0 or P1 alert is open that was not there before."""
        grave = {alert.id for alert in alerts if alert.severity in GRAVE and alert.cleared_at is None}
        known, self._known = self._known, (self._known or set()) | grave
        return known is not None and bool(grave - known)

    def rings_for(self, breached: Iterable[Clock]) -> bool:
        """Whether a clock ran out that had not when this was asked the last time; each breach rings once."""
        keys = {clock.key for clock in breached}
        rung, self._rung = self._rung, (self._rung or set()) | keys
        return rung is not None and bool(keys - rung)


def title(header: Header, late: int = 0) -> str:
    """What to write into the terminal's title: numbers and our own words, never text from outside."""
    failing, unknown = header.counts.get(Verdict.FAIL, 0), header.counts.get(Verdict.UNKNOWN, 0)
    place = "DRILL cockpit" if header.kind == "drill" else "cockpit"
    counts = f"{failing} failing" if failing else f"{unknown} unknown" if unknown else ""
    sending = {Verdict.FAIL: "SES failing", Verdict.UNKNOWN: "SES unknown"}.get(header.sending or Verdict.OK, "")
    counts = ", ".join(filter(None, (counts, sending))) or "all well"
    clocks = f", {late} late" if late else ""
    return f"\x1b]0;{place}: {counts}{clocks}\x07"
