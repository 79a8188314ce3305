"""New events reach every room of the desk in order, and every decision is taken on the newest of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from cockpit.clock import Clock
from storage.database import Database, Transaction
from storage.ledger import Draft, Event, Ledger


class Room(Protocol):
    """A part of the desk that is a fold of events."""

    def absorb(self, event: Event) -> None:
        """Take in one event; streams and kinds that mean nothing here are ignored."""
        ...


class Pen:
    """Writes events inside one transaction, on behalf of one person, at one moment."""

    def __init__(self, transaction: Transaction, now: datetime, actor: str) -> None:
        self.transaction = transaction
        self.now = now
        self.actor = actor
        self.drafts: list[Draft] = []

    def append(
        self,
        stream: str,
        kind: str,
        body: Mapping[str, Any],
        *,
        occurred_at: datetime | None = None,
        id: str | None = None,
        actor: str | None = None,
    ) -> Draft:
        """Queue one event; it is committed with the others when the decision ends without an error.

        `id` is made by the client, so that appending the same event again is harmless.
        """
        draft = Draft(
            stream=stream,
            kind=kind,
            body=body,
            occurred_at=occurred_at or self.now,
            actor=actor or self.actor,
            id=id or uuid4().hex,
        )
        self.drafts.append(draft)
        return draft


class Feed:
    """Carries the ledger into the rooms, and the rooms' decisions into the ledger."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock, actor: str) -> None:
        self.database = database
        self.ledger = ledger
        self.clock = clock
        self.actor = actor
        self._rooms: list[Room] = []
        self._seq = 0

    @property
    def seq(self) -> int:
        """Sequence number of the last event that the rooms have seen; 0 before the first."""
        return self._seq

    def add(self, room: Room, *, stream: str | None = None) -> None:
        """Let `room` see every event: those that the others have seen at once, the rest with them.

        So a room may be built when it is first entered. `stream` names the only events that it looks at, as in
        `Ledger.since()`, and saves reading the others once more.
        """
        seq = 0
        while seq < self._seq:
            missed = [event for event in self.ledger.since(seq, stream=stream) if event.seq <= self._seq]
            for event in missed:
                room.absorb(event)
            seq = missed[-1].seq if missed else self._seq
        self._rooms.append(room)

    def catch_up(self) -> list[Event]:
        """Hand every event that is new since the last call to every room; returns those events."""
        fresh: list[Event] = []
        while batch := self.ledger.since(self._seq):
            self._absorb(batch)
            fresh.extend(batch)
        return fresh

    @contextmanager
    def decide(self) -> Iterator[Pen]:
        """Open a write transaction in which the rooms are up to date and stay so until the commit.

        What the pen wrote is durable when the block ends, and only then do the rooms see it. An exception in
        the block rolls everything back. Never wait for the network inside: other terminals are held up.
        """
        with self.database.write() as transaction:
            self.catch_up()
            pen = Pen(transaction, self.clock.now(), self.actor)
            yield pen
            events = self.ledger.append(pen.drafts, transaction)
        self._absorb([event for event in events if event.seq > self._seq])

    def _absorb(self, events: list[Event]) -> None:
        for event in events:
            for room in self._rooms:
                room.absorb(event)
            self._seq = event.seq
