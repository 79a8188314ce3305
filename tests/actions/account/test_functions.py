"""Running a function: the payload is shown, its answer is told from success, and SES is asked by ourselves."""

import json

import pytest

from cockpit.actions.journal import ActionState
from cockpit.drill.aws.behaviours import DKIM_MANAGER, DNS_NOTIFIER, UPDATE
from tests.actions.conftest import DOMAIN, SELECTOR
from tests.actions.dns.conftest import Desk


def payload(**changes: str) -> str:
    return json.dumps({"action": UPDATE, "domain": DOMAIN, "selector": SELECTOR, **changes})


def test_the_byodkim_manager_is_run_and_what_it_says_is_seen_at_ses(desk: Desk) -> None:
    view = desk.planned("lambda.invoke", function=DKIM_MANAGER, payload=payload())
    assert view.plan is not None, view.reason
    assert json.loads(view.plan.diff[0].text)["selector"] == SELECTOR
    assert "AWS_SES" in view.plan.diff[1].text
    assert view.plan.undo.startswith("cannot be undone by the function")
    assert "mail/h" in view.plan.reach
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert not done.can_undo
    assert desk.world.identity().dkim.selector == SELECTOR
    assert desk.planned("lambda.invoke", function=DKIM_MANAGER, payload=payload()).code == "NOTHING_TO_DO"


def test_an_error_that_proves_no_effect_is_told_as_that(desk: Desk) -> None:
    calls = len(desk.world.changes())
    done = desk.applied(desk.planned("lambda.invoke", function=DKIM_MANAGER, payload=payload(selector="nothere")))
    assert done.state is ActionState.REFUSED
    assert "DNS_TXT_NOT_READY" in done.reason
    assert [each.operation for each in desk.world.changes()[calls:]] == ["Invoke"]


def test_a_function_that_fails_is_not_taken_for_one_that_worked(desk: Desk) -> None:
    functions = desk.world.world.account.functions
    view = desk.planned("lambda.invoke", function=DKIM_MANAGER, payload=payload())
    desk.world.do(lambda: functions.faults.update({DKIM_MANAGER: "error"}))
    try:
        done = desk.applied(view)
    finally:
        desk.world.do(functions.faults.clear)
    assert done.state is ActionState.REFUSED, done.reason
    assert "Nothing was changed" in done.reason
    assert any("Unhandled" in line.text for line in done.lines)


@pytest.mark.parametrize(
    ("function", "text", "code"),
    [
        (DKIM_MANAGER, json.dumps({"action": "phase_manager", "phase": 7}), "UNSUPPORTED_ACTION"),
        (DKIM_MANAGER, json.dumps({"action": UPDATE}), "BAD_PARAMETER"),
        (DKIM_MANAGER, "[1]", "BAD_PARAMETER"),
        ("no-such-function", "{}", "WORLDERROR"),
    ],
)
def test_what_cannot_work_is_refused_before_there_is_a_plan(
    desk: Desk, function: str, text: str, code: str
) -> None:
    view = desk.planned("lambda.invoke", function=function, payload=text)
    assert view.code == code, view.reason


def test_the_dns_notifier_is_run_and_its_own_answer_is_all_there_is(desk: Desk) -> None:
    view = desk.planned("lambda.invoke", function=DNS_NOTIFIER, payload=json.dumps({"domain": DOMAIN}))
    assert view.plan is not None, view.reason
    assert view.plan.undo == "cannot be undone from here"
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert done.result is not None
    assert '"statusCode": 200' in str(done.result["answer"])
