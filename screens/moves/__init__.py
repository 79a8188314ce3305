"""What each command does. A move gets the bridge, where the operator stood, and an argument that may be empty.

Moves talk to the desk and to dialogs; what goes wrong on purpose is a CockpitError, which the bridge shows.
"""

from collections.abc import Awaitable, Callable, Mapping

from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves import (
    action,
    authority,
    board,
    calls,
    direct,
    domain,
    everywhere,
    incident,
    items,
    people,
    record,
    review,
    runbook,
    search,
    ses,
    suppressed,
    words,
)

Move = Callable[[Bridge, Standing, str], Awaitable[None]]

MOVES: Mapping[str, Move] = {
    **everywhere.MOVES,
    **board.MOVES,
    **domain.MOVES,
    **incident.MOVES,
    **people.MOVES,
    **authority.MOVES,
    **direct.MOVES,
    **record.MOVES,
    **words.MOVES,
    **calls.MOVES,
    **search.MOVES,
    **runbook.MOVES,
    **action.MOVES,
    **review.MOVES,
    **items.MOVES,
    **ses.MOVES,
    **suppressed.MOVES,
}
