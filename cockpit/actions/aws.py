"""How remedies reach AWS: short time-outs, changes in one attempt, a pinned caller, reading enforced below the UI.

Two kinds of client come from here. A reading client may call what `is_read()` allows and is tried three times. A
changing client may call, besides that, only the operations it was made for, and is tried once: the SDK would
otherwise send a change again after a time-out. Both are held to it by a hook that runs before a request is
built, so a wrong call never leaves, whoever makes it.
"""

import logging
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
import botocore.exceptions
from botocore.config import Config

from cockpit.actions.contract import EffectRefused, EffectUnknown
from cockpit.actions.fence import Fence, unfenced
from cockpit.errors import ReadOnly, Refused, WorldError, WrongIdentity
from cockpit.profile import Profile
from cockpit.text import redact, visible

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
READ_ATTEMPTS = 3

_PROOF_OF_NO_EFFECT = frozenset({400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429})
_MADE_UP_SESSION = re.compile(r"/botocore-session-\d+$")
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"})
_Answer = TypeVar("_Answer")

READS: dict[str, tuple[str, ...]] = {
    "sts": ("GetCallerIdentity",),
    "sesv2": ("Get", "List", "BatchGet"),
    "ses": ("Get", "List", "Describe"),
    "acm": ("Describe", "List", "GetCertificate"),
    "elbv2": ("Describe",),
    "lambda": ("Get", "List"),
    "support": ("Describe",),
    "dynamodb": ("Describe", "List", "Query"),
    "sns": ("Get", "List"),
    "sqs": ("GetQueue", "List"),
    "iam": ("Get", "List", "Simulate"),
    "s3": ("GetObject", "HeadObject", "ListObjectsV2", "HeadBucket"),
    "cloudwatch": ("Get", "List", "Describe"),
    "route53": ("Get", "List"),
}
"""Operations, or beginnings of their names, that only read; everything else is a change."""


def is_read(service: str, operation: str) -> bool:
    """Whether this operation of this service is known to change nothing."""
    return operation.startswith(READS.get(service, ()))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who AWS says is calling."""

    account: str
    arn: str


class AwsClients:
    """The clients of one runner for one profile. `read_only` refuses to make any that could change something."""

    def __init__(self, profile: Profile, operator: str, *, read_only: bool = False) -> None:
        self._profile = profile
        self._read_only = read_only
        self._session = _session(profile)
        self._readers: dict[tuple[str, str], Any] = {}
        self._seen: Caller | None = None
        self._fence: Fence = unfenced
        self._agent = f"incident-cockpit operator/{_token(operator)}"
        # The SDK's debug log holds whole request bodies, the DKIM private key among them.
        for name in ("boto3", "botocore", "urllib3", "s3transfer"):
            logging.getLogger(name).setLevel(logging.WARNING)

    @property
    def read_only(self) -> bool:
        """Whether every change is refused here."""
        return self._read_only

    @property
    def region(self) -> str:
        """The pinned region."""
        return self._profile.aws.region

    def reader(self, service: str, purpose: str = "plan") -> Any:
        """A client that can only read; each purpose has its own, with connections of its own."""
        key = (service, purpose)
        if key not in self._readers:
            self._readers[key] = self._client(service, READ_ATTEMPTS, frozenset())
        return self._readers[key]

    def require_changes(self) -> None:
        """Raise ReadOnly when nothing may be changed from here."""
        if self._read_only:
            raise ReadOnly("This cockpit is read-only: nothing is changed from here.")

    def changer(self, service: str, operations: Collection[str]) -> Any:
        """A fresh client that may also call `operations`, each in exactly one attempt; raises ReadOnly."""
        self.require_changes()
        return self._client(service, 1, frozenset(operations))

    def caller(self) -> Caller:
        """Ask STS who is calling; raises WrongIdentity unless it is the pinned account, or WorldError."""
        aws = self._profile.aws
        if not aws.account or not aws.region:
            raise WrongIdentity("No account and region are pinned: set aws.account and aws.region first.")
        answer = reading("who is calling", lambda: self.reader("sts").get_caller_identity())
        caller = self._seen = Caller(visible(answer["Account"]), visible(answer["Arn"]))
        if caller.account != aws.account:
            raise WrongIdentity(
                f"The credentials are for account {caller.account} ({caller.arn}), but {aws.account} is pinned."
            )
        return caller

    def require_caller(self, account: str, region: str, arn: str) -> None:
        """Raise WrongIdentity unless a plan of that account, region and caller may be applied from here.

        The caller is the one that `caller()` found last; a session that the SDK named anew is the same caller.
        """
        seen = self._seen or self.caller()
        if (account, region) != (seen.account, self.region):
            raise WrongIdentity(f"The plan is for account {account} in {region}.")
        if not same_caller(arn, seen.arn):
            raise WrongIdentity(f"The plan was made as {arn}, and now {seen.arn} is calling: make a new plan.")

    def fence_changes(self, fence: Fence) -> None:
        """Let `fence` look, right before the bytes of each change leave, whether this process may still act."""
        self._fence = fence

    def fence(self) -> None:
        """Look now, for a change that leaves without the SDK; raises LeaseHeld when this process may not act."""
        self._fence()

    def _client(self, service: str, attempts: int, changes: frozenset[str]) -> Any:
        aws = self._profile.aws
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            user_agent_extra=self._agent,
            proxies={} if self._profile.loopback_only else None,
            s3={"addressing_style": "path"} if aws.endpoint else None,
        )
        try:
            client = self._session.client(service, region_name=aws.region, endpoint_url=aws.endpoint, config=config)
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            raise WorldError(f"AWS cannot be reached as configured: {_told(error)}.") from None
        client.meta.events.register_first("before-parameter-build.*.*", _gate(service, changes))
        client.meta.events.register_first("before-call.*.*", _gate(service, changes))
        if changes:
            client.meta.events.register_first("before-send.*.*", _fencing(service, self._fence))
        return client


def same_caller(one: str, other: str) -> bool:
    """Whether two ARNs are one caller: a session name that the SDK makes up anew in each process does not count."""
    return _MADE_UP_SESSION.sub("/", one) == _MADE_UP_SESSION.sub("/", other)


def _session(profile: Profile) -> Any:
    aws = profile.aws
    try:
        return boto3.Session(
            profile_name=aws.sdk_profile,
            region_name=aws.region or None,
            aws_access_key_id=aws.access_key if aws.endpoint else None,
            aws_secret_access_key=aws.secret_key if aws.endpoint else None,
        )
    except botocore.exceptions.BotoCoreError as error:
        raise WorldError(f"The AWS configuration cannot be used: {_told(error)}.") from None


def _gate(service: str, changes: frozenset[str]) -> Callable[..., None]:
    def gate(model: Any, **_: Any) -> None:
        operation = model.name
        if not is_read(service, operation) and operation not in changes:
            raise ReadOnly(f"{service} {operation} changes something, and this client may not.")

    return gate


def _fencing(service: str, fence: Fence) -> Callable[..., None]:
    def look(event_name: str, **_: Any) -> None:
        if not is_read(service, event_name.rpartition(".")[2]):
            fence()

    return look


def reading(what: str, call: Callable[[], _Answer]) -> _Answer:
    """Make a reading call; raises WorldError with a sentence when the service does not answer usefully."""
    try:
        return call()
    except botocore.exceptions.ClientError as error:
        code, sentence, _ = _client_error(error)
        raise WorldError(f"AWS does not say {what}: {code}, {sentence}") from None
    except botocore.exceptions.BotoCoreError as error:
        raise WorldError(f"AWS does not say {what}: {_told(error)}.") from None


def sent(what: str, call: Callable[[], Any]) -> EffectRefused | EffectUnknown | None:
    """Make a changing call and tell its outcome as a value: None when it was answered with success.

    EffectRefused is proof that nothing happened, EffectUnknown is not. The caller raises it outside of the frame
    that holds secrets, so that no traceback can carry them.
    """
    try:
        call()
    except botocore.exceptions.ClientError as error:
        code, sentence, status = _client_error(error)
        if status in _PROOF_OF_NO_EFFECT:
            return EffectRefused(code, f"{what} was refused: {code}, {sentence}")
        return EffectUnknown(f"{what} was answered with HTTP {status}.")
    except (
        botocore.exceptions.NoCredentialsError,
        botocore.exceptions.PartialCredentialsError,
        botocore.exceptions.ParamValidationError,
    ) as error:
        # Raised before a request exists; the text may quote parameters, so only the type is told.
        return EffectRefused(type(error).__name__, f"{what} was not sent: {type(error).__name__}.")
    except Refused as error:
        return EffectRefused(type(error).__name__, str(error))
    except botocore.exceptions.BotoCoreError as error:
        return EffectUnknown(f"{what} was sent, and no answer came: {type(error).__name__}.")
    return None


def _client_error(error: Any) -> tuple[str, str, int]:
    response = error.response
    code = visible(response.get("Error", {}).get("Code", "unknown"), limit=80)
    message = redact(visible(response.get("Error", {}).get("Message", ""), limit=300))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _EXPIRED:
        message = "the credentials have expired; log in again, then retry."
    return code, message or "no reason given.", status


def _told(error: Exception) -> str:
    return redact(visible(error, limit=300)).rstrip(".")


def _token(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text)[:40]
