"""Runs of DNS remedies against the simulated world, over Route 53 or over signed dynamic updates."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions import aws
from cockpit.actions.dns.published import Published, look_up
from cockpit.actions.journal import ActionState
from cockpit.actions.runner import carry
from cockpit.clock import SystemClock
from cockpit.desk.feed import Feed
from cockpit.desk.remedies.actions import Actions, ActionView
from cockpit.desk.remedies.approvals import Approvals
from cockpit.health.zone_copy import ROUTE53, RecordSet, ZoneCopy
from storage.snapshots import Snapshots
from tests.actions.conftest import LocalWorld, Place

ENDED = frozenset(
    {
        ActionState.SUCCEEDED,
        ActionState.REFUSED,
        ActionState.NEEDS_HUMAN,
        ActionState.EXPIRED,
        ActionState.ROLLED_BACK,
    }
)


class Desk(Place):
    """A desk whose runners are threads, so that a run costs what its requests cost."""

    def __init__(self, folder: Path, world: LocalWorld) -> None:
        self.world = world
        self.threads: list[threading.Thread] = []
        super().__init__(folder, world.profile, self._spawn)

    def _spawn(self, arguments: Sequence[str]) -> None:
        uid = arguments[arguments.index("--run") + 1]
        read_only = "--read-only" in arguments
        thread = threading.Thread(
            target=carry, args=(self.path, uid, self.world.profile, "mhassan"), kwargs={"read_only": read_only}
        )
        self.threads.append(thread)
        thread.start()

    @property
    def second(self) -> Approvals:
        """A second person at a terminal of their own, with a key of their own."""
        feed = Feed(self.database, self.feed.ledger, SystemClock(), "kblake")
        actions = Actions(feed, self.settings, self.profile_path, self.path, "kblake", spawn=lambda _: None)
        feed.add(actions)
        feed.catch_up()
        return Approvals(feed, actions, "kblake", self.path.parent / "keys")

    def provide(self, *zones: Mapping[str, object]) -> None:
        """Configure providers for zones, as `dns_zones` of the configuration would."""
        from cockpit.config import settings_from

        told = {**(self.world.profile.settings or {}), "dns_zones": list(zones)}
        self.settings = self.actions._settings = settings_from(told, "the test")

    def planned(self, remedy: str, **parameters: str) -> ActionView:
        uid = self.actions.request(remedy, parameters)
        return self.until(uid, lambda view: view.state is ActionState.PLANNED or view.state in ENDED)

    def applied(self, view: ActionView) -> ActionView:
        assert view.state is ActionState.PLANNED, view.reason
        if view.approvals_missing:
            self.second.approve(view.code_to_approve)
        self.actions.confirm(view.uid, view.phrase)
        return self.until(view.uid, lambda view: view.state in ENDED)

    def undone(self, view: ActionView) -> ActionView:
        uid = self.actions.undo(view.uid)
        planned = self.until(uid, lambda view: view.state is ActionState.PLANNED or view.state in ENDED)
        return self.applied(planned)

    def ended(self) -> None:
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()

    def zone(self, name: str) -> dict[tuple[str, str], tuple[int, tuple[str, ...]]]:
        """The zone as the world has it: TTL and values by name and type."""
        records = self.world.do(lambda: self.world.world.zones.records(name))
        return {
            (one.name, one.kind): (one.ttl_s, tuple(sorted(one.values))) for one in records if one.kind != "SOA"
        }

    def keep_copy(self, zone: str, source: str = ROUTE53) -> int:
        """Keep a copy of the zone as it is now, as a backup."""
        records = tuple(
            RecordSet(name.rstrip("."), kind, ttl, values)
            for (name, kind), (ttl, values) in self.zone(zone).items()
        )
        copy = ZoneCopy(zone.rstrip("."), source, records)
        now = self.feed.clock.now()
        kept = Snapshots(self.database).put(copy.domain, source, copy.digest, copy.text, len(records), now, "test")
        return kept.id

    def ask(self, domain: str, name: str, rtype: str) -> Published:
        """Everybody's answer."""
        return look_up(self.world.profile, domain, [(name, rtype)])[0]


@pytest.fixture(autouse=True)
def _one_session(monkeypatch: pytest.MonkeyPatch, world: LocalWorld) -> None:
    """The SDK reads its models once for all runners of a test: they are told apart by their clients."""
    session = aws._session(world.profile)
    monkeypatch.setattr(aws, "_session", lambda profile: session)


@pytest.fixture
def desk(tmp_path: Path, world: LocalWorld) -> Iterator[Desk]:
    zones = ("shop.example.", "pay.example.")
    before = {zone: world.do(partial(_records, world, zone)) for zone in zones}
    made = Desk(tmp_path, world)
    yield made
    for view in made.actions.running():
        made.actions.cancel(view.uid, "the test is over")
    made.ended()
    made.database.close()
    for zone, records in before.items():
        world.do(partial(_put_back, world, zone, records))


def _records(world: LocalWorld, zone: str) -> list[Any]:
    return list(world.world.zones.records(zone))


def _put_back(world: LocalWorld, zone: str, records: list[Any]) -> None:
    wanted = {(one.name, one.kind): one for one in records if one.kind not in ("SOA", "NS")}
    there = {(one.name, one.kind) for one in world.world.zones.records(zone) if one.kind not in ("SOA", "NS")}
    world.world.zones.apply(zone, {**dict.fromkeys(there), **wanted})


ROUTE53_ZONES = ({"zone": "shop.example", "provider": "route53"},)
UPDATED_ZONES = ({"zone": "shop.example", "provider": "rfc2136"}, {"zone": "example", "provider": "rfc2136"})
PROVIDERS = pytest.mark.parametrize("zones", [ROUTE53_ZONES, UPDATED_ZONES], ids=["route53", "rfc2136"])
__all__ = ["PROVIDERS", "ROUTE53_ZONES", "UPDATED_ZONES", "Desk"]
