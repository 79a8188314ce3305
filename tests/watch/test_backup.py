"""Copies of zones on a timer: kept, confirmed, never emptied, and their age told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cockpit.clock import SystemClock
from cockpit.config import DomainConfig
from cockpit.config.dns_zone import DnsZone
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.errors import StorageError
from cockpit.health.backup import RPO
from cockpit.health.model import Observation, Verdict
from cockpit.health.zone_copy import ROUTE53, TRANSFER, WATCHED, RecordSet, ZoneCopy
from cockpit.profile import Profile
from cockpit.watch.backup import Backups
from cockpit.watch.hosted import hosted as hosted_zone
from cockpit.watch.store import Store
from storage.database import Database
from storage.snapshots import Snapshots

DOMAIN = DomainConfig(name="news.example")


class Shelf:
    """Where copies go in a test."""

    def __init__(self) -> None:
        self.copies: list[ZoneCopy] = []
        self.full = False

    async def keep(self, copy: ZoneCopy, at: datetime) -> datetime:
        if self.full:
            raise StorageError("The disk is full.")
        self.copies.append(copy)
        return at


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def backups(profile: Profile, shelf: Shelf) -> Backups:
    made = Backups(profile, None)
    made.keep = shelf.keep
    return made


async def look(made: Backups, at: datetime) -> Observation:
    return await made.look(DOMAIN, None, at)


async def test_a_copy_is_kept_and_its_age_grows_while_none_can_be_taken(world: LaunchedWorld, shelf: Shelf) -> None:
    made, at = backups(world.profile, shelf), datetime.now(UTC)
    first = await look(made, at)
    assert first.verdict is Verdict.OK
    assert first.evidence["age_s"] == 0
    assert any(each.type == "MX" for each in shelf.copies[0].records)
    shelf.full = True
    soon = await look(made, at + timedelta(minutes=2))
    assert soon.verdict is Verdict.OK
    assert "none could be taken now: The disk is full" in soon.headline
    late = await look(made, at + RPO + timedelta(seconds=30))
    assert late.verdict is Verdict.WARN
    assert late.evidence["age_s"] == 330
    assert late.evidence["quiet"]
    assert late.finding is not None


async def test_a_zone_whose_provider_is_configured_is_copied_whole(world: LaunchedWorld, shelf: Shelf) -> None:
    transferred = Backups(world.profile, None, (DnsZone("news.example", provider="rfc2136"),))
    hosted = Backups(world.profile, None, (DnsZone("news.example"),))
    hosted.hosted = hosted_zone(world.profile)
    for made, source in ((transferred, TRANSFER), (hosted, ROUTE53)):
        made.keep = shelf.keep
        seen = await look(made, datetime.now(UTC))
        assert seen.verdict is Verdict.OK, seen.headline
        assert (shelf.copies[-1].source, f"by {source}" in seen.headline) == (source, True), seen.headline
        assert len(shelf.copies[-1].records) > 5


async def test_where_the_zone_is_not_given_away_its_watched_records_are_kept_and_the_want_is_told(
    world: LaunchedWorld, shelf: Shelf
) -> None:
    cut = msgspec.structs.replace(world.profile, aws=msgspec.structs.replace(world.profile.aws, account="9" * 12))
    made = Backups(cut, None, (DnsZone("example", provider="by-hand"), DnsZone("news.example")))
    made.keep, made.hosted = shelf.keep, hosted_zone(cut)
    seen = await look(made, datetime.now(UTC))
    assert (seen.verdict, shelf.copies[-1].source) == (Verdict.OK, WATCHED)
    assert "not the whole zone: " in seen.headline
    assert "999999999999" in seen.headline


async def test_a_zone_that_cannot_be_asked_leaves_the_last_copy(world: LaunchedWorld, shelf: Shelf) -> None:
    made, at = backups(world.profile, shelf), datetime.now(UTC)
    await look(made, at)
    after = Backups(Profile(resolvers=(), dial={}, loopback_only=True, roots=()), None)
    after.keep = shelf.keep
    after.learn(await look(made, at))
    seen = await look(after, at + timedelta(minutes=10))
    assert seen.verdict is Verdict.WARN
    assert len(shelf.copies) == 2


async def test_without_any_copy_and_without_name_servers_it_is_not_known_and_the_want_is_told(shelf: Shelf) -> None:
    made = backups(Profile(resolvers=(), dial={}, loopback_only=True), shelf)
    seen = await look(made, datetime.now(UTC))
    assert seen.verdict is Verdict.UNKNOWN
    assert "no copy of the records was ever kept" in seen.headline


async def test_the_watchs_store_keeps_a_copy_once_and_confirms_it_after(database: Path) -> None:
    copy = ZoneCopy("news.example", WATCHED, (RecordSet("news.example", "MX", 60, ("10 mx.",)),))
    at = datetime.now(UTC)
    store = Store(database, SystemClock(), "the watch of mona")
    await store.open()
    try:
        assert await store.keep_copy(copy, at) == at
        later = at + timedelta(minutes=4)
        assert await store.keep_copy(copy, later) == later
    finally:
        await store.close()
    reader = Database.open(database)
    (kept,) = Snapshots(reader).list("news.example")
    reader.close()
    assert (kept.records, kept.at, kept.confirmed_at, kept.by) == (1, at, later, "the watch of mona")
