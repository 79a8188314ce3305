"""From a file or a mapping to Settings; a mistake is one sentence with file, line, key and what was expected."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from cockpit.config.kept import recall, remember
from cockpit.config.settings import Settings
from cockpit.config.yaml_subset import Document, read_yaml
from cockpit.errors import BadInput, ConfigError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)")


def load_settings(path: Path, cache: Path | None = None) -> Settings:
    """Read `cockpit.yaml`; raises ConfigError with a sentence, and never repeats a secret.

    In the directory `cache` is kept what the file said, so that it is read as YAML only when it was changed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text (byte {error.start}).") from None
    known = recall(cache, path, text) if cache is not None else None
    if known is not None:
        # What is wrong with it by now is said below, where the lines are known.
        with suppress(ConfigError):
            return _settings(Document(known, {}), str(path))
    document = read_yaml(text, str(path))
    settings = _settings(document, str(path))
    if cache is not None and isinstance(document.value, Mapping):
        remember(cache, path, text, document.value)
    return settings


def settings_from(mapping: Mapping[str, Any], source: str) -> Settings:
    """Settings from values that are already plain, as a profile brings them; raises ConfigError."""
    return _settings(Document(mapping, {}), source)


def duration_s(text: str) -> float:
    """Seconds in a duration such as "30s", "5m", "1.5h", "250ms" or, bare, "30"; raises BadInput."""
    match = _DURATION.fullmatch(text.strip()) or _DURATION.fullmatch(f"{text.strip()}s")
    if match is None:
        raise BadInput(f"{text!r} is not a duration; write a number of seconds, or 30s, 5m, 2h, 1d.")
    return float(match[1]) * _UNITS[match[2]]


def _settings(document: Document, source: str) -> Settings:
    value = {} if document.value is None else document.value
    try:
        settings = msgspec.convert(_prepared(value), Settings)
    except msgspec.ValidationError as error:
        from cockpit.config.explain import explained

        raise ConfigError(explained(str(error), document, source)) from None
    _check_names(settings, document, source)
    if settings.alert_routing:
        _check_routing(settings, document, source)
    return settings


def _prepared(value: Any) -> Any:
    """Durations as seconds, and an account number that was written without quotes as text."""
    if isinstance(value, Mapping):
        return {key: _prepared_value(key, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_prepared(inner) for inner in value]
    return value


def _prepared_value(key: Any, value: Any) -> Any:
    if isinstance(value, str) and isinstance(key, str) and key.endswith("_s") and _DURATION.fullmatch(value):
        return duration_s(value)
    if key == "account" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _prepared(value)


def _check_names(settings: Settings, document: Document, source: str) -> None:
    """A domain or person named twice would be watched or asked twice."""
    for part, names in (
        ("domains", [domain.name for domain in settings.domains]),
        ("people", [person.id for person in settings.people]),
    ):
        seen: dict[str, int] = {}
        for index, name in enumerate(names):
            folded = name.rstrip(".").lower()
            if folded in seen:
                from cockpit.config.explain import place

                where = place(document, source, (part, index))
                raise ConfigError(f"{where}: {name!r} is listed twice, first as number {seen[folded] + 1}.")
            seen[folded] = index


def _check_routing(settings: Settings, document: Document, source: str) -> None:
    """A condition that cannot be read would be a notification that never goes out."""
    from cockpit.health.routing import rules_of

    for name, rules in settings.alert_routing.items():
        for index, rule in enumerate(rules):
            try:
                rules_of({name: [rule]})
            except BadInput as error:
                from cockpit.config.explain import place

                where = place(document, source, ("alert_routing", name, index, "condition"))
                raise ConfigError(f"{where}: {error}") from None
