"""Reviews at one terminal: the post-mortem of an incident, its facts, its gaps, its export."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from cockpit.clock import Clock
from cockpit.comms.templates import bundled
from cockpit.desk.feed import Feed
from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.errors import BadInput, NotFound
from cockpit.incident.entry import clean_text
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.incident.model import Incident
from cockpit.incident.timeline import Entry
from cockpit.review.calendar import Appointment, as_calendar
from cockpit.review.export import as_json, file_name, write_new
from cockpit.review.facts import Block, Record, Sent, blocks, refreshed
from cockpit.review.follow_up import CloserProfile, FollowUp, closer_profile, follow_ups
from cockpit.review.gaps import Section, sections
from cockpit.review.html import as_html
from cockpit.review.items import ActionItem, action_items, board, with_item, with_new_item
from cockpit.review.markdown import inline
from cockpit.review.postmortem import TEMPLATE, postmortem
from cockpit.review.sheet import timeline_csv
from cockpit.text import redact, visible
from storage.documents import Document, Documents, TemplateSeed

KIND = "postmortem"
"""The kind under which post-mortems are stored; their subject is the incident's uid."""

HOUR = timedelta(hours=1)

Form = Literal["markdown", "html", "json", "csv", "ics"]
"""What an incident can be exported as."""

SUFFIXES: Mapping[Form, str] = MappingProxyType(
    {"markdown": ".md", "html": ".html", "json": ".json", "csv": ".csv", "ics": ".ics"}
)

MAX_TEXT = 1_000_000
"""Characters that a post-mortem may have."""


class Reviews:
    """Post-mortems of the incidents of one database."""

    def __init__(
        self,
        documents: Documents,
        feed: Feed,
        incidents: Incidents,
        operator: str,
        clock: Clock,
        *,
        told: Callable[[str], Sequence[Sent]] = lambda uid: (),
        classification: str = "",
    ) -> None:
        self._documents = documents
        self._feed = feed
        self._incidents = incidents
        self._operator = operator
        self._clock = clock
        self._told = told
        self._classification = classification

    def open_for(self, ref: Ref) -> Document:
        """The incident's post-mortem, filled from the record when it is opened for the first time.

        Writing moves nothing: `Validations.review` takes a resolved incident to its review.
        """
        self._documents.seed_templates([_seed(TEMPLATE)])
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            stream = STREAM_PREFIX + incident.uid
            document = self._documents.find(KIND, incident.uid)
            if document is None:
                template = self._documents.template(TEMPLATE)
                text = postmortem(template.text, self.record(incident.uid, pen.now)).text
                document = self._documents.create(
                    KIND, incident.uid, text, template, self._operator, pen.now, pen.transaction
                )
                pen.append(stream, "incident.linked", {"document": document.id})
        return document

    def find(self, ref: Ref) -> Document | None:
        """The incident's post-mortem as last saved, or None."""
        return self._documents.find(KIND, self._incidents.get(ref).uid)

    def save(self, document: Document, text: str, base_revision: int) -> Document:
        """Store the text as the next revision; the same text again stores nothing.

        Raises EditConflict with both texts when somebody else saved after `base_revision`, BadInput when it is
        too long. Control characters are made visible and what looks like a secret is taken out.
        """
        if len(text) > MAX_TEXT:
            raise BadInput(f"The text has {len(text)} characters; {MAX_TEXT} are kept.")
        clean = redact(visible(text, limit=MAX_TEXT, newlines=True))
        current = self._documents.get(document.id)
        if current.revision == base_revision and current.text == clean:
            return current
        return self._documents.save(document.id, clean, self._operator, self._clock.now(), base_revision)

    def revisions(self, document: Document) -> list[Document]:
        """Every revision, first one first."""
        return self._documents.revisions(document.id)

    def facts(self, ref: Ref) -> tuple[Block, ...]:
        """The facts as they are now, as blocks that can be put into the text."""
        return blocks(self.record(ref))

    def with_fresh_facts(self, ref: Ref, text: str) -> str:
        """The text with the blocks between its marks renewed; what people wrote stays as it is."""
        return refreshed(text, self.facts(ref))

    def gaps(self, text: str) -> tuple[Section, ...]:
        """Sections of the text with how many of their fields nobody has filled."""
        return sections(text)

    def text(self, ref: Ref) -> str:
        """The post-mortem as last saved; without one, as `open_for()` would fill it. Saves nothing."""
        document = self.find(ref)
        return document.text if document is not None else postmortem(bundled(TEMPLATE).text, self.record(ref)).text

    def export(self, ref: Ref, directory: Path, form: Form = "markdown") -> Path:
        """Write the incident to a new file in `directory` and return its path; nothing is overwritten.

        Markdown and HTML are the post-mortem, JSON the whole record, CSV the timeline, `ics` the review and what
        follows it as a calendar. Without a saved post-mortem it is filled from the record, as `open_for()` would.
        """
        record = self.record(ref)
        return write_new(directory, file_name(record, SUFFIXES[form]), self.exported(record, form))

    def exported(self, record: Record, form: Form) -> str:
        """The text of an export, with the classification on it where the form has a place for that."""
        incident, mark = record.incident, self._classification
        if form == "csv":
            return timeline_csv(record)
        if form == "ics":
            return as_calendar(self._appointments(record), record.now)
        text = self.text(incident.uid)
        if form == "json":
            return as_json(record, text, mark)
        if form == "html":
            return as_html(f"{incident.ref} {incident.title}", text, mark)
        return f"> **{inline(mark)}**\n\n{text.rstrip()}\n\n> **{inline(mark)}**\n" if mark else text

    def items(self, ref: Ref | None = None) -> Sequence[ActionItem]:
        """Action items of one post-mortem, or of all that may be read here, in the order of their incidents."""
        found: list[ActionItem] = []
        only = self._incidents.get(ref).uid if ref is not None else ""
        known = {incident.uid: incident for incident in self._incidents.all()}
        for document in self._documents.list(KIND):
            incident = known.get(document.subject)
            if incident is not None and only in ("", incident.uid):
                found += action_items(document.text, incident.uid, incident.ref)
        return found

    def board(self) -> Sequence[ActionItem]:
        """What is still to be done over all incidents, overdue first."""
        return board(self.items(), self._clock.now().date())

    def change_item(
        self, item: ActionItem, *, status: str = "", owner: str = "", due: date | None = None
    ) -> Document:
        """Change an item where it stands, in its post-mortem; what is left empty stays.

        Raises NotFound when it stands there no longer as it was shown, BadInput for text that is none.
        """
        said = {"status": clean_text(status) if status else "", "owner": clean_text(owner) if owner else ""}
        document = self._documents.find(KIND, item.incident)
        if document is None:
            raise NotFound(f"{item.ref} has no post-mortem.")
        return self.save(document, with_item(document.text, item, **said, due=due), document.revision)

    def add_item(self, ref: Ref, action: str, owner: str, due: date | None, horizon: str) -> Document:
        """Write one more item into the incident's post-mortem."""
        document = self.open_for(ref)
        text = with_new_item(document.text, clean_text(action), clean_text(owner), due, horizon)
        return self.save(document, text, document.revision)

    def follow_ups(self, ref: Ref) -> Sequence[FollowUp]:
        """What is due within a day and a week of the resolution."""
        incident, document = self._incidents.get(ref), self.find(ref)
        return follow_ups(incident, document.text if document is not None else "")

    def closer_profile(self, ref: Ref) -> CloserProfile | None:
        """The enhanced monitoring that fits the incident, with its end; None where there is none."""
        return closer_profile(self._incidents.get(ref))

    def calendar(self, appointments: Sequence[Appointment] = ()) -> str:
        """What is due of every incident, open action items, and `appointments`, as iCalendar."""
        every = [one for incident in self._incidents.all() for one in self._follow_up_appointments(incident)]
        return as_calendar(
            [*every, *(_item(one) for one in self.board() if one.due), *appointments], self._clock.now()
        )

    def _appointments(self, record: Record) -> list[Appointment]:
        dated = [_item(one) for one in self.items(record.incident.uid) if one.due and one.is_open]
        return [*self._follow_up_appointments(record.incident), *dated]

    def _follow_up_appointments(self, incident: Incident) -> list[Appointment]:
        return [
            Appointment(
                uid=f"{incident.uid}-{each.title.lower().replace(' ', '-')}",
                title=f"{incident.ref}: {each.title}",
                begins=each.due - HOUR,
                lasts=HOUR,
                says=f"{incident.severity} {incident.title}\n{each.says}",
            )
            for each in self.follow_ups(incident.uid)
            if not each.done
        ]

    def record(self, ref: Ref, now: datetime | None = None) -> Record:
        """Everything that is known about the incident, at one moment."""
        moment = now or self._clock.now()
        incident = self._incidents.get(ref)
        document = self._documents.find(KIND, incident.uid)
        alerts = []
        for alert in incident.alerts:
            try:
                alerts.append(self._incidents.alert(alert))
            except NotFound:
                continue
        return Record(
            incident=incident,
            now=moment,
            entries=self._incidents.timeline(incident.uid),
            metrics=self._incidents.metrics(incident.uid, moment),
            deadlines=self._incidents.deadlines(incident.uid, moment),
            alerts=alerts,
            health=self._health(incident),
            messages=self._told(incident.uid),
            document=document.text if document is not None else "",
        )

    def _health(self, incident: Incident) -> list[Entry]:
        entries = self._incidents.timeline(incident.uid, noise=True)
        return [entry for entry in entries if entry.kind == "health" and not entry.struck]


def _item(item: ActionItem) -> Appointment:
    """An action item on its day, at nine in the morning UTC."""
    assert item.due is not None
    begins = datetime.combine(item.due, time(9), tzinfo=UTC)
    uid = hashlib.sha256(f"{item.incident}\n{item.action}".encode()).hexdigest()[:24]
    says = f"{item.owner or 'nobody yet'}, {item.horizon}, {item.status}"
    return Appointment(uid, f"{item.ref}: {item.action}", begins, HOUR / 2, says)


def _seed(name: str) -> TemplateSeed:
    template = bundled(name)
    return TemplateSeed(template.name, template.title, template.text)
