"""Ask a host for one page over HTTPS, address by address, on a new connection each time.

Nothing from the environment is used (no proxy, no netrc), no redirect is followed, and both the time and the
decoded size are capped, because the other side may drip octets or send a bomb.
"""

from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.web.page import MAX_BODY
from cockpit.probes.web.visits import DEADLINE_S, Visit, Visits
from cockpit.profile import Profile

__all__ = ["DEADLINE_S", "MAX_BODY", "HttpProbe"]

_TOKENS = {"closed": "handshake-failed", "no-certificate": "handshake-failed", "malformed": "bad-certificate"}
"""What a trouble with the handshake is to somebody who wanted a page."""


class HttpProbe:
    """Asks for pages; `visits` are shared with whoever looks at the certificates of the same hosts."""

    def __init__(self, profile: Profile, trust: Trust, visits: Visits | None = None) -> None:
        self._visits = visits or Visits(profile, trust)

    async def look(
        self,
        target: str,
        check: str,
        host: str,
        port: int,
        path: str,
        *,
        expect_body: str = "",
        at: datetime,
        deadline_s: float = DEADLINE_S,
    ) -> list[Reading]:
        """One reading per address of `host`; never raises for what the world does.

        `seen` has `host`, `port`, `path`, `address`, `status`, `phases` (milliseconds), `size` (decoded octets
        looked at), `cut`, `location` and, when `expect_body` is given, `body_matches`.
        """
        visits = await self._visits.visit(host, port, path, at=at, deadline_s=deadline_s)
        return [_reading(target, check, path, visit, expect_body) for visit in visits]


def _reading(target: str, check: str, path: str, visit: Visit, expect_body: str) -> Reading:
    seen: dict[str, Any] = {"host": visit.host, "port": visit.port, "path": path}
    vantage, took = f"{visit.host}:{visit.port}", timedelta(seconds=visit.took_s)
    if visit.address:
        seen.update(address=visit.address, phases=dict(visit.phases))
        vantage = f"{vantage} {visit.address}"
    if visit.page is None:
        trouble = visit.page_trouble
        assert trouble is not None
        seen["reason"] = trouble.reason
        failure = _TOKENS.get(trouble.failure, trouble.failure)
        return Reading(target, check, vantage, visit.at, took, seen, failure)
    page = visit.page
    seen.update(status=page.status, size=len(page.body), cut=page.cut)
    if page.location:
        seen["location"] = page.location
    if expect_body:
        seen["body_matches"] = expect_body in page.body.decode("utf-8", "replace")
    return Reading(target, check, vantage, visit.at, took, seen)
