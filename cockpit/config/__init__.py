"""`cockpit.yaml`: what to watch, how often, who is on call, and where secrets are kept."""

from cockpit.config.load import duration_s, load_settings, settings_from
from cockpit.config.settings import (
    AwsConfig,
    ByodkimConfig,
    DkimConfig,
    DomainConfig,
    HostConfig,
    Intervals,
    OwnIntervals,
    Person,
    RecordPin,
    RouteConfig,
    Settings,
    profile_from,
)

__all__ = [
    "AwsConfig",
    "ByodkimConfig",
    "DkimConfig",
    "DomainConfig",
    "HostConfig",
    "Intervals",
    "OwnIntervals",
    "Person",
    "RecordPin",
    "RouteConfig",
    "Settings",
    "duration_s",
    "load_settings",
    "profile_from",
    "settings_from",
]
