"""Secrets Manager: the keys and tokens that the company's configuration refers to."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation

KEPT = 200
CURRENT = "AWSCURRENT"
STATED_LIMIT = 100
"""Secrets that one page lists."""


@dataclass(frozen=True, slots=True)
class _Secret:
    """One secret in its only version."""

    name: str
    text: str
    at: datetime

    @property
    def version(self) -> str:
        """An id in the form of those that AWS gives."""
        digest = hashlib.sha256(f"{self.name} {self.at.isoformat()}".encode()).hexdigest()
        return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


class SecretStore:
    """The secrets of one account, as `aws:` references reach them."""

    name = "secretsmanager"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._secrets: dict[str, _Secret] = {}

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "GetSecretValue": self.get_secret_value,
            "DescribeSecret": self.describe_secret,
            "ListSecrets": self.list_secrets,
        }

    def keep(self, name: str, text: str, at: datetime) -> str:
        """Store a secret, in place of the one that had this name; returns the reference to it."""
        if name not in self._secrets and len(self._secrets) >= KEPT:
            raise AwsError("LimitExceededException", f"The drill world keeps {KEPT} secrets.", 400)
        self._secrets[name] = _Secret(name, text, at)
        return f"aws:{name}"

    def get_secret_value(self, call: Call) -> Mapping[str, Any]:
        """Secrets Manager GetSecretValue, of the current version."""
        secret = self._secret(call.parameters["SecretId"])
        stage, version = call.parameters.get("VersionStage", CURRENT), call.parameters.get("VersionId")
        if stage != CURRENT or version not in (None, secret.version):
            raise AwsError(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret value.", 400
            )
        return {
            "ARN": self._arn(secret),
            "Name": secret.name,
            "VersionId": secret.version,
            "SecretString": secret.text,
            "VersionStages": [CURRENT],
            "CreatedDate": secret.at,
        }

    def describe_secret(self, call: Call) -> Mapping[str, Any]:
        """Secrets Manager DescribeSecret: everything but the secret."""
        secret = self._secret(call.parameters["SecretId"])
        return {**self._listed(secret), "VersionIdsToStages": {secret.version: [CURRENT]}}

    def list_secrets(self, call: Call) -> Mapping[str, Any]:
        """Secrets Manager ListSecrets, by name; one page holds all there are up to the limit."""
        wanted = min(call.parameters.get("MaxResults", STATED_LIMIT), STATED_LIMIT)
        names = sorted(self._secrets)
        after = call.parameters.get("NextToken", "")
        rest = [name for name in names if name > after]
        page = {"SecretList": [self._listed(self._secrets[name]) for name in rest[:wanted]]}
        return page if len(rest) <= wanted else {**page, "NextToken": rest[wanted - 1]}

    def _secret(self, asked: str) -> _Secret:
        found = next((one for one in self._secrets.values() if asked in (one.name, self._arn(one))), None)
        if found is None:
            raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400)
        return found

    def _listed(self, secret: _Secret) -> dict[str, Any]:
        return {
            "ARN": self._arn(secret),
            "Name": secret.name,
            "CreatedDate": secret.at,
            "LastChangedDate": secret.at,
        }

    def _arn(self, secret: _Secret) -> str:
        # Six letters that tell a deleted secret from a new one of the same name.
        mark = hashlib.sha256(secret.name.encode()).hexdigest()[:6]
        return self._place.arn("secretsmanager", f"secret:{secret.name}-{mark}")
