"""Secrets, fetched where they are used, once per use, and kept in no record, log or argument list."""

import json
import os
from typing import Any

from cockpit.errors import ConfigError, Refused, WorldError
from cockpit.profile import Profile
from cockpit.secret_reference import EXPECTED, is_reference


def resolve(reference: str, profile: Profile | None = None) -> str:
    """Fetch the secret that `reference` points at.

    `aws:` needs the profile that says which account and endpoint are meant. Raises ConfigError when there is
    no such secret, Refused when the profile does not allow the way to it, WorldError when AWS cannot be asked.
    """
    if not is_reference(reference):
        raise ConfigError(f"A secret stands where a reference belongs; write {EXPECTED}.")
    kind, _, place = reference.partition(":")
    if kind == "env":
        return _from_environment(place)
    if kind == "keyring":
        return _from_keyring(place)
    if kind == "aws":
        return _from_aws(place, profile)
    return place


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(f"The environment variable {name} is not set; the configuration takes a secret from it.")
    return value


def _from_keyring(place: str) -> str:
    import keyring
    import keyring.errors

    service, _, user = place.partition("/")
    try:
        value = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise ConfigError(f"The keyring cannot be read for {place}: {type(error).__name__}.") from None
    if not value:
        raise ConfigError(f"The keyring has no entry {place}; add it with: keyring set {service} {user}")
    return str(value)


def _from_aws(place: str, profile: Profile | None) -> str:
    """Secrets Manager GetSecretValue; short time limits, because somebody is waiting."""
    if profile is None:
        raise Refused(f"aws:{place} needs a profile that says which account is meant.")
    if profile.loopback_only and profile.aws.endpoint is None:
        raise Refused(f"aws:{place} is outside the profile {profile.name!r}, which stays on this machine.")
    import boto3
    import botocore.config
    import botocore.exceptions

    secret_id, _, field = place.partition("#")
    aws = profile.aws
    try:
        client: Any = boto3.session.Session(profile_name=aws.sdk_profile).client(
            "secretsmanager",
            region_name=aws.region or None,
            endpoint_url=aws.endpoint,
            aws_access_key_id=aws.access_key,
            aws_secret_access_key=aws.secret_key,
            config=botocore.config.Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3}),
        )
        text = client.get_secret_value(SecretId=secret_id).get("SecretString", "")
    except botocore.exceptions.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an error")
        raise ConfigError(f"Secrets Manager refused {secret_id}: {code}.") from None
    except botocore.exceptions.BotoCoreError as error:
        raise WorldError(f"Secrets Manager could not be asked for {secret_id}: {type(error).__name__}.") from None
    value = _field_of(text, field) if field else text
    if not value:
        raise ConfigError(f"Secrets Manager has no text at {place}.")
    return str(value)


def _field_of(text: str, field: str) -> str:
    try:
        document = json.loads(text)
    except ValueError:
        return ""
    value = document.get(field, "") if isinstance(document, dict) else ""
    return value if isinstance(value, str) else ""
