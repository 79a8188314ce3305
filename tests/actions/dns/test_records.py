"""Records published, shortened and removed over two providers: planned right, applied once, undone exactly."""

import pytest

from cockpit.actions.journal import ActionState
from tests.actions.dns.conftest import PROVIDERS, ROUTE53_ZONES, UPDATED_ZONES, Desk

SPF = ("shop.example.", "TXT")
DMARC = ("_dmarc.shop.example.", "TXT")


@PROVIDERS
def test_a_record_is_published_verified_at_every_server_and_undone_exactly(
    desk: Desk, zones: tuple[dict[str, str], ...]
) -> None:
    desk.provide(*zones)
    before = desk.zone("shop.example.")
    view = desk.planned("dns.publish", name="new.shop.example", type="TXT", values="hello world", ttl="120")
    assert view.plan is not None, view.reason
    assert [(line.sign, line.label, line.text, line.undo) for line in view.plan.diff] == [
        ("+", "new.shop.example TXT", '120 "hello world"', "deleted again")
    ]
    assert "3 services (order confirmations, receipts, password resets), 41000 mail/h" in view.plan.reach
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.zone("shop.example.")["new.shop.example.", "TXT"] == (120, ('"hello world"',))
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert desk.zone("shop.example.") == before


def test_a_delegation_is_seen_in_the_referral_for_its_name(desk: Desk) -> None:
    desk.provide(*UPDATED_ZONES)
    before = desk.zone("shop.example.")
    view = desk.planned(
        "dns.publish", name="dev.shop.example", type="NS", values="ns1.dev.example. | ns2.dev.example."
    )
    assert view.plan is not None, view.reason
    assert view.plan.subject["risk"].startswith("everything below the name")
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.undone(done).state is ActionState.SUCCEEDED
    assert desk.zone("shop.example.") == before


@PROVIDERS
def test_a_value_is_changed_added_and_removed_with_the_ttl_that_was_there(
    desk: Desk, zones: tuple[dict[str, str], ...]
) -> None:
    desk.provide(*zones)
    before = desk.zone("shop.example.")
    changed = desk.planned("dns.publish", name="_dmarc.shop.example", type="TXT", values="v=DMARC1; p=reject")
    assert changed.plan is not None
    assert [line.sign for line in changed.plan.diff] == ["-", "+"]
    assert desk.applied(changed).state is ActionState.SUCCEEDED
    assert desk.zone("shop.example.")[DMARC] == (60, ('"v=DMARC1; p=reject"',))
    added = desk.planned("dns.publish", name="shop.example", type="TXT", values="site=42", mode="add")
    assert desk.applied(added).state is ActionState.SUCCEEDED
    assert len(desk.zone("shop.example.")[SPF][1]) == 2
    removed = desk.planned("dns.publish", name="shop.example", type="TXT", values="site=42", mode="remove")
    assert desk.applied(removed).state is ActionState.SUCCEEDED
    assert desk.undone(desk.actions.get(changed.uid)).state is ActionState.SUCCEEDED
    assert desk.zone("shop.example.") == before


@PROVIDERS
def test_a_record_that_somebody_changes_after_the_confirmation_is_not_overwritten(
    desk: Desk, zones: tuple[dict[str, str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.provide(*zones)
    world = desk.world
    view = desk.planned("dns.publish", name="_dmarc.shop.example", type="TXT", values="v=DMARC1; p=reject")
    from cockpit.actions.dns.record_remedy import RecordRemedy

    read = RecordRemedy.read

    def meddling(self: RecordRemedy, plan: object) -> object:
        live = read(self, plan)  # type: ignore[arg-type]
        zone = world.world.network.tree.zone("shop.example.")
        world.do(lambda: zone.replace("_dmarc.shop.example.", "TXT", '"v=DMARC1; p=none; by=somebody"', ttl_s=60))
        return live

    monkeypatch.setattr(RecordRemedy, "read", meddling)
    done = desk.applied(view)
    assert done.state is ActionState.REFUSED
    assert done.code == "CHANGED_SINCE"
    assert desk.zone("shop.example.")[DMARC][1] == ('"v=DMARC1; p=none; by=somebody"',)


def test_the_record_is_changed_back_by_nobody_once_it_was_changed_again(desk: Desk) -> None:
    desk.provide(*ROUTE53_ZONES)
    done = desk.applied(desk.planned("dns.publish", name="x.shop.example", type="A", values="192.0.2.7"))
    zone = desk.world.world.network.tree.zone("shop.example.")
    desk.world.do(lambda: zone.replace("x.shop.example.", "A", "192.0.2.8", ttl_s=60))
    uid = desk.actions.undo(done.uid)
    back = desk.until(uid, lambda view: view.state is ActionState.REFUSED)
    assert back.code == "CHANGED_SINCE"
    assert "x.shop.example A" in back.reason


@PROVIDERS
def test_a_ttl_is_lowered_and_nothing_else(desk: Desk, zones: tuple[dict[str, str], ...]) -> None:
    desk.provide(*zones)
    before = desk.zone("shop.example.")
    view = desk.planned("dns.lower-ttl", name="www.shop.example", type="A", ttl="30")
    assert view.plan is not None
    assert "for up to 60 s" in " ".join(view.plan.proof)
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.zone("shop.example.")["www.shop.example.", "A"] == (30, ("203.0.113.10",))
    assert desk.undone(done).state is ActionState.SUCCEEDED
    assert desk.zone("shop.example.") == before


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"name": "www.shop.example", "type": "A", "values": "203.0.113.10"}, "NOTHING_TO_DO"),
        ({"name": "www.shop.example", "type": "CNAME", "values": "elsewhere.example."}, "CNAME_CONFLICT"),
        ({"name": "www.shop.example", "type": "A", "values": "not an address"}, "BADINPUT"),
        ({"name": "www.shop.example", "type": "A", "values": "192.0.2.1", "mode": "remove"}, "NOT_THERE"),
        ({"name": "www.shop.example", "type": "RRSIG", "values": "x"}, "BAD_PARAMETER"),
        ({"name": "www.shop.example", "type": "A"}, "BAD_PARAMETER"),
    ],
)
def test_what_cannot_be_is_refused_before_there_is_a_plan(
    desk: Desk, parameters: dict[str, str], code: str
) -> None:
    desk.provide(*UPDATED_ZONES)
    view = desk.planned("dns.publish", **parameters)
    assert view.state is ActionState.REFUSED
    assert view.code == code, view.reason


def test_nothing_is_sent_by_a_desk_that_is_read_only(desk: Desk) -> None:
    desk.provide(*UPDATED_ZONES)
    desk.actions._read_only = True
    view = desk.planned("dns.publish", name="x.shop.example", type="A", values="192.0.2.7")
    assert view.state is ActionState.PLANNED
    desk.actions._read_only = False
    before = desk.zone("shop.example.")
    done = desk.applied(view)
    assert done.state is ActionState.REFUSED
    assert "read-only" in done.reason
    assert desk.zone("shop.example.") == before
