"""The board is worst first, follows what changed, and never shows old good news as green."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from cockpit.clock import format_time
from cockpit.config import DomainConfig, Settings
from cockpit.desk.health.board import Board
from cockpit.desk.views import Freshness
from cockpit.health.model import Verdict
from storage.database import Database
from storage.ledger import Event
from storage.observations import Observations, Sample
from tests.desk.conftest import ManualClock

SETTINGS = Settings(
    domains=(DomainConfig("shop.example", services=("orders", "news")), DomainConfig("pay.example"))
)


DETAIL = '{"evidence": {"role": "%s"}}'


def sample(target: str, check: str, verdict: Verdict, at: datetime, vantage: str = "") -> Sample:
    return Sample(target, check, vantage, verdict.value, f"{check} is {verdict}", "{}", at, 3)


@pytest.fixture
def observations(database: Database) -> Observations:
    return Observations(database)


@pytest.fixture
def board(observations: Observations, clock: ManualClock) -> Board:
    return Board(observations, SETTINGS, clock)


def test_the_zone_of_a_domain_is_what_dns_was_seen_to_say_and_outlives_its_servers(
    board: Board, observations: Observations, clock: ManualClock
) -> None:
    assert board.zone("shop.example") == ""
    for zone in ("co.example", ""):
        seen = sample("shop.example", "dns.resolution", Verdict.OK, clock.now())
        observations.put([replace(seen, detail=f'{{"evidence": {{"zone": "{zone}"}}}}')])
        board.read()
        assert board.zone("shop.example") == "co.example"
        clock.advance(7200)


def started(at: datetime, number: int, last_seen: datetime | None = None) -> Event:
    body = {"last_seen": format_time(last_seen)} if last_seen else {}
    return Event(
        seq=number, id=f"e{number}", stream="ops", kind="watch.started", occurred_at=at, recorded_at=at,
        actor="watch", host="here", body=body, prev="", hash="",
    )  # fmt: skip


def test_the_time_between_a_watch_that_was_killed_and_the_next_one_is_empty(
    board: Board, observations: Observations, clock: ManualClock
) -> None:
    begun = clock.now()
    board.absorb(started(begun, 1))
    observations.put([sample("shop.example", "dns.resolution", Verdict.OK, begun)])
    clock.advance(3000)
    board.absorb(started(clock.now(), 2, last_seen=begun + timedelta(seconds=600)))
    clock.advance(600)
    observations.put([sample("shop.example", "dns.resolution", Verdict.OK, clock.now())])
    board.read()
    good = [verdict is Verdict.OK for verdict in board.recent("shop.example")]
    assert good == [True, True, *[False] * 8, True, True]


def test_a_domain_never_looked_at_is_unknown(board: Board) -> None:
    board.read()
    assert {row.verdict for row in board.rows()} == {Verdict.UNKNOWN}


def test_the_worst_check_decides_and_the_worst_domain_comes_first(
    board: Board, observations: Observations, clock: ManualClock
) -> None:
    now = clock.now()
    observations.put(
        [
            sample("pay.example", "dns.resolution", Verdict.OK, now),
            sample("shop.example", "dns.resolution", Verdict.OK, now),
            sample("shop.example", "mail.dkim", Verdict.FAIL, now),
            sample("shop.example", "mail.dkim", Verdict.FAIL, now, "auth:ns1"),
        ]
    )
    assert board.read() == {"pay.example", "shop.example"}
    rows = board.rows()
    assert [row.target for row in rows] == ["shop.example", "pay.example"]
    assert (rows[0].check, rows[0].headline, rows[0].services) == ("mail.dkim", "mail.dkim is FAIL", 2)
    view = board.view("shop.example")
    assert view is not None
    assert [check.check for check in view.checks] == ["mail.dkim", "dns.resolution"]
    assert [vantage.vantage for vantage in view.checks[0].vantages] == ["auth:ns1"]


def test_only_what_changed_is_read_again(board: Board, observations: Observations, clock: ManualClock) -> None:
    observations.put([sample("pay.example", "dns.resolution", Verdict.OK, clock.now())])
    assert board.read() == {"pay.example"}
    assert board.read() == set()


def test_good_news_grows_late_and_then_unknown(
    board: Board, observations: Observations, clock: ManualClock
) -> None:
    observations.put([sample("pay.example", "dns.resolution", Verdict.OK, clock.now())])
    board.read()
    interval = SETTINGS.intervals.dns_s
    seen = []
    for _ in range(3):
        row = board.row("pay.example")
        assert row is not None
        seen.append((row.verdict, row.freshness))
        clock.advance(interval * 2.6)
    assert seen == [
        (Verdict.OK, Freshness.FRESH),
        (Verdict.OK, Freshness.LATE),
        (Verdict.UNKNOWN, Freshness.SILENT),
    ]
    assert board.counts()[Verdict.OK] == 0


def test_bad_news_stays_bad_when_it_grows_old(board: Board, observations: Observations, clock: ManualClock) -> None:
    observations.put([sample("pay.example", "dns.resolution", Verdict.FAIL, clock.now())])
    board.read()
    clock.advance(SETTINGS.intervals.dns_s * 6)
    row = board.row("pay.example")
    assert row is not None
    assert (row.verdict, row.freshness) == (Verdict.FAIL, Freshness.SILENT)


def test_causes_stand_before_what_follows_from_them(
    board: Board, observations: Observations, clock: ManualClock
) -> None:
    checks = ("http.health", "mail.alignment", "mail.dkim", "dns.resolution")
    observations.put([sample("shop.example", check, Verdict.FAIL, clock.now()) for check in checks])
    board.read()
    view = board.view("shop.example")
    assert view is not None
    assert [check.check for check in view.checks] == [
        "dns.resolution", "mail.dkim", "http.health", "mail.alignment"
    ]  # fmt: skip


def test_resolvers_and_the_last_hour_are_told_for_a_row(
    board: Board, observations: Observations, clock: ManualClock
) -> None:
    now = clock.now()
    asked = (
        ("google", "resolver", Verdict.FAIL),
        ("ns1", "authoritative", Verdict.OK),
        ("quad9", "resolver", Verdict.OK),
    )
    seen = [
        replace(sample("shop.example", "dns.resolution", verdict, now, name), detail=DETAIL % role)
        for name, role, verdict in asked
    ]
    observations.put([*seen, sample("shop.example", "dns.resolution", Verdict.WARN, now)])
    board.read()
    assert board.resolvers("shop.example") == (("google", Verdict.FAIL), ("quad9", Verdict.OK))
    assert board.recent("shop.example")[-1] is Verdict.WARN
    assert set(board.recent("shop.example")[:-1]) == {None}
    assert board.unseen == 1
