"""Cases at AWS Support (CreateCase), which a Business plan or better has; elsewhere the text is to be copied."""

from cockpit.comms.aws_line import aws_line
from cockpit.errors import Refused, WorldError
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
        answer = aws_line(profile, "support", region=REGION, read_timeout_s=10).create_case(
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
