"""Cases at AWS Support (CreateCase), which a Business plan or better has; elsewhere the text is to be copied."""

from typing import Any

from cockpit.errors import ConfigError, Refused, WorldError
from cockpit.profile import Profile
from cockpit.text import redact, visible

SERVICE, CATEGORY = "amazon-simple-email-service", "general-guidance"
REGION = "us-east-1"
"""Where the Support API is, whatever region the account works in."""


def open_case(profile: Profile, text: str, severity: str) -> str:
    """Open a case and return its id; the first line `Subject: ...` is the subject.

    `severity` is `low`, `normal`, `high`, `urgent` or `critical`. One attempt: a case that may have been opened is
    not opened twice. Raises Refused where the plan has no API, WorldError, ConfigError.
    """
    import botocore.exceptions as failures

    first, _, body = text.strip().partition("\n")
    subject = visible(first.removeprefix("Subject:").strip(), limit=200)
    try:
        answer = _client(profile).create_case(
            subject=subject,
            communicationBody=redact(visible(body.strip(), limit=8000, newlines=True)),
            serviceCode=SERVICE,
            categoryCode=CATEGORY,
            severityCode=severity,
            issueType="technical",
            language="en",
        )
    except failures.ClientError as error:
        code = visible(error.response.get("Error", {}).get("Code", ""), limit=80)
        if code == "SubscriptionRequiredException":
            raise Refused(
                "The account's support plan has no API for cases; open it by hand with this text."
            ) from None
        said = redact(visible(error.response.get("Error", {}).get("Message", ""), limit=200))
        raise WorldError(f"AWS Support refused the case: {code} {said}".rstrip()) from None
    except (failures.BotoCoreError, failures.HTTPClientError) as error:
        raise WorldError(
            f"AWS Support gave no answer ({type(error).__name__}); look there before opening it again."
        ) from None
    return visible(answer.get("caseId", ""), limit=100)


def _client(profile: Profile) -> Any:
    import boto3
    import botocore.config

    aws = profile.aws
    if profile.loopback_only and aws.endpoint is None:
        raise ConfigError(f"AWS Support is outside the profile {profile.name!r}.")
    return boto3.session.Session(profile_name=aws.sdk_profile).client(
        "support",
        region_name=REGION,
        endpoint_url=aws.endpoint,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key=aws.secret_key,
        config=botocore.config.Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}),
    )
