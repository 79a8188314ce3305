"""What SES says of an identity and of the account (SESv2 GetEmailIdentity, GetConfigurationSet, GetAccount)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.aws import AwsFailure, AwsReader
from cockpit.text import visible

VANTAGE = "ses"


async def read_identity(aws: AwsReader, domain: str, check: str, *, at: datetime) -> Reading:
    """One identity as SES last saw it; `seen` carries SES's own words under plain names.

    `origin`, `tokens`, `hosted_zone`, `dkim_status` and `signing_enabled` say which DKIM records it wants;
    `error_type`, `soa_serial` and `last_checked` what it found. A missing identity is the failure `not-found`.
    """

    async def look(reader: AwsReader) -> dict[str, Any]:
        seen = _identity(await reader.call("sesv2", "get_email_identity", EmailIdentity=domain))
        if seen["configuration_set"]:
            seen["configuration_set_sending"] = await _configuration_set(reader, seen["configuration_set"])
        return seen

    return await aws.read(domain, check, VANTAGE, at, look)


async def read_account(aws: AwsReader, target: str, check: str, *, at: datetime) -> Reading:
    """The account in its region: `enforcement`, `sending_enabled`, `production`, quota and review."""

    async def look(reader: AwsReader) -> dict[str, Any]:
        return _account(await reader.call("sesv2", "get_account"))

    return await aws.read(target, check, VANTAGE, at, look)


def _identity(answer: Mapping[str, Any]) -> dict[str, Any]:
    dkim = answer.get("DkimAttributes") or {}
    mail_from = answer.get("MailFromAttributes") or {}
    info = answer.get("VerificationInfo") or {}
    soa = info.get("SOARecord") or {}
    return {
        "verification_status": _text(answer, "VerificationStatus"),
        "verified_for_sending": answer.get("VerifiedForSendingStatus"),
        "configuration_set": _text(answer, "ConfigurationSetName"),
        "dkim_status": _text(dkim, "Status"),
        "signing_enabled": dkim.get("SigningEnabled"),
        "origin": _text(dkim, "SigningAttributesOrigin"),
        "tokens": [visible(token, limit=200) for token in dkim.get("Tokens") or ()],
        "hosted_zone": _text(dkim, "SigningHostedZone"),
        "key_length": _text(dkim, "CurrentSigningKeyLength"),
        "mail_from": _text(mail_from, "MailFromDomain"),
        "mail_from_status": _text(mail_from, "MailFromDomainStatus"),
        "error_type": _text(info, "ErrorType"),
        "soa_serial": soa.get("SerialNumber"),
        "last_checked": _time(info.get("LastCheckedTimestamp")),
        "last_success": _time(info.get("LastSuccessTimestamp")),
    }


async def _configuration_set(reader: AwsReader, name: str) -> bool | None:
    """Whether sending is on for the set; None where this caller cannot see it, which changes nothing else."""
    try:
        answer = await reader.call("sesv2", "get_configuration_set", ConfigurationSetName=name)
    except AwsFailure:
        return None
    return bool((answer.get("SendingOptions") or {}).get("SendingEnabled", True))


def _account(answer: Mapping[str, Any]) -> dict[str, Any]:
    quota = answer.get("SendQuota") or {}
    review = ((answer.get("Details") or {}).get("ReviewDetails")) or {}
    return {
        "enforcement": _text(answer, "EnforcementStatus"),
        "sending_enabled": answer.get("SendingEnabled"),
        "production": answer.get("ProductionAccessEnabled"),
        "max_24_hours": quota.get("Max24HourSend"),
        "sent_24_hours": quota.get("SentLast24Hours"),
        "max_per_second": quota.get("MaxSendRate"),
        "review_status": _text(review, "Status"),
        "review_case": _text(review, "CaseId"),
    }


def _text(answer: Mapping[str, Any], key: str) -> str:
    value = answer.get(key)
    return "" if value is None else visible(value, limit=300)


def _time(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else None
