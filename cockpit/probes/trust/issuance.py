"""Look for certificates of a domain in the transparency logs, through a search in crt.sh's shape or a file of it.

The search answers a JSON array, one object for each certificate: `issuer_name`, `name_value` (names, one a line),
`serial_number`, `not_before`, `not_after`, `entry_timestamp` (UTC without saying so), `id`. All else in it is left
alone. Where a certificate occurs twice (the precertificate and the certificate itself), it counts once.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cockpit.health.model import Reading
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.web.fetch import Fetched, fetch
from cockpit.profile import Profile
from cockpit.text import visible

DEADLINE_S = 25.0
"""A public search of all logs takes its time."""

MOST_OCTETS = 32 * 1024 * 1024
MOST_ROWS = 20_000
MOST_NAMES = 20

_QUESTION = "?q={domain}&output=json&exclude=expired"


async def read_issuance(
    profile: Profile, trust: Trust, target: str, check: str, source: str, *, at: datetime
) -> Reading:
    """The certificates that the logs hold for a domain and all names below it; never raises.

    `seen` has `source` and `certificates`, each with `serial`, `issuer`, `names`, `not_before`, `not_after`,
    `logged_at` (RFC 3339 or empty) and `id`.
    """
    started = time.monotonic()
    seen: dict[str, Any] = {"source": visible(source, limit=300)}
    fetched = await _fetched(profile, trust, target, source)
    failure, reason = fetched.failure, fetched.reason
    if failure is None:
        try:
            seen["certificates"] = list(read_rows(fetched.body, target).values())
        except ValueError as error:
            failure, reason = "malformed", f"the answer is not such a search's: {visible(error, limit=200)}"
    if failure is not None:
        seen["reason"] = reason
    took = timedelta(seconds=time.monotonic() - started)
    return Reading(target, check, "search", at, took, seen, failure)


async def _fetched(profile: Profile, trust: Trust, domain: str, source: str) -> Fetched:
    if not source.startswith(("http://", "https://")):
        return _from_file(source.removeprefix("file://").replace("{domain}", domain))
    found = Fetched(failure="no-address", reason="nothing was asked")
    bodies: list[Any] = []
    for question in (f"%.{domain}", domain):
        template = source if "{domain}" in source else source + _QUESTION
        url = template.replace("{domain}", quote(question if template != source else domain, safe="."))
        found = await fetch(profile, trust, url, deadline_s=DEADLINE_S / 2, limit=MOST_OCTETS)
        if found.failure is not None or template == source:
            return found
        try:
            bodies += _rows(found.body)
        except ValueError:
            return found
    return Fetched(json.dumps(bodies).encode())


def _from_file(name: str) -> Fetched:
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > MOST_OCTETS:
            return Fetched(failure="too-long", reason=f"{path} is longer than {MOST_OCTETS} octets")
        return Fetched(path.read_bytes())
    except OSError as error:
        return Fetched(failure="unreadable", reason=f"{path} cannot be read: {error.strerror}")


def _rows(body: bytes) -> list[Any]:
    value = json.loads(body)
    if not isinstance(value, list):
        raise ValueError("not a list of certificates")
    return value


def read_rows(body: bytes, domain: str) -> dict[str, dict[str, Any]]:
    """The certificates in an answer by serial number and issuer; raises ValueError for what is not an answer."""
    found: dict[str, dict[str, Any]] = {}
    for row in _rows(body)[:MOST_ROWS]:
        if not isinstance(row, Mapping):
            raise ValueError("an entry is not an object")
        names = [name for name in str(row.get("name_value") or "").lower().split("\n") if name]
        serial = str(row.get("serial_number") or "").lower().replace(":", "").lstrip("0")
        if not serial or not any(_below(name, domain) for name in names):
            continue
        one = {
            "serial": visible(serial, limit=80),
            "issuer": visible(row.get("issuer_name") or "", limit=300),
            "names": [visible(name, limit=300) for name in dict.fromkeys(names)][:MOST_NAMES],
            "not_before": _time(row.get("not_before")),
            "not_after": _time(row.get("not_after")),
            "logged_at": _time(row.get("entry_timestamp")),
            "id": visible(row.get("id") or "", limit=40),
        }
        found.setdefault(f"{one['serial']} {one['issuer']}", one)
    return found


def _below(name: str, domain: str) -> bool:
    bare = name.removeprefix("*.").rstrip(".")
    return bare == domain or bare.endswith(f".{domain}")


def _time(value: Any) -> str:
    """A time as RFC 3339 in UTC; empty when there is none that can be read."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return ""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
