"""Whom a change of records reaches: domains, services and mail per hour, as the asking desk knew them."""

from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.text import visible

_MAIL = ("_dmarc.", "_domainkey.", "bounce.", "_mta-sts.", "_amazonses.", "_smtp._tls.")


def reach(names: Iterable[str], scope: Mapping[str, Any], ttl_s: int = 0) -> str:
    """The blast radius in a sentence; `ttl_s` is how long caches may keep what was there before."""
    touched = list(names)
    domains = [each for each in scope.get("domains") or () if _concerns(str(each["name"]), touched)]
    services = list(dict.fromkeys(visible(service) for each in domains for service in each.get("services") or ()))
    rates = [each.get("mail_per_hour") for each in domains]
    mail = f"{sum(rate for rate in rates if rate is not None)} mail/h" if any(rates) else "mail per hour not known"
    named = f"{len(services)} services ({', '.join(services)})" if services else "no services listed"
    plural = "domain" if len(domains) == 1 else "domains"
    shown = (
        f"{len(domains)} {plural}, {named}, {mail}"
        if domains
        else "no domain of the configuration, as far as is known"
    )
    caches = f"; caches may hold what was there before for {ttl_s} s" if ttl_s else ""
    return f"{shown}{caches}"


def _concerns(domain: str, names: Iterable[str]) -> bool:
    """A record concerns the domain that it belongs to; one at the top of a zone concerns everything below it."""
    return any(name == domain or name.endswith(f".{domain}") or domain.endswith(f".{name}") for name in names)
