"""Mail traffic as functions of time: what CloudWatch and SES would have counted, asked for any moment.

Nothing is generated in advance: a value for two hours ago and one for now come from the same curve, bent by the
ramps that the scenario has put on it.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_STEPS = 6
"""Points per window at which a curve is read when it is summed up."""


class Quantity(StrEnum):
    """The curves; fractions are 0..1."""

    SEND_PER_MINUTE = "send-per-minute"
    BOUNCE_FRACTION = "bounce-fraction"
    COMPLAINT_FRACTION = "complaint-fraction"
    REJECT_FRACTION = "reject-fraction"
    REPUTATION_BOUNCE = "reputation-bounce"
    """AWS's own bounce rate, over a volume of its choosing: it lags behind BOUNCE_FRACTION."""
    REPUTATION_COMPLAINT = "reputation-complaint"
    SUPPRESSED_FRACTION = "suppressed-fraction"
    """Mail that the company's own list of suppressed addresses holds back before SES sees it."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """From `start` on, over `over` of wall-clock time, the curve moves to `to` and stays there."""

    start: datetime
    over: timedelta
    to: float

    def bend(self, value: float, at: datetime) -> float:
        """The curve's value at `at`, given the value it had without this ramp."""
        if at <= self.start:
            return value
        if at >= self.start + self.over:
            return self.to
        return value + (self.to - value) * ((at - self.start) / self.over)


class Traffic:
    """All curves of one account."""

    def __init__(self, levels: dict[Quantity, float]) -> None:
        self._levels = dict(levels)
        self._ramps: dict[Quantity, list[Ramp]] = {quantity: [] for quantity in Quantity}

    def ramp(self, quantity: Quantity, ramp: Ramp) -> None:
        """Bend a curve; ramps follow one another."""
        self._ramps[quantity].append(ramp)

    def level(self, quantity: Quantity) -> float:
        """The usual height of a curve, without what a scenario has put on it."""
        return self._levels.get(quantity, 0.0)

    def value(self, quantity: Quantity, at: datetime) -> float:
        """The curve at a moment; volume follows the hour, fractions breathe by a few percent."""
        level = self._levels.get(quantity, 0.0)
        minutes = at.astimezone(UTC).timestamp() / 60
        if quantity is Quantity.SEND_PER_MINUTE:
            level *= 1 + 0.25 * math.sin(minutes * math.tau / 1440)
        else:
            level *= 1 + 0.03 * math.sin(minutes * math.tau / 37)
        for ramp in self._ramps[quantity]:
            level = ramp.bend(level, at)
        return level

    def mean(self, quantity: Quantity, start: datetime, end: datetime) -> float:
        """The curve's mean over a window."""
        step = (end - start) / _STEPS
        return sum(self.value(quantity, start + step * (index + 0.5)) for index in range(_STEPS)) / _STEPS

    def count(self, fraction: Quantity | None, start: datetime, end: datetime) -> float:
        """How many mails were sent in a window, or how many of them met `fraction`."""
        if end <= start:
            return 0.0
        step = (end - start) / _STEPS
        total = 0.0
        for index in range(_STEPS):
            at = start + step * (index + 0.5)
            share = 1.0 if fraction is None else self.value(fraction, at)
            total += self.value(Quantity.SEND_PER_MINUTE, at) * share
        return total * (step / timedelta(minutes=1))
