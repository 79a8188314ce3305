"""Logic-less templates: `{{name}}` is replaced by a value, and nothing else happens.

A value is never read as a template again. What is missing or empty is shown as `[name: missing]` and listed, so
that nobody sends it by accident. Bundled templates are files beside this module, read when asked for; what an
organisation edits is a version in the database.
"""

import re
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from cockpit.errors import BadInput, NotFound

NAMES = (
    "acknowledgement",
    "aws_case",
    "customer_notification",
    "handover",
    "incident_update",
    "initial_notification",
    "low_severity_digest",
    "owner_notice_en",
    "owner_notice_fr",
    "partner_notification",
    "postmortem",
    "registrar_case",
    "resolution_notification",
    "role_checkin",
    "slack_channel",
    "slack_topic",
    "slack_update",
    "status_identified",
    "status_investigating",
    "status_monitoring",
    "status_resolved",
    "team_assembly",
    "vendor_case",
)
"""The bundled templates."""

_PLACE = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_HEADER = re.compile(r"([a-z]+): (.*)")


class MessageTemplate(msgspec.Struct, frozen=True):
    """A bundled template. `audience` says who may read what is made of it: `internal`, `public` or `vendor`."""

    name: str
    title: str
    audience: str
    text: str


class Rendered(msgspec.Struct, frozen=True):
    """A filled template, and the names for which there was no value, in the order of the text."""

    text: str
    missing: tuple[str, ...]


def placeholders(text: str) -> tuple[str, ...]:
    """The names that a template asks for, each once, in the order of the text."""
    return tuple(dict.fromkeys(_PLACE.findall(text)))


def render(text: str, values: Mapping[str, str | None]) -> Rendered:
    """Fill a template; raises BadInput for a `{{` that is no placeholder."""
    stray = text.replace("\n", " ")
    for match in re.finditer(r"\{\{", stray):
        if _PLACE.match(stray, match.start()) is None:
            piece = stray[match.start() : match.start() + 30]
            raise BadInput(f"{piece!r} is not a placeholder; write {{{{name}}}} in small letters.")

    def fill(match: re.Match[str]) -> str:
        return values.get(match[1]) or f"[{match[1]}: missing]"

    missing = tuple(name for name in placeholders(text) if not values.get(name))
    return Rendered(_PLACE.sub(fill, text), missing)


def bundled(name: str) -> MessageTemplate:
    """A template that came with the product; raises NotFound."""
    if name not in NAMES:
        raise NotFound(f"There is no template {name!r}; known are {', '.join(NAMES)}.")
    source = (files("cockpit.comms") / "templates" / f"{name}.md").read_text(encoding="utf-8")
    header, _, text = source.partition("\n---\n")
    keys = {match[1]: match[2] for line in header.splitlines() if (match := _HEADER.fullmatch(line))}
    return MessageTemplate(name, keys["title"], keys["audience"], text.lstrip("\n"))
