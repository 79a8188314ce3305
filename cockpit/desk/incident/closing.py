"""Closing with the facts on record: what a later reader of the incident will look for."""

from collections.abc import Callable, Sequence

from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.desk.incident.told import Told
from cockpit.incident.closing import Fact, facts_on_record, not_on_record
from cockpit.incident.model import Incident


class Closing:
    """The six facts of every incident. `owners` are the addresses of those whose domains it is about."""

    def __init__(self, incidents: Incidents, told: Told, owners: Callable[[Incident], Sequence[str]]) -> None:
        self._incidents = incidents
        self._told = told
        self._owners = owners

    def facts(self, ref: Ref) -> tuple[Fact, ...]:
        """The facts as the record has them, missing ones included."""
        incident = self._incidents.get(ref)
        written = [each for each in self._told.of(incident.uid) if each.audience in ("owners", "customers")]
        known = [*self._owners(incident), *(address for each in written for address in each.to)]
        return facts_on_record(incident, self._incidents.timeline(incident.uid), list(dict.fromkeys(known)))

    def missing(self, ref: Ref) -> dict[str, str]:
        """The facts that are not on record, by name, with how each gets there."""
        return not_on_record(self.facts(ref))
