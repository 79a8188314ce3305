"""Readings of DNS servers as a probe would bring them, written short."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.health.model import Observation, Reading, Verdict

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def answer(
    name: str,
    rtype: str,
    status: str = "answer",
    values: Sequence[str] = (),
    *,
    ttl_s: int | None = 60,
    alias: str = "",
    **more: Any,
) -> dict[str, Any]:
    """One answer; `alias` is where a CNAME at the name leads."""
    chain = [{"owner": name, "target": alias, "ttl_s": ttl_s}] if alias else []
    return {
        "name": name,
        "rtype": rtype,
        "status": status,
        "values": list(values),
        "ttl_s": ttl_s,
        "chain": chain,
        **more,
    }


def server(vantage: str, *asked: Mapping[str, Any], role: str = "resolver", check: str = "mail.dkim") -> Reading:
    """What one server answered."""
    heard = {"answer", "nodata", "nxdomain", "bogus", "loop"}
    failure = None if any(each["status"] in heard for each in asked) else str(asked[0]["status"])
    seen = {"role": role, "address": "192.0.2.1:53", "asked": list(asked)}
    return Reading("shop.example", check, vantage, AT, timedelta(milliseconds=20), seen, failure)


def name_server(number: int, *asked: Mapping[str, Any], check: str = "mail.dkim") -> Reading:
    """What an authoritative server answered."""
    return server(f"ns{number}", *asked, role="authoritative", check=check)


def verdicts(observations: Sequence[Observation]) -> dict[str, Verdict]:
    """Verdicts by vantage; the decision is under the empty name."""
    return {each.vantage: each.verdict for each in observations}
