"""Reads a monitoring file value by value, each by the rule for its place; one without a rule is told as well."""

import json
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import msgspec

from cockpit.config.edit import with_items
from cockpit.config.merge import Addition, with_domains, with_mapping
from cockpit.config.monitoring import names, web
from cockpit.config.monitoring.accounts import Account, Outcome, Told, leaves
from cockpit.config.monitoring.draft import Draft
from cockpit.config.settings import RouteConfig, Settings
from cockpit.config.yaml_subset import Document, Path
from cockpit.errors import BadInput
from cockpit.text import visible

SECTIONS = ("dns_monitoring", "ssl_monitoring", "service_monitoring", "alert_routing")
ROUTING = "alert_routing"
TRANSPARENCY = "certificate_transparency"

_RULES = {**names.RULES, **web.RULES}
_PARTS = {shape.partition(".")[0] for shape in _RULES}


class Monitoring(msgspec.Struct, frozen=True):
    """What is to be added to the configuration, and what became of each value."""

    additions: tuple[Addition, ...] = ()
    resolvers: tuple[tuple[str, str], ...] = ()
    routing: Mapping[str, Any] = {}
    transparency: Mapping[str, Any] = {}
    accounts: tuple[Account, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.additions or self.resolvers or self.routing or self.transparency)

    def merged(self, text: str, path: FilePath) -> str:
        """The text of a configuration with all of it added; raises ConfigError where something cannot be put in."""
        text = with_domains(text, self.additions, path)
        if self.resolvers:
            items = [
                f"- {{name: {json.dumps(name)}, address: {json.dumps(address)}}}\n"
                for name, address in self.resolvers
            ]
            text = with_items(text, items, path, "resolvers")
        if self.transparency:
            text = with_mapping(text, TRANSPARENCY, self.transparency, path)
        return with_mapping(text, ROUTING, self.routing, path) if self.routing else text


def monitoring_from(document: Document, settings: Settings) -> Monitoring:
    """Read a monitoring file against the configuration that stands; raises BadInput when it is none."""
    value = document.value
    if not isinstance(value, Mapping) or not any(key in value for key in (*SECTIONS, *_PARTS)):
        raise BadInput(f"There is no monitoring in it; expected {', '.join(SECTIONS)} at the top.")
    draft = Draft(value, settings)
    accounts = tuple(_account(document, draft, path, leaf) for path, leaf in leaves(value))
    hosts: dict[str, list[Mapping[str, Any]]] = {}
    for (domain, _, _), host in draft.hosts.items():
        hosts.setdefault(domain, []).append(host)
    additions = (
        Addition(name, draft.keys.get(name, {}), tuple(hosts.get(name, ())))
        for name in dict.fromkeys([*draft.keys, *hosts])
    )
    needed = tuple(each for each in additions if each or settings.domain(each.name) is None)
    resolvers = tuple((name, address) for address, name in draft.resolvers.items())
    standing = {each.address for each in settings.resolvers}
    return Monitoring(
        needed,
        tuple(each for each in resolvers if each[1] not in standing),
        draft.routing,
        draft.transparency,
        accounts,
    )


def _account(document: Document, draft: Draft, path: Path, value: Any) -> Account:
    try:
        outcome, sentence = _told(draft, path, value)
    except BadInput as error:
        outcome, sentence = Outcome.NONE, str(error)
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return Account(document.line(path), visible(key, limit=200), visible(shown, limit=200), outcome, sentence)


def _told(draft: Draft, path: Path, value: Any) -> Told:
    if path[0] == ROUTING and len(path) > 1:
        return _routed(draft, path)
    steps = [str(step) for step in path if not isinstance(step, int)]
    rule = _RULES.get(".".join(steps[1:] if steps[0] in SECTIONS else steps))
    if rule is None:
        return Outcome.NONE, "Nothing here is called so."
    return rule(draft, path, value)


def _routed(draft: Draft, path: Path) -> Told:
    """One value of a class of routing rules, which is taken as a whole or not at all."""
    from cockpit.health.routing import rules_of, severity_of

    name = str(path[1])
    plain = draft.file[ROUTING][path[1]]
    try:
        rules = msgspec.convert(plain, tuple[RouteConfig, ...])
        rules_of({name: rules})
    except (msgspec.ValidationError, BadInput) as error:
        said = visible(error, limit=300)
        return Outcome.NONE, f"{visible(name, limit=60)} is left out. {said}{'' if said[-1:] in '.?' else '.'}"
    stands = draft.settings.alert_routing.get(name)
    if stands == rules:
        return Outcome.ALREADY, "The rule stands in your configuration."
    if stands is not None:
        return Outcome.KEPT, f"Your configuration has other rules for {name}."
    draft.routing[name] = plain
    if path[-1] == "condition":
        return Outcome.TAKEN, f"Such an alert is {severity_of(name) or 'of no severity of its own'}, by {name}."
    return Outcome.TAKEN, "Shown with the alert and in the incident."
