"""Which domains the board lists, in which order and under which heads: pure, and quick enough for 10,000 rows.

The filter line takes words: a verdict (`fail`, `warn`, `unknown`, `ok`, `bad` for the first three), an age (`late`,
`silent`), `check:dkim`, `owner:web`, `service:shop`, `tld:ca`, and anything else as a part of name or sentence.
All must hold; `!` before a word turns it round. With `check:`, a verdict is meant of that check, and without one
the check is not well. `sort:` and `group:` work there too.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from difflib import get_close_matches

import msgspec

from cockpit.desk.views import DomainRow, Freshness
from cockpit.health.model import Verdict

SORTS = ("worst", "name", "age", "check")
GROUPS = ("", "owner", "service", "zone", "tld", "check")
"""A zone is what holds the name in DNS, as it was last seen: `shop.co.uk` is one, and so may `eu.shop.co.uk` be."""

_BAD = (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN)
_VERDICTS: Mapping[str, tuple[Verdict, ...]] = {
    "fail": (Verdict.FAIL,),
    "warn": (Verdict.WARN,),
    "unknown": (Verdict.UNKNOWN,),
    "info": (Verdict.INFO,),
    "ok": (Verdict.OK,),
    "bad": _BAD,
}
_AGES = {"late": Freshness.LATE, "silent": Freshness.SILENT}
_KEYS = ("check", "owner", "service", "tld", "sort", "group")

Test = Callable[[DomainRow], bool]


class Belonging(msgspec.Struct, frozen=True):
    """Who owns a domain, which services send as it, and the zone that holds it; empty is not known."""

    owner: str = ""
    services: tuple[str, ...] = ()
    zone: str = ""


class Query(msgspec.Struct, frozen=True):
    """A filter line as it was understood. `wrong` is a sentence about words that mean nothing, else empty."""

    tests: tuple[Test, ...] = ()
    sort: str = ""
    group: str = ""
    wrong: str = ""


class Group(msgspec.Struct, frozen=True):
    """A head with what stands under it: how many of each verdict, the worst of them, and whether it is folded."""

    name: str
    verdict: Verdict
    counts: Mapping[Verdict, int]
    folded: bool


class Placed(msgspec.Struct, frozen=True):
    """A domain under a head; one with several services stands under each of them."""

    group: str
    row: DomainRow


Listed = DomainRow | Group | Placed


def parse(text: str, belongs: Callable[[str], Belonging]) -> Query:
    """Understand a filter line; words that mean nothing are left out and named in `wrong`."""
    words = text.casefold().split()
    pairs = [(word.lstrip("!"), word.startswith("!")) for word in words]
    named = [word.partition(":")[2] for word, _ in pairs if word.startswith("check:") and word != "check:"]
    tests: list[Test] = []
    sort = group = wrong = ""
    for word, negated in pairs:
        key, colon, value = word.partition(":")
        if not word or (colon and not value and key in _KEYS):
            continue
        if colon and key not in _KEYS:
            wrong = _unknown_key(key)
        elif key == "sort" and colon:
            sort, wrong = (value, wrong) if value in SORTS else ("", _choose(word, SORTS))
        elif key == "group" and colon:
            group, wrong = (value, wrong) if value in GROUPS else ("", _choose(word, GROUPS[1:]))
        else:
            if key == "check" and colon and any(each in _VERDICTS for each, _ in pairs):
                continue
            test = _test(word, key if colon else "", value, named, belongs)
            tests.append(_not(test) if negated else test)
    return Query(tuple(tests), sort, group, wrong)


def passing(rows: Sequence[DomainRow], query: Query) -> Sequence[DomainRow]:
    """The rows that pass every test, in the same order."""
    for test in query.tests:
        rows = [row for row in rows if test(row)]
    return rows


def ordered(rows: Sequence[DomainRow], sort: str) -> Sequence[DomainRow]:
    """The rows, which come worst first, in another order: by name, longest unseen first, or by failing check."""
    if sort == "name":
        return sorted(rows, key=lambda row: row.target)
    if sort == "age":
        return sorted(rows, key=lambda row: row.at.timestamp() if row.at is not None else 0.0)
    if sort == "check":
        return sorted(rows, key=lambda row: (row.verdict.rank >= Verdict.INFO.rank, row.check))
    return rows


def grouped(
    rows: Sequence[DomainRow], group: str, folded: Set[str], belongs: Callable[[str], Belonging]
) -> Sequence[Listed]:
    """The rows under their heads, the worst head first, then by name; a folded head stands alone."""
    if not group:
        return rows
    heads: dict[str, list[DomainRow]] = {}
    for row in rows:
        for name in _heads(row, group, belongs):
            heads.setdefault(name, []).append(row)
    groups = sorted((_group(name, rows, name in folded) for name, rows in heads.items()), key=_worst_first)
    listed: list[Listed] = []
    for each in groups:
        listed.append(each)
        if not each.folded:
            listed.extend(Placed(each.name, row) for row in heads[each.name])
    return listed


def key_of(item: Listed) -> str:
    """What tells one line of the list from all others."""
    match item:
        case Group():
            return f"\0{item.name}"
        case Placed():
            return f"{item.group}\0{item.row.target}"
        case _:
            return item.target


def row_of(item: Listed | None) -> DomainRow | None:
    """The domain on a line; None for a head."""
    return item.row if isinstance(item, Placed) else item if isinstance(item, DomainRow) else None


def _worst_first(group: Group) -> tuple[int, int, str]:
    return group.verdict.rank, -group.counts.get(group.verdict, 0), group.name


def _group(name: str, rows: Sequence[DomainRow], folded: bool) -> Group:
    counts: dict[Verdict, int] = {}
    for row in rows:
        counts[row.verdict] = counts.get(row.verdict, 0) + 1
    return Group(name, min(counts, key=lambda verdict: verdict.rank), counts, folded)


def _heads(row: DomainRow, group: str, belongs: Callable[[str], Belonging]) -> Sequence[str]:
    labels = row.target.split(".")
    match group:
        case "owner":
            return (belongs(row.target).owner or "no owner known",)
        case "service":
            return belongs(row.target).services or ("no service known",)
        case "tld":
            return (f".{labels[-1]}",)
        case "zone":
            return (belongs(row.target).zone or "no zone known",)
        case _:
            well = row.verdict.rank >= Verdict.INFO.rank
            return ("all is well" if well else row.check or "not looked at yet",)


def _test(word: str, key: str, value: str, named: Sequence[str], belongs: Callable[[str], Belonging]) -> Test:
    match key:
        case "check":
            return lambda row: any(value in check and found in _BAD for check, found in row.checks.items())
        case "owner":
            return lambda row: value in belongs(row.target).owner.casefold()
        case "service":
            return lambda row: any(value in service.casefold() for service in belongs(row.target).services)
        case "tld":
            return lambda row: row.target.endswith(f".{value.lstrip('.')}")
    if word in _AGES:
        wanted = _AGES[word]
        return lambda row: row.freshness is wanted
    verdicts = _VERDICTS.get(word)
    if verdicts is None:
        return lambda row: word in row.target or word in row.headline.casefold()
    if named:
        return lambda row: any(
            found in verdicts and any(name in check for name in named) for check, found in row.checks.items()
        )
    return lambda row: row.verdict in verdicts


def _not(test: Test) -> Test:
    return lambda row: not test(row)


def _unknown_key(key: str) -> str:
    near = get_close_matches(key, _KEYS, n=1, cutoff=0.5)
    return f"{key}: is not a filter word" + (f"; did you mean {near[0]}: ?" if near else "")


def _choose(word: str, known: Sequence[str]) -> str:
    return f"{word} is not known; there are {', '.join(known)}"
