"""Templates and the documents filled from them: every version and every revision is kept.

Saving is compare-and-set: the caller names the revision that it read, and a lost race gives EditConflict with both
texts instead of overwriting somebody's work.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from storage.database import Database, Row, Transaction
from storage.errors import EditConflict, StorageError
from storage.event import new_id
from storage.times import moment, stamp

BUNDLED = "bundled"
"""The author of templates that came with the product."""


class TemplateSeed(msgspec.Struct, frozen=True):
    """A template that comes with the product."""

    name: str
    title: str
    text: str


class Template(msgspec.Struct, frozen=True):
    """One version of a template; versions count from 1. `at` is None for what came with the product."""

    name: str
    title: str
    text: str
    version: int
    author: str
    at: datetime | None = None


class Document(msgspec.Struct, frozen=True):
    """One revision of a document; revisions count from 1. `author` and `at` are those of this revision."""

    id: str
    kind: str
    subject: str
    text: str
    revision: int
    template_name: str
    template_version: int
    author: str
    at: datetime


_VERSIONS = "SELECT name, title, text, version, author, at FROM template t"
_TEMPLATE = (
    "SELECT name, title, text, version, author, at FROM template t "
    "WHERE version = (SELECT max(version) FROM template WHERE name = t.name)"
)

_REVISION = """
    SELECT d.id, d.kind, d.subject, r.text, r.revision, d.template_name, d.template_version, r.author, r.at
    FROM document d JOIN document_revision r ON r.document = d.id"""

_NEWEST = " r.revision = (SELECT max(revision) FROM document_revision WHERE document = d.id)"


class Documents:
    """Templates and documents of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seed_templates(self, templates: Sequence[TemplateSeed]) -> None:
        """Bring in the texts that the product ships: new templates, and new texts of those that are there.

        A new text becomes the next version and is in force, unless somebody has edited the template: then the
        edited text follows it as one more version and stays in force. A text that was shipped before is not
        brought in again, so that an older and a newer release can use one file.
        """
        if self._database.read_only or not _fresh(self._database.rows(_VERSIONS), templates):
            return
        with self._database.write() as own:
            for seed, last in _fresh(own.execute(_VERSIONS), templates):
                version = 1 if last is None else last.version + 1
                _add_version(own, Template(seed.name, seed.title, seed.text, version, BUNDLED), None)
                if last is not None and last.author != BUNDLED:
                    _add_version(own, Template(last.name, seed.title, last.text, version + 1, last.author), last.at)

    def versions(self, name: str) -> list[Template]:
        """Every version of a template, first one first; StorageError if there is none by that name."""
        rows = self._database.rows(f"{_VERSIONS} WHERE name = ? ORDER BY version", (name,))
        if not rows:
            raise StorageError(f"There is no template named {name!r}.")
        return [_version(row) for row in rows]

    def template(self, name: str) -> Template:
        """The newest version of a template; StorageError if there is none by that name."""
        rows = self._database.rows(f"{_TEMPLATE} AND name = ?", (name,))
        if not rows:
            raise StorageError(f"There is no template named {name!r}.")
        return _version(rows[0])

    def templates(self) -> list[Template]:
        """The newest version of every template, by name."""
        return [_version(row) for row in self._database.rows(f"{_TEMPLATE} ORDER BY name")]

    def save_template(self, name: str, text: str, author: str, at: datetime, base_version: int) -> Template:
        """Store `text` as the version after `base_version`; EditConflict if somebody else has done so."""
        with self._database.write() as own:
            rows = own.execute(f"{_TEMPLATE} AND name = ?", (name,))
            if not rows:
                raise StorageError(f"There is no template named {name!r}.")
            now = _version(rows[0])
            if now.version != base_version:
                raise _conflict(f"Template {name}", text, now.text, now.version, now.author)
            saved = Template(name, now.title, text, base_version + 1, author, at)
            _add_version(own, saved, at)
        return saved

    def create(
        self,
        kind: str,
        subject: str,
        text: str,
        template: Template,
        author: str,
        at: datetime,
        transaction: Transaction | None = None,
    ) -> Document:
        """Store the first revision; EditConflict if there is a document of this kind on this subject already."""
        document = Document(new_id(), kind, subject, text, 1, template.name, template.version, author, at)
        with self._database.within(transaction) as own:
            there = own.execute(f"{_REVISION} WHERE d.kind = ? AND d.subject = ? AND{_NEWEST}", (kind, subject))
            if there:
                now = _document(there[0])
                raise _conflict(f"The {kind} of {subject}", text, now.text, now.revision, now.author)
            own.execute(
                "INSERT INTO document (id, kind, subject, template_name, template_version) VALUES (?, ?, ?, ?, ?)",
                (document.id, kind, subject, template.name, template.version),
            )
            _add_revision(own, document.id, 1, text, author, at)
        return document

    def get(self, document_id: str) -> Document:
        """The newest revision of a document; StorageError if there is none with this id."""
        rows = self._database.rows(f"{_REVISION} WHERE d.id = ? AND{_NEWEST}", (document_id,))
        if not rows:
            raise StorageError(f"There is no document {document_id}.")
        return _document(rows[0])

    def find(self, kind: str, subject: str) -> Document | None:
        """The newest revision of the document of this kind on this subject, or None."""
        rows = self._database.rows(f"{_REVISION} WHERE d.kind = ? AND d.subject = ? AND{_NEWEST}", (kind, subject))
        return _document(rows[0]) if rows else None

    def save(
        self,
        document_id: str,
        text: str,
        author: str,
        at: datetime,
        base_revision: int,
        transaction: Transaction | None = None,
    ) -> Document:
        """Store `text` as the revision after `base_revision`; EditConflict if somebody else has done so."""
        with self._database.within(transaction) as own:
            rows = own.execute(f"{_REVISION} WHERE d.id = ? AND{_NEWEST}", (document_id,))
            if not rows:
                raise StorageError(f"There is no document {document_id}.")
            now = _document(rows[0])
            if now.revision != base_revision:
                raise _conflict(f"The {now.kind} of {now.subject}", text, now.text, now.revision, now.author)
            _add_revision(own, document_id, base_revision + 1, text, author, at)
        return Document(
            now.id,
            now.kind,
            now.subject,
            text,
            base_revision + 1,
            now.template_name,
            now.template_version,
            author,
            at,
        )

    def revisions(self, document_id: str) -> list[Document]:
        """Every revision of a document, first one first."""
        rows = self._database.rows(f"{_REVISION} WHERE d.id = ? ORDER BY r.revision", (document_id,))
        return [_document(row) for row in rows]

    def list(self, kind: str | None = None) -> list[Document]:
        """The newest revision of every document, or of those of one kind, oldest document first."""
        where, parameters = ("", []) if kind is None else (" AND d.kind = ?", [kind])
        rows = self._database.rows(f"{_REVISION} WHERE{_NEWEST}{where} ORDER BY d.id", parameters)
        return [_document(row) for row in rows]


def _fresh(rows: Sequence[Row], templates: Sequence[TemplateSeed]) -> list[tuple[TemplateSeed, Template | None]]:
    """The shipped texts that are not there yet, each with the newest version of its template.

    A newest version whose text was shipped once, as after a restore, counts as the product's own.
    """
    known: dict[str, list[Template]] = {}
    for version in sorted(map(_version, rows), key=lambda version: version.version):
        known.setdefault(version.name, []).append(version)
    found: list[tuple[TemplateSeed, Template | None]] = []
    for seed in templates:
        versions = known.get(seed.name, [])
        shipped = {version.text for version in versions if version.author == BUNDLED}
        if seed.text in shipped:
            continue
        last = versions[-1] if versions else None
        if last is not None and last.text in shipped:
            last = replace(last, author=BUNDLED)
        found.append((seed, last))
    return found


def _add_version(own: Transaction, template: Template, at: datetime | None) -> None:
    own.execute(
        "INSERT INTO template (name, version, title, text, author, at) VALUES (?, ?, ?, ?, ?, ?)",
        (template.name, template.version, template.title, template.text, template.author, at and stamp(at)),
    )


def _version(row: Row) -> Template:
    name, title, text, version, author, at = row
    return Template(name, title, text, version, author, at and moment(at))


def _add_revision(own: Transaction, document_id: str, revision: int, text: str, author: str, at: datetime) -> None:
    own.execute(
        "INSERT INTO document_revision (document, revision, text, author, at) VALUES (?, ?, ?, ?, ?)",
        (document_id, revision, text, author, stamp(at)),
    )


def _conflict(what: str, mine: str, theirs: str, revision: int, author: str) -> EditConflict:
    sentence = f"{what} was saved by {author} meanwhile (now number {revision}); choose from both texts."
    return EditConflict(sentence, mine=mine, theirs=theirs, revision=revision, author=author)


def _document(row: Row) -> Document:
    id_, kind, subject, text, revision, template_name, template_version, author, at = row
    return Document(id_, kind, subject, text, revision, template_name, template_version, author, moment(at))
