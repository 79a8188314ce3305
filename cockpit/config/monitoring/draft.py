"""What the rules add up to while a file is read, held against the configuration that stands."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cockpit.config.edit import domain_name
from cockpit.config.load import duration_s
from cockpit.config.monitoring.accounts import Outcome, Told
from cockpit.config.settings import HostConfig, Settings
from cockpit.config.yaml_subset import Path
from cockpit.errors import BadInput
from cockpit.text import visible

HTTPS = 443


class Draft:
    """Keys and hosts by domain, resolvers by address, and routing rules, as far as they are not there yet."""

    def __init__(self, file: Mapping[str, Any], settings: Settings) -> None:
        self.file = file
        self.settings = settings
        self.keys: dict[str, dict[str, Any]] = {}
        self.hosts: dict[tuple[str, str, int], dict[str, Any]] = {}
        self.resolvers: dict[str, str] = {}
        self.routing: dict[str, Any] = {}
        self.transparency: dict[str, Any] = {}

    def beside(self, path: Path, key: str) -> Any:
        """The value of a key that stands beside the one at `path`."""
        value: Any = self.file
        for step in path[:-1]:
            value = value[step]
        return value.get(key) if isinstance(value, Mapping) else None

    def watch(self, name: str) -> Told:
        """Watch a domain."""
        if self.settings.domain(name) is not None:
            return Outcome.ALREADY, f"{name} is watched."
        self.keys.setdefault(name, {})
        return Outcome.TAKEN, f"{name} is watched."

    def interval(self, name: str, value: Any, field: str) -> Told:
        """Look at a domain so often; `field` is the name of the interval."""
        seconds = seconds_of(value)
        known = self.settings.domain(name)
        own = known.intervals if known is not None else None
        stands = getattr(own, field, None) or getattr(self.settings.intervals, field)
        new = self.keys.get(name, {}).get("intervals", {})
        if field in new and duration_s(new[field]) <= seconds:
            return Outcome.ALREADY, f"{name} is looked at every {new[field]} for another line of this file."
        if field not in new and stands == seconds:
            return Outcome.ALREADY, f"{name} is looked at every {stands:g} s."
        if own is not None:
            return Outcome.KEPT, f"{name} has intervals of its own in your configuration: {field} is {stands:g} s."
        self.keys.setdefault(name, {}).setdefault("intervals", {})[field] = duration(seconds)
        return Outcome.TAKEN, f"{name} is looked at every {seconds:g} s ({field})."

    def host(self, domain: str, name: str, port: int) -> tuple[HostConfig | None, dict[str, Any]]:
        """The host as it is configured, if it is, and as this file wants it."""
        known = self.settings.domain(domain)
        hosts = known.hosts if known is not None else ()
        stands = next((each for each in hosts if each.name == name and each.port == port), None)
        if stands is not None:
            return stands, {}
        if known is None:
            self.keys.setdefault(domain, {})
        first: dict[str, Any] = {"name": name} if port == HTTPS else {"name": name, "port": port}
        return None, self.hosts.setdefault((domain, name, port), {**first, "path": None})

    def domain_of(self, host: str) -> str:
        """The watched domain that a host belongs to: itself, else the nearest above it, else itself anew."""
        labels = host.split(".")
        above = (".".join(labels[start:]) for start in range(len(labels) - 1))
        return next((name for name in above if self.settings.domain(name) or name in self.keys), host)


def name_of(value: Any) -> str:
    """A domain name; raises BadInput."""
    if not isinstance(value, str):
        raise BadInput("The name of the domain is missing beside it.")
    return domain_name(value)


def url_of(value: Any) -> tuple[str, int, str]:
    """Host, port and path of an https address; raises BadInput."""
    parts = urlsplit(value) if isinstance(value, str) else None
    try:
        port = (parts.port or HTTPS) if parts is not None else HTTPS
    except ValueError:
        parts = None
    if parts is None or parts.scheme != "https" or not parts.hostname:
        raise BadInput(f"{visible(value, limit=80)!r} is not an https:// address, and no others are watched.")
    return domain_name(parts.hostname), port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def seconds_of(value: Any) -> float:
    """Seconds in a number or a duration; raises BadInput."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    seconds = float(value) if number else duration_s(str(value))
    if not 0 < seconds <= 31 * 86_400:
        raise BadInput(f"{visible(value, limit=40)} is not between a moment and a month.")
    return seconds


def duration(seconds: float) -> str | float:
    """Seconds as they are written in a configuration."""
    return f"{int(seconds)}s" if seconds == int(seconds) else seconds


def is_address(text: str) -> bool:
    """Whether it looks like an IPv4 or IPv6 address."""
    return re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*", text) is not None
