"""`dns.dnssec-off`: switch the signing of a zone off, once nobody can hold a DS for it any more.

As long as the zone above publishes a DS, or a cache may remember one, an unsigned zone fails for everybody who
validates. So this refuses, and says from when on it is safe: not before the DS is out at every server above, and
the TTL that it had has passed since. When the DS went is known from our own run that took it out, else counted
from the first look that did not find it. Resolvers that were asked and still hold it move the moment on. Waiting
a while and switching signing on again with new keys does not help either: the DS names the old key until it is
replaced.
"""

from datetime import datetime, timedelta
from typing import Any

from cockpit.actions.cards import Access
from cockpit.actions.contract import (
    Line,
    Outcome,
    Plan,
    PlanRefused,
    PlanStep,
    Request,
    State,
    Verification,
)
from cockpit.actions.dns.kept_records import KeptRecords
from cockpit.actions.dns.providers.choosing import provider_for
from cockpit.actions.dns.providers.route53 import Route53Zone
from cockpit.actions.dns.reach import reach
from cockpit.actions.dns.signing_state import DsSeen, ds_seen, keys_of
from cockpit.actions.risk import risk_of
from cockpit.errors import WorldError

PLAN_LASTS = timedelta(minutes=15)
USUAL_DS_TTL_S = 86_400
"""The TTL that a DS is taken to have had when nobody shows it any more (com. and most others: a day)."""

_DISABLE = "DisableHostedZoneDNSSEC"
_ENABLE = "EnableHostedZoneDNSSEC"
DS_PUBLISHED = "DS_PUBLISHED"
DS_CACHED = "DS_CACHED"


class DnssecOff:
    """Switch signing off at Route 53; parameter `domain`."""

    def __init__(self, request: Request, access: Access) -> None:
        self._request = request
        self._access = access
        self._domain = request.target
        self._kept = KeptRecords(access.database)
        self._zone: Route53Zone | None = None

    def plan(self, now: datetime) -> Plan:
        """Refuse while a DS can be anywhere; else say what is switched."""
        safe_from = self._interlock(now)
        zone = self._hosted()
        state = self._state(zone)
        if state["signing"] != "SIGNING":
            raise PlanRefused("NOTHING_TO_DO", f"{self._domain} is not signed by Route 53 ({state['signing']}).")
        keys = ", ".join(str(key.tag) for key in keys_of(self._access.profile, self._domain, now))
        proof = f"no server above has a DS, and no cache can have one since {safe_from:%Y-%m-%d %H:%M:%S}Z"
        return self._written(now, state, {"signing": "NOT_SIGNING"}, (proof, f"the keys now: {keys or 'none'}"))

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """Sign again with the same keys; the DS is set by `dns.ds` afterwards."""
        state = self._state(self._hosted())
        if state != done.desired:
            raise PlanRefused("CHANGED_SINCE", f"Signing of {self._domain} is {state['signing']} by now.")
        return self._written(now, done.desired, done.before, ("the keys are kept by Route 53 and are the same",))

    def _interlock(self, now: datetime) -> datetime:
        """Since when it is safe; raises PlanRefused with the earliest safe moment, or WorldError."""
        seen = ds_seen(self._access.profile, self._domain)
        if seen.trouble or not seen.parent:
            raise WorldError(f"The servers above {self._domain} cannot be asked: {seen.trouble or 'none found'}.")
        if seen.silent:
            raise WorldError(f"It is not known whether {', '.join(seen.silent[:3])} still has the DS: no answer.")
        if seen.published:
            self._refuse_published(seen, now)
        return self._refuse_cached(seen, now)

    def _refuse_published(self, seen: DsSeen, now: datetime) -> None:
        tags = ", ".join(sorted({value.split()[0] for value in seen.published}))
        earliest = now + timedelta(seconds=seen.longest_s)
        raise PlanRefused(
            DS_PUBLISHED,
            f"The zone above still publishes a DS for {self._domain} (key {tags}): unsigned, it would fail for"
            " everybody who validates. Take the DS out first (dns.ds, action=remove); if that is done this minute,"
            f" the earliest safe time is {earliest:%Y-%m-%d %H:%M:%S}Z, after the TTL of {seen.longest_s} s.",
            {"zone": self._domain, "absent": False, "ttl_s": seen.longest_s},
        )

    def _refuse_cached(self, seen: DsSeen, now: datetime) -> datetime:
        speed = self._access.profile.speed
        removed = self._kept.removed((self._domain, "DS"))
        if removed is not None:
            gone_at, ttl_s = removed
            how = f"it was taken out at {gone_at:%H:%M:%S}Z with a TTL of {ttl_s} s"
        else:
            gone_at = self._kept.first_absent(self._domain, DS_CACHED) or now
            ttl_s = USUAL_DS_TTL_S
            how = f"nobody recorded when it went; it was first missed at {gone_at:%H:%M:%S}Z, and a day is usual"
        safe = gone_at + timedelta(seconds=ttl_s / speed)
        safe = max(safe, now + timedelta(seconds=seen.cached_s)) if seen.cached_s else safe
        if safe > now:
            holding = [answer.server.name for answer in seen.caches if answer.status == "answer"]
            who = f"{', '.join(holding)} still {'has' if len(holding) == 1 else 'have'} it; " if holding else ""
            raise PlanRefused(
                DS_CACHED,
                f"Caches may still hold the DS of {self._domain}: {who}{how}. The earliest safe time is"
                f" {safe:%Y-%m-%d %H:%M:%S}Z.",
                {"zone": self._domain, "absent": True, "ttl_s": ttl_s},
            )
        return safe

    def _hosted(self) -> Route53Zone:
        if self._zone is None:
            provider = provider_for(self._domain, self._access, self._request)
            if not isinstance(provider, Route53Zone) or provider.zone != self._domain:
                raise PlanRefused(
                    "BY_HAND",
                    f"It is safe by now, and the signing of {self._domain} is switched where the zone is kept"
                    f" ({provider.name}): the cockpit switches it at Route 53 only.",
                )
            self._zone = provider
        return self._zone

    def _state(self, zone: Route53Zone, purpose: str = "plan") -> dict[str, Any]:
        return {"signing": str(zone.signing(purpose)["Status"]["ServeSignature"])}

    def _written(
        self, now: datetime, before: dict[str, Any], desired: dict[str, Any], proof: tuple[str, ...]
    ) -> Plan:
        zone, profile = self._hosted(), self._access.profile
        where = zone.whereabouts()
        off = desired["signing"] == "NOT_SIGNING"
        there, back = (_DISABLE, _ENABLE) if off else (_ENABLE, _DISABLE)
        request, risk = {"HostedZoneId": zone.bare_id}, risk_of(self._request)
        return Plan(
            remedy=self._request.remedy,
            title=f"switch the signing of {self._domain} {'off' if off else 'on'}",
            target=self._domain,
            account=where.account,
            region=where.region,
            caller=where.caller,
            before=before,
            desired=desired,
            diff=(Line("-", "DNSSEC", before["signing"]), Line("+", "DNSSEC", desired["signing"])),
            reach=reach([self._domain], self._request.scope),
            undo="yes: signed again with the same keys; the DS is set afterwards with dns.ds",
            proof=proof,
            checks=("every name server: no DNSKEY any more" if off else "every name server: the keys are back",),
            risk=risk.level,
            steps=(PlanStep(there, f"switch signing {'off' if off else 'on'}", before, desired, request),),
            way_back=(PlanStep(back, f"switch signing {'on' if off else 'off'}", desired, before, request),),
            rolls_back=False,
            phrase=f"{self._domain} {where.account[-4:]}" if profile.kind == "prod" else self._domain,
            subject={"zone": zone.zone, **risk.subject},
            made_at=now,
            expires_at=now + PLAN_LASTS,
        )

    def identify(self) -> None:
        """Ask STS who is calling; raises ReadOnly or WrongIdentity."""
        self._access.clients.require_changes()
        self._access.clients.caller()

    def read(self, plan: Plan) -> State:
        """How Route 53 says that the zone is signed."""
        return self._state(self._hosted())

    def send(self, plan: Plan, step: PlanStep) -> str:
        """One call in one attempt; switching off looks once more whether a DS has come back meanwhile."""
        self._access.clients.require_caller(plan.account, plan.region, plan.caller)
        if step.operation == _DISABLE and ds_seen(self._access.profile, self._domain).published:
            raise PlanRefused(DS_PUBLISHED, f"A DS for {self._domain} has come back in the zone above.")
        self._hosted().sign(step.operation, step.request)
        return f"Route 53 accepted it: {step.says}"

    def verify(self, plan: Plan) -> Verification:
        """Ask every name server for the keys."""
        keys = keys_of(self._access.profile, self._domain, datetime.now(plan.made_at.tzinfo))
        facts = {"zone": self._domain, "keys": [key.tag for key in keys]}
        if bool(keys) == (plan.desired["signing"] == "SIGNING"):
            return Verification(Outcome.DONE, f"Every name server shows {len(keys)} keys, as it shall be.", facts)
        return Verification(Outcome.WAITING, f"The name servers show {len(keys)} keys yet.", facts)

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """How the zone is signed now."""
        return {
            "statusCode": 200,
            "message": f"Signing of {self._domain} is {plan.desired['signing']}",
            **verification.seen,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
