"""Adds domains to a configuration that people wrote: comments and order stay, and the result must load."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from cockpit.config.load import load_settings
from cockpit.config.starter import STARTER
from cockpit.errors import BadInput, ConfigError
from cockpit.paths import private_directory
from cockpit.text import visible

_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)


def domain_name(text: str) -> str:
    """A domain as it is configured: A-labels, lower case, no final dot; raises BadInput."""
    name = text.strip().rstrip(".").lower()
    if not name.isascii():
        import idna

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            name = ""
    if _NAME.match(name) is None:
        raise BadInput(f"{visible(text, limit=80)!r} is not a domain name; write one such as shop.example.")
    return name


def add_domains(path: Path, names: Sequence[str], *, identity: bool = False) -> list[str]:
    """Write the domains that are missing into the file, making it when there is none; returns what was added.

    With `identity` they are marked as SES identities. The new text is read back before it takes the place of the
    old one, which happens in one step. Raises BadInput, or ConfigError when the file cannot be read or written.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else STARTER
    known = {domain.name.rstrip(".").lower() for domain in load_settings(path).domains} if path.exists() else set()
    fresh = list(dict.fromkeys(name for each in names if (name := domain_name(each)) not in known))
    if not fresh:
        return []
    replace_config(path, with_items(text, [_item(name, identity) for name in fresh], path))
    return fresh


def replace_config(path: Path, text: str) -> None:
    """Put a new text in the place of a configuration, in one step, once it was read back as one.

    Raises ConfigError when the text is no configuration or cannot be written; the old one then stands.
    """
    private_directory(path.parent)
    partial = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        _write(partial, text)
        load_settings(partial)
        partial.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)


def _item(name: str, identity: bool) -> str:
    return f"- name: {json.dumps(name)}\n" + ("  identity: true\n" if identity else "")


def with_items(text: str, items: list[str], path: Path, key: str = "domains") -> str:
    """The text with list items put at the head of `key:`, in the indentation that the list has."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    for index, line in enumerate(lines):
        match = re.match(rf"{key}:[ \t]*(\[[ \t]*\])?[ \t]*(#.*)?$", line.rstrip("\n"))
        if match is not None:
            comment = f"  {match[2]}" if match[2] else ""
            return "".join(
                [*lines[:index], f"{key}:{comment}\n", *indented(items, lines[index + 1 :]), *lines[index + 1 :]]
            )
        if line.startswith(f"{key}:"):
            raise ConfigError(
                f"{path} line {index + 1}: write {key}: as a list with one item per line, then add to it."
            )
    return "".join([*lines, f"\n{key}:\n", *indented(items, [])])


def indented(items: list[str], following: list[str], margin: str = "  ") -> list[str]:
    """The items with the margin that the list that follows has, or with `margin` where none follows."""
    for line in following:
        if line.strip() and not line.lstrip().startswith("#"):
            first = re.match(r"( *)- ", line)
            margin = first[1] if first is not None else margin
            break
    return ["".join(f"{margin}{line}" for line in item.splitlines(keepends=True)) for item in items]


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
