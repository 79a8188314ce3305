"""A journal that is only remembered, and the pauses that were asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Journal:
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def __call__(self, kind: str, body: Mapping[str, Any]) -> None:
        self.events.append((kind, body))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]
