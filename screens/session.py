"""Opening the cockpit where it was left, unless that is gone, and remembering where that is."""

from cockpit.desk import Desk
from cockpit.desk.place import Place, Places
from cockpit.errors import CockpitError

_OVER = ("resolved", "closed")


class Session:
    """The place of one operator; `place` is where the cockpit was left the last time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._places = Places(desk.database, desk.operator)
        self.place = self._still_there(self._places.last())

    def keep(self, place: Place) -> None:
        """Remember where the cockpit is now."""
        self._places.leave(place)

    def _still_there(self, place: Place) -> Place:
        """The place without what is gone: an incident that is over, a domain that is not watched any more."""
        board = Place(filter=place.filter, sort=place.sort, group=place.group, row=place.row, theme=place.theme)
        desk = self._desk
        try:
            if place.screen == "ses":
                return place
            if place.screen == "domain":
                return place if desk.domain(place.domain) is not None else board
            if place.screen in ("incident", "timeline", "review", "people", "told"):
                return place if desk.incidents.get(place.incident).state not in _OVER else board
            if place.screen == "runbook":
                return place if desk.runbooks.get(place.run).ended_at is None else board
            if place.screen == "action":
                desk.actions.get(place.action)
                return place
        except CockpitError:
            return board
        return board
