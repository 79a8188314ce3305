"""STS: who signs this request."""

from collections.abc import Mapping
from typing import Any

from cockpit.drill.aws.wire import Call, Operation


class Sts:
    """STS GetCallerIdentity for the callers that the account knows."""

    name = "sts"

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {"GetCallerIdentity": self.get_caller_identity}

    def get_caller_identity(self, call: Call) -> Mapping[str, Any]:
        """STS GetCallerIdentity: account and user id are read off the caller's ARN."""
        account = call.caller.split(":")[4]
        session = call.caller.rpartition("/")[2]
        return {"UserId": f"AROADRILLDRILLDRILL00:{session}", "Account": account, "Arn": call.caller}
