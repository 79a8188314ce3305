"""One drill that was run, as its referee judged it; durations are scenario seconds from the first inject."""

from datetime import datetime

import msgspec


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation: `outcome` is met, late or missed; None is "no deadline" or "never"."""

    title: str
    outcome: str
    due_s: float | None = None
    after_s: float | None = None


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One change that a participant made; `verdict` is right, wrong, dangerous or neutral."""

    what: str
    verdict: str
    why: str = ""
    after_s: float = 0.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement over one drill; `week` is that of the monthly calendar, None for a drill outside of it."""

    scenario: str
    title: str
    type: str
    started: datetime
    percent: int
    restored: bool
    week: int | None = None
    planned_s: float = 0.0
    elapsed_s: float = 0.0
    speed: float = 1.0
    seed: int = 0
    incident: str = ""
    severity: str = ""
    detection_s: float | None = None
    response_s: float | None = None
    restoration_s: float | None = None
    resolution_s: float | None = None
    expected: tuple[Expected, ...] = ()
    deeds: tuple[Deed, ...] = ()
    missing: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A drill in the records: `document` is the id of its stored report."""

    uid: str
    result: Result
    operator: str
    participants: tuple[str, ...] = ()
    document: str = ""
    at: datetime
    """When it was over."""

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who took part, the operator among them."""
        return tuple(dict.fromkeys((self.operator, *self.participants)))
