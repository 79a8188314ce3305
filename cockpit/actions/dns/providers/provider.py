"""What every way of changing a zone has in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cockpit.actions.dns.record_state import Change, Key, Records
from cockpit.errors import WorldError


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a change goes and as whom: shown in the plan, and compared before anything is sent."""

    account: str
    region: str
    caller: str


class Provider(Protocol):
    """One zone at the place where it is changed.

    `name` is what people call the place, `operation` its call that changes records, `zone` the zone without final
    dot, `most` how many record sets one request may change.
    """

    name: str
    operation: str
    zone: str
    most: int

    def whereabouts(self) -> Whereabouts:
        """Who would be calling where; raises WrongIdentity, ConfigError or WorldError."""
        ...

    def require_changes(self) -> None:
        """Raise ReadOnly when nothing may be changed from here."""
        ...

    def records(self, keys: Sequence[Key]) -> Records:
        """These record sets as they are kept there now; raises WorldError when that cannot be read."""
        ...

    def everything(self) -> Records:
        """Every record set of the zone that can be written as records; raises WorldError."""
        ...

    def notes(self) -> Sequence[str]:
        """What `everything()` had to leave out, in sentences."""
        ...

    def request(self, changes: Sequence[Change]) -> dict[str, Any]:
        """The request that makes these changes, as it is shown and recorded; without secrets."""
        ...

    def send(self, changes: Sequence[Change]) -> str:
        """Make these changes, all or none, in exactly one request; returns the answer in a sentence.

        Refuses when a record set is not as `Change.was` says. Raises EffectRefused when it is proven that nothing
        happened, EffectUnknown when it is not.
        """
        ...

    def settled(self) -> str:
        """What is missing until the provider has handed the last change to all its servers; empty if nothing."""
        ...


def refuse_alien(changes: Sequence[Change], zone: str) -> None:
    """Raise WorldError for a name that does not lie in the zone."""
    for change in changes:
        if change.name != zone and not change.name.endswith(f".{zone}") and zone:
            raise WorldError(f"{change.name} does not lie in the zone {zone}.")
