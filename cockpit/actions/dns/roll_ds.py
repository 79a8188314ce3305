"""The two steps of a roll that are made in the zone above: the new key is named, then the old one no longer."""

from datetime import datetime

from cockpit.actions.cards import Access
from cockpit.actions.contract import Request
from cockpit.actions.dns.published import LookUp, look_up
from cockpit.actions.dns.record_remedy import Intention, RecordRemedy
from cockpit.actions.dns.record_state import Change, record_set, same
from cockpit.actions.dns.roll_stage import STEPS, Roll, Stage


class RollDs(RecordRemedy):
    """Publish the DS that the step of a roll wants; without a roll, only what a plan holds is carried out."""

    parent = True

    def __init__(
        self, request: Request, access: Access, roll: Roll | None = None, *, look_up: LookUp = look_up
    ) -> None:
        super().__init__(request, access, look_up=look_up)
        self._roll = roll

    def intend(self, now: datetime) -> Intention:
        """The DS of the step; raises WorldError."""
        roll, domain = self._roll, self.request.target
        if roll is None or roll.new is None:
            return super().intend(now)
        key = domain, "DS"
        live = self.provider.records([key])[key]
        ttl_s = live.ttl_s if live is not None else 3600
        will = record_set(*key, ttl_s, roll.wanted_ds)
        both = roll.stage is Stage.NAME_BOTH
        does = f"name key {roll.new.tag} above beside {roll.old.tag}" if both else f"name key {roll.new.tag} alone"
        waits = f"the next step is safe when the TTL of the DS ({ttl_s} s) has passed after this one"
        return Intention(
            title=f"roll the keys of {domain}, step {roll.stage} of {STEPS}: {does}",
            changes=() if same(live, will) else (Change(*key, live, will),),
            message=f"The DS of {domain} names {'both keys' if both else f'key {roll.new.tag} alone'}",
            proof=(f"key {roll.new.tag} signs the keys of {domain} at every name server", waits),
        )
