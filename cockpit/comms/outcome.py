"""What became of one attempt to send, told apart by what may be done next."""

from enum import StrEnum

import msgspec


class Fate(StrEnum):
    """SENT: taken. REFUSED: not taken, and it never will be. LATER: not taken, and may be tried again.

    UNKNOWN: the answer was lost, so it may have been taken. Only a channel that recognises a message that it has
    seen before may try that again; everywhere else somebody would be told twice.
    """

    SENT = "sent"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


class Outcome(msgspec.Struct, frozen=True):
    """The fate of one attempt with a sentence; `wait_s` is how long the other side asked us to wait.

    `thread` is what the other side calls the matter from now on, for the messages that follow.
    """

    fate: Fate
    said: str = ""
    wait_s: float | None = None
    thread: str = ""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way. `id` is the same for every attempt, and what the other side may know it by.

    `key` is the incident's own, so that what is said of one incident comes together; `state`, `severity` and
    `title` are for services that have fields for them. `about` is `open`, `acknowledge` or `resolve`, or `channel`,
    `thread` what the service called the matter when it was last told of it; `reason` why a status page may go back.
    """

    id: str
    text: str
    subject: str = ""
    audience: str = "internal"
    to: tuple[str, ...] = ()
    key: str = ""
    ref: str = ""
    title: str = ""
    state: str = ""
    severity: str = ""
    about: str = "open"
    thread: str = ""
    reason: str = ""

    @property
    def headline(self) -> str:
        """The subject, else the first line of the text."""
        return self.subject or self.text.strip().partition("\n")[0]


def sent(said: str = "", thread: str = "") -> Outcome:
    """It was taken."""
    return Outcome(Fate.SENT, said, None, thread)


def refused(said: str) -> Outcome:
    """It was not taken, and trying again would not help."""
    return Outcome(Fate.REFUSED, said)
