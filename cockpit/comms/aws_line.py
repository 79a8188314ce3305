"""One AWS service as channels reach it: one attempt within seconds, and what may have been taken told apart."""

from collections.abc import Callable
from typing import Any

from cockpit.comms.line import NotTaken, PerhapsTaken
from cockpit.comms.outcome import Fate, Outcome
from cockpit.errors import ConfigError, WorldError
from cockpit.profile import Profile
from cockpit.text import redact, visible

_LATER = (
    "LimitExceededException",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "InternalError",
    "ServiceUnavailable",
)
_SHOWN = 200


def aws_line(profile: Profile, service: str, *, region: str = "", read_timeout_s: float = 5) -> Any:
    """A client of a service where the profile says; raises ConfigError for one that a profile keeps us from."""
    import boto3
    import botocore.config

    aws = profile.aws
    if profile.loopback_only and aws.endpoint is None:
        raise ConfigError(f"AWS is outside the profile {profile.name!r}.")
    return boto3.session.Session(profile_name=aws.sdk_profile).client(
        service,
        region_name=region or aws.region or None,
        endpoint_url=aws.endpoint,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key=aws.secret_key,
        config=botocore.config.Config(
            connect_timeout=2, read_timeout=read_timeout_s, retries={"total_max_attempts": 1}
        ),
    )


def asked(what: str, call: Callable[[], Any]) -> tuple[Any, Outcome | None]:
    """The answer of one call, or the outcome that its refusal amounts to.

    Raises NotTaken, PerhapsTaken or WorldError; `what` is the service as sentences call it.
    """
    import botocore.exceptions as failures

    try:
        return call(), None
    except failures.ClientError as error:
        told = error.response.get("Error", {})
        code, said = visible(told.get("Code", ""), limit=80), redact(visible(told.get("Message", ""), limit=_SHOWN))
        return None, Outcome(Fate.LATER if code in _LATER else Fate.REFUSED, f"{what} answered {code}: {said}")
    except (failures.EndpointConnectionError, failures.ConnectTimeoutError) as error:
        raise NotTaken(f"{what} could not be reached: {type(error).__name__}.") from None
    except (failures.ReadTimeoutError, failures.ConnectionError, failures.HTTPClientError) as error:
        raise PerhapsTaken(f"{what} gave no answer: {type(error).__name__}.") from None
    except failures.BotoCoreError as error:
        raise WorldError(f"{what} could not be asked: {type(error).__name__}.") from None
