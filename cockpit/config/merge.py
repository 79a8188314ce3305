"""Adds to a configuration that people wrote: new domains, new keys of known ones; no line of theirs is changed."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.config.edit import indented, with_items
from cockpit.config.yaml_subset import read_yaml
from cockpit.errors import ConfigError


class Addition(msgspec.Struct, frozen=True):
    """What a domain gets: `keys` with plain values that it does not have yet, and items for its lists."""

    name: str
    keys: Mapping[str, Any] = {}
    hosts: tuple[Mapping[str, Any], ...] = ()
    records: tuple[Mapping[str, Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.keys or self.hosts or self.records)


def with_domains(text: str, additions: Sequence[Addition], path: Path) -> str:
    """The text with new domains, and with what known ones get; raises ConfigError where that cannot be put in."""
    domains = (read_yaml(text, str(path)).value or {}).get("domains") or []
    places = {str(domain.get("name", "")).rstrip(".").lower(): place for place, domain in enumerate(domains)}
    known = [addition for addition in additions if addition.name in places]
    # From the last to the first, so that the lines above are still where they were.
    for addition in sorted(known, key=lambda each: places[each.name], reverse=True):
        text = _with_domain(text, addition, places[addition.name], domains[places[addition.name]], path)
    items = [_item(addition) for addition in additions if addition.name not in places]
    return with_items(text, items, path) if items else text


def _with_domain(text: str, addition: Addition, place: int, domain: Mapping[str, Any], path: Path) -> str:
    for key in ("records", "hosts"):
        items = getattr(addition, key)
        if items:
            text = _with_own_items(text, place, key, items, domain, path)
    if addition.keys:
        text = _with_lines(text, place, [f"{key}: {_flow(value)}" for key, value in addition.keys.items()], path)
    return text


def with_mapping(text: str, key: str, values: Mapping[str, Any], path: Path) -> str:
    """The text with further entries in the mapping `key:` at the top, which is made where there is none."""
    standing = read_yaml(text, str(path)).value or {}
    entries = [line for name, value in values.items() for line in _block(name, value)]
    if key not in standing:
        lines = text.splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        return "".join([*lines, f"\n{key}:\n", *(f"  {line}\n" for line in entries)])
    lines, index = _line_of(text, (key,), path)
    match = re.match(rf"{key}:[ \t]*(\{{[ \t]*\}})?[ \t]*(#.*)?$", lines[index].rstrip("\n"))
    if match is None:
        raise ConfigError(f"{path} line {index + 1}: write {key}: with one key per line, then add to it.")
    following = (re.match(r"( +)[^ #]", line) for line in lines[index + 1 :] if standing[key])
    margin = next((found[1] for found in following if found is not None), "  ")
    comment = f"  {match[2]}" if match[2] else ""
    added = [f"{margin}{line}\n" for line in entries]
    return "".join([*lines[:index], f"{key}:{comment}\n", *added, *lines[index + 1 :]])


def _block(name: str, value: Any) -> list[str]:
    """An entry over several lines: lists of mappings one item per line and deeper lists in them, else one line."""
    head = f"{_key(name)}:"
    if not (isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value)):
        return [f"{head} {_flow(value)}"]
    lines = [head]
    for each in value:
        inner = [line for key, part in each.items() for line in _block(str(key), part)]
        lines += [f"  {'- ' if place == 0 else '  '}{line}" for place, line in enumerate(inner or ["{}"])]
    return lines


def _item(addition: Addition) -> str:
    lines = [f"- name: {quoted(addition.name)}"]
    lines += [f"  {key}: {_flow(value)}" for key, value in addition.keys.items()]
    for key in ("hosts", "records"):
        items = getattr(addition, key)
        if items:
            lines += [f"  {key}:", *(f"    - {_flow(item)}" for item in items)]
    return "".join(f"{line}\n" for line in lines)


def _with_lines(text: str, place: int, added: Sequence[str], path: Path) -> str:
    """Put lines behind the name of the domain at `place`, where its other keys stand."""
    lines, index = _line_of(text, ("domains", place, "name"), path)
    match = re.match(r"( *(?:- +)?)name:[ \t]*\S", lines[index])
    if match is None:
        raise ConfigError(f"{path} line {index + 1}: write this domain with one key per line, then add to it.")
    margin = " " * len(match[1])
    return "".join([*lines[: index + 1], *(f"{margin}{line}\n" for line in added), *lines[index + 1 :]])


def _with_own_items(
    text: str, place: int, key: str, items: Sequence[Mapping[str, Any]], domain: Mapping[str, Any], path: Path
) -> str:
    written = [f"- {_flow(item)}\n" for item in items]
    if key not in domain:
        return _with_lines(text, place, [f"{key}:", *(f"  {line.rstrip()}" for line in written)], path)
    lines, index = _line_of(text, ("domains", place, key), path)
    match = re.match(rf"( *(?:- +)?){key}:[ \t]*(\[[ \t]*\])?[ \t]*(#.*)?$", lines[index].rstrip("\n"))
    if match is None:
        raise ConfigError(
            f"{path} line {index + 1}: write {key}: as a list with one item per line, then add to it."
        )
    column = len(match[1])
    comment = f"  {match[3]}" if match[3] else ""
    following = lines[index + 1 :] if domain[key] else []
    added = indented(written, following, " " * (column + 2))
    return "".join([*lines[:index], f"{match[1]}{key}:{comment}\n", *added, *lines[index + 1 :]])


def _line_of(text: str, where: tuple[str | int, ...], path: Path) -> tuple[list[str], int]:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    number = read_yaml(text, str(path)).line(where) or 1
    return lines, number - 1


def _flow(value: Any) -> str:
    """A plain value on one line: texts in quotes, durations as they are."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(key))}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and re.fullmatch(r"[0-9]+(?:ms|s|m|h|d)", value):
        return value
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def _key(name: str) -> str:
    """A key as it is where YAML cannot take it for anything else."""
    return (
        name if re.fullmatch(r"[a-z]+(_[a-z]+)*", name) and name not in ("true", "false", "null") else quoted(name)
    )


def quoted(text: str) -> str:
    """A text in double quotes, with all escaped that YAML would not take as it is (YAML 1.2.2 section 5.7)."""
    return _NOT_PLAIN.sub(lambda match: _escape(ord(match[0])), json.dumps(text, ensure_ascii=False))


_NOT_PLAIN = re.compile(r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def _escape(point: int) -> str:
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def missing_from(text: str, addition: Addition, path: Path) -> Addition:
    """What of an addition a configuration does not have yet; keys, hosts and records that it has are left out."""
    domains = (read_yaml(text, str(path)).value or {}).get("domains") or []
    known = next((each for each in domains if str(each.get("name", "")).rstrip(".").lower() == addition.name), None)
    if known is None:
        return addition
    hosts = {(str(host.get("name", "")).lower(), host.get("port", 443)) for host in known.get("hosts") or ()}
    pinned = {_record_key(record) for record in known.get("records") or ()}
    return Addition(
        addition.name,
        {key: value for key, value in addition.keys.items() if key not in known},
        tuple(host for host in addition.hosts if (host["name"], host.get("port", 443)) not in hosts),
        tuple(record for record in addition.records if _record_key(record) not in pinned),
    )


def _record_key(record: Mapping[str, Any]) -> tuple[str, str]:
    return str(record.get("name", "")).rstrip(".").lower(), str(record.get("type", ""))
