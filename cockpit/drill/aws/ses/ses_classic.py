"""SES version 1 (query protocol): the calls that take a hundred identities at once, and the 15-minute points."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.ses.identity import Identity, Origin, Status
from cockpit.drill.aws.ses.mail import MailAccount
from cockpit.drill.aws.ses.traffic import Quantity

_POINT = timedelta(minutes=15)
_KEPT = timedelta(days=14)
_STATUS = {
    Status.NOT_STARTED: "NotStarted",
    Status.PENDING: "Pending",
    Status.SUCCESS: "Success",
    Status.TEMPORARY_FAILURE: "TemporaryFailure",
    Status.FAILED: "Failed",
}
_NOTIFICATIONS = ("Bounce", "Complaint", "Delivery")
_SEND_ERRORS = {
    "AccountSuspendedException": "AccountSendingPausedException",
    "SendingPausedException": "AccountSendingPausedException",
    "NotFoundException": "ConfigurationSetDoesNotExist",
}
"""What version 1 calls the reasons for which mail may not leave."""


class SesClassic:
    """The SES v1 operations over one mail account."""

    name = "ses"

    def __init__(self, account: MailAccount, has_topic: Callable[[str], bool]) -> None:
        self._account = account
        self._has_topic = has_topic
        self._whole: dict[datetime, dict[str, Any]] = {}

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "GetIdentityVerificationAttributes": self.get_verification_attributes,
            "GetIdentityDkimAttributes": self.get_dkim_attributes,
            "GetIdentityMailFromDomainAttributes": self.get_mail_from_attributes,
            "GetSendStatistics": self.get_send_statistics,
            "GetSendQuota": self.get_send_quota,
            "ListIdentities": self.list_identities,
            "SetIdentityNotificationTopic": self.set_notification_topic,
            "GetIdentityNotificationAttributes": self.get_notification_attributes,
            "SetIdentityFeedbackForwardingEnabled": self.set_feedback_forwarding,
            "GetAccountSendingEnabled": self.get_account_sending_enabled,
            "UpdateAccountSendingEnabled": self.update_account_sending_enabled,
            "SendEmail": self.send_email,
        }

    def get_verification_attributes(self, call: Call) -> Mapping[str, Any]:
        """SES GetIdentityVerificationAttributes; identities that do not exist are left out of the answer."""
        return {
            "VerificationAttributes": {
                asked: {"VerificationStatus": _STATUS[identity.dkim.status]}
                for asked, identity in self._asked(call)
            }
        }

    def get_dkim_attributes(self, call: Call) -> Mapping[str, Any]:
        """SES GetIdentityDkimAttributes."""
        return {
            "DkimAttributes": {
                asked: {
                    "DkimEnabled": identity.dkim.enabled,
                    "DkimVerificationStatus": _STATUS[identity.dkim.status],
                    "DkimTokens": [token.token for token in identity.dkim.tokens]
                    if identity.dkim.origin is Origin.EASY
                    else [],
                }
                for asked, identity in self._asked(call)
            }
        }

    def get_mail_from_attributes(self, call: Call) -> Mapping[str, Any]:
        """SES GetIdentityMailFromDomainAttributes."""
        return {
            "MailFromDomainAttributes": {
                asked: {
                    "MailFromDomain": identity.mail_from,
                    "MailFromDomainStatus": _STATUS[identity.mail_from_status],
                    "BehaviorOnMXFailure": "RejectMessage" if identity.reject_on_mx_failure else "UseDefaultValue",
                }
                for asked, identity in self._asked(call)
            }
        }

    def get_send_statistics(self, call: Call) -> Mapping[str, Any]:
        """SES GetSendStatistics: two weeks of 15-minute points; the newest ends now and may be partial."""
        starts = _starts(call.at)
        self._whole = {start: point for start, point in self._whole.items() if start >= starts[-1]}
        return {"SendDataPoints": [self._point(start, call.at) for start in starts]}

    def get_send_quota(self, call: Call) -> Mapping[str, Any]:
        """SES GetSendQuota."""
        account = self._account
        return {
            "Max24HourSend": account.max_24_hours,
            "MaxSendRate": account.max_per_second,
            "SentLast24Hours": account.sent_last_24_hours(call.at),
        }

    def list_identities(self, call: Call) -> Mapping[str, Any]:
        """SES ListIdentities, all on one page."""
        return {"Identities": sorted(self._account.identities)}

    def set_notification_topic(self, call: Call) -> Mapping[str, Any]:
        """SES SetIdentityNotificationTopic for bounces, complaints or deliveries; no topic switches it off."""
        identity, kind = self._named(call), call.parameters["NotificationType"]
        if kind not in _NOTIFICATIONS:
            raise AwsError("InvalidParameterValue", f"Invalid notification type {kind}.", 400)
        topic = call.parameters.get("SnsTopic", "")
        if topic and not self._has_topic(topic):
            raise AwsError("InvalidParameterValue", f"Invalid SNS topic <{topic}>.", 400)
        identity.topics.pop(kind, None)
        identity.topics |= {kind: topic} if topic else {}
        return {}

    def get_notification_attributes(self, call: Call) -> Mapping[str, Any]:
        """SES GetIdentityNotificationAttributes."""
        return {
            "NotificationAttributes": {
                asked: {
                    "BounceTopic": identity.topics.get("Bounce", ""),
                    "ComplaintTopic": identity.topics.get("Complaint", ""),
                    "DeliveryTopic": identity.topics.get("Delivery", ""),
                    "ForwardingEnabled": identity.forwarding,
                }
                for asked, identity in self._asked(call)
            }
        }

    def set_feedback_forwarding(self, call: Call) -> Mapping[str, Any]:
        """SES SetIdentityFeedbackForwardingEnabled; off only where topics take bounces and complaints."""
        identity, wanted = self._named(call), call.parameters["ForwardingEnabled"]
        if not wanted and not {"Bounce", "Complaint"} <= identity.topics.keys():
            raise AwsError("InvalidParameterValue", "Topics for bounces and complaints must be set first.", 400)
        identity.forwarding = wanted
        return {}

    def get_account_sending_enabled(self, call: Call) -> Mapping[str, Any]:
        """SES GetAccountSendingEnabled."""
        return {"Enabled": self._account.sending and self._account.enforcement != "SHUTDOWN"}

    def update_account_sending_enabled(self, call: Call) -> Mapping[str, Any]:
        """SES UpdateAccountSendingEnabled; it cannot lift a pause that AWS has set."""
        wanted = bool(call.parameters.get("Enabled", False))
        if wanted and self._account.enforcement == "SHUTDOWN":
            raise AwsError("AccessDenied", "Sending was paused by AWS and cannot be enabled here.", 403)
        self._account.sending = wanted
        return {}

    def send_email(self, call: Call) -> Mapping[str, Any]:
        """SES SendEmail."""
        asked = call.parameters
        recipients = [address for some in asked["Destination"].values() for address in some]
        if not recipients:
            raise AwsError("InvalidParameterValue", "Missing final '@domain'", 400)
        sender = parseaddr(asked["Source"])[1]
        try:
            sent = self._account.accept(sender, recipients, asked.get("ConfigurationSetName", ""))
        except AwsError as error:
            raise AwsError(_SEND_ERRORS.get(error.code, error.code), error.message, 400) from None
        return {"MessageId": sent.message_id}

    def _named(self, call: Call) -> Identity:
        found = self._account.identities.get(call.parameters["Identity"].lower())
        if found is None:
            raise AwsError("InvalidParameterValue", "Identity does not exist.", 400)
        return found

    def _asked(self, call: Call) -> list[tuple[str, Identity]]:
        names = call.parameters["Identities"]
        if len(names) > 100:
            raise AwsError("InvalidParameterValue", "At most 100 identities can be asked for in one call.", 400)
        known = self._account.identities
        return [(name, known[name.lower()]) for name in names if name.lower() in known]

    def _point(self, start: datetime, now: datetime) -> dict[str, Any]:
        """One point; a window that is over never changes, because curves are bent from now on only."""
        if start in self._whole:
            return self._whole[start]
        traffic, end = self._account.traffic, min(start + _POINT, now)
        point = {
            "Timestamp": start,
            "DeliveryAttempts": round(traffic.count(None, start, end)),
            "Bounces": round(traffic.count(Quantity.BOUNCE_FRACTION, start, end)),
            "Complaints": round(traffic.count(Quantity.COMPLAINT_FRACTION, start, end)),
            "Rejects": round(traffic.count(Quantity.REJECT_FRACTION, start, end)),
        }
        if end < now:
            self._whole[start] = point
        return point


def _starts(now: datetime) -> list[datetime]:
    newest = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
    return [newest - _POINT * index for index in range(_KEPT // _POINT)]
