"""`cert.revoke-response`: what to do when the certificate that is presented was revoked.

A spare certificate that ACM has already is presented at once, if there is one; then a new one with a new key is
requested, proven and presented. The revoked one stays in ACM, unused, for whoever looks into why. The matrix of
recovery decisions asks for Security and the incident commander before any of it.
"""

from datetime import datetime

from cockpit.actions.aws_remedy import Intention
from cockpit.actions.certificates.listeners import Listener, serving, short, switch
from cockpit.actions.certificates.renewal import AcmRenewal
from cockpit.actions.certificates.switch import ISSUED
from cockpit.actions.contract import PlanRefused


class RevocationResponse(AcmRenewal):
    """A spare one at once, a new one after it."""

    def intend(self, now: datetime) -> Intention:
        """The renewal, with the switch to a spare certificate before it."""
        listeners = serving(self.ask, self.host)
        if not listeners:
            raise PlanRefused(
                "NO_LISTENER", f"No load balancer of this account presents a certificate for {self.host}."
            )
        spare = self._spare(listeners, now)
        if not spare:
            return self._renewed(listeners, listeners, now, "ACM has no spare certificate: the new one comes first")
        after = [_presenting(each, spare) for each in listeners]
        renewed = self._renewed(after, listeners, now, f"the spare {short(spare)} is presented at once")
        steps, backs, before = [], [], dict(renewed.before)
        for listener in listeners:
            there, back, _ = switch(listener, spare)
            steps += there
            backs += back
            before |= there[0].before
        return Intention(
            **{
                **{name: getattr(renewed, name) for name in Intention.__slots__},
                "before": before,
                "steps": (*steps, *renewed.steps),
                "way_back": (*backs, *renewed.way_back),
            }
        )

    def _renewed(
        self, presenting: list[Listener], now_there: list[Listener], now: datetime, told: str
    ) -> Intention:
        found = self.renewal(presenting, self.names(now_there), now)
        kept = {name: getattr(found, name) for name in Intention.__slots__}
        kept |= {
            "title": f"answer the revocation at {self.host}: {told}",
            "proof": (told, *found.proof),
            "undo": "yes, but the former certificate stays revoked: clients that ask will refuse it again",
        }
        return Intention(**kept)

    def _spare(self, listeners: list[Listener], now: datetime) -> str:
        """A valid certificate for the host that no listener presents; empty when there is none."""
        presented = {one.present for one in listeners}
        for one in self.known("plan"):
            if one.arn not in presented and one.status == ISSUED and one.not_after and one.not_after > now:
                return one.arn
        return ""


def _presenting(listener: Listener, arn: str) -> Listener:
    """The listener once it presents the certificate `arn` for the host."""
    if listener.present == listener.default:
        return Listener(listener.arn, listener.balancer, arn, listener.others, arn)
    others = tuple(sorted({*listener.others, arn} - {listener.present}))
    return Listener(listener.arn, listener.balancer, listener.default, others, arn)
