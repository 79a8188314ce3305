"""The templates: bundled ones seeded once, edits kept as versions, filled with what is known of an incident."""

from collections.abc import Mapping, Sequence

import msgspec

from cockpit.clock import Clock
from cockpit.comms.templates import NAMES, Rendered, bundled, placeholders, render
from cockpit.errors import BadInput, NotFound
from cockpit.text import redact, visible
from storage.documents import Documents, Template, TemplateSeed

MAX_TEMPLATE = 20_000
"""Characters that a template may have."""


class WordsCard(msgspec.Struct, frozen=True):
    """One template in the list. `audience` says who may read what is made of it: internal, public or vendor.

    `edited` says that the organisation's own text is in force, and not the one that came with this release.
    """

    name: str
    title: str
    audience: str
    version: int
    author: str
    fields: tuple[str, ...]
    edited: bool


class Words:
    """The templates of one database."""

    def __init__(self, documents: Documents, operator: str, clock: Clock) -> None:
        self._documents = documents
        self._operator = operator
        self._clock = clock
        self._seeded = False

    def all(self) -> Sequence[WordsCard]:
        """Every template that messages and cases are made from, by name."""
        self._seed()
        return [self._card(each) for each in self._documents.templates() if each.name in NAMES]

    def get(self, name: str) -> Template:
        """The newest version of one; raises NotFound."""
        if name not in NAMES:
            raise NotFound(f"There is no template {visible(name, limit=60)!r}; known are {', '.join(NAMES)}.")
        self._seed()
        return self._documents.template(name)

    def save(self, name: str, text: str, base_version: int) -> Template:
        """Keep an edited text as the next version; EditConflict when somebody else did so meanwhile.

        A text that is no template, or that asks in a public template for something internal, is refused with
        BadInput and nothing is lost: the caller still has it.
        """
        known = self.get(name)
        text = text.strip("\n") + "\n"
        if not text.strip() or len(text) > MAX_TEMPLATE:
            raise BadInput(f"A template has between 1 and {MAX_TEMPLATE} characters.")
        if redact(text) != text:
            raise BadInput("The text holds what looks like a secret; templates are read by everybody.")
        render(text, {})
        _nothing_internal(name, text)
        if text.strip() == known.text.strip() and base_version == known.version:
            return known
        clean = visible(text, limit=MAX_TEMPLATE, newlines=True)
        return self._documents.save_template(name, clean, self._operator, self._clock.now(), base_version)

    def versions(self, name: str) -> Sequence[Template]:
        """Every version of one, first one first; raises NotFound."""
        self.get(name)
        return self._documents.versions(name)

    def restore(self, name: str, base_version: int, version: int | None = None) -> Template:
        """Put a former version back, or without one the bundled text, as one more version; raises NotFound."""
        text = bundled(name).text if version is None else self.version(name, version).text
        return self.save(name, text, base_version)

    def version(self, name: str, version: int) -> Template:
        """One version of one; raises NotFound."""
        known = self.versions(name)
        for each in known:
            if each.version == version:
                return each
        raise NotFound(f"{name} has no version {version}; it stands at {known[-1].version}.")

    def fill(self, name: str, values: Mapping[str, str | None]) -> Rendered:
        """The newest version filled; what nobody knows is shown as missing and listed."""
        return render(self.get(name).text, values)

    def _card(self, template: Template) -> WordsCard:
        audience = bundled(template.name).audience
        asks = placeholders(template.text)
        edited = template.text.strip() != bundled(template.name).text.strip()
        return WordsCard(template.name, template.title, audience, template.version, template.author, asks, edited)

    def _seed(self) -> None:
        """Bring in what this release ships, once for each desk."""
        if self._seeded:
            return
        self._seeded = True
        seeds = [TemplateSeed(known, bundled(known).title, bundled(known).text) for known in NAMES]
        self._documents.seed_templates(seeds)


INTERNAL = frozenset(
    {
        "acknowledged_by", "actions", "activity", "decisions", "hypotheses", "incident", "lead", "opened_by",
        "profile", "required_roles", "roles", "severity", "severity_reason", "stamp", "state", "tasks", "title",
        "work",
    }
)  # fmt: skip
"""What no text for the public asks for: names of people, and what is only said among ourselves."""


def _nothing_internal(name: str, text: str) -> None:
    if bundled(name).audience != "public":
        return
    wrong = sorted(INTERNAL & set(placeholders(text)))
    if wrong:
        raise BadInput(f"{', '.join(wrong)} is internal and this text is for the public: leave it out.")
