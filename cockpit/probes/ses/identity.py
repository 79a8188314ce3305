"""What SES says of one identity (SESv2 GetEmailIdentity, GetConfigurationSet)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.aws import AwsFailure
from cockpit.probes.ses.calls import Asker
from cockpit.text import visible

VANTAGE = "ses"


async def read_identity(aws: Asker, domain: str, check: str, *, at: datetime) -> Reading:
    """One identity as SES last saw it; `seen` carries SES's own words under plain names.

    `origin`, `tokens`, `hosted_zone`, `dkim_status` and `signing_enabled` say which DKIM records it wants;
    `error_type`, `soa_serial` and `last_checked` what it found. A missing identity is the failure `not-found`.
    """

    async def look(reader: Asker) -> dict[str, Any]:
        seen = _identity(await reader.call("sesv2", "get_email_identity", EmailIdentity=domain))
        if seen["configuration_set"]:
            seen["configuration_set_sending"] = await _configuration_set(reader, seen["configuration_set"])
        return seen

    return await aws.read(domain, check, VANTAGE, at, look)


def _identity(answer: Mapping[str, Any]) -> dict[str, Any]:
    dkim = answer.get("DkimAttributes") or {}
    mail_from = answer.get("MailFromAttributes") or {}
    info = answer.get("VerificationInfo") or {}
    soa = info.get("SOARecord") or {}
    return {
        "verification_status": text(answer, "VerificationStatus"),
        "verified_for_sending": answer.get("VerifiedForSendingStatus"),
        "configuration_set": text(answer, "ConfigurationSetName"),
        "dkim_status": text(dkim, "Status"),
        "signing_enabled": dkim.get("SigningEnabled"),
        "origin": text(dkim, "SigningAttributesOrigin"),
        "tokens": [visible(token, limit=200) for token in dkim.get("Tokens") or ()],
        "hosted_zone": text(dkim, "SigningHostedZone"),
        "key_length": text(dkim, "CurrentSigningKeyLength"),
        "mail_from": text(mail_from, "MailFromDomain"),
        "mail_from_status": text(mail_from, "MailFromDomainStatus"),
        "error_type": text(info, "ErrorType"),
        "soa_serial": soa.get("SerialNumber"),
        "last_checked": time_text(info.get("LastCheckedTimestamp")),
        "last_success": time_text(info.get("LastSuccessTimestamp")),
    }


async def _configuration_set(reader: Asker, name: str) -> bool | None:
    """Whether sending is on for the set; None where this caller cannot see it, which changes nothing else."""
    try:
        answer = await reader.call("sesv2", "get_configuration_set", ConfigurationSetName=name)
    except AwsFailure:
        return None
    return bool((answer.get("SendingOptions") or {}).get("SendingEnabled", True))


def text(answer: Mapping[str, Any], key: str) -> str:
    """One member of an answer as visible text; empty where it is not there."""
    value = answer.get(key)
    return "" if value is None else visible(value, limit=300)


def time_text(value: Any) -> str | None:
    """A time as RFC 3339 text."""
    return value.isoformat() if isinstance(value, datetime) else None
