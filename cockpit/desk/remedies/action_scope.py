"""What the configuration knows about a target, for a plan's reach, its provider and who could approve it."""

from typing import Any

import msgspec

from cockpit.config import Settings


def scope_of(settings: Settings, target: str) -> dict[str, Any]:
    """The scope of a request: plain values, with secrets by reference only."""
    keys = settings.byodkim
    # What is no name of the DNS, such as an account or a configuration set, may concern every domain.
    near = [each for each in settings.domains if "." not in target or _related(each.name, target)]
    scope: dict[str, Any] = {
        "bucket": keys.bucket,
        "key_prefix": keys.key_prefix,
        "records_prefix": keys.records_prefix,
        "domains": [
            {"name": each.name, "services": list(each.services), "mail_per_hour": each.mail_per_hour}
            for each in near
        ],
        "hosts": [
            {"name": host.name, "port": host.port, "path": host.path, "expect_status": host.expect_status}
            for each in near
            for host in each.hosts
            if host.name == target
        ],
        "dns_zones": [msgspec.to_builtins(zone) for zone in settings.dns_zones],
        "suppression_table": settings.ses.suppression_table,
        "people": [person.id for person in settings.people],
    }
    domain = settings.domain(target)
    if domain is None:
        return scope
    scope |= {"services": list(domain.services), "mail_per_hour": domain.mail_per_hour}
    if domain.dkim is not None and domain.dkim.bucket:
        scope["bucket"] = domain.dkim.bucket
    return scope


def _related(domain: str, target: str) -> bool:
    """Whether a change at `target` can concern the domain: one of the two lies in the other."""
    return domain == target or target.endswith(f".{domain}") or domain.endswith(f".{target}")
