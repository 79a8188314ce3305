"""The post-mortem: sections with their gaps on the left, the text on the right, facts to drop in below.

The text is saved while it is written. Somebody else's edit is shown, never written over.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace
from textual import on
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from cockpit.desk.views import Changes
from cockpit.errors import CockpitError
from cockpit.review.facts import Block
from cockpit.review.gaps import Section, span, writing_place
from cockpit.text import visible
from screens.asking.conflict import Conflict, TwoTexts
from screens.commands import Standing
from screens.frame import Frame
from screens.present.lines import Line, rule, wrap
from screens.present.review import fact_line, fact_lines, missing_words, saved_words, section_line
from screens.widgets.lines import Lines, Reader
from screens.widgets.rows import Rows

SAVE_AFTER_S = 1.0
"""Seconds without a key after which the text is saved."""


class Saved(msgspec.Struct, frozen=True):
    """The stored text that this one started from."""

    id: str
    revision: int
    author: str
    at: datetime
    text: str


class ReviewScreen(Frame):
    """The post-mortem of the incident in question."""

    NAME = "review"

    document: Saved | None = None
    _dirty = False
    _wrong = ""
    _sections: Sequence[Section] = ()
    _timer: Timer | None = None

    def body(self) -> Iterable[Widget]:
        """Sections and facts beside the text."""
        sections = Rows[Section](_section_key, lambda one, width, now: section_line(one, width), id="sections")
        facts = Rows[Block](lambda block: block.name, lambda one, width, now: fact_line(one, width), id="facts")
        yield Reader(_no_review, id="none")
        yield Horizontal(
            Vertical(
                Lines(self._sections_rule, classes="rule"),
                sections,
                Lines(self._facts_rule, classes="rule"),
                facts,
                id="left",
            ),
            Vertical(
                Lines(self._text_rule, classes="rule"),
                TextArea(id="text", soft_wrap=True, tab_behavior="focus", show_line_numbers=False),
                Lines(self._preview_lines, id="preview"),
                id="right",
                classes="right",
            ),
            id="panes",
        )  # fmt: skip

    def on_mount(self) -> None:
        """Give the keys to the sections."""
        super().on_mount()
        self.sections.focus()

    @property
    def unsaved(self) -> str:
        """Text that could not be stored."""
        return "The post-mortem has text that could not be saved." if self._dirty else ""

    @property
    def sections(self) -> Rows[Section]:
        """The list of sections."""
        return self.query_one("#sections", Rows)

    @property
    def facts(self) -> Rows[Block]:
        """The list of facts."""
        return self.query_one("#facts", Rows)

    @property
    def area(self) -> TextArea:
        """The text."""
        return self.query_one("#text", TextArea)

    def read(self, changes: Changes | None) -> None:
        """Show the stored text unless there is an unsaved one here; renew the facts."""
        uid, reviews = self.bridge.incident_uid(), self.bridge.desk.reviews
        stored = self._stored()
        self.query_one("#none").display = stored is None
        self.query_one("#panes").display = stored is not None
        if stored is None:
            self.document = None
            return
        self.facts.set_items(reviews.facts(uid), self.now)
        known = self.document
        if known is None or known.id != stored.id:
            self._load(stored)
        elif stored.revision != known.revision and not self._dirty:
            self._load(stored)
            if stored.author != self.bridge.desk.operator:
                self.bridge.tell(f"{stored.author} saved revision {stored.revision}; it is shown now.")

    def _stored(self) -> Saved | None:
        uid = self.bridge.incident_uid()
        found = self.bridge.desk.reviews.find(uid) if uid else None
        return Saved(found.id, found.revision, found.author, found.at, found.text) if found is not None else None

    def _load(self, document: Saved) -> None:
        self.document = document
        self._dirty = False
        if self.area.text != document.text:
            place = self.area.cursor_location
            self.area.load_text(document.text)
            self.area.move_cursor(place)
        self._recount()

    def _recount(self) -> None:
        self._sections = self.bridge.desk.reviews.gaps(self.area.text)
        self.sections.set_items(self._sections, self.now)

    def standing(self) -> Standing:
        """The whole text is what `y` copies."""
        return replace(super().standing(), copyable=self.area.text if self.document is not None else "")

    def leave(self) -> bool:
        """Leave the text; save what was written."""
        self.save()
        had = self.area.has_focus
        if had:
            self.sections.focus()
        return had

    def edit(self) -> None:
        """Put the cursor into the text, where one writes first in the section under the other cursor.

        A gap is selected, so that what is typed takes its place.
        """
        section = self.sections.selected
        if section is not None:
            begin, end = writing_place(self.area.text, section)
            self.area.move_cursor(begin, center=True)
            self.area.move_cursor(end, select=True)
        self.area.focus()

    def insert_fact(self) -> None:
        """Drop the selected fact in where the text's cursor stands; behind text it begins a line of its own."""
        block = self.facts.selected
        if block is not None:
            begun = "\n" if self.area.cursor_location[1] and self.area.cursor_at_end_of_line else ""
            self.area.insert(f"{begun}{block.text}\n")
            self.area.focus()

    def write_elsewhere(self, edit: Callable[[str], str]) -> bool:
        """Let `edit` change the section under the cursor and store it; False when it came back as it was.

        Somebody who saved meanwhile is met as always: both texts are shown, and neither is lost.
        """
        lines, section = self.area.text.split("\n"), self.sections.selected
        begin, end = span(self.area.text, section) if section is not None else (0, len(lines))
        body = "\n".join(lines[begin:end])
        written = visible(edit(body), limit=1_000_000, newlines=True).rstrip("\n")
        if written == body.rstrip("\n"):
            return False
        kept = [""] * (len(body) - len(body.rstrip("\n")))
        self.area.load_text("\n".join([*lines[:begin], *written.split("\n"), *kept, *lines[end:]]))
        self._dirty = True
        self._recount()
        self.save()
        return True

    def save(self) -> None:
        """Store the text if it is another one; a conflict is shown with both texts."""
        if self._timer is not None:
            self._timer.stop()
        if self.document is None or not self._dirty:
            return
        try:
            self._store(self.document.revision)
        except CockpitError as error:
            self._wrong = str(error)
            if isinstance(error, TwoTexts):
                self.run_worker(self._settle(error), group="conflict", exclusive=True)
            else:
                self.bridge.tell(self._wrong, "error")
            return
        self._dirty, self._wrong = False, ""
        self.tick(self.now)

    def _store(self, base_revision: int) -> None:
        reviews = self.bridge.desk.reviews
        found = reviews.find(self.bridge.incident_uid())
        if found is not None:
            reviews.save(found, self.area.text, base_revision)
            self.document = self._stored()

    async def _settle(self, conflict: TwoTexts) -> None:
        """Let the operator choose between both texts; nothing is lost before that."""
        if any(isinstance(screen, Conflict) for screen in self.app.screen_stack):
            return
        choice = await self.bridge.ask(Conflict(conflict))
        stored = self._stored()
        if stored is None or choice is None:
            return
        self._wrong = ""
        if choice == "theirs":
            self._load(stored)
        else:
            self.document = stored
            if choice == "both":
                self.area.load_text(f"{stored.text}\n\n<!-- the other text -->\n\n{self.area.text}")
            self._dirty = True
            self.save()
        self.tick(self.now)

    @on(TextArea.Changed, "#text")
    def _changed(self) -> None:
        if self.document is None or self.area.text == self.document.text:
            return
        self._dirty = True
        self._recount()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SAVE_AFTER_S, self.save)
        self.tick(self.now)

    @on(Rows.Moved, "#sections")
    def _moved(self) -> None:
        if self.sections.has_focus:
            self._go_to_section()

    def _go_to_section(self) -> None:
        section = self.sections.selected
        if section is not None:
            self.area.move_cursor((section.line - 1, 0), center=True)

    @on(Rows.Moved, "#facts")
    def _other_fact(self) -> None:
        self.query_one("#preview", Lines).redraw()

    def _sections_rule(self, width: int) -> Sequence[Line]:
        return [rule("Sections", width, missing_words(self._sections), active=self.sections.has_focus)]

    def _facts_rule(self, width: int) -> Sequence[Line]:
        return [rule("Facts", width, "f inserts", active=self.facts.has_focus)]

    def _text_rule(self, width: int) -> Sequence[Line]:
        document = self.document
        if document is None:
            return [rule("Post-mortem", width)]
        words = saved_words(revision=document.revision, author=document.author, at=document.at, now=self.now,
                            unsaved=self._dirty, wrong=self._wrong)  # fmt: skip
        return [rule("Post-mortem", width, words, active=self.area.has_focus)]

    def _preview_lines(self, width: int) -> Sequence[Line]:
        if not self.facts.has_focus:
            return []
        return [rule("would insert", width), *fact_lines(self.facts.selected, width)[:8]]


def _no_review(width: int) -> Sequence[Line]:
    words = "No post-mortem yet. 5 opens one for the incident, filled with its timeline and metrics."
    return wrap(words, width)


def _section_key(section: Section) -> str:
    return f"{section.line} {section.title}"
