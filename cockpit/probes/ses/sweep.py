"""Many identities in three calls (SES v1, 100 names per call): enough to see that something changed.

The v1 calls know neither error type nor SOA serial nor where the key comes from, so a domain that is in trouble is
asked for by itself (SESv2 GetEmailIdentity).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.probes.ses.calls import Asker
from cockpit.text import visible

AT_ONCE = 100
"""Identities that one call takes (SES GetIdentityDkimAttributes)."""

_STATUS = {
    "Success": "SUCCESS",
    "Pending": "PENDING",
    "Failed": "FAILED",
    "TemporaryFailure": "TEMPORARY_FAILURE",
    "NotStarted": "NOT_STARTED",
}


async def sweep(asker: Asker, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """What SES says of up to 100 identities, under the names that `read_identity` uses; raises AwsFailure.

    An identity that does not exist is left out.
    """
    asked = list(names[:AT_ONCE])
    verified = (await asker.call("ses", "get_identity_verification_attributes", Identities=asked)).get(
        "VerificationAttributes", {}
    )
    dkim = (await asker.call("ses", "get_identity_dkim_attributes", Identities=asked)).get("DkimAttributes", {})
    mail_from = (await asker.call("ses", "get_identity_mail_from_domain_attributes", Identities=asked)).get(
        "MailFromDomainAttributes", {}
    )
    return {
        name: _seen(verified[name], dkim.get(name) or {}, mail_from.get(name) or {})
        for name in asked
        if name in verified
    }


def _seen(verified: Mapping[str, Any], dkim: Mapping[str, Any], mail_from: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "verification_status": _status(verified.get("VerificationStatus")),
        "dkim_status": _status(dkim.get("DkimVerificationStatus")),
        "signing_enabled": dkim.get("DkimEnabled"),
        "tokens": [visible(token, limit=200) for token in dkim.get("DkimTokens") or ()],
        "mail_from": visible(mail_from.get("MailFromDomain") or "", limit=300),
        "mail_from_status": _status(mail_from.get("MailFromDomainStatus")),
    }


def _status(word: Any) -> str:
    text = visible(word or "", limit=50)
    return _STATUS.get(text, text.upper())
