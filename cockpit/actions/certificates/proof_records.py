"""Records that prove control of names to a certificate authority, published by whoever hosts each name's zone."""

from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.actions.cards import Access
from cockpit.actions.contract import Request
from cockpit.actions.dns.providers.choosing import provider_for
from cockpit.actions.dns.providers.provider import Provider
from cockpit.actions.dns.record_state import Change, Key, record_set
from cockpit.health.zone_copy import RecordSet

TTL_S = 60
PUBLISHED, ABSENT = "published", "absent"

Wanted = Mapping[Key, str]
"""The value that has to stand at each name and type, without quotes."""


class ProofRecords:
    """Publishes and removes single values beside whatever else stands at their names."""

    def __init__(self, request: Request, access: Access) -> None:
        self._request = request
        self._access = access
        self._providers: dict[str, Provider] = {}

    def zones(self, names: Iterable[str]) -> dict[str, list[str]]:
        """The names by the zone that holds each; raises like `provider_for`."""
        found: dict[str, list[str]] = {}
        for name in names:
            provider = provider_for(name, self._access, self._request)
            self._providers[provider.zone] = provider
            found.setdefault(provider.zone, []).append(name)
        return found

    def state(self, zone: str, name: str, wanted: Wanted) -> str:
        """Whether every value of the zone is there: `published`, or `absent` when none or not all are."""
        provider = self._provider(zone, name)
        live = provider.records(list(wanted))
        there = all(_value(key, value) <= _values(live[key]) for key, value in wanted.items())
        return PUBLISHED if wanted and there else ABSENT

    def send(self, zone: str, name: str, wanted: Wanted, *, publish: bool) -> str:
        """Add the values, or take them away, in one request; nothing is sent when it is so already."""
        provider = self._provider(zone, name)
        live = provider.records(list(wanted))
        changes = [change for key, value in wanted.items() if (change := _change(key, value, live[key], publish))]
        return provider.send(changes) if changes else f"{zone} is so already; nothing was sent"

    def _provider(self, zone: str, name: str) -> Provider:
        if zone not in self._providers:
            self._providers[zone] = provider_for(name, self._access, self._request)
        return self._providers[zone]


def described(zone: str, names: Iterable[str], kind: str) -> dict[str, Any]:
    """The request of a step as it is shown; the values are known only when it is sent."""
    return {"zone": zone, "names": sorted(names), "type": kind, "ttl_s": TTL_S}


def _value(key: Key, value: str) -> frozenset[str]:
    return frozenset(record_set(*key, TTL_S, (value,)).values)


def _values(record: RecordSet | None) -> frozenset[str]:
    return frozenset(record.values) if record is not None else frozenset()


def _change(key: Key, value: str, live: RecordSet | None, publish: bool) -> Change | None:
    """The change that adds or removes one value; None when there is none to make."""
    held, own = _values(live), _value(key, value)
    will = held | own if publish else held - own
    if will == held:
        return None
    ttl = live.ttl_s if live is not None else TTL_S
    return Change(*key, live, RecordSet(*key, ttl, tuple(sorted(will))) if will else None)
