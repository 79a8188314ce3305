"""Reviews at one terminal: the post-mortem of an incident, its facts, its gaps, its export."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from cockpit.clock import Clock
from cockpit.comms.templates import bundled
from cockpit.desk.feed import Feed
from cockpit.desk.incidents import Incidents, Ref
from cockpit.errors import BadInput, NotFound
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.incident.lifecycle import Request, decide
from cockpit.incident.model import State
from cockpit.review.export import as_json, file_name, write_new
from cockpit.review.facts import Block, Record, blocks, refreshed
from cockpit.review.gaps import Section, sections
from cockpit.review.postmortem import TEMPLATE, postmortem
from cockpit.text import redact, visible
from storage.documents import Document, Documents, TemplateSeed

KIND = "postmortem"
"""The kind under which post-mortems are stored; their subject is the incident's uid."""

MAX_TEXT = 1_000_000
"""Characters that a post-mortem may have."""


class Reviews:
    """Post-mortems of the incidents of one database."""

    def __init__(self, documents: Documents, feed: Feed, incidents: Incidents, operator: str, clock: Clock) -> None:
        self._documents = documents
        self._feed = feed
        self._incidents = incidents
        self._operator = operator
        self._clock = clock

    def open_for(self, ref: Ref) -> Document:
        """The incident's post-mortem, filled from the record when it is opened for the first time.

        A resolved incident moves on to its review by that.
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
            if incident.state is State.RESOLVED:
                request = Request(State.REVIEW, "the post-mortem was opened")
                pen.append(stream, "incident.moved", decide(incident.state, request))
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

    def export(self, ref: Ref, directory: Path, form: Literal["markdown", "json"] = "markdown") -> Path:
        """Write the post-mortem to a new file in `directory` and return its path; nothing is overwritten.

        Without a saved post-mortem it is filled from the record, as `open_for()` would.
        """
        record = self.record(ref)
        if form == "json":
            return write_new(directory, file_name(record, ".json"), as_json(record, self.text(ref)))
        return write_new(directory, file_name(record, ".md"), self.text(ref))

    def record(self, ref: Ref, now: datetime | None = None) -> Record:
        """Everything that is known about the incident, at one moment."""
        moment = now or self._clock.now()
        incident = self._incidents.get(ref)
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
        )


def _seed(name: str) -> TemplateSeed:
    template = bundled(name)
    return TemplateSeed(template.name, template.title, template.text)
