"""A roll where a server of our own signs: printed for a person, and seen at the name servers before it goes on."""

from collections.abc import Iterator

import pytest

from cockpit.actions.contract import PlanRefused
from cockpit.actions.dns.roll_by_hand import commands, keys_shown
from cockpit.actions.dns.roll_stage import Stage, standing_of
from cockpit.actions.dns.signing_state import Key
from cockpit.actions.journal import ActionState
from cockpit.desk.remedies.actions import ActionView
from cockpit.drill.dns.keys import ZoneKey
from tests.actions.dns.conftest import Desk
from tests.actions.dns.test_dnssec import DOMAIN, _believed, _ds, _forget

OURS = ({"zone": DOMAIN, "provider": "rfc2136"}, {"zone": "example", "provider": "rfc2136"})


@pytest.fixture
def ours(desk: Desk) -> Iterator[Desk]:
    """The zone at a primary of our own, which takes dynamic updates and signs by itself."""
    desk.provide(*OURS)
    tree = desk.world.world.network.tree
    keys = tree.zone(f"{DOMAIN}.").keys
    yield desk
    desk.world.do(lambda: tree.zone(f"{DOMAIN}.").set_keys(keys))
    desk.world.do(lambda: tree.publish_ds(f"{DOMAIN}."))
    _forget(desk)


def step(desk: Desk, new: str = "", *, typed: tuple[ZoneKey, ...] = ()) -> ActionView:
    """The next step when it is safe, with a person who types what is printed."""
    zone = desk.world.world.network.tree.zone(f"{DOMAIN}.")
    while (view := desk.planned("dns.dnssec-roll", domain=DOMAIN, new=new)).code == "TOO_EARLY":
        pass
    assert view.plan is not None, view.reason
    if view.approvals_missing:
        desk.second.approve(view.code_to_approve)
    desk.actions.confirm(view.uid, view.phrase)
    if typed:
        desk.until(view.uid, lambda each: each.state is ActionState.VERIFYING)
        desk.world.do(lambda: zone.set_keys(typed))
    return desk.until(view.uid, lambda each: each.state is ActionState.SUCCEEDED)


def test_the_keys_of_our_own_server_are_rolled_with_a_person_at_both_ends(ours: Desk) -> None:
    zone = ours.world.world.network.tree.zone(f"{DOMAIN}.")
    (old,), new = zone.keys, ZoneKey.generate()
    first = step(ours, typed=(old, new))
    assert first.plan is not None
    assert (first.plan.account, first.plan.steps[0].operation) == ("by hand", "change by hand")
    assert any(line.startswith("BIND: dnssec-keygen") for line in first.plan.proof)
    assert "which is the new one" in ours.planned("dns.dnssec-roll", domain=DOMAIN).reason
    assert _believed(ours)
    step(ours, str(new.tag))
    assert {value.split()[0] for value in _ds(ours)} == {str(old.tag), str(new.tag)}
    step(ours, str(new.tag))
    assert {value.split()[0] for value in _ds(ours)} == {str(new.tag)}
    assert _believed(ours)
    last = step(ours, str(new.tag), typed=(new,))
    assert last.plan is not None
    assert f"let key {old.tag} go" in last.plan.title
    assert _believed(ours)
    assert ours.planned("dns.dnssec-roll", domain=DOMAIN, new=str(new.tag)).code == "NOTHING_TO_DO"
    back = ours.until(ours.actions.undo(last.uid), lambda each: each.state is ActionState.PLANNED)
    assert back.plan is not None
    assert [line.sign for line in back.plan.diff] == ["+"]
    assert back.plan.subject["stay"] == sorted([old.tag, new.tag])


def test_a_provider_that_keeps_its_keys_to_itself_is_not_told_to_roll_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUD_DNS_TOKEN", "token")
    google = {"provider": "google", "project": "p", "managed_zone": "z", "key": "env:CLOUD_DNS_TOKEN"}
    desk.provide({"zone": DOMAIN, "url": "http://127.0.0.1:9", **google})
    refused = desk.planned("dns.dnssec-roll", domain=DOMAIN)
    assert refused.code == "BY_PROVIDER"
    assert "makes and rolls the keys" in refused.reason


def test_which_key_is_new_is_asked_and_never_guessed(ours: Desk) -> None:
    now = ours.feed.clock.now()
    shown = [Key(key.tag, key.dnskey.to_text(), True, True) for key in (ZoneKey.generate(), ZoneKey.generate())]
    with pytest.raises(PlanRefused, match="new=TAG"):
        keys_shown(DOMAIN, shown, "", now)
    found = keys_shown(DOMAIN, shown, str(shown[1].tag), now)
    old, new = sorted(found, key=lambda key: key.created)
    roll = standing_of(DOMAIN, found, [new.ds], "x")
    assert (roll.stage, new.tag) == (Stage.DROP_OLD, shown[1].tag)
    assert f"KEYS/K{DOMAIN}.+013+{old.tag:05}" in commands(DOMAIN, roll)[0]
