"""The result of the owner query, as a CSV file: services sorted to the domains that they send as."""

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec

from cockpit.errors import BadInput
from cockpit.text import visible
from storage.owners import OwnedService

MOST_ROWS = 100_000
MOST_CHARACTERS = 300
NEEDED = ("service_name", "email_domain")
_TRUE = ("true", "t", "yes", "y", "1", "")


class Sorted(msgspec.Struct, frozen=True):
    """Services by domain; `strange` are sending domains that belong to none, `inactive` counts those left out."""

    by_domain: dict[str, tuple[OwnedService, ...]]
    strange: tuple[str, ...] = ()
    inactive: int = 0


def owners_from(text: str, source: str, domains: Iterable[str]) -> Sorted:
    """Read a CSV file with the columns of the query; raises BadInput naming `source` and what is wrong.

    A service belongs to the deepest of `domains` that its sending domain is, or is below of.
    """
    known = set(domains)
    found: dict[str, list[OwnedService]] = {}
    strange: dict[str, None] = {}
    inactive = 0
    for row in _rows(text, source):
        if row.get("is_active", "").strip().lower() not in _TRUE:
            inactive += 1
            continue
        sends_as = _sending_domain(row["email_domain"])
        domain = _deepest(sends_as, known)
        if domain is None:
            strange[visible(sends_as, limit=100)] = None
            continue
        service = _service(row, sends_as)
        if service not in found.setdefault(domain, []):
            found[domain].append(service)
    return Sorted({name: tuple(services) for name, services in found.items()}, tuple(strange), inactive)


def _rows(text: str, source: str) -> Iterable[dict[str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in NEEDED if name not in header]
        if missing:
            raise BadInput(
                f"{visible(source)} has no column {' and no column '.join(missing)}; the query names them."
            )
        for number, cells in enumerate(reader, 1):
            if number > MOST_ROWS:
                raise BadInput(f"{visible(source)} has more than {MOST_ROWS} rows.")
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                where = f"{visible(source)} line {reader.line_num}"
                raise BadInput(f"{where} has {len(cells)} cells, and the header has {len(header)}.")
            yield dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise BadInput(f"{visible(source)} line {reader.line_num} is not CSV: {visible(error)}.") from None


def _service(row: dict[str, str], sends_as: str) -> OwnedService:
    def cell(name: str) -> str:
        return visible(row.get(name, "").strip(), limit=MOST_CHARACTERS)

    return OwnedService(
        cell("service_name") or cell("service_id"),
        cell("owner_name"),
        cell("owner_email"),
        visible(sends_as, limit=MOST_CHARACTERS),
        cell("service_id"),
        cell("created_at"),
    )


def _sending_domain(text: str) -> str:
    """The domain of an address or a bare one, in A-labels where that can be."""
    name = text.strip().rpartition("@")[2].strip("<>. ").lower()
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return name


def _deepest(name: str, known: Sequence[str] | set[str]) -> str | None:
    labels = name.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels)))
    return next((each for each in above if each in known), None)
