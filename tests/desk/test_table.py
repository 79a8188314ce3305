"""Which domains the board lists, in which order and under which heads."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from cockpit.desk.health.table import (
    Belonging,
    Group,
    Placed,
    grouped,
    key_of,
    ordered,
    parse,
    passing,
    row_of,
)
from cockpit.desk.views import DomainRow, Freshness
from cockpit.health.model import Verdict

NOW = datetime(2026, 11, 20, tzinfo=UTC)
OWNERS = {
    "shop.example": Belonging("Web Team", ("shop", "newsletter")),
    "pay.example": Belonging("Payments", ("checkout",), "co.example"),
    "news.test": Belonging("Marketing", ("newsletter",)),
}


def belongs(target: str) -> Belonging:
    return OWNERS.get(target, Belonging())


def row(
    target: str, verdict: Verdict, check: str, *, seen: int = 10, age: Freshness = Freshness.FRESH
) -> DomainRow:
    checks = {"dns.resolution": Verdict.OK, check: verdict}
    headline = f"{check} says {verdict}"
    return DomainRow(target, verdict, check, headline, NOW, NOW - timedelta(seconds=seen), age, 1, checks)


ROWS = [
    row("shop.example", Verdict.FAIL, "mail.dkim"),
    row("pay.example", Verdict.FAIL, "dns.dnssec", seen=50),
    row("news.test", Verdict.WARN, "mail.dkim"),
    row("api.example", Verdict.UNKNOWN, "http.health", age=Freshness.SILENT),
    row("admin.example", Verdict.OK, "mail.spf"),
]


def names(text: str) -> list[str]:
    return [each.target.split(".")[0] for each in passing(ROWS, parse(text, belongs))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["shop", "pay", "news", "api", "admin"]),
        ("fail", ["shop", "pay"]),
        ("FAIL !pay", ["shop"]),
        ("bad", ["shop", "pay", "news", "api"]),
        ("check:dkim", ["shop", "news"]),
        ("fail check:dkim", ["shop"]),
        ("ok check:spf", ["admin"]),
        ("!ok", ["shop", "pay", "news", "api"]),
        ("owner:web", ["shop"]),
        ("service:newsletter", ["shop", "news"]),
        ("tld:.test", ["news"]),
        ("silent", ["api"]),
        ("dnssec says", ["pay"]),
        ("check:", ["shop", "pay", "news", "api", "admin"]),
        ("nowhere", []),
    ],
)
def test_every_word_of_a_filter_must_hold(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ownr:web fail", "ownr: is not a filter word; did you mean owner: ?"),
        ("sort:colour", "sort:colour is not known; there are worst, name, age, check"),
        ("group:x", "group:x is not known; there are owner, service, zone, tld, check"),
    ],
)
def test_a_word_that_means_nothing_is_named_and_the_others_hold(text: str, sentence: str) -> None:
    query = parse(text, belongs)
    assert query.wrong == sentence
    assert len(passing(ROWS, query)) == (2 if "fail" in text else 5)


@pytest.mark.parametrize(
    ("sort", "first"), [("worst", "shop"), ("name", "admin"), ("age", "pay"), ("check", "pay")]
)
def test_the_order_can_be_another(sort: str, first: str) -> None:
    assert ordered(ROWS, sort)[0].target.startswith(first)
    assert parse(f"sort:{sort}", belongs).sort == sort


def heads(group: str, folded: Sequence[str] = ()) -> list[str]:
    return [each.name for each in grouped(ROWS, group, set(folded), belongs) if isinstance(each, Group)]


def test_the_worst_group_stands_first_and_counts_what_is_under_it() -> None:
    listed = grouped(ROWS, "service", set(), belongs)
    assert heads("service") == ["checkout", "newsletter", "shop", "no service known"]
    newsletter = next(each for each in listed if isinstance(each, Group) and each.name == "newsletter")
    assert newsletter.counts == {Verdict.FAIL: 1, Verdict.WARN: 1}
    under = [each.row.target for each in listed if isinstance(each, Placed) and each.group == "newsletter"]
    assert under == ["shop.example", "news.test"]


def test_a_folded_group_stands_alone() -> None:
    listed = grouped(ROWS, "tld", {".example"}, belongs)
    assert [key_of(each) for each in listed] == ["\0.example", "\0.test", ".test\0news.test"]
    assert [row_of(each) is None for each in listed] == [True, True, False]


@pytest.mark.parametrize(
    ("group", "first"),
    [("owner", "Payments"), ("zone", "co.example"), ("tld", ".example"), ("check", "dns.dnssec")],
)
def test_there_are_groups_by_owner_name_and_check(group: str, first: str) -> None:
    assert heads(group)[0] == first
