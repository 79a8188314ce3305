"""The remedies by name, family by family. What a desk has to know of one stands on its card."""

from collections.abc import Mapping

from cockpit.actions.balancers.cards import CARDS as BALANCERS
from cockpit.actions.cards import Access, RemedyCard
from cockpit.actions.certificates.cards import CARDS as CERTIFICATES
from cockpit.actions.commands.cards import CARDS as COMMANDS
from cockpit.actions.contract import Remedy, Request
from cockpit.actions.dns.cards import CARDS as DNS
from cockpit.actions.functions.cards import CARDS as FUNCTIONS
from cockpit.actions.ses.cards import CARDS as SES
from cockpit.actions.watching.cards import CARDS as WATCHING
from cockpit.errors import NotFound

_FAMILIES = (SES, DNS, CERTIFICATES, BALANCERS, FUNCTIONS, WATCHING, COMMANDS)
CARDS: Mapping[str, RemedyCard] = {card.name: card for family in _FAMILIES for card in family}
"""Every remedy there is."""


def card(name: str) -> RemedyCard:
    """The card of a remedy; raises NotFound naming those that there are."""
    found = CARDS.get(name)
    if found is None:
        raise NotFound(f"There is no remedy {name!r}; there are: {', '.join(sorted(CARDS))}.")
    return found


def offered_for(alert: str = "", check: str = "") -> list[RemedyCard]:
    """The remedies that help with an alert of that kind, or with a finding of that check."""
    return [each for each in CARDS.values() if alert and alert in each.alerts or check and check in each.checks]


def make_remedy(request: Request, access: Access) -> Remedy:
    """The remedy that a request asks for; raises NotFound or PlanRefused. Imports the SDKs."""
    return card(request.remedy).make(request, access)
