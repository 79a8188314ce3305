"""How risky a repair is: by the organisation's recovery decisions, else by what is written here.

What may run by itself is of medium risk, for it still changes the world; what needs somebody's approval first is of
high risk. A plan may be graver than its kind, for a reason that it gives: it has no way back, or everybody is hurt.
"""

from types import MappingProxyType

import msgspec

from cockpit.actions.contract import Plan, Request
from cockpit.incident.authority import Ruling, decide_recovery
from cockpit.incident.recovery import row_of

LOW, MEDIUM, HIGH = "low", "medium", "high"
WHY = "risk"
"""The key of a plan's subject under which it keeps why it is risky."""

_OWN = MappingProxyType(
    {
        "alarms.off": (HIGH, "nobody is told until they are on again"),
        "alarms.on": (LOW, "it tells people again"),
        "dns.lower-ttl": (LOW, "the values stay"),
        "monitoring.enhance": (LOW, "it only looks more often"),
        "ses.dkim-off": (HIGH, "mail goes out unsigned"),
        "ses.production-access": (LOW, "it asks AWS"),
        "ses.support-case": (LOW, "it asks AWS"),
        "ses.suppress": (LOW, "only the addresses that are named are not written to"),
        "ses.suppression-reasons": (LOW, "more addresses are kept from harm"),
    }
)
"""What no row of the matrices is about; any other remedy of that kind is of medium risk."""


class Risk(msgspec.Struct, frozen=True):
    """The level (`low`, `medium` or `high`), and why it is that one; no words where nothing is to be said."""

    level: str
    why: str = ""

    @property
    def subject(self) -> dict[str, str]:
        """The reason as a plan keeps it, in its subject."""
        return {WHY: self.why} if self.why else {}


def risk_of(request: Request, graver: str = "") -> Risk:
    """The risk of what is asked for; `graver` says why this plan is worse than its kind, if it is.

    The row is the one that the asking desk found for the incident (see `cockpit.incident.recovery`), else that of
    the remedy by its name alone.
    """
    ruling = request.scope.get("recovery") or {}
    row = ruling.get("row") or row_of(request.remedy)
    if row is None:
        level, why = _OWN.get(request.remedy, (MEDIUM, ""))
    else:
        found = decide_recovery(row)
        level, why = HIGH if found.ruling is Ruling.ROLES else MEDIUM, str(ruling.get("says") or found.sentence)
    return Risk(HIGH, graver) if graver and level != HIGH else Risk(level, why)


def risk_again(request: Request, done: Plan) -> Risk:
    """The risk of taking a plan back: that of the plan itself."""
    return Risk(done.risk, str(done.subject.get(WHY, ""))) if done.risk else risk_of(request)
