"""What the world does because of what participants did: a mailing ends, AWS lifts a pause, a session is renewed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.protocol.faults import Fault, FaultKind
from cockpit.drill.aws.ses.traffic import Quantity, Ramp

if TYPE_CHECKING:
    from cockpit.drill.world import World

ANSWERS_TO_CASES = frozenset(
    {("sesv2", "PutAccountDetails"), ("support", "AddCommunicationToCase"), ("support", "CreateCase")}
)
"""Calls by which an account's owner tells AWS what was found and done."""

RENEWALS = frozenset({("sts", "AssumeRole")})


@dataclass(frozen=True, slots=True)
class _Pause:
    """A measure that AWS takes back when the case has been answered."""

    since: datetime
    lifted_after: timedelta


class Reactions:
    """Watches one world for deeds that have consequences."""

    def __init__(self, world: "World", levels: Mapping[Quantity, float]) -> None:
        self._world = world
        self._levels = levels
        self._campaigns: list[v.Campaign] = []
        self._pause: _Pause | None = None
        self._session_ended: datetime | None = None

    @property
    def campaigns_run(self) -> bool:
        """Whether a mailing that harms the account's name is still going on."""
        return any(not self._stopped(campaign) for campaign in self._campaigns)

    def begin_campaign(self, campaign: v.Campaign) -> None:
        """Bend the curves that this mailing moves, ours at once and AWS's own later."""
        self._campaigns.append(campaign)
        now, over = self._world.clock.now(), self._shrunk(campaign.over_s)
        for ours, theirs, level in _curves(campaign):
            self._world.traffic.ramp(ours, Ramp(now, over, level))
            self._world.traffic.ramp(theirs, Ramp(now + self._shrunk(campaign.lag_s), over, level))

    def await_answer(self, measure: v.Enforce) -> None:
        """Take this measure back later, if the case is answered; a measure without that stays."""
        self._pause = None
        if measure.lifted_after_s is not None:
            self._pause = _Pause(self._world.clock.now(), self._shrunk(measure.lifted_after_s))

    def end_session(self) -> None:
        """Refuse every call for its expired token, but the one that renews the session."""
        self._session_ended = self._world.clock.now()
        services = {service for service, _ in self._world.aws.built} - {service for service, _ in RENEWALS}
        for service, operation in [*((service, "*") for service in sorted(services)), ("sts", "GetCallerIdentity")]:
            self._world.aws.faults.add(Fault(FaultKind.EXPIRED_CREDENTIALS, service, operation))

    def tick(self) -> Iterator[str]:
        """Let happen what is due; a sentence for each."""
        for campaign in [one for one in self._campaigns if self._stopped(one)]:
            self._campaigns.remove(campaign)
            self._subside(campaign)
            yield f"the mailing through {campaign.configuration_set} has stopped; the rates fall back"
        if self._lifted():
            self._pause = None
            self._world.mail.enforcement = "HEALTHY"
            yield "AWS lifts its measure: the case was answered and the cause is gone"
        if self._session_ended is not None and self._done_since(self._session_ended, RENEWALS):
            self._session_ended = None
            faults = self._world.aws.faults
            kept = [fault for fault in faults.active() if fault.kind is not FaultKind.EXPIRED_CREDENTIALS]
            faults.clear()
            for fault in kept:
                faults.add(fault)
            yield "the operator's session was renewed"

    def _stopped(self, campaign: v.Campaign) -> bool:
        mail = self._world.mail
        return not mail.sending or not mail.configuration_set(campaign.configuration_set).sending

    def _subside(self, campaign: v.Campaign) -> None:
        now, over = self._world.clock.now(), self._shrunk(campaign.recovers_s)
        for ours, theirs, _ in _curves(campaign):
            for quantity in (ours, theirs):
                self._world.traffic.ramp(quantity, Ramp(now, over, self._levels[quantity]))

    def _lifted(self) -> bool:
        if self._pause is None or self.campaigns_run:
            return False
        answered = self._done_since(self._pause.since, ANSWERS_TO_CASES)
        return answered is not None and self._world.clock.now() >= answered + self._pause.lifted_after

    def _done_since(self, moment: datetime, wanted: frozenset[tuple[str, str]]) -> datetime | None:
        """When the first of these calls took effect after a moment."""
        calls = self._world.aws.calls.changes()
        found = (call.at for call in calls if call.succeeded and (call.service, call.operation) in wanted)
        return next((at for at in found if at >= moment), None)

    def _shrunk(self, seconds: float) -> timedelta:
        return self._world.clock.shrink(timedelta(seconds=seconds))


def _curves(campaign: v.Campaign) -> list[tuple[Quantity, Quantity, float]]:
    """The curves that a mailing moves: ours, AWS's own, and how high."""
    moved = (
        (Quantity.BOUNCE_FRACTION, Quantity.REPUTATION_BOUNCE, campaign.bounces),
        (Quantity.COMPLAINT_FRACTION, Quantity.REPUTATION_COMPLAINT, campaign.complaints),
    )
    return [(ours, theirs, level) for ours, theirs, level in moved if level is not None]
