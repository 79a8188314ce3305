"""`dns.publish`: put a record where it belongs, add a value to one that is there, or take one away.

Parameters: `name`, `type`, `values` (several are separated by " | "), `ttl`, `mode` (replace, add or remove).
Without a TTL the one that is there stays, else 300 s. A CNAME beside other data is refused (RFC 1034 section
3.6.2), for a server that takes updates would leave it out in silence (RFC 2136 section 3.4.2.2).
"""

from datetime import datetime
from types import MappingProxyType

from cockpit.actions.cards import Access
from cockpit.actions.contract import PlanRefused, Request
from cockpit.actions.dns.published import LookUp, look_up
from cockpit.actions.dns.record_remedy import Intention, RecordRemedy
from cockpit.actions.dns.record_state import MADE_BY_SIGNING, Change, Key, label, record_set, same
from cockpit.health.zone_copy import RecordSet

DEFAULT_TTL_S = 300
AT_PARENT = frozenset({"DS"})
_BESIDE = ("A", "AAAA", "CAA", "MX", "NS", "SRV", "TXT")
_GRAVE = MappingProxyType(
    {
        "DS": "a DS that names no key makes the zone fail for everybody who validates",
        "NS": "everything below the name is asked for at other servers",
        "SOA": "the secondary servers and the caches live by it",
    }
)
"""Why records of some types are worse than others."""


class Publish(RecordRemedy):
    """Publish, extend or remove one record set."""

    def __init__(self, request: Request, access: Access, *, look_up: LookUp = look_up) -> None:
        super().__init__(request, access, look_up=look_up)
        asked = request.parameters
        self._key: Key = asked["name"], asked["type"]
        self._mode = asked.get("mode") or "replace"
        self._values = tuple(each.strip() for each in asked.get("values", "").split(" | ") if each.strip())
        self._ttl = asked.get("ttl", "")
        self.parent = self._key[1] in AT_PARENT
        if self._key[1] in MADE_BY_SIGNING:
            raise PlanRefused("BAD_PARAMETER", f"{self._key[1]} records are made by the signer of the zone.")
        if self._mode != "remove" and not self._values:
            raise PlanRefused("BAD_PARAMETER", "Say which values are to be published.")

    def intend(self, now: datetime) -> Intention:
        """What the record set shall be, from what it is."""
        live = self.provider.records([self._key])[self._key]
        will = self._wanted(live)
        if self._mode != "remove":
            self._refuse_crowding()
        changes = () if same(live, will) else (Change(*self._key, live, will),)
        verb = (
            {"create": "publish", "upsert": "change", "delete": "remove"}[changes[0].verb] if changes else "publish"
        )
        return Intention(
            title=f"{verb} {label(self._key)}",
            changes=changes,
            message=f"{label(self._key)} is published as planned",
            graver=_GRAVE.get(self._key[1], ""),
        )

    def _wanted(self, live: RecordSet | None) -> RecordSet | None:
        ttl = int(self._ttl) if self._ttl else live.ttl_s if live is not None else DEFAULT_TTL_S
        given = record_set(*self._key, ttl, self._values) if self._values else None
        held = live.values if live is not None else ()
        if self._mode == "remove":
            left = tuple(each for each in held if given is not None and each not in given.values)
            missing = [each for each in (given.values if given else ()) if each not in held]
            if missing:
                raise PlanRefused("NOT_THERE", f"{label(self._key)} does not have {missing[0]}.")
            return RecordSet(*self._key, ttl, left) if left else None
        if self._mode == "add" and given is not None:
            return RecordSet(*self._key, ttl, tuple(sorted({*held, *given.values})))
        return given

    def _refuse_crowding(self) -> None:
        name, rtype = self._key
        others = [(name, each) for each in (_BESIDE if rtype == "CNAME" else ("CNAME",)) if each != rtype]
        there = [label(key) for key, record in self.provider.records(others).items() if record is not None]
        if there:
            raise PlanRefused("CNAME_CONFLICT", f"{there[0]} is there: a CNAME stands alone at its name.")


class LowerTtl(RecordRemedy):
    """`dns.lower-ttl`: the same values with a shorter TTL, ahead of a change; parameters `name`, `type`, `ttl`."""

    def intend(self, now: datetime) -> Intention:
        """The record set with the TTL that was asked for; raises PlanRefused when it is not shorter."""
        asked = self.request.parameters
        key, ttl = (asked["name"], asked["type"]), int(asked["ttl"])
        self.parent = key[1] in AT_PARENT
        live = self.provider.records([key])[key]
        if live is None:
            raise PlanRefused("NOT_THERE", f"There is no {label(key)}.")
        if live.ttl_s <= ttl:
            raise PlanRefused("NOTHING_TO_DO", f"{label(key)} has a TTL of {live.ttl_s} s already.")
        will = RecordSet(*key, ttl, live.values)
        return Intention(
            title=f"lower the TTL of {label(key)} from {live.ttl_s} s to {ttl} s",
            changes=(Change(*key, live, will),),
            message=f"{label(key)} has a TTL of {ttl} s",
            proof=(f"caches keep the record with the old TTL for up to {live.ttl_s} s: change it after that",),
            compare_ttl=True,
        )
