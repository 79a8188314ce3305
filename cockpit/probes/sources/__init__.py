"""Other monitoring as a source: reads what it says now, as `cockpit.incident.outside.Outside`; decides nothing.

A source that cannot be asked is told apart from one that has nothing to say: the first clears no alert.
"""

from collections.abc import Sequence
from typing import Protocol

from cockpit.probes.aws import AwsReader
from cockpit.probes.sources.alertmanager import AlertmanagerSource
from cockpit.probes.sources.aws import AwsHealthSource, CloudWatchSource
from cockpit.probes.sources.told import Source, Told
from cockpit.profile import Profile

__all__ = ["AlertmanagerSource", "AwsHealthSource", "CloudWatchSource", "Source", "Told", "all_sources"]


class SourceSettings(Protocol):
    """What sources need of the configuration."""

    @property
    def alertmanager(self) -> str:
        """The address of an Alertmanager, or empty."""

    @property
    def sources(self) -> Sequence[str]:
        """Which of AWS's own are asked: `cloudwatch`, `aws-health`."""


def all_sources(settings: SourceSettings, profile: Profile) -> tuple[Source, ...]:
    """Every source that is configured."""
    found: list[Source] = []
    reader = AwsReader(profile)
    if "cloudwatch" in settings.sources:
        found.append(CloudWatchSource(reader))
    if "aws-health" in settings.sources:
        found.append(AwsHealthSource(reader))
    if settings.alertmanager:
        found.append(AlertmanagerSource(settings.alertmanager, profile))
    return tuple(found)
