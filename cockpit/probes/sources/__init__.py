"""Other monitoring as a source: reads what it says now, as `cockpit.incident.outside.Outside`; decides nothing.

A source that cannot be asked is told apart from one that has nothing to say: the first clears no alert.
"""

from cockpit.probes.sources.alertmanager import AlertmanagerSource
from cockpit.probes.sources.aws import AwsHealthSource, CloudWatchSource
from cockpit.probes.sources.told import Source, Told

__all__ = ["AlertmanagerSource", "AwsHealthSource", "CloudWatchSource", "Source", "Told"]
