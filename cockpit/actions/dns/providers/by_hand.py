"""A zone that only a person can change: the change is printed, and DNS is watched until it is there.

Nothing is sent from here. A step counts as applied once it is handed over; whether it was done is seen at the
name servers, which have a day for it.
"""

from collections.abc import Sequence
from typing import Any

from cockpit.actions.dns.providers.provider import Whereabouts
from cockpit.actions.dns.providers.written import written
from cockpit.actions.dns.published import LookUp, Published, look_up
from cockpit.actions.dns.record_state import Change, Key, Records
from cockpit.actions.dns.seen import is_cut
from cockpit.errors import ReadOnly, WorldError
from cockpit.health.zone_copy import RecordSet, quoted
from cockpit.profile import Profile


class ZoneByHand:
    """One zone at a provider that the cockpit does not know."""

    name = "by hand"
    operation = "change by hand"
    most = 10_000

    def __init__(self, profile: Profile, zone: str, *, read_only: bool = False, look_up: LookUp = look_up) -> None:
        self.zone = zone
        self._profile = profile
        self._read_only = read_only
        self._look_up = look_up

    def whereabouts(self) -> Whereabouts:
        """Nobody calls anything: a person does it."""
        return Whereabouts("by hand", "DNS", "a person with access to the zone")

    def require_changes(self) -> None:
        """Raise ReadOnly when nothing may be changed from here."""
        if self._read_only:
            raise ReadOnly("This cockpit is read-only: nothing is changed from here.")

    def records(self, keys: Sequence[Key]) -> Records:
        """These record sets as every name server has them; raises WorldError while they differ or are silent."""
        return {each.key: each.record for each in map(_agreed, self._look_up(self._profile, self.zone, keys))}

    def everything(self) -> Records:
        """Refuses: a zone that cannot be asked for as a whole is not restored as a whole."""
        raise WorldError(f"All records of {self.zone} cannot be listed: no provider is configured for it.")

    def notes(self) -> Sequence[str]:
        """Nothing to note."""
        return ()

    def request(self, changes: Sequence[Change]) -> dict[str, Any]:
        """The change in every form that people paste."""
        return dict(written(changes, self.zone))

    def send(self, changes: Sequence[Change]) -> str:
        """Hand the change over; nothing leaves."""
        self.require_changes()
        return "handed to a person: publish it as the plan writes it; the name servers are being watched"

    def settled(self) -> str:
        """Only the name servers can tell."""
        return ""


class _Agreed:
    def __init__(self, key: Key, record: RecordSet | None) -> None:
        self.key = key
        self.record = record


def _agreed(published: Published) -> _Agreed:
    key = published.name, published.rtype
    if not published.authoritative:
        raise WorldError(f"{published.name} cannot be looked up: {published.trouble or 'no name server'}.")
    silent = [answer for answer in published.authoritative if not answer.heard]
    if silent:
        raise WorldError(f"{silent[0].server.name} does not answer for {published.name} ({silent[0].status}).")
    seen = {
        tuple(sorted(answer.referral if is_cut(answer) else answer.values)) for answer in published.authoritative
    }
    if len(seen) > 1:
        raise WorldError(f"The name servers differ on {published.name} {published.rtype}.")
    (values,) = seen
    ttl = max(answer.ttl_s or 0 for answer in published.authoritative)
    shown = tuple(sorted(quoted(value) for value in values)) if published.rtype == "TXT" else tuple(values)
    return _Agreed(key, RecordSet(*key, ttl, shown) if values else None)
