"""Targets behind a load balancer: registered and seen to answer, taken out while others answer, taken back."""

from collections.abc import Mapping

from cockpit.actions.balancers.groups import _forwarded
from cockpit.actions.balancers.served import page_of, unserved
from cockpit.actions.journal import ActionState
from tests.actions.balancers.conftest import HOST, NEW, OLD, Desk


def registered(desk: Desk) -> list[str]:
    elb = desk.world.world.account.elbv2
    return desk.world.do(  # type: ignore[no-any-return]
        lambda: next(list(one.targets[HOST]) for one in elb._balancers.values() if HOST in one.hosts)
    )


def unwell(desk: Desk) -> list[str]:
    return unserved(desk.world.profile, page_of({}, HOST), desk.feed.clock.now())[1]


def test_a_healthy_target_is_registered_and_the_failing_one_taken_out_and_both_are_taken_back(desk: Desk) -> None:
    before = registered(desk)
    desk.world.do(lambda: desk.world.world.account.elbv2.targets.break_all(HOST))
    assert "answers 503" in unwell(desk)[0]
    refused = desk.planned("lb.deregister-target", host=HOST, target="10.0.0.10")
    assert refused.code == "LAST_ONE"
    assert "nobody else: register a healthy one first" in refused.reason
    view = desk.planned("lb.register-target", host=HOST, target="10.0.1.10")
    assert view.plan is not None, view.reason
    assert [(line.sign, line.text) for line in view.plan.diff] == [
        (" ", f"{OLD} unhealthy (Target.ResponseCodeMismatch)"),
        ("-", f"{NEW} not registered"),
        ("+", f"{NEW} registered; gets requests once its health checks pass"),
    ]
    assert view.plan.proof[0].endswith("0 of 1 targets healthy now")
    assert "1 domain" in view.plan.reach
    assert view.plan.reversible
    assert view.plan.risk == "high"
    came = desk.applied(view)
    assert came.state is ActionState.SUCCEEDED, came.reason
    assert f"{NEW} is registered and healthy, and https://{HOST}/health is served at 1 of 1" in came.lines[-1].text
    assert unwell(desk) == []
    went = desk.applied(desk.planned("lb.deregister-target", host=HOST, target=OLD))
    assert went.state is ActionState.SUCCEEDED, went.reason
    assert registered(desk) == ["10.0.1.10"]
    last = desk.actions.undo(came.uid)
    refused = desk.until(last, lambda view: view.state is ActionState.REFUSED)
    assert refused.code == "LAST_ONE"
    assert desk.undone(went).state is ActionState.SUCCEEDED
    assert sorted(registered(desk)) == ["10.0.0.10", "10.0.1.10"]
    desk.world.do(lambda: desk.world.world.account.elbv2.targets.broken.clear())
    assert desk.undone(came).state is ActionState.SUCCEEDED
    assert registered(desk) == before


def test_what_cannot_be_meant_is_refused_before_there_is_a_plan(desk: Desk) -> None:
    codes = {
        ("10.0.0.10", ""): "NOTHING_TO_DO",
        ("i-0123456789abcdef0", ""): "BAD_PARAMETER",
        ("10.0.1.10:99999", ""): "BAD_PARAMETER",
        ("10.0.1.10", "no-such-group"): "",
    }
    for (target, group), code in codes.items():
        view = desk.planned("lb.register-target", host=HOST, target=target, group=group)
        assert view.plan is None
        assert view.code == code or not code, view.reason
    assert desk.planned("lb.register-target", host="www.nobody.example", target="10.0.1.10").code == "NO_GROUP"
    assert desk.planned("lb.deregister-target", host=HOST, target="10.0.1.10").code == "NOTHING_TO_DO"


def test_the_groups_of_a_host_are_those_up_to_the_rule_that_catches_all_of_it() -> None:
    def rule(group: str, *conditions: Mapping[str, object]) -> dict[str, object]:
        return {"Conditions": conditions, "Actions": [{"Type": "forward", "TargetGroupArn": group}]}

    named = {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.Pay.example"]}}
    path = {"Field": "path-pattern", "Values": ["/static/*"]}
    rules = [rule("other", {"Field": "host-header", "Values": ["www.shop.example"]})]
    rules += [rule("static", named, path), rule("pay", named), rule("default")]
    assert _forwarded(rules, "www.pay.example") == ["static", "pay"]
    assert _forwarded(rules, "www.club.example") == ["default"]
    weighed = {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a"}, {"TargetGroupArn": "b"}]},
    }
    assert _forwarded([{"Actions": [weighed]}], "www.pay.example") == ["a", "b"]
