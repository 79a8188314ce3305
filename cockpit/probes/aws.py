"""Reading calls to AWS: in a thread, with short time-outs, in the pinned account only, every failure told apart."""

import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cockpit.errors import ConfigError
from cockpit.health.model import Reading
from cockpit.probes.thread import in_thread
from cockpit.profile import Profile
from cockpit.text import redact, visible

PATIENCE_S = 5.0
"""Seconds that one attempt at a call may take; there are three."""

CALLER_KEPT_S = 300.0
"""Seconds for which the caller's account is taken as checked."""

_CODES = {
    "throttled": {
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "LimitExceededException",
    },
    "expired-credentials": {"ExpiredToken", "ExpiredTokenException", "RequestExpired"},
    "no-credentials": {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"},
    "access-denied": {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"},
    "not-found": {
        "NotFoundException",
        "NotFound",
        "ResourceNotFoundException",
        "LoadBalancerNotFound",
        "TargetGroupNotFound",
    },
}


class AwsFailure(Exception):  # noqa: N818 - a failure of the world, not an error of ours
    """A call that gave no answer; `token` is the reading's failure."""

    def __init__(self, token: str, reason: str) -> None:
        super().__init__(reason)
        self.token = token


class AwsReader:
    """Clients for one profile, made when first needed; importing the SDK waits until then, too."""

    def __init__(
        self,
        profile: Profile,
        *,
        patience_s: float = PATIENCE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile = profile
        self._patience_s = patience_s
        self._monotonic = monotonic
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._checked_at: float | None = None

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """The answer of one reading operation (snake_case as in boto3); raises AwsFailure."""
        return await in_thread(lambda: self._call(service, operation, parameters))

    async def read(
        self,
        target: str,
        check: str,
        vantage: str,
        at: datetime,
        look: "Callable[[AwsReader], Awaitable[Mapping[str, Any]]]",
    ) -> Reading:
        """A reading from `look(self)`, a coroutine that gives the `seen`; failures become the reading's own."""
        started = self._monotonic()
        seen: Mapping[str, Any]
        try:
            seen, failure = await look(self), None
        except AwsFailure as error:
            seen, failure = {"reason": str(error)}, error.token
        took = timedelta(seconds=self._monotonic() - started)
        return Reading(target, check, vantage, at, took, seen, failure)

    def _call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        from botocore import exceptions
        from botocore.parsers import ResponseParserError

        try:
            self._check_caller()
            answer: Mapping[str, Any] = getattr(self._client(service), operation)(**parameters)
        except exceptions.ClientError as error:
            raise self._refused(error.response) from None
        except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError) as error:
            raise AwsFailure("timeout", _said(error)) from None
        except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
            raise AwsFailure("unreachable", _said(error)) from None
        except (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
            exceptions.ProfileNotFound,
            exceptions.NoRegionError,
        ) as error:
            raise AwsFailure("no-credentials", _said(error)) from None
        except (exceptions.SSOError, exceptions.TokenRetrievalError) as error:
            raise AwsFailure("expired-credentials", f"{_said(error)}{self._log_in_again()}") from None
        except ResponseParserError as error:
            raise AwsFailure("malformed", _said(error)) from None
        except exceptions.BotoCoreError as error:
            raise AwsFailure("aws-error", _said(error)) from None
        return answer

    def _refused(self, response: Mapping[str, Any]) -> AwsFailure:
        """Tell apart what AWS said no with."""
        error = response.get("Error", {})
        code, said = str(error.get("Code", "")), _said(error.get("Message", ""))
        for failure, codes in _CODES.items():
            if code in codes:
                if failure == "expired-credentials":
                    self._checked_at = None
                    said += self._log_in_again()
                return AwsFailure(failure, said)
        if response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 429:
            return AwsFailure("throttled", said)
        return AwsFailure("aws-error", f"{visible(code, limit=100)}: {said}")

    def _log_in_again(self) -> str:
        name = self._profile.aws.sdk_profile
        return f"; log in again: aws sso login{f' --profile {name}' if name else ''}"

    def _check_caller(self) -> None:
        """Refuse to speak for another account than the pinned one (STS GetCallerIdentity), now and then anew."""
        pinned = self._profile.aws.account
        now = self._monotonic()
        if not pinned or (self._checked_at is not None and now - self._checked_at < CALLER_KEPT_S):
            return
        caller = self._client("sts").get_caller_identity()
        account = visible(caller.get("Account", ""), limit=20)
        if account != pinned:
            raise AwsFailure("wrong-account", f"the caller is in {account}, pinned is {pinned}")
        self._checked_at = now

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def _new_client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        # The SDK's debug log holds request bodies, keys among them; nothing may ever switch it on from here.
        logging.getLogger("botocore").setLevel(logging.WARNING)
        aws = self._profile.aws
        self._stay_inside()
        if self._session is None:
            self._session = boto3.session.Session(profile_name=aws.sdk_profile)
        config = Config(
            connect_timeout=2,
            read_timeout=self._patience_s,
            retries={"total_max_attempts": 3, "mode": "standard"},
            user_agent_extra="incident-cockpit",
        )
        keys = {}
        if aws.endpoint is not None:
            keys = {"aws_access_key_id": aws.access_key, "aws_secret_access_key": aws.secret_key}
        return self._session.client(
            service, region_name=aws.region or None, endpoint_url=aws.endpoint, config=config, **keys
        )

    def _stay_inside(self) -> None:
        """A profile that stays on this machine has an endpoint on it, or no AWS at all."""
        if not self._profile.loopback_only:
            return
        parts = urlsplit(self._profile.aws.endpoint or "")
        try:
            self._profile.dialled(parts.hostname or "aws.amazon.com", parts.port or 443)
        except (ConfigError, ValueError):
            raise AwsFailure(
                "unreachable", "this profile stays on this machine and has no endpoint on it"
            ) from None


def _said(error: object) -> str:
    return redact(visible(error, limit=300))
