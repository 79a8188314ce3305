"""The remedies for SES as they are offered."""

from cockpit.actions.cards import Access, Parameter, RemedyCard
from cockpit.actions.contract import Remedy, Request


def _byodkim(request: Request, access: Access) -> Remedy:
    from cockpit.actions.ses.byodkim import SesByodkim

    return SesByodkim(request, access.profile, access.clients)


CARDS = (
    RemedyCard(
        name="ses.byodkim",
        title="Sign a domain with our own DKIM key (BYODKIM)",
        parameters={
            "domain": Parameter("domain", "Domain whose mail is signed"),
            "selector": Parameter("selector", "Selector of the prepared key"),
        },
        target="domain",
        make=_byodkim,
        alerts=("dkim-missing", "domain-identity"),
        checks=("mail.dkim", "ses.identity"),
    ),
)
"""Every remedy for SES."""
