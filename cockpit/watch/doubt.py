"""Which verdicts stand. A quick look that would overturn one is doubted, and taken again with care."""

from collections.abc import Iterable

from cockpit.health.model import DECISION, Observation, Verdict

_NOTHING_WRONG = (Verdict.OK, Verdict.INFO, Verdict.NA)


class Doubt:
    """Remembers the last verdict of each check of each target."""

    def __init__(self) -> None:
        self._stands: dict[tuple[str, str], Verdict] = {}

    def learn(self, observations: Iterable[Observation]) -> None:
        """Take in decisions that were made."""
        for each in observations:
            if each.vantage == DECISION:
                self._stands[each.target, each.check] = each.verdict

    def overturns(self, observations: Iterable[Observation]) -> bool:
        """Whether a decision differs from the last one; a first one does if anything is wrong."""
        return any(
            each.verdict is not stood
            if (stood := self._stands.get((each.target, each.check))) is not None
            else each.verdict not in _NOTHING_WRONG
            for each in observations
            if each.vantage == DECISION
        )
