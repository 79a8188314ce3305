"""What a desk has to know of a remedy: name, parameters, where it is offered. What it does is loaded later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.actions.contract import Remedy, Request
from cockpit.clock import Clock, SystemClock
from cockpit.profile import Profile

if TYPE_CHECKING:
    from cockpit.actions.aws import AwsClients


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a remedy.

    `type` is one of `cockpit.actions.parameters.TYPES`; `ask` is what a form shows. With `choices`, the value is
    one of them. An optional one that is not given has the value of `default`, which may be empty.
    """

    type: str = "text"
    ask: str = ""
    optional: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """What a remedy reaches the world and the past with; made in the runner's process only.

    `database` holds the copies of zones and the history of records; None where there is none.
    """

    profile: Profile
    clients: "AwsClients"
    database: Path | None = None
    clock: Clock = field(default_factory=SystemClock)


def made_by(place: str, **fixed: Any) -> Callable[[Request, Access], Remedy]:
    """How a card's remedy is made: by the class at `package.module:Class` below this room, with `fixed` arguments.

    The module, and with it the SDK that it needs, is imported only when one is asked for.
    """

    def make(request: Request, access: Access) -> Remedy:
        module, _, name = place.partition(":")
        remedy: Remedy = getattr(import_module(f"{__package__}.{module}"), name)(request, access, **fixed)
        return remedy

    return make


class RemedyCard(msgspec.Struct, frozen=True):
    """A remedy as it is offered.

    `target` names the parameter that says what is changed; one run at a time may change it. `alerts` are the kinds
    of alert and `checks` the checks (as in `cockpit.health.registry`) beside whose findings it is offered. `make`
    imports what it needs and returns the remedy for one request; it raises PlanRefused for parameters that cannot
    be used.
    """

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    target: str
    make: Callable[[Request, Access], Remedy]
    alerts: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def required(self) -> frozenset[str]:
        """The parameters that have to be given."""
        return frozenset(name for name, parameter in self.parameters.items() if not parameter.optional)
