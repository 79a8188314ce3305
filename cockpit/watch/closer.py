"""Looks at some domains more often for a while, because a person asked for it.

Further resolvers are asked about their names meanwhile. What costs others something (copies of zones, calls to SES
by account) keeps its pace; searches in certificate logs go no faster than one in five minutes.
"""

from collections.abc import Iterator, Mapping, Set
from datetime import datetime

from cockpit.health.closer import Closer
from cockpit.health.registry import CHECKS

PACE_S: Mapping[str, float] = {
    "dns_s": 10.0,
    "http_s": 10.0,
    "dnssec_s": 30.0,
    "ses_identity_s": 30.0,
    "tls_s": 60.0,
    "mail_s": 60.0,
    "ct_s": 300.0,
}
"""Seconds between two looks at a domain that is watched closer, by the interval that a check has otherwise."""


class CloserPace(Closer):
    """Which looks at the domains that are watched closer are due; a fold of events with a memory of its own.

    `planned` has every target and probe that is looked at: there is no other look to begin.
    """

    def __init__(self, planned: Set[tuple[str, str]]) -> None:
        super().__init__()
        self._planned = planned
        self._began: dict[tuple[str, str], float] = {}

    def due(self, now: datetime, monotonic: float) -> Iterator[tuple[str, str]]:
        """Target and check of each look that should begin now; every probe is named once."""
        targets = self.targets(now)
        self._began = {key: began for key, began in self._began.items() if key[0] in targets}
        for target in targets:
            for probe, check, pace_s in _PROBES:
                if (target, probe) not in self._planned:
                    continue
                if monotonic - self._began.get((target, probe), float("-inf")) >= pace_s:
                    self._began[target, probe] = monotonic
                    yield target, check


_PROBES = tuple(
    {check.probe: (check.probe, check.id, PACE_S[check.interval]) for check in CHECKS if check.interval in PACE_S}
    .values()
)  # fmt: skip
