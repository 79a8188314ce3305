"""What incidents need of the configuration, and the office hours that it amounts to."""

from collections.abc import Mapping
from datetime import UTC, time, tzinfo
from typing import Any, Protocol

from cockpit.errors import ConfigError
from cockpit.incident.office_hours import OfficeHours
from cockpit.incident.own_severity import OwnLevel


class Hours(Protocol):
    """Office hours as configured."""

    @property
    def opening(self) -> time:
        """When the office opens."""

    @property
    def closing(self) -> time:
        """When it closes."""

    @property
    def zone(self) -> str:
        """Where it is, as an IANA name."""


class IncidentSettings(Protocol):
    """What incidents need of the configuration."""

    @property
    def severity_profile(self) -> str:
        """Which severity profile new incidents get."""

    @property
    def own_severity(self) -> Mapping[Any, OwnLevel]:
        """What differs from it."""

    @property
    def roles(self) -> Mapping[Any, Any]:
        """Roles of the organisation's own, by code; see `cockpit.config.command.OwnRole`."""

    @property
    def office_hours(self) -> Hours:
        """When the office is open."""


def office_hours(configured: Hours) -> OfficeHours:
    """Office hours with their zone; raises ConfigError for a zone that this machine does not know."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        zone: tzinfo = UTC if configured.zone == "UTC" else ZoneInfo(configured.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = f"office_hours: there is no time zone {configured.zone!r}; write one such as Europe/Berlin."
        raise ConfigError(sentence) from None
    if configured.opening >= configured.closing:
        raise ConfigError("office_hours: the start has to lie before the end.")
    return OfficeHours(configured.opening, configured.closing, zone)
