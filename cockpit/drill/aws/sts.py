"""STS: who signs this request, and a new session for whoever may assume the role again."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation

SESSION = timedelta(hours=1)
"""How long a role session lasts unless another length is asked for."""


class Sts:
    """The callers that the account knows: `callers` maps access key ids to the ARN that signs with them.

    A session that is renewed keeps its access key id, so that clients which were given the key go on working.
    """

    name = "sts"

    def __init__(self, callers: Mapping[str, str]) -> None:
        self._callers = callers

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {"GetCallerIdentity": self.get_caller_identity, "AssumeRole": self.assume_role}

    def get_caller_identity(self, call: Call) -> Mapping[str, Any]:
        """STS GetCallerIdentity: account and user id are read off the caller's ARN."""
        account = call.caller.split(":")[4]
        session = call.caller.rpartition("/")[2]
        return {"UserId": f"AROADRILLDRILLDRILL00:{session}", "Account": account, "Arn": call.caller}

    def assume_role(self, call: Call) -> Mapping[str, Any]:
        """STS AssumeRole for the caller's own role; AccessDenied for any other."""
        role = call.parameters["RoleArn"].rpartition("/")[2]
        key = next((key for key, arn in self._callers.items() if arn == call.caller), "")
        if not key or role != call.caller.split("/")[-2]:
            message = f"User: {call.caller} is not authorized to perform: sts:AssumeRole"
            raise AwsError("AccessDenied", message, 403)
        ends = call.at + timedelta(seconds=call.parameters.get("DurationSeconds", SESSION.total_seconds()))
        return {
            "Credentials": {
                "AccessKeyId": key,
                "SecretAccessKey": secrets.token_urlsafe(30),
                "SessionToken": secrets.token_urlsafe(60),
                "Expiration": ends,
            },
            "AssumedRoleUser": {
                "AssumedRoleId": f"AROADRILLDRILLDRILL00:{call.parameters['RoleSessionName']}",
                "Arn": call.caller,
            },
        }
