"""Leaving a service alone that does not answer: closed, open for growing times, then one call to try."""

from collections.abc import Callable
from dataclasses import dataclass

OPENS_AFTER = 5
"""Failures in a row after which a service is left alone."""

FIRST_S = 10.0
LONGEST_S = 300.0
"""Seconds for which it is left alone at first, and at most."""

SESSION_S = 30.0
"""Seconds between two tries while the credentials are not accepted."""

SESSION = frozenset({"expired-credentials", "no-credentials"})
"""Failures that no call of this account can get past."""

TROUBLE = frozenset({"throttled", "timeout", "unreachable", "aws-error", "malformed"})
"""Failures that count; a refusal or a thing that is not there is an answer."""


@dataclass(slots=True)
class Breaker:
    """The state for one service, or for a whole account's session; times in monotonic seconds.

    `scale` divides every time, for a world that runs faster than the clock; `random` gives 0 to 1.
    """

    random: Callable[[], float]
    scale: float = 1.0
    failures: int = 0
    open_until: float = 0.0
    opened: int = 0
    token: str = ""
    reason: str = ""

    def rests_s(self, now: float) -> float:
        """Seconds for which nothing is to be asked; 0 when it may be tried."""
        return max(0.0, self.open_until - now)

    @property
    def is_open(self) -> bool:
        """Whether the last tries failed for long enough, tried again or not."""
        return self.opened > 0

    def passed(self) -> None:
        """An answer came."""
        self.failures = self.opened = 0
        self.open_until, self.token, self.reason = 0.0, "", ""

    def failed(self, token: str, reason: str, now: float, *, at_once_s: float = 0.0) -> None:
        """No answer came; with `at_once_s` one failure is enough, and each rest is that long."""
        self.failures += 1
        self.token, self.reason = token, reason
        if not at_once_s and self.failures < OPENS_AFTER:
            return
        rest = at_once_s or min(LONGEST_S, FIRST_S * 2**self.opened)
        # Jitter keeps several cockpits from trying in step.
        self.open_until = now + rest * (0.75 + 0.5 * self.random()) / self.scale
        self.opened = min(self.opened + 1, 10)
