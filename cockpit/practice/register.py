"""The register of practice: a fold of the events under `drill/`.

=================== ==========================================================================================
drill.finished      result (`run.Result`), participants, document            stream `drill/<uid>`
practice.joined     person, at                                               stream `drill/register`
practice.certified  person, at
practice.changed    text, at       a procedure changed, and people have to be trained on it
=================== ==========================================================================================
"""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from cockpit.incident import fields
from cockpit.incident.model import Recorded
from cockpit.practice.run import Result, Run
from cockpit.practice.training import Change

STREAM_PREFIX = "drill/"
REGISTER = "drill/register"


@dataclass(slots=True)
class Register:
    """Everything that was written down about practice; an event that cannot be read is counted and left out."""

    runs: list[Run] = field(default_factory=list)
    joined: dict[str, datetime] = field(default_factory=dict)
    certified: dict[str, datetime] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    unreadable: int = 0

    def absorb(self, event: Recorded) -> None:
        """Take in one event, in the order of the ledger."""
        if not event.stream.startswith(STREAM_PREFIX):
            return
        if event.kind == "drill.finished":
            self._finished(event)
            return
        at, person = fields.moment(event.body, "at"), fields.text(event.body, "person")
        if event.kind == "practice.joined" and at is not None and person:
            self.joined[person] = at
        elif event.kind == "practice.certified" and at is not None and person:
            self.certified[person] = max(at, self.certified.get(person, at))
        elif event.kind == "practice.changed" and at is not None:
            self.changes.append(Change(fields.text(event.body, "text"), at))

    def _finished(self, event: Recorded) -> None:
        try:
            result = msgspec.convert(event.body.get("result"), Result)
        except msgspec.ValidationError:
            self.unreadable += 1
            return
        run = Run(
            uid=event.stream.removeprefix(STREAM_PREFIX),
            result=result,
            operator=event.actor,
            participants=fields.texts(event.body, "participants"),
            document=fields.text(event.body, "document"),
            at=event.occurred_at,
        )
        self.runs.append(run)
