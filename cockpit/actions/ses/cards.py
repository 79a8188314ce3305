"""The remedies for SES as they are offered."""

from cockpit.actions.cards import Parameter, RemedyCard, made_by

_DOMAIN = Parameter("domain", "Domain whose mail is meant")
_WHAT = Parameter("text", "Name of a configuration set, or `account` for everything")
_ADDRESSES = Parameter("text", "Addresses, separated by blanks, or @FILE with a list of them")
_PLACE = Parameter("text", "Where", optional=True, default="both", choices=("list", "table", "both"))


CARDS = (
    RemedyCard(
        name="ses.byodkim",
        title="Sign a domain with our own DKIM key (BYODKIM)",
        parameters={
            "domain": Parameter("domain", "Domain whose mail is signed"),
            "selector": Parameter("selector", "Selector of the prepared key"),
        },
        target="domain",
        make=made_by("ses.byodkim:SesByodkim"),
        alerts=("dkim-missing", "domain-identity"),
        checks=("mail.dkim", "ses.identity"),
    ),
    RemedyCard(
        name="ses.restore-dkim",
        title="Sign a domain as before, with SES's own keys or a former one of ours",
        parameters={
            "domain": _DOMAIN,
            "to": Parameter("selector", "`easy` or the former selector; the last one if left out", optional=True),
        },
        target="domain",
        make=made_by("ses.restore_dkim:restore"),
        alerts=("dkim-missing", "domain-identity"),
        checks=("mail.dkim", "ses.identity"),
    ),
    RemedyCard(
        name="ses.dkim-on",
        title="Turn DKIM signing of a domain on",
        parameters={"domain": _DOMAIN},
        target="domain",
        make=made_by("ses.identity_switches:DkimSwitch", on=True),
        alerts=("domain-identity",),
        checks=("ses.identity",),
    ),
    RemedyCard(
        name="ses.dkim-off",
        title="Turn DKIM signing of a domain off",
        parameters={"domain": _DOMAIN},
        target="domain",
        make=made_by("ses.identity_switches:DkimSwitch", on=False),
    ),
    RemedyCard(
        name="ses.mail-from",
        title="Set or clear the MAIL FROM domain",
        parameters={
            "domain": _DOMAIN,
            "mail_from": Parameter("domain", "MAIL FROM domain; SES's own if left out", optional=True),
            "on_mx_failure": Parameter(
                "text",
                "What SES does when the MX is missing",
                optional=True,
                default="USE_DEFAULT_VALUE",
                choices=("USE_DEFAULT_VALUE", "REJECT_MESSAGE"),
            ),
        },
        target="domain",
        make=made_by("ses.identity_switches:MailFrom"),
        alerts=("mail-records", "domain-identity"),
        checks=("mail.mail_from", "ses.identity"),
    ),
    RemedyCard(
        name="ses.pause",
        title="Pause sending for a configuration set, or for the account",
        parameters={"what": _WHAT},
        target="what",
        make=made_by("ses.sending:SendingSwitch", on=False),
        alerts=("ses-bounce", "ses-complaint", "ses-account"),
        checks=("ses.bounce", "ses.complaint"),
    ),
    RemedyCard(
        name="ses.resume",
        title="Resume sending that we paused",
        parameters={"what": _WHAT},
        target="what",
        make=made_by("ses.sending:SendingSwitch", on=True),
        alerts=("ses-account",),
        checks=("ses.account",),
    ),
    RemedyCard(
        name="ses.suppress",
        title="Suppress addresses: nothing is sent to them any more",
        parameters={
            "addresses": _ADDRESSES,
            "reason": Parameter("text", "Why", optional=True, default="BOUNCE", choices=("BOUNCE", "COMPLAINT")),
            "place": _PLACE,
        },
        target="addresses",
        make=made_by("ses.suppressed:Suppressed", on=True),
        alerts=("ses-bounce", "ses-complaint"),
        checks=("ses.bounce", "ses.complaint", "ses.suppression"),
    ),
    RemedyCard(
        name="ses.unsuppress",
        title="Let suppressed addresses be written to again",
        parameters={
            "addresses": _ADDRESSES,
            "place": _PLACE,
            "why": Parameter("text", "Why; it is recorded", optional=True),
        },
        target="addresses",
        make=made_by("ses.suppressed:Suppressed", on=False),
        checks=("ses.suppression",),
    ),
    RemedyCard(
        name="ses.suppression-reasons",
        title="Say after what SES suppresses addresses by itself",
        parameters={
            "account": Parameter("text", "What is changed", optional=True, default="account", choices=("account",)),
            "reasons": Parameter("text", "Reasons", choices=("both", "BOUNCE", "COMPLAINT", "none")),
        },
        target="account",
        make=made_by("ses.account:SuppressionReasons"),
        checks=("ses.suppression", "ses.account"),
    ),
    RemedyCard(
        name="ses.production-access",
        title="Ask AWS for production access, or answer its review",
        parameters={
            "account": Parameter("text", "What is changed", optional=True, default="account", choices=("account",)),
            "mail_type": Parameter(
                "text",
                "Kind of mail",
                optional=True,
                default="TRANSACTIONAL",
                choices=("TRANSACTIONAL", "MARKETING"),
            ),
            "site": Parameter("text", "Web site, such as https://www.shop.example"),
            "text": Parameter("record-values", "What is sent to whom, and how bounces are dealt with"),
            "contact": Parameter("email", "Where AWS answers, besides the account's owner", optional=True),
        },
        target="account",
        make=made_by("ses.account:ProductionAccess"),
        alerts=("ses-account",),
        checks=("ses.account",),
    ),
    RemedyCard(
        name="ses.support-case",
        title="Open a case with AWS Support",
        parameters={
            "subject": Parameter("text", "Subject"),
            "text": Parameter("record-values", "What happened, since when, what is asked for"),
            "severity": Parameter(
                "text",
                "How severe",
                optional=True,
                default="high",
                choices=("low", "normal", "high", "urgent", "critical"),
            ),
        },
        target="subject",
        make=made_by("ses.account:SupportCase"),
        alerts=("ses-account", "ses-failure"),
        checks=("ses.account",),
    ),
)
"""Every remedy for SES."""
