"""Who was told what when: every message with what became of it, as a fold of the journal that couriers keep."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from cockpit.incident import fields
from cockpit.incident.model import Recorded

LOST_AFTER = timedelta(minutes=20)
"""A courier gives up within this; an intent that is older and has no outcome was lost with its courier."""

OUTCOMES = {"message.sent": "sent", "message.failed": "failed", "message.unknown": "unknown"}


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message over one channel.

    `state` is `sending`, `retrying`, `sent`, `failed`, `unknown` (it may have arrived) or `by hand`. `said` is what
    the other side answered, or why not. `stage` is the state that the incident was in.
    """

    id: str
    incident: str
    at: datetime
    by: str
    audience: str
    channel: str
    text: str
    to: tuple[str, ...] = ()
    state: str = "sending"
    said: str = ""
    attempts: int = 1
    ended_at: datetime | None = None
    next_at: datetime | None = None
    thread: str = ""
    stage: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a courier is still at it, as far as the journal says."""
        return self.ended_at is None

    def is_lost(self, now: datetime) -> bool:
        """Whether its courier was lost: nobody knows whether it arrived."""
        return self.is_open and now - (self.next_at or self.at) > LOST_AFTER

    @property
    def wants_person(self) -> bool:
        """Whether a person has to see to it that the audience is told."""
        return self.state in ("failed", "unknown")


class Told:
    """The fold over all messages; `incident` of those that belong to none is empty."""

    def __init__(self) -> None:
        self._all: dict[str, Delivery] = {}
        self._stages: dict[str, str] = {}

    def absorb(self, event: Recorded) -> None:
        """Take in one event of any stream."""
        if event.kind == "message.intent":
            self._begun(event)
        elif event.kind == "message.attempt" or event.kind in OUTCOMES:
            self._moved(event)
        elif event.kind == "incident.update" and fields.text(event.body, "channel") == "hand":
            self._by_hand(event)
        elif event.kind == "incident.moved":
            self._stages[_incident(event)] = fields.text(event.body, "new")

    def of(self, incident: str) -> Sequence[Delivery]:
        """The messages of one incident (by uid), newest first."""
        return [each for each in self.all() if each.incident == incident]

    def all(self) -> Sequence[Delivery]:
        """Every message, newest first."""
        return sorted(self._all.values(), key=lambda each: each.at, reverse=True)

    def get(self, message: str) -> Delivery | None:
        """One message by its id."""
        return self._all.get(message)

    def undelivered(self, incident: str, now: datetime) -> Sequence[Delivery]:
        """Messages of an incident that somebody has to see to: failed, unknown, or lost with their courier.

        One that was followed by a message that arrived, over any channel, for the same audience is settled.
        """
        told = self.of(incident)
        arrived = {each.audience: each.at for each in reversed(told) if each.state in ("sent", "by hand")}
        return [
            each
            for each in told
            if (each.wants_person or each.is_lost(now)) and arrived.get(each.audience, each.at) <= each.at
        ]

    def thread(self, incident: str, channel: str) -> str:
        """What a channel's service calls the incident, from the last message that it took."""
        return next((each.thread for each in self.of(incident) if each.channel == channel and each.thread), "")

    def last_stage(self, incident: str, audience: str) -> str | None:
        """The state in which an audience was told last, messages under way included; None when it never was."""
        told = (each for each in self._all.values() if each.incident == incident and each.audience == audience)
        return next((each.stage for each in reversed([*told]) if not each.wants_person), None)

    def _begun(self, event: Recorded) -> None:
        body, id_ = event.body, fields.text(event.body, "message")
        if not id_ or id_ in self._all:
            return
        self._all[id_] = Delivery(
            id=id_,
            incident=_incident(event),
            at=event.occurred_at,
            by=event.actor,
            audience=fields.text(body, "audience"),
            channel=fields.text(body, "channel"),
            text=fields.text(body, "text"),
            to=fields.texts(body, "to"),
            stage=self._stages.get(_incident(event), ""),
        )

    def _moved(self, event: Recorded) -> None:
        body, known = event.body, self._all.get(fields.text(event.body, "message"))
        if known is None:
            return
        if event.kind == "message.attempt":
            wait = body.get("wait_s")
            wait_s = float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) else 0.0
            said, number = fields.text(body, "reason"), fields.number(body, "attempt")
            self._all[known.id] = replace(
                known,
                state="retrying",
                said=said,
                attempts=number + 1,
                next_at=event.occurred_at + timedelta(seconds=wait_s),
            )
            return
        said = fields.text(body, "reason") or fields.text(body, "answer")
        state, thread = OUTCOMES[event.kind], fields.text(body, "thread")
        self._all[known.id] = replace(
            known, state=state, said=said, ended_at=event.occurred_at, next_at=None, thread=thread
        )

    def _by_hand(self, event: Recorded) -> None:
        body = event.body
        if fields.flag(body, "draft"):
            return
        self._all[event.id] = Delivery(
            id=event.id,
            incident=_incident(event),
            at=event.occurred_at,
            by=event.actor,
            audience=fields.text(body, "audience"),
            channel="hand",
            text=fields.text(body, "text"),
            state="by hand",
            ended_at=event.occurred_at,
            stage=self._stages.get(_incident(event), ""),
        )


def _incident(event: Recorded) -> str:
    prefix, _, uid = event.stream.partition("/")
    return uid if prefix == "incident" else ""
