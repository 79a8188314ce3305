"""The remedies that change who watches, as they are offered."""

from cockpit.actions.cards import Access, Parameter, RemedyCard
from cockpit.actions.contract import Remedy, Request

_ALARMS = Parameter("text", "Names of alarms, separated by commas, or `all`")


def _alarms(request: Request, access: Access) -> Remedy:
    from cockpit.actions.watching.alarms import AlarmActions

    return AlarmActions(request, access, on=request.remedy == "alarms.on")


def _closer(request: Request, access: Access) -> Remedy:
    from cockpit.actions.watching.closer import EnhanceMonitoring

    return EnhanceMonitoring(request, access)


CARDS = (
    RemedyCard(
        name="alarms.on",
        title="Let CloudWatch alarms tell people again",
        parameters={"alarms": _ALARMS},
        target="alarms",
        make=_alarms,
        alerts=("ses-watching",),
        checks=("ses.alarms",),
    ),
    RemedyCard(
        name="alarms.off",
        title="Keep CloudWatch alarms from telling people",
        parameters={"alarms": _ALARMS},
        target="alarms",
        make=_alarms,
        checks=("ses.alarms",),
    ),
    RemedyCard(
        name="monitoring.enhance",
        title="Watch a domain closer for a while",
        parameters={
            "domain": Parameter("domain", "Domain that is watched"),
            "minutes": Parameter("whole-number", "For how long", optional=True, default="60"),
        },
        target="domain",
        make=_closer,
    ),
)
"""Every remedy that changes who watches."""
