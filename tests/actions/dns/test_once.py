"""A change that is not answered is sent once and found out by reading, counted where it arrives."""

import msgspec
import pytest

from cockpit.actions.journal import ActionState
from cockpit.actions.runner import carry
from cockpit.drill.aws.protocol.faults import Fault, FaultKind
from cockpit.profile import Aws, Profile
from tests.actions.dns.conftest import ROUTE53_ZONES, Desk

ASKED = {"name": "once.shop.example", "type": "A", "values": "192.0.2.77"}
RECORD = ("once.shop.example.", "A")


@pytest.mark.parametrize(
    ("kind", "sent"), [(FaultKind.APPLY_THEN_DROP, 1), (FaultKind.DROP, 2), (FaultKind.SERVER_ERROR, 2)]
)
def test_an_unanswered_batch_is_not_sent_again_before_it_is_known_to_have_done_nothing(
    desk: Desk, kind: FaultKind, sent: int
) -> None:
    desk.provide(*ROUTE53_ZONES)
    before = len(desk.world.changes())
    view = desk.planned("dns.publish", **ASKED)
    desk.world.fault(Fault(kind, operation="ChangeResourceRecordSets", times=1))
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    kinds = [line.kind for line in done.lines]
    assert kinds.count("unknown") == 1
    assert kinds.count("effect") == sent
    assert len(desk.world.changes()) - before == sent
    assert desk.zone("shop.example.")[RECORD] == (300, ("192.0.2.77",))


def _others(profile: Profile) -> list[Profile]:
    """Profiles that mean another account, or none."""
    aws = profile.aws
    wrong: list[Aws] = [
        *(msgspec.structs.replace(aws, account=f"{number:012d}") for number in range(1, 18)),
        msgspec.structs.replace(aws, account=""),
        msgspec.structs.replace(aws, region=""),
        msgspec.structs.replace(aws, account=aws.account[::-1]),
    ]
    return [msgspec.structs.replace(profile, aws=each, updates=()) for each in wrong]


def test_twenty_wrong_accounts_and_regions_let_nothing_leave(desk: Desk) -> None:
    desk.provide(*ROUTE53_ZONES)
    before, zone = len(desk.world.changes()), desk.zone("shop.example.")
    profiles = _others(desk.world.profile)
    assert len(profiles) == 20
    desk.actions._spawn = lambda _: None
    for profile in profiles:
        uid = desk.actions.request("dns.publish", ASKED)
        carry(desk.path, uid, profile, "mhassan", read_only=False)
        desk.feed.catch_up()
        view = desk.actions.get(uid)
        assert view.state is ActionState.REFUSED, view.reason
        assert view.code == "WRONG_IDENTITY"
    assert desk.world.changes()[before:] == []
    assert desk.zone("shop.example.") == zone


def test_a_plan_made_in_one_account_is_not_sent_from_another(desk: Desk) -> None:
    desk.provide(*ROUTE53_ZONES)
    view = desk.planned("dns.publish", **ASKED)
    before = len(desk.world.changes())
    from cockpit.actions.aws import AwsClients
    from cockpit.actions.cards import Access
    from cockpit.actions.dns.publish import Publish
    from cockpit.errors import WrongIdentity

    run = desk.actions.run_of(view.uid)
    remedy = Publish(run.request, Access(desk.world.profile, AwsClients(desk.world.profile, "test"), desk.path))
    assert view.plan is not None
    remedy.identify()
    for change in ({"account": "1" * 12}, {"region": "eu-west-1"}, {"caller": "arn:aws:iam::1:user/other"}):
        plan = msgspec.structs.replace(view.plan, **change)
        with pytest.raises(WrongIdentity):
            remedy.send(plan, plan.steps[0])
    assert desk.world.changes()[before:] == []
