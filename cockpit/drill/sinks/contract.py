"""What a sink is: one channel's far end, which reads a request first and acts on it only when nothing is wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cockpit.drill.web.http import Request, Response

RETRY_AFTER_S = 30


class SinkFaultKind(StrEnum):
    """The vocabulary.

    `error` answers 500, `rate-limit` 429 with Retry-After, `timeout` never; `refuse` cuts. `lost-answer` takes the
    message and cuts then, so that the sender cannot know.
    """

    ERROR = "error"
    RATE_LIMIT = "rate-limit"
    TIMEOUT = "timeout"
    REFUSE = "refuse"
    LOST_ANSWER = "lost-answer"


@dataclass(frozen=True, slots=True)
class Taken:
    """A good request: what it says, and `act`, which does it and gives the answer."""

    text: str
    act: Callable[[], Response]


class Sink(Protocol):
    """One channel's far end; `path` is what its URL ends in, and `token` what a client has to bring."""

    name: str
    path: str
    token: str

    def owns(self, path: str) -> bool:
        """Whether a request to this path is for this sink."""
        ...

    def accept(self, request: Request) -> Response | Taken:
        """The refusal that the real service would answer, or what is to be done; changes nothing yet."""
        ...

    def trouble(self, kind: SinkFaultKind) -> Response:
        """What the real service answers when it fails or has had enough."""
        ...
