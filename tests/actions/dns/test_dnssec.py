"""The DS interlock: unsigned only when nobody can hold a DS, and the order that restores service."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cockpit.actions.journal import ActionState
from tests.actions.dns.conftest import Desk

DOMAIN = "pay.example"
ZONES = ({"zone": "pay.example", "provider": "route53"}, {"zone": "example", "provider": "rfc2136"})


@pytest.fixture
def signed(desk: Desk) -> Iterator[Desk]:
    desk.provide(*ZONES)
    tree = desk.world.world.network.tree
    zone = tree.zone("pay.example.")
    keys = zone.keys
    yield desk
    desk.world.do(lambda: zone.set_keys(keys))
    desk.world.do(lambda: tree.publish_ds("pay.example."))
    _forget(desk)


def _forget(desk: Desk) -> None:
    """Every resolver starts with an empty cache."""
    for name in ("google", "cloudflare", "opendns"):
        desk.world.do(desk.world.world.network.resolver(name).flush)


def _earliest(reason: str) -> datetime:
    found = re.search(r"earliest safe time is (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)Z", reason)
    assert found is not None, reason
    return datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC)


def test_signing_is_not_switched_off_while_the_ds_is_published_or_cached_and_then_is(signed: Desk) -> None:
    desk = signed
    first = desk.planned("dns.dnssec-off", domain=DOMAIN)
    assert first.state is ActionState.REFUSED
    assert first.code == "DS_PUBLISHED", first.reason
    assert _earliest(first.reason) > datetime.now(UTC)
    assert "Take the DS out first" in first.reason

    out = desk.planned("dns.ds", domain=DOMAIN, action="remove")
    assert out.plan is not None, out.reason
    assert out.plan.account == "primary a.nic.example" or out.plan.account.startswith("primary ")
    assert out.plan.risk == "high"
    gone = desk.applied(out)
    assert gone.state is ActionState.SUCCEEDED, gone.reason

    early = desk.planned("dns.dnssec-off", domain=DOMAIN)
    assert early.state is ActionState.REFUSED
    assert early.code == "DS_CACHED", early.reason
    assert "it was taken out at" in early.reason
    _earliest(early.reason)

    off = desk.planned("dns.dnssec-off", domain=DOMAIN)
    while off.code == "DS_CACHED":
        off = desk.planned("dns.dnssec-off", domain=DOMAIN)
    done = desk.applied(off)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert _believed(desk)

    on = desk.undone(done)
    assert on.state is ActionState.SUCCEEDED, on.reason
    back = desk.undone(gone)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert _believed(desk)


def test_a_ds_that_names_an_old_key_is_replaced_by_one_that_names_the_signing_key(signed: Desk) -> None:
    desk = signed
    zone = desk.world.world.network.tree.zone("pay.example.")
    desk.world.do(zone.roll_key)
    _forget(desk)
    assert not _believed(desk)
    view = desk.planned("dns.ds", domain=DOMAIN, action="set")
    assert view.plan is not None, view.reason
    assert [line.sign for line in view.plan.diff] == ["-", "+"]
    assert str(zone.keys[0].tag) in view.plan.title
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    _forget(desk)
    assert _believed(desk)


def test_a_ds_is_not_set_for_a_zone_without_a_fit_key(signed: Desk) -> None:
    zone = signed.world.world.network.tree.zone("pay.example.")
    signed.world.do(lambda: zone.set_keys(()))
    view = signed.planned("dns.ds", domain=DOMAIN, action="set")
    assert view.code == "NO_FIT_KEY"
    assert "is not signed" in view.reason


def test_expired_signatures_are_mended_by_taking_the_ds_out_and_never_by_a_new_ds(signed: Desk) -> None:
    zone = signed.world.world.network.tree.zone("pay.example.")
    signed.world.do(lambda: zone.spoil_signatures("expired"))
    try:
        _forget(signed)
        assert not _believed(signed)
        assert signed.planned("dns.ds", domain=DOMAIN, action="set").code == "NO_FIT_KEY"
        done = signed.applied(signed.planned("dns.ds", domain=DOMAIN, action="remove"))
        assert done.state is ActionState.SUCCEEDED, done.reason
        _forget(signed)
        assert _believed(signed)
    finally:
        signed.world.do(lambda: zone.spoil_signatures("none"))


def _believed(desk: Desk) -> bool:
    """Whether every resolver that answers believes what it was told."""
    seen = desk.ask(DOMAIN, "www.pay.example", "A")
    return bool(seen.resolvers) and all(answer.status == "answer" for answer in seen.resolvers)
