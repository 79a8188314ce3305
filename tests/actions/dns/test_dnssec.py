"""The DS interlock: unsigned only when nobody can hold a DS, and the order that restores service."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cockpit.actions.journal import ActionState
from cockpit.desk.remedies.actions import ActionView
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
    keys = [each for each in desk.world.world.network.tree.zone("pay.example.").journal if each.rdtype == "DNSKEY"]
    assert [each.by for each in keys[-2:]] == ["route53", "route53"]
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


KMS = "arn:aws:kms:us-east-1:447112341123:key/next"


def _rolled(desk: Desk) -> ActionView:
    """The next step of the roll, planned when it is safe."""
    view = desk.planned("dns.dnssec-roll", domain=DOMAIN, kms=KMS)
    while view.code == "TOO_EARLY":
        view = desk.planned("dns.dnssec-roll", domain=DOMAIN, kms=KMS)
    return desk.applied(view)


def test_keys_are_rolled_in_four_steps_and_every_resolver_believes_the_zone_all_the_time(signed: Desk) -> None:
    desk = signed
    zone = desk.world.world.network.tree.zone("pay.example.")
    (old,) = zone.keys
    first = _rolled(desk)
    assert first.state is ActionState.SUCCEEDED, first.reason
    assert [key.tag for key in zone.keys][0] == old.tag
    new = zone.keys[1]
    early = desk.planned("dns.dnssec-roll", domain=DOMAIN)
    assert early.code == "TOO_EARLY", early.reason
    assert _earliest(early.reason) > datetime.now(UTC) - timedelta(seconds=2)
    told = []
    for _ in range(3):
        assert _believed(desk)
        step = _rolled(desk)
        assert step.state is ActionState.SUCCEEDED, step.reason
        told.append({value.split()[0] for value in _ds(desk)})
    assert told == [{str(old.tag), str(new.tag)}, {str(new.tag)}, {str(new.tag)}]
    assert zone.keys == (new,)
    assert _believed(desk)
    assert desk.planned("dns.dnssec-roll", domain=DOMAIN, kms=KMS).code == "NOTHING_TO_DO"
    back = desk.undone(step)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert {key.tag for key in zone.keys} == {old.tag, new.tag}
    assert _believed(desk)


def test_the_first_step_of_a_roll_is_taken_back_exactly(signed: Desk) -> None:
    zone = signed.world.world.network.tree.zone("pay.example.")
    keys = zone.keys
    done = _rolled(signed)
    assert len(zone.keys) == 2
    back = signed.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert zone.keys == keys


def _ds(desk: Desk) -> tuple[str, ...]:
    tree = desk.world.world.network.tree
    values: tuple[str, ...] = desk.world.do(
        lambda: tree.parent_of(tree.zone("pay.example.")).values("pay.example.", "DS")
    )
    return values


def _believed(desk: Desk) -> bool:
    """Whether every resolver that answers believes what it was told."""
    seen = desk.ask(DOMAIN, "www.pay.example", "A")
    return bool(seen.resolvers) and all(answer.status == "answer" for answer in seen.resolvers)
