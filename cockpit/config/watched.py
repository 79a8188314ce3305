"""Which records the mail and the web of a domain depend on: what a copy of the watched records has."""

from collections.abc import Mapping
from typing import Any

from cockpit.config.settings import DomainConfig
from cockpit.health.dkim_expected import EASY, expect

_APEX = ("NS", "MX", "TXT", "CAA", "A", "AAAA")


def watched_names(domain: DomainConfig, identity: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Name and type of every record that the mail and the web of a domain depend on.

    `identity` is what SES last said of it, which names the DKIM records and the MAIL FROM domain.
    """
    name = domain.name
    wanted = [(name, rtype) for rtype in _APEX]
    wanted += [(f"{label}.{name}", "TXT") for label in ("_dmarc", "_amazonses", "_mta-sts", "_smtp._tls")]
    expected = expect(name, identity, selector=domain.dkim.selector if domain.dkim else "")
    if expected is not None:
        rtype = "CNAME" if expected.origin == EASY else "TXT"
        wanted += [(record.name, rtype) for record in expected.records]
    mail_from = str((identity or {}).get("mail_from") or "").lower().rstrip(".")
    if mail_from:
        wanted += [(mail_from, "MX"), (mail_from, "TXT")]
    wanted += [(host.name, rtype) for host in domain.hosts for rtype in ("A", "AAAA")]
    wanted += [(pin.name, pin.type) for pin in domain.records]
    return list(dict.fromkeys(wanted))
