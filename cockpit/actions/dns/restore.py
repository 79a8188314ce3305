"""`dns.restore-record` and `dns.restore-zone`: what a copy holds, put back as a diff, never as a blind import.

A record comes from the newest copy that has it, or the copy that is named, or from the record history. A zone
comes from a whole copy: records that are missing are created, those that differ are set back, and those that the
copy lacks are kept, or with `extra=delete` deleted. SOA and NS of the zone itself stay, for a zone that was made
anew has other name servers; DNSSEC records are the signer's. Where a restored CNAME meets other data, or the
other way round, what stands in its way is deleted in the same batch, and the plan shows it.
"""

from collections.abc import Iterable
from datetime import datetime

from cockpit.actions.cards import Access
from cockpit.actions.contract import Line, PlanRefused, Request
from cockpit.actions.dns.kept_records import Kept, KeptRecords
from cockpit.actions.dns.published import LookUp, look_up
from cockpit.actions.dns.record_remedy import Intention, RecordRemedy
from cockpit.actions.dns.record_state import (
    MADE_BY_SIGNING,
    Change,
    Key,
    Records,
    changes_between,
    label,
    record_set,
    same,
)
from cockpit.errors import BadInput
from cockpit.health.zone_copy import RecordSet

DEFAULT_TTL_S = 300


class RestoreRecord(RecordRemedy):
    """Put one record set back as a copy has it; parameters `name`, `type`, `snapshot`."""

    def __init__(self, request: Request, access: Access, *, look_up: LookUp = look_up) -> None:
        super().__init__(request, access, look_up=look_up)
        self._key: Key = request.parameters["name"], request.parameters["type"]
        self._snapshot = request.parameters.get("snapshot", "")
        self._kept = KeptRecords(access.database)
        self.parent = self._key[1] == "DS"

    def intend(self, now: datetime) -> Intention:
        """The record set as it was; raises PlanRefused when no copy has it."""
        live = self.provider.records([self._key])[self._key]
        came, will = self._former(live)
        return Intention(
            title=f"restore {label(self._key)} from {came}",
            changes=() if same(live, will) else (Change(*self._key, live, will),),
            message=f"{label(self._key)} is what it was",
            proof=(f"taken from {came}",),
        )

    def _former(self, live: RecordSet | None) -> tuple[str, RecordSet]:
        if self._snapshot:
            kept = self._kept.copy(int(self._snapshot))
            found = kept.find(self._key)
            if found is None:
                raise PlanRefused("NOT_IN_BACKUP", f"Snapshot {kept.id} does not have {label(self._key)}.")
            return told(kept), _standard(found)
        domain = self._key[0].removeprefix("*.")
        newest = self._kept.holding(domain, self._key)
        if newest is not None and not same(_standard(newest[1]), live):
            return told(newest[0]), _standard(newest[1])
        ttl = live.ttl_s if live is not None else DEFAULT_TTL_S
        labels = domain.split(".")
        for start in range(len(labels) - 1):
            good = self._kept.last_good(".".join(labels[start:]), self._key, ttl)
            if good is not None:
                return f"the record history, last good at {good[0]:%Y-%m-%d %H:%M}Z", good[1]
        if newest is not None:
            return told(newest[0]), _standard(newest[1])
        raise PlanRefused("NOT_IN_BACKUP", f"No copy and no history has {label(self._key)}.")


class RestoreZone(RecordRemedy):
    """Put a zone back as a whole copy has it; parameters `domain`, `snapshot`, `extra` (keep or delete)."""

    def __init__(self, request: Request, access: Access, *, look_up: LookUp = look_up) -> None:
        super().__init__(request, access, look_up=look_up)
        self._snapshot = request.parameters.get("snapshot", "")
        self._deletes = request.parameters.get("extra") == "delete"
        self._kept = KeptRecords(access.database)

    def intend(self, now: datetime) -> Intention:
        """The difference between the copy and the live zone; raises PlanRefused where there is no whole copy."""
        zone = self.provider.zone
        kept = self._copy(zone)
        live = self.provider.everything()
        copied = {(each.name, each.type): _standard(each) for each in kept.records if _restorable(each, zone)}
        wanted: dict[Key, RecordSet | None] = dict(copied)
        extra = [key for key in live if key not in copied and _restorable_key(key, zone)]
        conflicts = set(_in_the_way(copied, extra))
        for key in extra:
            if self._deletes or key in conflicts:
                wanted[key] = None
        changes = changes_between(live, wanted)
        kept_lines = [
            Line(" ", label(key), "is not in the copy: stays (extra=delete deletes it)")
            for key in extra
            if key not in wanted
        ]
        return Intention(
            title=f"restore zone {zone} from {told(kept)}",
            changes=changes,
            message=f"zone {zone} is what it was",
            proof=(*_summary(changes, conflicts), *self.provider.notes()),
            stays=tuple(kept_lines),
        )

    def _copy(self, zone: str) -> Kept:
        if self._snapshot:
            kept = self._kept.copy(int(self._snapshot))
            if self._deletes and not kept.whole:
                raise PlanRefused(
                    "NOT_WHOLE", f"Snapshot {kept.id} holds the watched records only: nothing is deleted by it."
                )
            return kept
        copies = [each for each in self._kept.copies(zone)]
        whole = [kept for kept in map(self._kept.copy, (each.id for each in copies)) if kept.whole]
        if not whole:
            raise PlanRefused(
                "NO_BACKUP", f"There is no whole copy of {zone}; name one of its partial copies with snapshot=."
            )
        # A copy that was made after the loss is newer and poorer: the fullest of the newest ones is meant.
        return max(whole[:5], key=lambda each: (len(each.records), each.confirmed_at))


def told(kept: Kept) -> str:
    """A copy in words: number, source, and when it was last confirmed."""
    return f"snapshot {kept.id} ({kept.source}, {kept.confirmed_at:%Y-%m-%d %H:%M}Z)"


def _standard(record: RecordSet) -> RecordSet:
    try:
        return record_set(record.name, record.type, record.ttl_s, record.values)
    except BadInput:
        return record


def _restorable(record: RecordSet, zone: str) -> bool:
    return _restorable_key((record.name, record.type), zone)


def _restorable_key(key: Key, zone: str) -> bool:
    inside = key[0] == zone or key[0].endswith(f".{zone}")
    apex = key[0] == zone and key[1] in ("SOA", "NS")
    return inside and not apex and key[1] not in MADE_BY_SIGNING


def _in_the_way(copied: Records, extra: Iterable[Key]) -> Iterable[Key]:
    """Live record sets beside which a restored one cannot stand."""
    types: dict[str, set[str]] = {}
    for name, rtype in copied:
        types.setdefault(name, set()).add(rtype)
    for name, rtype in extra:
        there = types.get(name, set())
        if "CNAME" in there or there and rtype == "CNAME":
            yield name, rtype


def _summary(changes: Iterable[Change], conflicts: Iterable[Key]) -> list[str]:
    counted = {verb: sum(each.verb == verb for each in changes) for verb in ("create", "upsert", "delete")}
    told_counts = ", ".join(f"{number} to {verb}" for verb, number in counted.items())
    shown = [f"{told_counts}; SOA and NS of the zone itself stay as they are"]
    return shown + [f"{label(key)} is in the way of a restored record and is deleted" for key in sorted(conflicts)]
