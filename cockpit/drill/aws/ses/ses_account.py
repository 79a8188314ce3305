"""SESv2: the account as a whole, its figures, and what AWS thinks of it and of each of its resources."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.paging import page
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.ses.identity import Identity, Status
from cockpit.drill.aws.ses.mail import ConfigurationSet, MailAccount
from cockpit.drill.aws.ses.traffic import Quantity

UNDER_REVIEW = {Quantity.REPUTATION_BOUNCE: 0.05, Quantity.REPUTATION_COMPLAINT: 0.001}
"""From where on AWS reviews an account."""
_COUNTED: Mapping[str, Quantity | None] = {
    "SEND": None,
    "PERMANENT_BOUNCE": Quantity.BOUNCE_FRACTION,
    "COMPLAINT": Quantity.COMPLAINT_FRACTION,
}
_NEVER = ("TRANSIENT_BOUNCE", "OPEN", "CLICK")
"""Metrics of which the drill's mail has none."""
_STATUSES = ("ENABLED", "DISABLED", "REINSTATED")


class SesAccount:
    """The operations on the account, its metrics and its reputation entities."""

    name = "sesv2"

    def __init__(self, place: Place, account: MailAccount) -> None:
        self._place = place
        self._account = account
        self._details: dict[str, Any] = {}
        self._managed: dict[str, tuple[str, datetime]] = {}

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "GetAccount": self.get_account,
            "PutAccountSendingAttributes": self.put_account_sending_attributes,
            "PutAccountDetails": self.put_account_details,
            "BatchGetMetricData": self.batch_get_metric_data,
            "ListRecommendations": self.list_recommendations,
            "GetReputationEntity": self.get_reputation_entity,
            "ListReputationEntities": self.list_reputation_entities,
            "UpdateReputationEntityCustomerManagedStatus": self.update_customer_managed_status,
        }

    def get_account(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetAccount: enforcement, sending switch, quota."""
        account = self._account
        told = {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": account.enforcement,
            "ProductionAccessEnabled": account.production,
            "SendingEnabled": account.sending and account.enforcement != "SHUTDOWN",
            "SendQuota": {
                "Max24HourSend": account.max_24_hours,
                "MaxSendRate": account.max_per_second,
                "SentLast24Hours": account.sent_last_24_hours(call.at),
            },
            "SuppressionAttributes": {"SuppressedReasons": list(account.suppressed_reasons)},
            "VdmAttributes": {"VdmEnabled": "ENABLED"},
        }
        return told | ({"Details": self._details} if self._details else {})

    def put_account_sending_attributes(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutAccountSendingAttributes; it cannot lift a pause that AWS has set."""
        wanted = bool(call.parameters.get("SendingEnabled", False))
        if wanted and self._account.enforcement == "SHUTDOWN":
            raise AwsError("ConflictException", "Sending was paused by AWS and cannot be enabled here.", 409)
        self._account.sending = wanted
        return {}

    def put_account_details(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutAccountDetails: a request for production access stays PENDING, because people decide it."""
        asked = call.parameters
        names = (
            "MailType",
            "WebsiteURL",
            "ContactLanguage",
            "UseCaseDescription",
            "AdditionalContactEmailAddresses",
        )
        self._details = {name: asked[name] for name in names if name in asked}
        if asked.get("ProductionAccessEnabled") and not self._account.production:
            self._details["ReviewDetails"] = {"Status": "PENDING", "CaseId": "case-drill-production-access"}
        return {}

    def batch_get_metric_data(self, call: Call) -> Mapping[str, Any]:
        """SESv2 BatchGetMetricData: whole days of the account's own counts."""
        results, errors = [], []
        for query in call.parameters["Queries"]:
            if query.get("Dimensions"):
                raise not_built("sesv2:BatchGetMetricData by dimension")
            if query["Metric"] not in (*_COUNTED, *_NEVER, "DELIVERY"):
                message = "The metric is not built."
                errors.append({"Id": query["Id"], "Code": "INTERNAL_FAILURE", "Message": message})
                continue
            days = _days(query["StartDate"], min(query["EndDate"], call.at))
            values = [self._count(query["Metric"], day, min(day + timedelta(days=1), call.at)) for day in days]
            results.append({"Id": query["Id"], "Timestamps": days, "Values": values})
        return {"Results": results, "Errors": errors}

    def list_recommendations(self, call: Call) -> Mapping[str, Any]:
        """SESv2 ListRecommendations: DKIM that does not verify, and rates that AWS would review."""
        found = [
            self._recommendation(self._arn(identity), "DKIM", "DKIM verification is failing", identity.dkim.last)
            for identity in self._account.identities.values()
            if identity.dkim.status in (Status.TEMPORARY_FAILURE, Status.FAILED)
        ]
        account = self._place.arn("ses", "account")
        for quantity, limit in UNDER_REVIEW.items():
            if self._account.traffic.value(quantity, call.at) >= limit:
                kind = quantity.value.removeprefix("reputation-").upper()
                found.append(self._recommendation(account, kind, f"The {kind.lower()} rate is high", None))
        wanted = call.parameters.get("Filter", {})
        names = {"TYPE": "Type", "IMPACT": "Impact", "STATUS": "Status", "RESOURCE_ARN": "ResourceArn"}
        kept = [one for one in found if all(one[names[key]] == value for key, value in wanted.items())]
        size = call.parameters.get("PageSize", 100)
        shown, more = page(kept, call.parameters.get("NextToken"), size, "BadRequestException")
        return {"Recommendations": list(shown), **more}

    def get_reputation_entity(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetReputationEntity of an identity or a configuration set."""
        return {"ReputationEntity": self._entity(self._resource(call), call.at)}

    def list_reputation_entities(self, call: Call) -> Mapping[str, Any]:
        """SESv2 ListReputationEntities: every identity and configuration set."""
        if call.parameters.get("Filter"):
            raise not_built("sesv2:ListReputationEntities with a filter")
        entities = [self._entity(identity, call.at) for identity in self._account.identities.values()]
        entities += [self._entity(one, call.at) for one in self._account.configuration_sets.values()]
        size = call.parameters.get("PageSize", 100)
        shown, more = page(entities, call.parameters.get("NextToken"), size, "BadRequestException")
        return {"ReputationEntities": list(shown), **more}

    def update_customer_managed_status(self, call: Call) -> Mapping[str, Any]:
        """SESv2 UpdateReputationEntityCustomerManagedStatus: pause or resume one identity or one set."""
        resource, status = self._resource(call), call.parameters["SendingStatus"]
        if status not in _STATUSES:
            raise AwsError("BadRequestException", f"SendingStatus {status} is not valid.", 400)
        resource.sending = status != "DISABLED"
        self._managed[self._arn(resource)] = (status, call.at)
        return {}

    def _count(self, metric: str, start: datetime, end: datetime) -> int:
        traffic = self._account.traffic
        if metric in _NEVER:
            return 0
        if metric != "DELIVERY":
            return round(traffic.count(_COUNTED[metric], start, end))
        lost = (traffic.count(kind, start, end) for kind in (Quantity.BOUNCE_FRACTION, Quantity.REJECT_FRACTION))
        return round(traffic.count(None, start, end) - sum(lost))

    def _entity(self, resource: Identity | ConfigurationSet, now: datetime) -> dict[str, Any]:
        arn = self._arn(resource)
        status, at = self._managed.get(arn, ("ENABLED" if resource.sending else "DISABLED", None))
        theirs = "DISABLED" if self._account.enforcement == "SHUTDOWN" else "ENABLED"
        ours: dict[str, Any] = {"Status": status} | ({"LastUpdatedTimestamp": at} if at else {})
        high = any(self._account.traffic.value(quantity, now) >= limit for quantity, limit in UNDER_REVIEW.items())
        return {
            "ReputationEntityReference": arn,
            "ReputationEntityType": "RESOURCE",
            "CustomerManagedStatus": ours,
            "AwsSesManagedStatus": {"Status": theirs},
            "SendingStatusAggregate": theirs if theirs == "DISABLED" else status,
            "ReputationImpact": "HIGH" if high else "LOW",
        }

    def _resource(self, call: Call) -> Identity | ConfigurationSet:
        kind, _, name = call.parameters["ReputationEntityReference"].rpartition(":")[2].partition("/")
        if call.parameters["ReputationEntityType"] != "RESOURCE" or kind not in ("identity", "configuration-set"):
            raise AwsError("BadRequestException", "The reputation entity reference is not valid.", 400)
        return self._account.get(name) if kind == "identity" else self._account.configuration_set(name)

    def _arn(self, resource: Identity | ConfigurationSet) -> str:
        kind = "identity" if isinstance(resource, Identity) else "configuration-set"
        return self._place.arn("ses", f"{kind}/{resource.name}")

    def _recommendation(self, arn: str, kind: str, text: str, seen: Any) -> dict[str, Any]:
        told = {"ResourceArn": arn, "Type": kind, "Description": text, "Status": "OPEN", "Impact": "HIGH"}
        return told | ({"LastUpdatedTimestamp": seen.at} if seen is not None else {})


def _days(start: datetime, end: datetime) -> list[datetime]:
    first = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    count = max(0, min(400, -(-(end - first) // timedelta(days=1))))
    return [first + timedelta(days=index) for index in range(count)]
