"""Domains from a CSV file: one per line, with who owns it and what depends on it."""

import csv
import io
from typing import Any

from cockpit.config.edit import domain_name
from cockpit.config.merge import Addition
from cockpit.errors import BadInput
from cockpit.text import visible

MOST_ROWS = 50_000
COLUMNS = ("domain", "owner", "services", "production", "mail_per_hour", "identity", "hosts")
_NAMES = {"name": "domain", "domain_name": "domain", "service": "services", "host": "hosts"}
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def domains_from_csv(text: str, source: str) -> list[Addition]:
    """Read a CSV file; raises BadInput naming `source`, the line and what was expected.

    The first line names the columns, of which only `domain` is needed; a file of bare names needs none. Services
    and hosts are parted by semicolons.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: dict[str, Addition] = {}
    header: list[str] = []
    try:
        for cells in reader:
            line = f"{visible(source)} line {reader.line_num}"
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if not header:
                header = _header(cells)
                if header:
                    continue
                header = ["domain"]
            if reader.line_num > MOST_ROWS:
                raise BadInput(f"{line}: a configuration has {MOST_ROWS} domains at most.")
            if len(cells) > len(header):
                raise BadInput(f"{line} has {len(cells)} cells, and the header has {len(header)}.")
            addition = _domain(dict(zip(header, (cell.strip() for cell in cells), strict=False)), line)
            found.setdefault(addition.name, addition)
    except csv.Error as error:
        raise BadInput(f"{visible(source)} line {reader.line_num} is not CSV: {visible(error)}.") from None
    if not found:
        raise BadInput(f"There is no domain in {visible(source)}.")
    return list(found.values())


def _header(cells: list[str]) -> list[str]:
    """The columns by our names; nothing when the first line is a domain already. Raises BadInput."""
    names = [_NAMES.get(cell.strip().lower(), cell.strip().lower()) for cell in cells]
    if "domain" in names:
        return names
    try:
        domain_name(cells[0])
    except BadInput:
        raise BadInput(
            f"The first line names the columns, domain among them; known are {', '.join(COLUMNS)}."
        ) from None
    if len(cells) > 1:
        raise BadInput(f"With more than one column the first line names them; known are {', '.join(COLUMNS)}.")
    return []


def _domain(row: dict[str, str], line: str) -> Addition:
    try:
        name = domain_name(row["domain"])
        hosts = tuple({"name": domain_name(host), "path": None} for host in _parts(row.get("hosts", "")))
    except BadInput as error:
        raise BadInput(f"{line}: {error}") from None
    keys: dict[str, Any] = {}
    if row.get("owner"):
        keys["owner"] = visible(row["owner"], limit=200)
    if services := _parts(row.get("services", "")):
        keys["services"] = [visible(service, limit=200) for service in services]
    for key in ("production", "identity"):
        if row.get(key):
            if row[key].lower() not in _WORDS:
                raise BadInput(f"{line}: {key} is true or false, not {visible(row[key], limit=40)}.")
            keys[key] = _WORDS[row[key].lower()]
    if row.get("mail_per_hour"):
        if not row["mail_per_hour"].isascii() or not row["mail_per_hour"].isdigit():
            raise BadInput(
                f"{line}: mail_per_hour is a whole number, not {visible(row['mail_per_hour'], limit=40)}."
            )
        keys["mail_per_hour"] = int(row["mail_per_hour"])
    return Addition(name, keys, hosts)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]
