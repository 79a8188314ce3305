"""`dns.ds`: the DS of a domain at the zone above, made to fit the zone's own keys, or taken out.

`action=set` publishes the DS of every key that is an entry point and validly signs the set of keys at every
server; `action=remove` takes the DS out, after which the domain is unsigned to the world as soon as no cache
holds the DS any more. Taking it out never breaks validation, so it is the first step whenever signing is the
trouble. The registrar is a provider like any other: dynamic updates where the zone above is configured so, else
a person with the printed text.
"""

from datetime import datetime

from cockpit.actions.cards import Access
from cockpit.actions.contract import PlanRefused, Request
from cockpit.actions.dns.published import LookUp, look_up
from cockpit.actions.dns.record_remedy import Intention, RecordRemedy
from cockpit.actions.dns.record_state import Change, record_set, same
from cockpit.actions.dns.signing_state import keys_of

DEFAULT_TTL_S = 3600


class DelegationSigner(RecordRemedy):
    """Set or remove the DS at the parent; parameters `domain` and `action` (set or remove)."""

    parent = True

    def __init__(self, request: Request, access: Access, *, look_up: LookUp = look_up) -> None:
        super().__init__(request, access, look_up=look_up)
        self._removes = request.parameters.get("action") == "remove"

    def intend(self, now: datetime) -> Intention:
        """The DS as it has to be; raises PlanRefused when no key of the zone is fit to be named."""
        domain = self.request.target
        key = domain, "DS"
        live = self.provider.records([key])[key]
        if self._removes:
            changes = () if live is None else (Change(*key, live, None),)
            forgotten = f"validating resolvers believe {domain} again when they have forgotten the DS"
            shown = f" ({live.ttl_s} s at most)" if live is not None else ""
            return Intention(
                title=f"take the DS of {domain} out of {self.provider.zone}",
                changes=changes,
                message=f"The DS of {domain} is out",
                proof=(f"{forgotten}{shown}",),
            )
        keys = keys_of(self.access.profile, domain, now)
        fit = [each for each in keys if each.entry_point and each.signs]
        if not fit:
            why = "is not signed" if not keys else "has no entry key that validly signs its keys at every server"
            raise PlanRefused("NO_FIT_KEY", f"{domain} {why}: a DS would make it fail for everybody who validates.")
        will = record_set(
            *key, live.ttl_s if live is not None else DEFAULT_TTL_S, [each.ds(domain) for each in fit]
        )
        tags = ", ".join(str(each.tag) for each in fit)
        return Intention(
            title=f"make the DS of {domain} name the key that signs ({tags})",
            changes=() if same(live, will) else (Change(*key, live, will),),
            message=f"The DS of {domain} names key {tags}",
            proof=(f"key {tags} is an entry point and signs the keys of {domain} at every name server",),
        )
