"""What the board knows for messages: the records to publish, how long caches keep, and how the checks look."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cockpit.comms.facts import record_facts
from cockpit.desk.health.board import Board
from cockpit.health.model import Verdict
from cockpit.incident.model import Incident

if TYPE_CHECKING:
    from cockpit.desk.views import CheckView

BAD = (Verdict.FAIL, Verdict.WARN)
MAX_RECORDS = 40


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
        return {**record_facts(domain, records[:MAX_RECORDS]), **{k: v for k, v in values.items() if v}}


def _records(bad: Iterable["CheckView"]) -> Iterable[str]:
    for view in bad:
        if view.finding is not None and view.finding.record:
            yield from (line for line in view.finding.record.splitlines() if line.strip())


def _counted(views: list["CheckView"]) -> str:
    counts = {verdict: sum(view.verdict is verdict for view in views) for verdict in Verdict}
    return ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)
