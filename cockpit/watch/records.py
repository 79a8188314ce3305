"""Notices when a record is not what it was, so that only changes are written down."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cockpit.health.model import Observation
from cockpit.health.records import RecordSeen, records_asked, records_seen
from storage.record_history import RecordState

NOT_ASKED = "not looked for any more"

_Known = dict[tuple[str, str], tuple[int, datetime | None]]


class RecordMemory:
    """The last state of every record as a digest, and when it was last seen so; pure.

    A record that was not seen stays as it was: not knowing is no change.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}

    def recall(self, states: Iterable[RecordState]) -> None:
        """Learn what earlier watches had written down; until when that held, nobody knows."""
        for state in states:
            known = self._known.setdefault((state.target, state.check), {})
            known[state.record, state.type] = (_digest(state.value, state.good, state.why), None)

    def take(self, seen: Sequence[Observation]) -> list[RecordState]:
        """The records that are otherwise than they were before this look."""
        changed: list[RecordState] = []
        for check in dict.fromkeys(each.check for each in seen):
            own = [each for each in seen if each.check == check]
            found = records_seen(check, own)
            known = self._known.setdefault((own[0].target, check), {})
            asked = records_asked(check, own)
            gone = [RecordSeen(*key, "", good=True, why=NOT_ASKED) for key in known if asked and key not in asked]
            for record in (*found, *gone):
                state = self._stepped(known, own[-1], record)
                if state is not None:
                    changed.append(state)
        return changed

    def renew(self, target: str, check: str, at: datetime) -> None:
        """Every record of a check was seen as it was."""
        known = self._known.get((target, check), {})
        for key, (digest, _) in known.items():
            known[key] = digest, at

    def _stepped(self, known: _Known, look: Observation, record: RecordSeen) -> RecordState | None:
        key = record.record, record.type
        # While a record is bad, what is said about it may alter with every server that is heard: no new state.
        why = record.why if record.good else ""
        digest = _digest(record.value, record.good, why)
        before = known.get(key)
        known[key] = digest, look.at
        if before is not None and before[0] == digest:
            return None
        before_at = None if before is None else before[1]
        return RecordState(look.target, look.check, *key, record.value, record.good, record.why, look.at, before_at)


def _digest(value: str, good: bool, why: str) -> int:
    return hash((value, good, why if good else ""))
