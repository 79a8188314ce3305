"""SESv2: identities, DKIM signing, MAIL FROM and sending."""

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes
from email.utils import getaddresses, parseaddr
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.ses.dkim import accept_private_key
from cockpit.drill.aws.ses.identity import Dkim, Identity, Origin, Status
from cockpit.drill.aws.ses.mail import MailAccount


class SesV2:
    """The SESv2 operations over one mail account."""

    name = "sesv2"

    def __init__(self, account: MailAccount) -> None:
        self._account = account

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateEmailIdentity": self.create_email_identity,
            "DeleteEmailIdentity": self.delete_email_identity,
            "ListEmailIdentities": self.list_email_identities,
            "GetEmailIdentity": self.get_email_identity,
            "PutEmailIdentityDkimSigningAttributes": self.put_dkim_signing_attributes,
            "PutEmailIdentityDkimAttributes": self.put_dkim_attributes,
            "PutEmailIdentityMailFromAttributes": self.put_mail_from_attributes,
            "PutEmailIdentityConfigurationSetAttributes": self.put_configuration_set_attributes,
            "SendEmail": self.send_email,
        }

    def create_email_identity(self, call: Call) -> Mapping[str, Any]:
        """SESv2 CreateEmailIdentity for a domain, with Easy DKIM or with a key of the caller's."""
        asked = call.parameters
        name = asked["EmailIdentity"]
        if "@" in name:
            raise not_built("sesv2:CreateEmailIdentity for single addresses")
        given = asked.get("DkimSigningAttributes", {})
        key = given.get("DomainSigningPrivateKey", "")
        held = accept_private_key(key) if key else None
        tags = {tag["Key"]: tag["Value"] for tag in asked.get("Tags", [])}
        identity = self._account.create(name, asked.get("ConfigurationSetName", ""), tags)
        if held is not None:
            self._account.sign_with(name, _selector(given), held)
        return {
            "IdentityType": "DOMAIN",
            "VerifiedForSendingStatus": identity.verified,
            "DkimAttributes": _dkim_attributes(identity.dkim),
        }

    def delete_email_identity(self, call: Call) -> Mapping[str, Any]:
        """SESv2 DeleteEmailIdentity."""
        del self._account.identities[self._account.get(call.parameters["EmailIdentity"]).name]
        return {}

    def list_email_identities(self, call: Call) -> Mapping[str, Any]:
        """SESv2 ListEmailIdentities, in name order, by pages of `PageSize`."""
        names = sorted(self._account.identities)
        token = call.parameters.get("NextToken", "0")
        if not token.isdigit():
            raise AwsError("BadRequestException", "The NextToken is not valid.", 400)
        start, size = int(token), call.parameters.get("PageSize", 1000)
        page = [self._account.identities[name] for name in names[start : start + size]]
        listed = {
            "EmailIdentities": [
                {
                    "IdentityType": "DOMAIN",
                    "IdentityName": identity.name,
                    "SendingEnabled": identity.sending,
                    "VerificationStatus": str(identity.dkim.status),
                }
                for identity in page
            ]
        }
        return listed | ({"NextToken": str(start + size)} if start + size < len(names) else {})

    def get_email_identity(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetEmailIdentity, with what SES saw at its last look."""
        identity = self._account.get(call.parameters["EmailIdentity"])
        answer: dict[str, Any] = {
            "IdentityType": "DOMAIN",
            "FeedbackForwardingStatus": True,
            "VerifiedForSendingStatus": identity.verified,
            "VerificationStatus": str(identity.dkim.status),
            "DkimAttributes": _dkim_attributes(identity.dkim),
            "MailFromAttributes": _mail_from_attributes(identity),
            "Policies": {},
            "Tags": [{"Key": key, "Value": value} for key, value in identity.tags.items()],
            "VerificationInfo": _verification_info(identity.dkim),
        }
        if identity.configuration_set:
            answer["ConfigurationSetName"] = identity.configuration_set
        return answer

    def put_dkim_signing_attributes(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutEmailIdentityDkimSigningAttributes: whose key signs; PENDING until SES has looked at DNS."""
        name, origin = call.parameters["EmailIdentity"], call.parameters["SigningAttributesOrigin"]
        self._account.get(name)
        given = call.parameters.get("SigningAttributes", {})
        if origin == Origin.EXTERNAL:
            key = given.get("DomainSigningPrivateKey", "")
            if not given.get("DomainSigningSelector") or not key:
                raise _bad("DomainSigningSelector and DomainSigningPrivateKey are required for EXTERNAL.")
            dkim = self._account.sign_with(name, _selector(given), accept_private_key(key))
        elif origin == Origin.EASY:
            dkim = self._account.sign_with_easy_dkim(name)
        else:
            raise _bad(f"SigningAttributesOrigin {origin!r} is not valid.")
        return {
            "DkimStatus": str(dkim.status),
            "DkimTokens": _tokens(dkim),
            "SigningHostedZone": dkim.hosted_zone,
        }

    def put_dkim_attributes(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutEmailIdentityDkimAttributes: signing on or off."""
        identity = self._account.get(call.parameters["EmailIdentity"])
        identity.dkim = replace(identity.dkim, enabled=bool(call.parameters.get("SigningEnabled", False)))
        return {}

    def put_mail_from_attributes(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutEmailIdentityMailFromAttributes: PENDING until SES sees the MX; none is the default again."""
        identity = self._account.get(call.parameters["EmailIdentity"])
        domain = call.parameters.get("MailFromDomain", "").lower()
        if domain and not domain.endswith(f".{identity.name}"):
            raise _bad(f"The MAIL FROM domain must be a subdomain of {identity.name}.")
        identity.mail_from = domain
        identity.mail_from_status = Status.PENDING if domain else Status.SUCCESS
        identity.reject_on_mx_failure = call.parameters.get("BehaviorOnMxFailure") == "REJECT_MESSAGE"
        return {}

    def put_configuration_set_attributes(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutEmailIdentityConfigurationSetAttributes: the default set; none is none."""
        identity, name = (
            self._account.get(call.parameters["EmailIdentity"]),
            call.parameters.get("ConfigurationSetName", ""),
        )
        if name:
            self._account.configuration_set(name)
        identity.configuration_set = name
        return {}

    def send_email(self, call: Call) -> Mapping[str, Any]:
        """SESv2 SendEmail: refused as SES refuses, else recorded with the selector it is signed with."""
        asked = call.parameters
        raw = asked["Content"].get("Raw", {}).get("Data")
        head: Mapping[str, Any] = dict(message_from_bytes(raw).items()) if raw is not None else {}
        sender = parseaddr(asked.get("FromEmailAddress") or str(head.get("From", "")))[1]
        if "@" not in sender:
            raise _bad("FromEmailAddress is missing or not an address.")
        recipients = [address for some in asked.get("Destination", {}).values() for address in some]
        if not recipients:
            recipients = [str(head[name]) for name in ("To", "Cc", "Bcc") if head.get(name)]
        addresses = [address for _, address in getaddresses(recipients) if "@" in address]
        if not addresses:
            raise _bad("The message has no recipient.")
        sent = self._account.accept(sender, addresses, asked.get("ConfigurationSetName", ""))
        return {"MessageId": sent.message_id}


def _selector(given: Mapping[str, Any]) -> str:
    selector = str(given.get("DomainSigningSelector", ""))
    if not selector or len(selector) > 63 or not selector.replace("-", "").isalnum() or not selector.isascii():
        raise _bad("The DKIM selector may hold letters, digits and hyphens only.")
    return selector


def _dkim_attributes(dkim: Dkim) -> dict[str, Any]:
    return {
        "SigningEnabled": dkim.enabled,
        "Status": str(dkim.status),
        "Tokens": _tokens(dkim),
        "SigningHostedZone": dkim.hosted_zone,
        "SigningAttributesOrigin": str(dkim.origin),
    } | ({"CurrentSigningKeyLength": "RSA_2048_BIT"} if dkim.origin is Origin.EASY else {})


def _tokens(dkim: Dkim) -> list[str]:
    return [dkim.selector] if dkim.origin is Origin.EXTERNAL else [token.token for token in dkim.tokens]


def _mail_from_attributes(identity: Identity) -> dict[str, Any]:
    behaviour = "REJECT_MESSAGE" if identity.reject_on_mx_failure else "USE_DEFAULT_VALUE"
    return {
        "MailFromDomain": identity.mail_from,
        "MailFromDomainStatus": str(identity.mail_from_status),
        "BehaviorOnMxFailure": behaviour,
    }


def _verification_info(dkim: Dkim) -> dict[str, Any]:
    info: dict[str, Any] = {}
    if dkim.last is not None:
        info["LastCheckedTimestamp"] = dkim.last.at
        if dkim.last.error:
            info["ErrorType"] = dkim.last.error
        if dkim.last.soa is not None:
            soa = dkim.last.soa
            info["SOARecord"] = {
                "PrimaryNameServer": soa.primary,
                "AdminEmail": soa.admin,
                "SerialNumber": soa.serial,
            }
    if dkim.last_success is not None:
        info["LastSuccessTimestamp"] = dkim.last_success
    return info


def _bad(message: str) -> AwsError:
    return AwsError("BadRequestException", message, 400)
