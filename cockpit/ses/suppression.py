"""Who is not written to: SES's account list and the organisation's own table, as entries that can be compared.

SES knows one reason per address, the table (key `email`, range `reason`) one entry per reason. Addresses are
compared in lower case and shown masked.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from cockpit.errors import BadInput
from cockpit.ses.feedback import address as bare
from cockpit.ses.feedback import moment
from cockpit.ses.tally import Count, domain_of

REASONS = ("BOUNCE", "COMPLAINT")
"""The reasons that SES has."""

MOST_ROWS = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters that a spreadsheet would take for a formula."""


class Entry(msgspec.Struct, frozen=True, order=True):
    """One suppressed address; `at` is when that was last said, where it is known."""

    address: str
    reason: str
    at: datetime | None = None


class Difference(msgspec.Struct, frozen=True):
    """Addresses that are in one place and not in the other; `only_feedback` are in neither, and were reported."""

    only_list: tuple[str, ...]
    only_table: tuple[str, ...]
    only_feedback: tuple[str, ...]


class Statistics(msgspec.Struct, frozen=True):
    """How many addresses there are, under which reasons, at which domains, and when the newest came."""

    addresses: int
    reasons: tuple[Count, ...]
    domains: tuple[Count, ...]
    newest: datetime | None


class Import(msgspec.Struct, frozen=True):
    """What a file holds: entries without duplicates, and what is wrong with the other lines."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...]


def masked(address: str) -> str:
    """An address that can be told from others by who knows it: `a…e@mail.example`."""
    local, at, domain = address.rpartition("@")
    if not at:
        return "…"
    kept = local[0] if len(local) < 4 else f"{local[0]}…{local[-1]}"
    return f"{kept}{'…' if len(local) < 4 else ''}@{domain}"


def checked_address(text: str) -> str:
    """An address in the form in which it is compared; raises BadInput for what is none."""
    found = bare(text)
    local, at, domain = found.rpartition("@")
    plain = found.isprintable() and not any(letter.isspace() for letter in found) and len(found) <= 254
    if not (at and local and "." in domain and plain) or domain.startswith(".") or domain.endswith("."):
        raise BadInput(f"{text[:80]!r} is no e-mail address; expected one such as ann@mail.example.")
    return found


def checked_reason(text: str) -> str:
    """A reason as SES writes it; raises BadInput."""
    found = text.strip().upper()
    if found not in REASONS:
        raise BadInput(f"{text[:40]!r} is no reason; there are: {', '.join(REASONS).lower()}.")
    return found


def difference(on_list: Iterable[Entry], in_table: Iterable[Entry], reported: Iterable[Entry]) -> Difference:
    """What the two places do not agree on, and who is in neither though SES reported them."""
    first, second, third = ({each.address for each in one} for one in (on_list, in_table, reported))
    return Difference(
        tuple(sorted(first - second)), tuple(sorted(second - first)), tuple(sorted(third - first - second))
    )


def statistics(entries: Sequence[Entry]) -> Statistics:
    """Count entries; an address with two reasons is one address."""
    addresses = {each.address for each in entries}
    reasons = Counter(each.reason for each in entries)
    domains = Counter(map(domain_of, addresses))
    ranked = sorted(domains.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    return Statistics(
        len(addresses),
        tuple(Count(name, number) for name, number in sorted(reasons.items())),
        tuple(Count(name, number) for name, number in ranked),
        max((each.at for each in entries if each.at is not None), default=None),
    )


def take_in(text: str) -> Import:
    """Read CSV (`email,reason`, with or without a heading) or JSON (a list, or a line per object, as SES imports).

    A line without a reason is a bounce. Lines that say nothing are told, not guessed at; raises BadInput when not
    one line can be used, or when there are too many.
    """
    rows = list(_rows(text.lstrip("\ufeff")))
    if len(rows) > MOST_ROWS:
        raise BadInput(f"There are {len(rows)} lines; at most {MOST_ROWS} are taken at once.")
    found: dict[tuple[str, str], Entry] = {}
    problems = []
    for number, address, reason, at in rows:
        try:
            entry = Entry(
                checked_address(address.removeprefix("'")), checked_reason(reason or "BOUNCE"), moment(at)
            )
        except BadInput as error:
            problems.append(f"Line {number}: {error}")
            continue
        found[entry.address, entry.reason] = entry
    if not found:
        raise BadInput(problems[0] if problems else "There is no address in it.")
    return Import(tuple(sorted(found.values(), key=lambda each: (each.address, each.reason))), tuple(problems))


def write_csv(entries: Iterable[Entry]) -> str:
    """Entries as CSV that `take_in` reads back; an address that looks like a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["email", "reason", "at"])
    for each in entries:
        shown = f"'{each.address}" if each.address.startswith(_FORMULA) else each.address
        writer.writerow([shown, each.reason, "" if each.at is None else each.at.isoformat()])
    return out.getvalue()


def write_json(entries: Iterable[Entry]) -> str:
    """Entries as a line of JSON each, in the form that an import job of SES takes."""
    lines = [json.dumps({"emailAddress": each.address, "reason": each.reason}) for each in entries]
    return "".join(f"{line}\n" for line in lines)


def _rows(text: str) -> Iterable[tuple[int, str, str, object]]:
    if text.lstrip().startswith(("{", "[")):
        yield from _json_rows(text)
        return
    for number, line in enumerate(text.splitlines(), 1):
        try:
            cells = [cell.strip() for cell in next(csv.reader([line]), [])]
        except csv.Error:
            cells = [line]
        if not any(cells) or (number == 1 and "@" not in cells[0]):
            continue
        yield number, cells[0], cells[1] if len(cells) > 1 else "", cells[2] if len(cells) > 2 else None


def _json_rows(text: str) -> Iterable[tuple[int, str, str, object]]:
    try:
        if text.lstrip().startswith("["):
            found = json.loads(text)
        else:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The JSON cannot be read: {error}.") from None
    for number, each in enumerate(found, 1):
        row: Mapping[str, object] = each if isinstance(each, dict) else {"email": each}
        address = row.get("emailAddress") or row.get("email") or row.get("EmailAddress") or ""
        yield number, str(address), str(row.get("reason") or row.get("Reason") or ""), row.get("at")
