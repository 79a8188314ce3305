"""A record and a zone put back from copies: as a diff, in batches, with what stands in the way shown."""

from datetime import timedelta
from functools import partial

import pytest

from cockpit.actions.dns.challenges import STALE_AFTER
from cockpit.actions.dns.record_state import Change, batches
from cockpit.actions.journal import ActionState
from cockpit.health.zone_copy import WATCHED, RecordSet
from tests.actions.dns.conftest import PROVIDERS, ROUTE53_ZONES, UPDATED_ZONES, Desk

ZONE = "shop.example."


def _alter(desk: Desk, *changes: tuple[str, str, tuple[str, ...]]) -> None:
    zone = desk.world.world.network.tree.zone(ZONE)
    for name, kind, values in changes:
        change = (
            partial(zone.replace, name, kind, *values, ttl_s=60) if values else partial(zone.withdraw, name, kind)
        )
        desk.world.do(change)


@PROVIDERS
def test_a_record_comes_back_from_the_newest_copy_that_has_it(
    desk: Desk, zones: tuple[dict[str, str], ...]
) -> None:
    desk.provide(*zones)
    before = desk.zone(ZONE)
    number = desk.keep_copy(ZONE)
    _alter(desk, ("s2026b._domainkey.shop.example.", "TXT", ()))
    view = desk.planned("dns.restore-record", name="s2026b._domainkey.shop.example", type="TXT")
    assert view.plan is not None, view.reason
    assert f"snapshot {number} (Route 53" in view.plan.title
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.zone(ZONE) == before


@PROVIDERS
def test_an_emptied_zone_is_restored_in_batches_and_the_restoring_undone(
    desk: Desk, zones: tuple[dict[str, str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.actions.dns.providers.route53.Route53Zone.most", 4)
    monkeypatch.setattr("cockpit.actions.dns.providers.rfc2136.UpdatedZone.most", 4)
    desk.provide(*zones)
    before = desk.zone(ZONE)
    desk.keep_copy(ZONE)
    gone = [(name, kind, ()) for name, kind in before if kind != "NS"]
    _alter(desk, *gone, ("left.shop.example.", "A", ("192.0.2.1",)))
    damaged = desk.zone(ZONE)
    view = desk.planned("dns.restore-zone", domain="shop.example")
    assert view.plan is not None, view.reason
    assert view.plan.risk == "high"
    assert len(view.plan.steps) == -(-len(gone) // 4)
    assert f"{len(gone)} to create, 0 to upsert, 0 to delete" in view.plan.proof[1]
    assert [line.label for line in view.plan.diff if line.sign == " "] == ["left.shop.example A"]
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.zone(ZONE) == {**before, ("left.shop.example.", "A"): (60, ("192.0.2.1",))}
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert desk.zone(ZONE) == damaged


@PROVIDERS
def test_what_stands_in_the_way_of_a_restored_alias_is_deleted_in_the_same_batch(
    desk: Desk, zones: tuple[dict[str, str], ...]
) -> None:
    desk.provide(*zones)
    before = desk.zone(ZONE)
    desk.keep_copy(ZONE)
    alias = next(name for name, kind in before if kind == "CNAME")
    _alter(desk, (alias, "CNAME", ()), (alias, "TXT", ('"hijacked"',)))
    view = desk.planned("dns.restore-zone", domain="shop.example", extra="delete")
    assert view.plan is not None, view.reason
    assert any("in the way" in line for line in view.plan.proof)
    assert len(view.plan.steps) == 1
    assert desk.applied(view).state is ActionState.SUCCEEDED
    assert desk.zone(ZONE) == before


def test_a_partial_copy_deletes_nothing_and_no_copy_restores_nothing(desk: Desk) -> None:
    desk.provide(*ROUTE53_ZONES)
    assert desk.planned("dns.restore-zone", domain="shop.example").code == "NO_BACKUP"
    number = desk.keep_copy(ZONE, WATCHED)
    view = desk.planned("dns.restore-zone", domain="shop.example", snapshot=str(number), extra="delete")
    assert view.code == "NOT_WHOLE"
    assert desk.planned("dns.restore-record", name="no.shop.example", type="A").code == "NOT_IN_BACKUP"
    other = desk.planned("dns.restore-record", name="no.shop.example", type="A", snapshot="99")
    assert other.code == "NO_BACKUP"


def test_only_challenges_that_were_there_a_day_ago_are_cleared(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.provide(*UPDATED_ZONES)
    before = desk.zone(ZONE)
    name = "_acme-challenge.www.shop.example."
    _alter(desk, (name, "TXT", ('"stale"',)))
    assert desk.planned("dns.clear-challenges", domain="shop.example").code == "NOTHING_TO_DO"
    desk.keep_copy(ZONE)
    _alter(desk, (name, "TXT", ('"stale"', '"running"')), ("_acme-challenge.shop.example.", "TXT", ('"fresh"',)))
    assert timedelta(hours=24) == STALE_AFTER
    monkeypatch.setattr("cockpit.actions.dns.challenges.STALE_AFTER", timedelta(0))
    view = desk.planned("dns.clear-challenges", domain="shop.example")
    assert view.plan is not None, view.reason
    assert [line.text for line in view.plan.diff if line.sign == "+"] == ['60 "running"']
    assert sum("stays" in line.text for line in view.plan.diff) == 2
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.zone(ZONE)[name, "TXT"][1] == ('"running"',)
    assert desk.undone(done).state is ActionState.SUCCEEDED
    picked = desk.planned("dns.clear-challenges", domain="shop.example", pick="fresh")
    assert desk.applied(picked).state is ActionState.SUCCEEDED
    assert ("_acme-challenge.shop.example.", "TXT") not in desk.zone(ZONE)
    assert set(desk.zone(ZONE)) - set(before) == {(name, "TXT")}


def test_batches_are_bounded_and_keep_the_sets_of_one_name_together() -> None:
    changes = [
        Change(f"n{number}.example", rtype, None, RecordSet(f"n{number}.example", rtype, 60, ("x",)))
        for number in range(50)
        for rtype in ("A", "AAAA", "TXT")
    ]
    parts = batches(changes, 10)
    assert sum(len(part) for part in parts) == 150
    assert max(len(part) for part in parts) <= 10
    for part in parts:
        names = {change.name for change in part}
        assert all(sum(change.name == name for change in part) == 3 for name in names)
