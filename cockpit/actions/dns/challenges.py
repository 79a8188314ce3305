"""`dns.clear-challenges`: take ACME challenge records away that nobody waits for any more.

Every `_acme-challenge` TXT record of the zone is listed (RFC 8555 section 8.4). Only those are picked that were
in a copy of the zone at least a day ago: an authority answers within minutes, and a fresh one may be of an order
that is running. With `pick` one value is named; there is no way to take all of them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cockpit.actions.cards import Access
from cockpit.actions.contract import Line, PlanRefused, Request
from cockpit.actions.dns.kept_records import KeptRecords, older_than
from cockpit.actions.dns.published import LookUp, look_up
from cockpit.actions.dns.record_remedy import Intention, RecordRemedy
from cockpit.actions.dns.record_state import Change, Key, label
from cockpit.health.zone_copy import RecordSet

STALE_AFTER = timedelta(hours=24)
LABEL = "_acme-challenge"
_STALE = "stale is what a copy of the zone had a day ago; what may belong to a running order stays"
_PICKED = "picked by its value: make sure that no order waits for it; every other value stays"


class ClearChallenges(RecordRemedy):
    """Remove stale challenge values; parameters `domain` and `pick` (stale, or one value)."""

    def __init__(self, request: Request, access: Access, *, look_up: LookUp = look_up) -> None:
        super().__init__(request, access, look_up=look_up)
        self._pick = (request.parameters.get("pick") or "stale").strip('"')
        self._kept = KeptRecords(access.database)

    def intend(self, now: datetime) -> Intention:
        """The challenge records without the stale values; those that stay are listed with the reason."""
        zone, domain = self.provider.zone, self.request.target
        found = {
            key: record
            for key, record in self.provider.everything().items()
            if record is not None and key[1] == "TXT" and key[0].split(".")[0] == LABEL and _below(key[0], domain)
        }
        if not found:
            raise PlanRefused("NOTHING_TO_DO", f"{zone} has no challenge record below {domain}.")
        old = self._known_for_long(zone, now)
        changes: list[Change] = []
        stays: list[Line] = []
        for key, record in sorted(found.items()):
            gone = [value for value in record.values if self._picked(key, value, old)]
            left = tuple(value for value in record.values if value not in gone)
            stays += [Line(" ", label(key), f"{value} stays: {self._why(key, value, old)}") for value in left]
            if gone:
                will = RecordSet(*key, record.ttl_s, left) if left else None
                changes.append(Change(*key, record, will))
        if not changes:
            raise PlanRefused("NOTHING_TO_DO", self._none_picked(found))
        return Intention(
            title=f"clear stale challenge records below {domain}",
            changes=tuple(changes),
            message="The stale challenge records are gone",
            stays=tuple(stays),
            proof=(_STALE if self._pick == "stale" else _PICKED,),
        )

    def _none_picked(self, found: Mapping[Key, RecordSet]) -> str:
        there = "; ".join(f"{label(key)} {', '.join(record.values)}" for key, record in sorted(found.items()))
        if self._pick == "stale":
            return f"No copy of a day ago has any of these, so they may be in use: {there}. Name one with pick=."
        return f"None of the challenge values is {self._pick}: {there}."

    def _picked(self, key: Key, value: str, old: Sequence[tuple[Key, str]]) -> bool:
        return (key, value) in old if self._pick == "stale" else value.strip('"') == self._pick

    def _why(self, key: Key, value: str, old: Sequence[tuple[Key, str]]) -> str:
        return "not the one that was picked" if (key, value) in old else "not known for a day, so perhaps in use"

    def _known_for_long(self, zone: str, now: datetime) -> list[tuple[Key, str]]:
        known: list[tuple[Key, str]] = []
        for each in older_than(self._kept.copies(zone), now, STALE_AFTER)[:3]:
            for record in self._kept.copy(each.id).records:
                if record.type == "TXT" and record.name.startswith(f"{LABEL}."):
                    known += [((record.name, record.type), value) for value in record.values]
        return known


def _below(name: str, domain: str) -> bool:
    return name.endswith(f".{domain}")
