"""The journal around every message: the intent before anything is sent, each attempt that failed, and the outcome.

=================  ===========================================================================================
kind               body, beside `message`, `channel` and `audience`
=================  ===========================================================================================
message.intent     text, to, template
message.attempt    attempt (from 1), reason, wait_s until the next one
message.sent       text, answer, thread
message.failed     reason: it was not taken
message.unknown    reason: it may have been taken, and is not sent again by itself
=================  ===========================================================================================

An intent without an outcome means that the courier is still at it, or was killed: nobody knows.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cockpit.comms.channels import Channel
from cockpit.comms.line import NotTaken, PerhapsTaken
from cockpit.comms.outcome import Fate, Letter, Outcome
from cockpit.errors import ConfigError, Refused, WorldError
from cockpit.text import redact, visible

Record = Callable[[str, Mapping[str, Any]], None]
"""Appends an event of that kind and body to the ledger, durably, before it returns."""


class Patience(msgspec.Struct, frozen=True):
    """How often a message is tried, and how long is waited in between: `first_s`, doubled up to `longest_s`."""

    attempts: int = 8
    first_s: float = 1.0
    longest_s: float = 120.0

    def wait_s(self, attempt: int, asked_s: float | None) -> float:
        """Seconds after the attempt of that number; what the other side asked for counts where it is longer."""
        own = min(self.longest_s, self.first_s * 2.0 ** (attempt - 1))
        return own if asked_s is None else min(max(own, asked_s), self.longest_s)


def deliver(
    channel: Channel,
    letter: Letter,
    record: Record,
    *,
    name: str,
    wait: Callable[[float], None],
    patience: Patience | None = None,
) -> Outcome:
    """Carry a letter over the channel called `name` until it is taken, refused or given up.

    A channel that fails is an outcome and no error. What `record` raises is raised: without a recorded intent
    nothing is sent.
    """
    about = {"message": letter.id, "channel": name, "audience": letter.audience}
    text = redact(visible(letter.text, limit=40_000, newlines=True))
    record("message.intent", {**about, "text": text, "to": list(letter.to)})
    patience = patience or Patience()
    outcome = attempt(channel, letter, again=False)
    for number in range(1, patience.attempts):
        if not may_repeat(outcome, channel):
            break
        pause_s = patience.wait_s(number, outcome.wait_s)
        record("message.attempt", {**about, "attempt": number, "reason": outcome.said, "wait_s": pause_s})
        wait(pause_s)
        outcome = attempt(channel, letter, again=True)
    if outcome.fate is Fate.SENT:
        record("message.sent", {**about, "text": text, "answer": outcome.said, "thread": outcome.thread})
    elif outcome.fate is Fate.UNKNOWN:
        record("message.unknown", {**about, "reason": outcome.said})
    else:
        record("message.failed", {**about, "reason": outcome.said})
    return outcome


def attempt(channel: Channel, letter: Letter, *, again: bool) -> Outcome:
    """One attempt, with everything that can go wrong outside turned into an outcome."""
    try:
        return channel.send(letter, again=again)
    except NotTaken as error:
        return Outcome(Fate.LATER, redact(visible(error)))
    except PerhapsTaken as error:
        return Outcome(Fate.UNKNOWN, redact(visible(error)))
    except (WorldError, ConfigError, Refused) as error:
        return Outcome(Fate.REFUSED, redact(visible(error)))


def may_repeat(outcome: Outcome, channel: Channel) -> bool:
    """Whether trying again can tell nobody twice."""
    return outcome.fate is Fate.LATER or (outcome.fate is Fate.UNKNOWN and channel.safe_to_repeat)
