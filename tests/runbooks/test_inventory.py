"""Where each script and command block of the five source procedures went: to a step of a runbook, or to a feature.

The first figure of a number is the document: alert response, BYODKIM phase 7, SES compliance, emergency procedures,
incident response. A step is named by its id; words that have to stand in its text or work follow it.
"""

import pytest

from cockpit.runbooks.model import Runbook
from cockpit.runbooks.shelf import Shelf

PLACES: dict[str, tuple[tuple[str, str], ...]] = {
    "0.6 owner query": (("domain-owner-notification", "owner"),),
    "0.7 dig of three DKIM tokens": (("dkim-record-missing", "check: mail.dkim"),),
    "0.8 dig _amazonses": (("domain-identity-failed", "_amazonses"),),
    "0.9 dig MX of the bounce domain": (("mail-records-wrong", "check: mail.mail_from"),),
    "0.11 canned response": (("domain-owner-notification", "records"),),
    "0.12 what is documented": (("follow-up", "timeline"),),
    "1.1 preconditions": (("byodkim-phase-7", "aws s3 ls"),),
    "1.2 notice that DNS is done": (("byodkim-phase-7", "## Hear that DNS is done"),),
    "1.3 test script of the function": (("byodkim-phase-7", "## Call the function"),),
    "1.4 call of the function": (("byodkim-phase-7", "--cli-binary-format raw-in-base64-out"),),
    "1.5 success answer": (("byodkim-phase-7", "statusCode"),),
    "1.6 DNS_TXT_NOT_READY": (("byodkim-phase-7", "DNS_TXT_NOT_READY"),),
    "1.7 CERTIFICATE_NOT_FOUND": (("byodkim-phase-7", "CERTIFICATE_NOT_FOUND"),),
    "1.8 SES_UPDATE_FAILED": (("byodkim-phase-7", "SES_UPDATE_FAILED"),),
    "1.9 nslookup of the selector": (("byodkim-phase-7", "dig +short TXT {{selector}}._domainkey.{{domain}}"),),
    "1.10 key from S3": (("byodkim-by-hand", "private_key.pem"),),
    "1.11 update in four steps": (("byodkim-phase-7", "action: ses.byodkim"),),
    "1.12 DKIM off as rollback": (("byodkim-phase-7", "turns signing off"),),
    "1.13 seven steps by hand": (("byodkim-by-hand", "put-email-identity-dkim-signing-attributes"),),
    "1.14 logs and trail": (("byodkim-phase-7", "aws cloudtrail lookup-events"),),
    "1.15 age of the key": (("byodkim-phase-7", "456 days"),),
    "1.16 DNS notifier": (("byodkim-phase-7", "phase_manager"),),
    "1.18 checklist and report": (("byodkim-phase-7", "## Report phase 7"),),
    "2.2 suppression table": (("ses-setup", "aws dynamodb create-table"),),
    "2.3 fail-open check": (("ses-setup", "must not send"),),
    "2.5 check before sending": (("ses-feedback-test", "## See that a second mail is held back"),),
    "2.7 deployment script": (("ses-setup", "aws sns create-topic"),),
    "2.8 six alarms": (("ses-setup", "--threshold 0.05"),),
    "2.10 verification of DNS": (("ses-setup", "check: mail.alignment"),),
    "2.11 daily, weekly, three playbooks": (
        ("ses-daily-check", ""), ("ses-weekly-check", ""), ("ses-bounce-rate", ""), ("ses-complaint-rate", ""),
        ("ses-account-stopped", ""),
    ),
    "2.12 setup and testing guides": (("ses-setup", ""), ("ses-feedback-test", "")),
    "2.14 simulator": (("ses-feedback-test", "bounce@simulator.amazonses.com"),
                       ("ses-feedback-test", "complaint@simulator.amazonses.com")),
    "2.15 checks after deployment": (("ses-setup", "aws sns list-subscriptions-by-topic"),),
    "2.17 environment of the functions": (("ses-setup", "SUPPRESSION_LIST_TABLE"),),
    "2.18 expected records": (("ses-setup", "v=spf1 include:amazonses.com ~all"),),
    "2.19 way out of the sandbox": (("ses-setup", "ProductionAccessEnabled"),),
    "3.11 acknowledge-incident.sh": (("incident-acknowledgment", "## Acknowledge the alert"),),
    "3.12 initial-assessment.sh": (("initial-assessment", "check: dns.resolution"),),
    "3.13 assemble-team.sh": (("team-assembly", ""),),
    "3.14 complete failure": (("dns-resolution-failure", ""),),
    "3.15 propagation": (("dns-propagation", "flush"),),
    "3.16 DNSSEC failure": (("dnssec-failure", "DS"),),
    "3.17 certificate expired": (("certificate-expired", "certificates create"),),
    "3.18 validation failure": (("certificate-invalid", "_acme-challenge"),),
    "3.19 certificate revoked": (("certificate-revoked", ""),),
    "3.20 channel and updates": (("team-assembly", "channel"),),
    "3.21 status page": (("customer-communication", ""),),
    "3.28 escalation to the provider": (("provider-escalation", "aws support create-case"),),
    "3.29 registrar": (("registrar-escalation", ""),),
    "3.30 post-incident-validation.sh": (("post-incident-validation", "check: http.health"),),
    "3.32 enhance-monitoring.sh": (("closer-watch", "30 s instead of 60 s"),),
    "3.33 process improvement": (("follow-up", "## Automation and monitoring"),),
    "4.4 five initial steps": (("incident-acknowledgment", "runbook: team-assembly"),),
    "4.6 health blocks": (("system-health", "kubectl get pods"), ("system-health", "mongosh"),
                          ("system-health", "traceroute"), ("system-health", "istioctl proxy-status"),
                          ("system-health", "openssl s_client")),
    "4.7 four recovery actions": (("system-recovery", "rollout restart"), ("system-recovery", "kubectl create job"),
                                  ("system-recovery", "emergency-routing.yaml"),
                                  ("database-connectivity", "kubectl patch configmap")),
    "4.13 within 24 hours": (("follow-up", "## Within 24 hours"),),
    "4.14 review": (("follow-up", "## Within a week"),),
}  # fmt: skip

BOOKS: dict[str, Runbook] = {book.id: book for book in Shelf().all()}


@pytest.mark.parametrize("row", PLACES)
def test_a_script_or_block_of_the_procedures_has_its_place(row: str) -> None:
    for id, words in PLACES[row]:
        assert words in BOOKS[id].text, f"{id} does not hold {words!r}"


def test_the_fallback_by_hand_has_its_seven_steps() -> None:
    assert len(BOOKS["byodkim-by-hand"].steps) == 7
    assert "get-email-identity-dkim-attributes" not in BOOKS["byodkim-by-hand"].text
    assert "--dkim-enabled" not in BOOKS["byodkim-by-hand"].text
