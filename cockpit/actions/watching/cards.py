"""The remedies that change who watches, as they are offered."""

from cockpit.actions.cards import Parameter, RemedyCard, made_by

_ALARMS = Parameter("text", "Names of alarms, separated by commas, or `all`")


CARDS = (
    RemedyCard(
        name="alarms.on",
        title="Let CloudWatch alarms tell people again",
        parameters={"alarms": _ALARMS},
        target="alarms",
        make=made_by("watching.alarms:AlarmActions", on=True),
        alerts=("ses-watching",),
        checks=("ses.alarms",),
    ),
    RemedyCard(
        name="alarms.off",
        title="Keep CloudWatch alarms from telling people",
        parameters={"alarms": _ALARMS},
        target="alarms",
        make=made_by("watching.alarms:AlarmActions", on=False),
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
        make=made_by("watching.closer:EnhanceMonitoring"),
    ),
)
"""Every remedy that changes who watches."""
