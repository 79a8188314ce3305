"""The remedies by name. What a desk has to know of one stands here; what it does is loaded in the runner only."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from cockpit.actions.contract import Remedy, Request
from cockpit.errors import BadInput, NotFound
from cockpit.profile import Profile

if TYPE_CHECKING:
    from cockpit.actions.aws import AwsClients


class RemedyCard(msgspec.Struct, frozen=True):
    """A remedy as it is offered: its parameters by name and type, and which of them is the target."""

    name: str
    title: str
    parameters: Mapping[str, str]
    target: str


CARDS: Mapping[str, RemedyCard] = {
    card.name: card
    for card in (
        RemedyCard(
            name="ses.byodkim",
            title="Sign a domain with our own DKIM key (BYODKIM)",
            parameters={"domain": "domain", "selector": "selector"},
            target="domain",
        ),
    )
}
"""Every remedy there is."""


def card(name: str) -> RemedyCard:
    """The card of a remedy; raises NotFound naming those that there are."""
    found = CARDS.get(name)
    if found is None:
        raise NotFound(f"There is no remedy {name!r}; there are: {', '.join(sorted(CARDS))}.")
    return found


def checked_parameters(card: RemedyCard, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters in the card's order; raises BadInput for one that is missing, unknown or malformed."""
    from cockpit.runbooks.inputs import typed

    unknown = sorted(set(given) - set(card.parameters))
    if unknown:
        raise BadInput(f"{card.name} takes no parameter {unknown[0]!r}.")
    missing = [name for name in card.parameters if not given.get(name)]
    if missing:
        raise BadInput(f"{card.name} needs the parameter {missing[0]!r}.")
    return {name: typed(kind, given[name], name) for name, kind in card.parameters.items()}


def make_remedy(request: Request, profile: Profile, clients: "AwsClients") -> Remedy:
    """The remedy that a request asks for; raises NotFound or PlanRefused. Imports the SDKs."""
    card(request.remedy)
    from cockpit.actions.ses.byodkim import SesByodkim

    return SesByodkim(request, profile, clients)
