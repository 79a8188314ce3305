"""Every check the product knows, as data: what it is called, how it is looked at, and what its alert means.

One look (`probe`) may answer several checks: the account's state and its quota come from one call.
"""

import msgspec

from cockpit.errors import NotFound

ACCOUNT_PREFIX = "ses:"
"""Targets that begin so are SES accounts in a region; all others are domains."""


class Check(msgspec.Struct, frozen=True):
    """One question that is asked again and again.

    `interval` names the field of the configured intervals (seconds). `alert_kind` holds unless an observation's
    evidence names a `kind` of its own; the kind picks the runbook (`RUNBOOKS`).
    """

    id: str
    title: str
    area: str
    probe: str
    interval: str
    alert_kind: str


CHECKS: tuple[Check, ...] = (
    Check("dns.resolution", "DNS resolution", "dns", "resolution", "dns_s", "dns-failure"),
    Check("dns.dnssec", "DNSSEC", "dns", "dnssec", "dnssec_s", "dnssec-failure"),
    Check("dns.backup", "Zone backup", "dns", "backup", "backup_s", "dns-failure"),
    Check("mail.alignment", "Mail let through", "mail", "alignment", "ses_identity_s", "mail-refused"),
    Check("mail.dkim", "DKIM records", "mail", "dkim", "dns_s", "dkim-missing"),
    Check("mail.mx", "Mail exchangers", "mail", "mail", "mail_s", "mail-records"),
    Check("mail.spf", "SPF", "mail", "mail", "mail_s", "mail-records"),
    Check("mail.dmarc", "DMARC", "mail", "mail", "mail_s", "mail-records"),
    Check("mail.mail_from", "MAIL FROM", "mail", "mail", "mail_s", "mail-records"),
    Check("mail.mta_sts", "MTA-STS", "mail", "mail", "mail_s", "mail-records"),
    Check("mail.tls_rpt", "TLS reports", "mail", "mail", "mail_s", "mail-records"),
    Check("mail.amazonses", "SES verification record", "mail", "mail", "mail_s", "mail-records"),
    Check("tls.certificate", "Certificate", "tls", "certificate", "tls_s", "certificate-invalid"),
    Check("tls.expiry", "Certificate end", "tls", "certificate", "tls_s", "certificate-expiring"),
    Check("tls.chain", "Certificate chain", "tls", "certificate", "tls_s", "certificate-invalid"),
    Check("tls.revocation", "Revocation", "tls", "certificate", "tls_s", "certificate-revoked"),
    Check("tls.stapling", "OCSP stapling", "tls", "certificate", "tls_s", "certificate-invalid"),
    Check("tls.transparency", "Certificate transparency", "tls", "certificate", "tls_s", "certificate-invalid"),
    Check("tls.strength", "Key and signature", "tls", "certificate", "tls_s", "certificate-invalid"),
    Check("tls.issuance", "New certificates", "tls", "issuance", "ct_s", "certificate-misissued"),
    Check("http.health", "Service", "http", "health", "http_s", "service-down"),
    Check("lb.targets", "Load balancer targets", "lb", "targets", "lb_s", "service-down"),
    Check("ses.identity", "SES identity", "ses", "identity", "ses_identity_s", "domain-identity"),
    Check("ses.account", "SES account", "ses", "account", "ses_account_s", "ses-account"),
    Check("ses.quota", "Sending quota", "ses", "account", "ses_account_s", "ses-quota"),
    Check("ses.bounce", "Bounce rate", "ses", "rates", "ses_rates_s", "ses-bounce"),
    Check("ses.complaint", "Complaint rate", "ses", "rates", "ses_rates_s", "ses-complaint"),
    Check("ses.failure", "Failed sends", "ses", "rates", "ses_rates_s", "ses-failure"),
    Check("ses.sets", "Configuration sets", "ses", "sets", "ses_state_s", "ses-account"),
    Check("ses.health", "AWS Health for SES", "ses", "aws_health", "ses_state_s", "ses-account"),
    Check("ses.alarms", "CloudWatch alarms", "ses", "alarms", "ses_state_s", "ses-watching"),
    Check("ses.advice", "AWS's recommendations", "ses", "advice", "ses_state_s", "ses-watching"),
    Check("ses.feedback", "Bounces and complaints", "ses", "feedback", "ses_feedback_s", "ses-watching"),
    Check("ses.suppression", "Suppression lists", "ses", "suppression", "ses_lists_s", "ses-watching"),
    Check("ses.calls", "Calls to AWS", "ses", "calls", "ses_calls_s", "ses-watching"),
)

RUNBOOKS: dict[str, str] = {
    "dkim-missing": "dkim-record-missing",
    "mail-refused": "dkim-record-missing",
    "mail-records": "mail-records-wrong",
    "mx": "mail-records-wrong",
    "spf": "mail-records-wrong",
    "dmarc": "mail-records-wrong",
    "mail-from": "mail-records-wrong",
    "mta-sts": "mail-records-wrong",
    "tls-rpt": "mail-records-wrong",
    "domain-identity": "domain-identity-failed",
    "dns-failure": "dns-resolution-failure",
    "dnssec-failure": "dnssec-failure",
    "propagation": "dns-propagation",
    "certificate-expired": "certificate-expired",
    "certificate-expiring": "certificate-expiring",
    "certificate-invalid": "certificate-invalid",
    "certificate-revoked": "certificate-revoked",
    "certificate-misissued": "certificate-misissued",
    "service-down": "service-down",
    "ses-bounce": "ses-bounce-rate",
    "ses-complaint": "ses-complaint-rate",
    "ses-account": "ses-account-stopped",
    "ses-quota": "ses-quota",
    "ses-failure": "ses-account-stopped",
    "ses-watching": "ses-weekly-check",
}
"""The runbook that an alert of each kind suggests, by id: for every kind that a check or its evidence can name.

An organisation's runbook of the same id takes the place of the bundled one.
"""


def check_named(check_id: str) -> Check:
    """The check of that id; raises NotFound."""
    for check in CHECKS:
        if check.id == check_id:
            return check
    raise NotFound(f"There is no check {check_id!r}; known are {', '.join(check.id for check in CHECKS)}.")


def matches(check_id: str, wanted: tuple[str, ...]) -> bool:
    """Whether a check is meant by a list such as `("mail", "dns.resolution")`; an empty list means all."""
    return not wanted or any(check_id == name or check_id.startswith(f"{name}.") for name in wanted)


def checks_of_probe(probe: str) -> tuple[Check, ...]:
    """The checks that one look answers."""
    return tuple(check for check in CHECKS if check.probe == probe)


def account_target(account: str, region: str) -> str:
    """The name under which an SES account is observed, e.g. `ses:447112341123/ca-central-1`."""
    return f"{ACCOUNT_PREFIX}{account or 'default'}/{region or 'default'}"
