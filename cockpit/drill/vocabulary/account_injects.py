"""What can go wrong in the account besides mail: Health events, Support, queues, functions and targets."""

from typing import Annotated, Literal

import msgspec

from cockpit.drill.vocabulary.words import Inject

Count = Annotated[int, msgspec.Meta(ge=1, le=500)]
EVENTS = "incident-events"
"""The queue that alarms and feedback are told to."""


class AccountWord(Inject, frozen=True, kw_only=True):
    """Something that `cockpit.drill.account_upsets` makes happen."""


class AnnounceHealth(AccountWord, frozen=True, kw_only=True, tag="aws-health"):
    """AWS Health tells of something; `entities` are what it concerns in the account, none for a public event."""

    code: str
    text: str
    service: str = "SES"
    category: Literal["issue", "accountNotification", "scheduledChange", "investigation"] = "issue"
    status: Literal["open", "closed", "upcoming"] = "open"
    region: str = ""
    entities: tuple[str, ...] = ()


class CloseHealth(AccountWord, frozen=True, kw_only=True, tag="aws-health-close"):
    """Every open event of this type ends."""

    code: str


class ReplyToCase(AccountWord, frozen=True, kw_only=True, tag="support-reply"):
    """AWS writes in the support case that was opened last."""

    text: str


class ChangePlan(AccountWord, frozen=True, kw_only=True, tag="support-plan"):
    """The support plan has the interfaces of Support and Health, or has them no more."""

    on: bool


class FillQueue(AccountWord, frozen=True, kw_only=True, tag="queue-backlog"):
    """Notifications of bounces pile up in a queue, more of them than anybody takes out."""

    messages: Count
    queue: str = EVENTS


class PoisonQueue(AccountWord, frozen=True, kw_only=True, tag="queue-poison"):
    """A message comes that is none of those that are expected: no JSON, half of one, or of an unknown shape."""

    kind: Literal["no-json", "cut-off", "unknown-shape", "not-signed"] = "no-json"
    queue: str = EVENTS


class RepeatMessages(AccountWord, frozen=True, kw_only=True, tag="queue-duplicates"):
    """The newest messages of a queue are delivered once more, as SQS may do at any time."""

    messages: Count = 1
    queue: str = EVENTS


class FunctionFault(AccountWord, frozen=True, kw_only=True, tag="function-fault"):
    """A Lambda function fails: its code raises, it runs into its time limit, or calls of it are throttled."""

    function: str
    kind: Literal["error", "timeout", "throttle"] = "error"


class FunctionHeal(AccountWord, frozen=True, kw_only=True, tag="function-heal"):
    """A Lambda function works again."""

    function: str


class TargetFault(AccountWord, frozen=True, kw_only=True, tag="target-fault"):
    """Every target that is registered for a host fails its health checks; the load balancer answers 503."""

    host: str


class TargetHeal(AccountWord, frozen=True, kw_only=True, tag="target-heal"):
    """The targets of a host are well again."""

    host: str


AccountInject = (
    AnnounceHealth
    | CloseHealth
    | ReplyToCase
    | ChangePlan
    | FillQueue
    | PoisonQueue
    | RepeatMessages
    | FunctionFault
    | FunctionHeal
    | TargetFault
    | TargetHeal
)
"""The words of this kind."""
