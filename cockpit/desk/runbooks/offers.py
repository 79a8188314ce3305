"""Which runbooks there are, which fit an alert, and what is known of what they ask for."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from cockpit.config import Settings
from cockpit.errors import BadInput, CockpitError
from cockpit.health.registry import ACCOUNT_PREFIX, account_target
from cockpit.runbooks.card import RunbookCard, card_of
from cockpit.runbooks.include import Expanded, expand
from cockpit.runbooks.inputs import typed
from cockpit.runbooks.model import Runbook
from cockpit.runbooks.run import Run
from cockpit.runbooks.shelf import Shelf
from cockpit.runbooks.turn import Turn, turn_of
from cockpit.text import visible

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Offers:
    """The shelf, as a person picks from it. `runs` gives the runs there have been, `now` the time."""

    def __init__(
        self, shelf: Shelf, settings: Settings, runs: Callable[[], Sequence[Run]], now: Callable[[], datetime]
    ) -> None:
        self._shelf = shelf
        self._settings = settings
        self._runs = runs
        self._now = now

    def list(self) -> Sequence[RunbookCard]:
        """Every runbook, by title."""
        runs, now = self._runs(), self._now()
        return [card_of(self._offered(book), runs, now) for book in self._shelf.all()]

    def book(self, id: str) -> Runbook:
        """One runbook with its steps; raises NotFound."""
        return self._shelf.get(id)

    def whole(self, id: str) -> Expanded:
        """One runbook with the steps of those that it includes; raises NotFound, RunbookError."""
        return expand(self._shelf.get(id), self._shelf.get)

    def hash_now(self, id: str) -> str:
        """The hash of a runbook's present text; empty when it is not on the shelf any more."""
        return next((book.sha256 for book in self._shelf.all() if book.id == id), "")

    def suggested(self, alert_kind: str) -> Sequence[RunbookCard]:
        """Those that are written for alerts of this kind."""
        runs, now = self._runs(), self._now()
        return [card_of(self._offered(book), runs, now) for book in self._shelf.for_alert(alert_kind)]

    def turns(self) -> Sequence[Turn]:
        """The books that are worked every so often and are for us, the one that waits longest first.

        One that asks for something of the configuration which is not there, such as an account, is for others.
        """
        runs, now = self._runs(), self._now()
        known = self._known("")
        found = [
            turn
            for book in self._shelf.all()
            if (turn := turn_of(book, runs, now)) is not None
            and all(known.get(each.source) for each in book.inputs if each.source.startswith("config."))
        ]
        return sorted(found, key=lambda turn: (not turn.waits, turn.due_at or _LONG_AGO, turn.every, turn.title))

    def _offered(self, book: Runbook) -> Runbook:
        """The book with what it includes, so that all it will ask for is known; as it is where that cannot be."""
        try:
            return expand(book, self._shelf.get).book
        except CockpitError:
            return book

    def prefill(self, id: str, target: str) -> dict[str, str]:
        """What is known of a runbook's inputs for a target: from the alert, the configuration, the defaults."""
        known = self._known(target)
        values = {}
        for each in self.whole(id).book.inputs:
            values[each.name] = known.get(each.source, "") or known.get(f"input.{each.name}", "") or each.default
        return values

    def _known(self, target: str) -> dict[str, str]:
        """What the desk knows about a target, by the names that runbooks use in `from`."""
        known = {"alert.target": target, "input.domain": target}
        if target.startswith(ACCOUNT_PREFIX):
            known["config.account"] = target
        elif self._settings.aws.account:
            known["config.account"] = account_target(self._settings.aws.account, self._settings.aws.region)
        domain = self._settings.domain(target)
        if domain is not None:
            known["config.owner"] = domain.owner
            known["config.dkim.selector"] = domain.dkim.selector if domain.dkim else ""
            known["config.host"] = domain.hosts[0].name if domain.hosts else ""
        return known


def checked_inputs(book: Runbook, given: Mapping[str, str]) -> dict[str, str]:
    """The inputs in their canonical form; raises BadInput for one that is unknown, missing or malformed."""
    names = {each.name for each in book.inputs}
    unknown = sorted(set(given) - names)
    if unknown:
        raise BadInput(f"{book.title} has no input {visible(unknown[0], limit=40)!r}.")
    values = {}
    for each in book.inputs:
        text = given.get(each.name, "").strip() or each.default
        if text:
            values[each.name] = typed(each.type, text, each.name)
        elif each.found:
            continue
        elif each.required:
            raise BadInput(f"{each.name} is missing: {each.ask}")
        else:
            values[each.name] = ""
    return values
