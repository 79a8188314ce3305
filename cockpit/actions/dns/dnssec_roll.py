"""`dns.dnssec-roll`: new signing keys in the order that no validator notices, one step of four at each request.

Where the roll stands is read afresh from Route 53 and from the zone above, so the same request is made again until
nothing is left to do, over hours and from any terminal. A step that comes too early is refused with the earliest
safe time. It is counted from what Route 53 says of the key, from our own run that published the DS, or else from
the first look at it; and a resolver that was asked and still holds what was before moves it on.

Where a server of our own signs the zone (dynamic updates, or nothing that the cockpit can change), where the roll
stands is read from the name servers; a person makes the first and the last step there, from the printed text.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.actions.cards import Access
from cockpit.actions.contract import Plan, PlanRefused, PlanStep, Remedy, Request, State, Verification
from cockpit.actions.dns.kept_records import KeptRecords
from cockpit.actions.dns.providers.choosing import provider_for
from cockpit.actions.dns.providers.provider import Provider
from cockpit.actions.dns.providers.route53 import Route53Zone
from cockpit.actions.dns.roll_by_hand import KeysByHand, keys_shown
from cockpit.actions.dns.roll_ds import RollDs
from cockpit.actions.dns.roll_keys import RollKeys, keys_from
from cockpit.actions.dns.roll_stage import Roll, SigningKey, Stage, standing_of
from cockpit.actions.dns.signing_state import dnskeys_seen, ds_seen, keys_of
from cockpit.errors import WorldError

TOO_EARLY = "TOO_EARLY"
BY_HAND_NEXT = "the next key, by hand"
"""What stands for the material of the key that a person will make."""

_SIGNED_BY_US = ("dynamic update", "by hand")
"""Providers whose zones are signed by a server that a person reaches."""


class DnssecRoll:
    """The next step of a roll; parameters `domain`, and `kms` for the key that is made first, or `new`, its tag."""

    def __init__(self, request: Request, access: Access) -> None:
        self._request = request
        self._access = access
        self._domain = request.target
        self._kept = KeptRecords(access.database)
        self._provider: Provider | None = None
        self._parts: dict[str, Remedy] = {}

    def plan(self, now: datetime) -> Plan:
        """The next step, or the earliest safe time for it."""
        profile, keys = self._access.profile, self._keys(now)
        seen = ds_seen(profile, self._domain)
        if seen.trouble or not seen.parent:
            raise WorldError(f"The servers above {self._domain} cannot be asked: {seen.trouble or 'none found'}.")
        if len({answer.values for answer in seen.parent}) > 1:
            raise PlanRefused("DS_DIFFERS", f"The servers above {self._domain} have different DS: wait for them.")
        material = BY_HAND_NEXT if self._by_hand else self._request.parameters.get("kms", "")
        roll = standing_of(self._domain, keys, seen.published, material)
        if roll.stage in (Stage.NAME_BOTH, Stage.NAME_NEW) and roll.new is not None:
            self._refuse_unseen(roll.new.tag, now)
        holding = [answer.ttl_s or 0 for answer in seen.caches if set(answer.values) - set(roll.ds)]
        lacking = [
            answer.ttl_s or 0 for answer in seen.caches if answer.values and set(roll.ds) - set(answer.values)
        ]
        wait_s, cached_s = seen.longest_s, max((*holding, *lacking), default=0)
        since: datetime | None = None
        if roll.stage is Stage.NAME_BOTH and roll.new is not None:
            wait_s, cached_s = dnskeys_seen(profile, self._domain, roll.new.tag)
            since = roll.new.changed if not self._by_hand else self._shown_since(roll.new.tag, now)
        elif roll.stage in (Stage.NAME_NEW, Stage.DROP_OLD):
            since = self._named_since(roll, now)
        if since is not None:
            self._refuse_early(roll, now, since, wait_s, cached_s)
        return self._part(roll).plan(now)

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """The step that was made, taken back; raises PlanRefused when a later one was built on it."""
        return self._of(done).plan_undo(done, now)

    def _refuse_unseen(self, tag: int, now: datetime) -> None:
        keys = keys_of(self._access.profile, self._domain, now)
        if not any(key.tag == tag and key.signs for key in keys):
            raise PlanRefused(
                TOO_EARLY,
                f"Key {tag} does not sign the keys of {self._domain} at every name server yet: ask again.",
            )

    def _named_since(self, roll: Roll, now: datetime) -> datetime:
        """Since when the DS above is what it is."""
        ours = self._kept.published((self._domain, "DS"))
        if ours is not None and set(ours[1]) == set(roll.ds):
            return ours[0]
        return self._kept.first_told(self._domain, TOO_EARLY, {"ds": sorted(roll.ds)}) or now

    def _refuse_early(self, roll: Roll, now: datetime, since: datetime, wait_s: int, cached_s: int) -> None:
        safe = max(since + timedelta(seconds=wait_s), now + timedelta(seconds=cached_s))
        if safe <= now:
            return
        what = "the keys without the new one" if roll.stage is Stage.NAME_BOTH else "the DS that was before"
        raise PlanRefused(
            TOO_EARLY,
            f"Step {roll.stage} of 4 comes too early: caches may hold {what} ({wait_s} s since {since:%H:%M:%S}Z)."
            f" The earliest safe time is {safe:%Y-%m-%d %H:%M:%S}Z.",
            {
                "zone": self._domain,
                "ds": sorted(roll.ds),
                "key": roll.new.tag if roll.new is not None else 0,
                "ttl_s": wait_s,
            },
        )

    def _keys(self, now: datetime) -> tuple[SigningKey, ...]:
        """The keys that sign, as Route 53 tells them, else as the name servers show them."""
        if self._by_hand:
            keys = keys_of(self._access.profile, self._domain, now)
            if not keys:
                raise PlanRefused("NOT_SIGNED", f"{self._domain} is not signed: there is no key to roll.")
            return keys_shown(self._domain, keys, self._request.parameters.get("new", ""), now)
        told = self._hosted().signing()
        if told["Status"]["ServeSignature"] != "SIGNING":
            raise PlanRefused("NOT_SIGNED", f"{self._domain} is not signed by Route 53: there is no key to roll.")
        return keys_from(told["KeySigningKeys"])

    def _shown_since(self, tag: int, now: datetime) -> datetime:
        """Since when a key that the cockpit did not make is known to be there."""
        return self._kept.first_told(self._domain, TOO_EARLY, {"key": tag}) or now

    @property
    def _by_hand(self) -> bool:
        """Whether a person makes the steps at the server that signs; raises PlanRefused where nobody can."""
        if self._provider is None:
            found = provider_for(self._domain, self._access, self._request)
            if found.zone != self._domain:
                raise PlanRefused(
                    "NO_ZONE", f"{self._domain} is no zone of its own: its keys are those of {found.zone}."
                )
            if not isinstance(found, Route53Zone) and found.name not in _SIGNED_BY_US:
                raise PlanRefused(
                    "BY_PROVIDER",
                    f"{found.name} makes and rolls the keys of {self._domain} itself and takes no order for it; the"
                    " DS above is made to fit with dns.ds, action=set.",
                )
            self._provider = found
        return not isinstance(self._provider, Route53Zone)

    def _hosted(self) -> Route53Zone:
        if self._by_hand or not isinstance(self._provider, Route53Zone):
            raise PlanRefused("CHANGED_SINCE", f"{self._domain} is not kept at Route 53 any more.")
        return self._provider

    def _part(self, roll: Roll) -> Remedy:
        if roll.stage in (Stage.NAME_BOTH, Stage.NAME_NEW):
            return RollDs(self._request, self._access, roll)
        if self._by_hand:
            return KeysByHand(self._request, self._access, roll)
        return RollKeys(self._request, self._access, self._hosted(), roll)

    def _of(self, plan: Plan) -> Remedy:
        """What made this plan, in a process that may be another than the one that planned."""
        kind = next((each for each in ("hosted_zone", "by_hand") if each in plan.subject), "ds")
        if kind not in self._parts:
            made: dict[str, Callable[[], Remedy]] = {
                "hosted_zone": lambda: RollKeys(self._request, self._access, self._hosted()),
                "by_hand": lambda: KeysByHand(self._request, self._access),
                "ds": lambda: RollDs(self._request, self._access),
            }
            self._parts[kind] = made[kind]()
        return self._parts[kind]

    # What the step does is told by its plan

    def identify(self) -> None:
        """Ask STS who is calling, where Route 53 has the zone; raises ReadOnly or WrongIdentity."""
        self._access.clients.require_changes()
        if not self._by_hand:
            self._access.clients.caller()

    def read(self, plan: Plan) -> State:
        """The live state of what the plan changes."""
        return self._of(plan).read(plan)

    def send(self, plan: Plan, step: PlanStep) -> str:
        """One request, after asking once more who is calling where."""
        part = self._of(plan)
        part.identify()
        return part.send(plan, step)

    def verify(self, plan: Plan) -> Verification:
        """Ask the name servers of the zone, or those above."""
        return self._of(plan).verify(plan)

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """What was done, and what comes next."""
        return {**self._of(plan).result(plan, verification, at), "next": next_words(plan.title)}


def next_words(title: str, steps: Sequence[str] = ("1 of 4", "2 of 4", "3 of 4")) -> str:
    """What comes after the step that a plan's title names."""
    if any(step in title for step in steps):
        return "ask for dns.dnssec-roll again: it says the earliest safe time of the next step"
    return "nothing: the zone is signed with the new key alone" if "4 of 4" in title else "as before"
