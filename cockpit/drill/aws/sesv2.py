"""SESv2: account, identities, DKIM signing and sending."""

from collections.abc import Mapping
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

from cockpit.drill.aws.dkim import accept_private_key
from cockpit.drill.aws.errors import AwsError
from cockpit.drill.aws.identity import Dkim, Identity, Origin
from cockpit.drill.aws.mail import MailAccount
from cockpit.drill.aws.wire import Call, Operation


class SesV2:
    """The SESv2 operations over one mail account."""

    name = "sesv2"

    def __init__(self, account: MailAccount) -> None:
        self._account = account

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "GetAccount": self.get_account,
            "PutAccountSendingAttributes": self.put_account_sending_attributes,
            "ListEmailIdentities": self.list_email_identities,
            "GetEmailIdentity": self.get_email_identity,
            "PutEmailIdentityDkimSigningAttributes": self.put_dkim_signing_attributes,
            "PutEmailIdentityDkimAttributes": self.put_dkim_attributes,
            "SendEmail": self.send_email,
            "GetConfigurationSet": self.get_configuration_set,
            "PutConfigurationSetSendingOptions": self.put_configuration_set_sending_options,
        }

    def get_account(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetAccount: enforcement, sending switch, quota."""
        account = self._account
        return {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": account.enforcement,
            "ProductionAccessEnabled": account.production,
            "SendingEnabled": account.sending and account.enforcement != "SHUTDOWN",
            "SendQuota": {
                "Max24HourSend": account.max_24_hours,
                "MaxSendRate": account.max_per_second,
                "SentLast24Hours": account.sent_last_24_hours(call.at),
            },
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
            "VdmAttributes": {"VdmEnabled": "DISABLED"},
        }

    def put_account_sending_attributes(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutAccountSendingAttributes; it cannot lift a pause that AWS has set."""
        wanted = bool(call.parameters.get("SendingEnabled", False))
        if wanted and self._account.enforcement == "SHUTDOWN":
            raise AwsError("ConflictException", "Sending was paused by AWS and cannot be enabled here.", 409)
        self._account.sending = wanted
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
            selector = given.get("DomainSigningSelector", "")
            key = given.get("DomainSigningPrivateKey", "")
            if not selector or not key:
                raise _bad("DomainSigningSelector and DomainSigningPrivateKey are required for EXTERNAL.")
            if len(selector) > 63 or not selector.replace("-", "").isalnum() or not selector.isascii():
                raise _bad("The DKIM selector may hold letters, digits and hyphens only.")
            dkim = self._account.sign_with(name, selector, accept_private_key(key))
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

    def send_email(self, call: Call) -> Mapping[str, Any]:
        """SESv2 SendEmail: refused as SES refuses, else recorded with the selector it is signed with."""
        sender = parseaddr(call.parameters.get("FromEmailAddress", ""))[1]
        if "@" not in sender:
            raise _bad("FromEmailAddress is missing or not an address.")
        destination = call.parameters.get("Destination", {})
        recipients = sum(len(addresses) for addresses in destination.values())
        if not recipients:
            raise _bad("The message has no recipient.")
        return {"MessageId": self._account.accept(sender, recipients).message_id}

    def get_configuration_set(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetConfigurationSet: its own sending switch and whether reputation metrics are on."""
        found = self._account.configuration_set(call.parameters["ConfigurationSetName"])
        return {
            "ConfigurationSetName": found.name,
            "SendingOptions": {"SendingEnabled": found.sending},
            "ReputationOptions": {"ReputationMetricsEnabled": True},
            "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
        }

    def put_configuration_set_sending_options(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutConfigurationSetSendingOptions: pause or resume what is sent through one set."""
        found = self._account.configuration_set(call.parameters["ConfigurationSetName"])
        found.sending = bool(call.parameters.get("SendingEnabled", False))
        return {}


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
