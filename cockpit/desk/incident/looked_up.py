"""What the board knows for messages: the records to publish, how long caches keep, and how the checks look."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cockpit.comms.facts import record_facts
from cockpit.desk.health.board import Board
from cockpit.health.model import Verdict
from cockpit.health.servers import BOGUS, CACHED, GONE, PENDING, WRONG
from cockpit.incident.model import Incident

if TYPE_CHECKING:
    from cockpit.desk.views import CheckView

BAD = (Verdict.FAIL, Verdict.WARN)
MAX_RECORDS = 40
_TOLD_WRONG = (GONE, WRONG, CACHED, PENDING, BOGUS)
"""States of a record at a server that a resolver may remember after it was mended."""


class LookedUp:
    """Reads the board for one incident; knows nothing of templates."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def __call__(self, incident: Incident) -> dict[str, str]:
        """Values for the placeholders about records and checks; what nobody looked at is absent."""
        views = [(target, view) for target in incident.targets for view in self._board.checks(target)]
        bad = [(target, view) for target, view in views if view.verdict in BAD]
        records = list(dict.fromkeys(_records(view for _, view in bad)))
        values = {
            "checks": _counted([view for _, view in views]),
            "description": "\n".join(f"{target} {view.title}: {view.headline}" for target, view in bad),
            "technical": "; ".join(view.headline for _, view in bad[:5]),
        }
        domain = incident.targets[0] if incident.targets else ""
        told = record_facts(domain, records[:MAX_RECORDS], old_answers_s(view for _, view in bad))
        return {**told, **{k: v for k, v in values.items() if v}}


def old_answers_s(bad: Iterable["CheckView"]) -> int | None:
    """Seconds for which a resolver may go on telling what is wrong now, once it is mended; None when unknown.

    An absence is remembered for the negative TTL (RFC 2308 section 5), a wrong record for its own TTL: both as the
    name servers give them, or longer where a resolver still holds an older answer.
    """
    found = [
        int(cell["ttl_s"])
        for view in bad
        if view.finding is not None and view.finding.record
        for vantage in view.vantages
        for cell in vantage.evidence.get("cells") or ()
        if cell.get("state") in _TOLD_WRONG and cell.get("ttl_s") is not None
    ]
    return max(found, default=None)


def _records(bad: Iterable["CheckView"]) -> Iterable[str]:
    for view in bad:
        if view.finding is not None and view.finding.record:
            yield from (line for line in view.finding.record.splitlines() if line.strip())


def _counted(views: list["CheckView"]) -> str:
    counts = {verdict: sum(view.verdict is verdict for view in views) for verdict in Verdict}
    return ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)
