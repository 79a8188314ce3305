"""SESv2: configuration sets, their switches and their event destinations."""

from collections.abc import Mapping
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.paging import page
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.ses.mail import ConfigurationSet, MailAccount

MAX_SETS = 200
MAX_DESTINATIONS = 10


class SesConfiguration:
    """The configuration set operations."""

    name = "sesv2"

    def __init__(self, account: MailAccount) -> None:
        self._account = account

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateConfigurationSet": self.create,
            "GetConfigurationSet": self.get,
            "ListConfigurationSets": self.list,
            "DeleteConfigurationSet": self.delete,
            "PutConfigurationSetSendingOptions": self.put_sending_options,
            "PutConfigurationSetReputationOptions": self.put_reputation_options,
            "PutConfigurationSetSuppressionOptions": self.put_suppression_options,
            "CreateConfigurationSetEventDestination": self.create_destination,
            "GetConfigurationSetEventDestinations": self.get_destinations,
            "UpdateConfigurationSetEventDestination": self.update_destination,
            "DeleteConfigurationSetEventDestination": self.delete_destination,
        }

    def create(self, call: Call) -> Mapping[str, Any]:
        """SESv2 CreateConfigurationSet with its switches."""
        asked, sets = call.parameters, self._account.configuration_sets
        name = asked["ConfigurationSetName"]
        if name in sets:
            raise AwsError("AlreadyExistsException", f"Configuration set <{name}> already exists.", 400)
        if len(sets) >= MAX_SETS:
            raise AwsError("LimitExceededException", f"The drill world keeps {MAX_SETS} sets and no more.", 400)
        made = ConfigurationSet(name)
        made.sending = asked.get("SendingOptions", {}).get("SendingEnabled", True)
        made.reputation_metrics = asked.get("ReputationOptions", {}).get("ReputationMetricsEnabled", False)
        if "SuppressedReasons" in asked.get("SuppressionOptions", {}):
            made.suppressed_reasons = tuple(asked["SuppressionOptions"]["SuppressedReasons"])
        sets[name] = made
        return {}

    def get(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetConfigurationSet: its own sending switch and whether reputation metrics are on."""
        found = self._named(call)
        told: dict[str, Any] = {
            "ConfigurationSetName": found.name,
            "SendingOptions": {"SendingEnabled": found.sending},
            "ReputationOptions": {"ReputationMetricsEnabled": found.reputation_metrics},
            "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
        }
        if found.suppressed_reasons is not None:
            told["SuppressionOptions"] = {"SuppressedReasons": list(found.suppressed_reasons)}
        return told

    def list(self, call: Call) -> Mapping[str, Any]:
        """SESv2 ListConfigurationSets in name order."""
        asked = call.parameters
        names = sorted(self._account.configuration_sets)
        shown, more = page(names, asked.get("NextToken"), asked.get("PageSize", 1000), "BadRequestException")
        return {"ConfigurationSets": list(shown), **more}

    def delete(self, call: Call) -> Mapping[str, Any]:
        """SESv2 DeleteConfigurationSet."""
        del self._account.configuration_sets[self._named(call).name]
        return {}

    def put_sending_options(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutConfigurationSetSendingOptions: pause or resume what is sent through one set."""
        self._named(call).sending = bool(call.parameters.get("SendingEnabled", False))
        return {}

    def put_reputation_options(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutConfigurationSetReputationOptions."""
        self._named(call).reputation_metrics = bool(call.parameters.get("ReputationMetricsEnabled", False))
        return {}

    def put_suppression_options(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutConfigurationSetSuppressionOptions: reasons that go before the account's."""
        self._named(call).suppressed_reasons = tuple(call.parameters.get("SuppressedReasons", ()))
        return {}

    def create_destination(self, call: Call) -> Mapping[str, Any]:
        """SESv2 CreateConfigurationSetEventDestination; SNS destinations are told, the other kinds are kept."""
        found, name = self._named(call), call.parameters["EventDestinationName"]
        if name in found.destinations or len(found.destinations) >= MAX_DESTINATIONS:
            code = "AlreadyExistsException" if name in found.destinations else "LimitExceededException"
            raise AwsError(code, f"The event destination {name} cannot be added.", 400)
        found.destinations[name] = _checked(call.parameters["EventDestination"])
        return {}

    def get_destinations(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetConfigurationSetEventDestinations."""
        destinations = self._named(call).destinations
        told = [{"Name": name, "Enabled": False, **given} for name, given in destinations.items()]
        return {"EventDestinations": told}

    def update_destination(self, call: Call) -> Mapping[str, Any]:
        """SESv2 UpdateConfigurationSetEventDestination."""
        found = self._named(call)
        found.destinations[self._destination(call, found)] = _checked(call.parameters["EventDestination"])
        return {}

    def delete_destination(self, call: Call) -> Mapping[str, Any]:
        """SESv2 DeleteConfigurationSetEventDestination."""
        found = self._named(call)
        del found.destinations[self._destination(call, found)]
        return {}

    def _named(self, call: Call) -> ConfigurationSet:
        return self._account.configuration_set(call.parameters["ConfigurationSetName"])

    def _destination(self, call: Call, found: ConfigurationSet) -> str:
        name = str(call.parameters["EventDestinationName"])
        if name not in found.destinations:
            raise AwsError("NotFoundException", f"Event destination {name} does not exist.", 404)
        return name


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    kinds = [name for name in given if name.endswith("Destination")]
    if len(kinds) != 1 or not given.get("MatchingEventTypes"):
        raise AwsError("BadRequestException", "Exactly one kind of destination, and event types, are needed.", 400)
    return dict(given)
