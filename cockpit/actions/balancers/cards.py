"""The remedies for what stands behind a load balancer, as they are offered."""

from cockpit.actions.cards import Parameter, RemedyCard, made_by

_PARAMETERS = {
    "host": Parameter("record-name", "Host that is served, such as www.shop.example"),
    "target": Parameter("text", "Address or instance, with :PORT where it is not the group's"),
    "group": Parameter("text", "Target group, by name; that of the host if left out", optional=True),
}


CARDS = (
    RemedyCard(
        name="lb.register-target",
        title="Register a target behind a load balancer, and see it answer",
        parameters=_PARAMETERS,
        target="host",
        make=made_by("balancers.targets:TargetSwitch", into=True),
        alerts=("service-down",),
        checks=("http.health", "lb.targets"),
    ),
    RemedyCard(
        name="lb.deregister-target",
        title="Take a target out from behind a load balancer, while others answer",
        parameters=_PARAMETERS,
        target="host",
        make=made_by("balancers.targets:TargetSwitch", into=False),
        alerts=("service-down",),
        checks=("http.health", "lb.targets"),
    ),
)
"""Every remedy for targets."""
