"""Practice at one terminal: drills that were run, their reports, the calendar, and who has to practise by when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import msgspec

from cockpit.clock import Clock, format_time
from cockpit.config import Person
from cockpit.desk.feed import Feed
from cockpit.errors import BadInput, NotFound
from cockpit.incident.entry import clean_text
from cockpit.incident.model import Recorded
from cockpit.practice import history
from cockpit.practice.calendar import Slot, SlotState, month_of
from cockpit.practice.history import Trend
from cockpit.practice.register import REGISTER, STREAM_PREFIX, Register
from cockpit.practice.run import Result, Run
from cockpit.practice.training import Member, Requirement, Standing, requirements
from cockpit.review.export import write_new
from cockpit.text import visible
from storage.documents import Documents, TemplateSeed

KIND = "drill-report"
"""The kind under which reports are stored; their subject is the drill's uid."""

SECTIONS = ("Drill information", "Drill results", "Observations", "Action items", "Recommendations")
"""What the documents' drill report template asks for; the referee's own sections stand between them."""

TEMPLATE = TemplateSeed(
    "drill_report", "Drill report", "# Drill report\n\n" + "\n\n".join(f"## {title}" for title in SECTIONS) + "\n"
)


class Practice:
    """The records of practice in one database."""

    def __init__(
        self, documents: Documents, feed: Feed, people: Sequence[Person], operator: str, clock: Clock
    ) -> None:
        self._documents = documents
        self._feed = feed
        self._people = tuple(people)
        self._operator = operator
        self._clock = clock
        self._register = Register()

    def absorb(self, event: Recorded) -> None:
        """Take in one event under `drill/`."""
        self._register.absorb(event)

    # What was run

    def record(self, result: Result, report: str, participants: Iterable[str] = ()) -> Run:
        """Keep a drill that is over, its report with earlier runs beside it; returns it as it is in the records."""
        uid = uuid4().hex
        earlier = history.beside(self._register.runs, result)
        text = visible(f"{report}\n{earlier}" if earlier else report, limit=1_000_000, newlines=True)
        self._documents.seed_templates([TEMPLATE])
        template = self._documents.template(TEMPLATE.name)
        people = list(dict.fromkeys(clean_text(person, limit=80) for person in participants))
        with self._feed.decide() as pen:
            document = self._documents.create(KIND, uid, text, template, self._operator, pen.now, pen.transaction)
            body = {"result": msgspec.to_builtins(result), "participants": people, "document": document.id}
            pen.append(f"{STREAM_PREFIX}{uid}", "drill.finished", body)
        return self.get(uid)

    def runs(self) -> tuple[Run, ...]:
        """Every drill, oldest first."""
        return tuple(sorted(self._register.runs, key=lambda run: run.result.started))

    def get(self, uid: str) -> Run:
        """The drill of that uid, or of the only one that begins so; raises NotFound."""
        found = [run for run in self._register.runs if uid and run.uid.startswith(uid)]
        if len(found) != 1:
            raise NotFound(f"There is no drill {visible(uid, limit=40)!r} in the records.")
        return found[0]

    def report(self, uid: str) -> str:
        """The report of a drill as last saved."""
        return self._documents.get(self.get(uid).document).text

    def export(self, uid: str, directory: Path) -> Path:
        """Write the report to a new file and return its path; nothing is overwritten."""
        run = self.get(uid)
        name = f"{run.result.started:%Y%m%dT%H%M%SZ}-{run.result.scenario}-{run.uid[:8]}.md"
        return write_new(directory, name, self.report(run.uid))

    def comparison(self, uid: str) -> str:
        """How a drill went beside the one of the same scenario before it; empty for the first."""
        run = self.get(uid)
        return history.comparison(history.previous(self._register.runs, run), run)

    def by_scenario(self) -> tuple[Trend, ...]:
        """The trend of each scenario."""
        return history.by_scenario(self._register.runs)

    def by_person(self) -> tuple[Trend, ...]:
        """The trend of each person."""
        return history.by_person(self._register.runs)

    # What is due

    def month(self, now: datetime | None = None) -> tuple[Slot, ...]:
        """The four weeks of this month's calendar."""
        return month_of(self._register.runs, now or self._clock.now())

    def requirements(self, now: datetime | None = None) -> tuple[Requirement, ...]:
        """What is asked of everybody who is configured or was written down, the overdue first."""
        known = {person.id: person.roles for person in self._people}
        for person in (*self._register.joined, *self._register.certified):
            known.setdefault(person, ())
        members = [
            Member(person, tuple(roles), self._register.joined.get(person), self._register.certified.get(person))
            for person, roles in known.items()
        ]
        return requirements(members, self._register.runs, self._register.changes, now or self._clock.now())

    def overdue(self, now: datetime | None = None) -> tuple[str, ...]:
        """What the dashboard says is overdue, a sentence each; nothing where practice was never recorded."""
        if not self._kept:
            return ()
        moment = now or self._clock.now()
        missed = [
            f"week {slot.week.number}: {slot.week.drill} was not held ({slot.week.scenario})"
            for slot in self.month(moment)
            if slot.state is SlotState.MISSED
        ]
        late = [
            f"{one.person}: {one.title}" for one in self.requirements(moment) if one.standing is Standing.OVERDUE
        ]
        return (*missed, *late)

    def lapsed(self, person: str, now: datetime | None = None) -> tuple[str, ...]:
        """What somebody who is to be given a role has let lapse; a warning, never a refusal."""
        if not self._kept:
            return ()
        found = self.requirements(now)
        return tuple(one.title for one in found if one.person == person and one.standing is Standing.OVERDUE)

    # What is written down by hand

    def joined(self, person: str, at: datetime) -> None:
        """Somebody joined the team."""
        self._write("practice.joined", at, person=clean_text(person, limit=80))

    def certified(self, person: str, at: datetime) -> None:
        """Somebody was certified as incident commander."""
        self._write("practice.certified", at, person=clean_text(person, limit=80))

    def procedure_changed(self, text: str, at: datetime) -> None:
        """A procedure changed, and everybody has to be trained on it."""
        self._write("practice.changed", at, text=clean_text(text, limit=200))

    @property
    def _kept(self) -> bool:
        """Whether practice was ever written down here."""
        register = self._register
        return bool(register.runs or register.joined or register.certified or register.changes)

    def _write(self, kind: str, at: datetime, **body: str) -> None:
        with self._feed.decide() as pen:
            if at > pen.now:
                raise BadInput(f"{format_time(at)} has not come yet.")
            pen.append(REGISTER, kind, {**body, "at": format_time(at)})
