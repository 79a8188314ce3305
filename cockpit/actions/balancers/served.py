"""Whether a host is served: one GET over HTTPS at each of its addresses, from outside."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cockpit.probes.trust.certificates import Trust
from cockpit.probes.web.http import HttpProbe
from cockpit.profile import Profile
from cockpit.text import visible

_REFUSED_FROM = 500
"""The first status by which a load balancer says that nothing behind it answers (RFC 9110 section 15.6)."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked for: `status` is the one that is expected, 0 for any below 500."""

    host: str
    port: int = 443
    path: str = "/"
    status: int = 0

    @property
    def url(self) -> str:
        """What is asked for, as people write it."""
        return f"https://{self.host}{f':{self.port}' if self.port != 443 else ''}{self.path}"


def page_of(scope: Mapping[str, Any], host: str) -> Page:
    """The page that the configuration watches at a host, else its first page."""
    for each in scope.get("hosts") or ():
        if each["name"] == host and each.get("path"):
            return Page(host, int(each["port"]), str(each["path"]), int(each["expect_status"]))
    return Page(host)


def unserved(profile: Profile, page: Page, now: datetime) -> tuple[int, list[str]]:
    """How many addresses were asked, and what is wrong at those that do not serve the page; never raises for it."""
    probe = HttpProbe(profile, Trust(profile))
    readings = asyncio.run(probe.look(page.host, "http.health", page.host, page.port, page.path, at=now))
    wrong = []
    for reading in readings:
        where = visible(reading.seen.get("address") or page.host)
        status = reading.seen.get("status")
        if reading.failure is not None:
            wrong.append(f"{where}: {visible(reading.seen.get('reason') or reading.failure)}")
        elif (status != page.status) if page.status else (int(status or 0) >= _REFUSED_FROM):
            wrong.append(f"{where} answers {status}")
    return len(readings), wrong
