"""A step is approved by proof, not by name: a signature or a one-time code over exactly what was asked."""

from typing import Any

import pytest
from click.testing import CliRunner

from cockpit.desk.remedies.approvals import Approvals
from cockpit.errors import BadInput, IllegalMove, Refused
from tests.runbooks.conftest import Desk

BOOK = """---
inputs:
  zone: {type: domain, ask: Which zone?, default: a.example}
---
# T

## Agree

```approve
question: "Delete {{zone}}?"
expires: 10m
```

## Do it

```command
true
```
"""


def _body(desk: Desk, uid: str, **changed: object) -> dict[str, Any]:
    """What a row would hold that somebody wrote into the database without a key."""
    asked = {"step": "agree", "attempt": 1, "by": "jroy", "method": "signature", "key": "00", "proof": "AAAA"}
    return {**asked, "asked": _hash(desk, uid), **changed}


def _hash(desk: Desk, uid: str) -> str:
    from cockpit.runbooks.approving import asked

    run = desk.run(uid)
    assert run.step is not None
    return asked(run, run.step).hash


def _codes(desk: Desk, operator: str) -> list[str]:
    terminal = desk.terminal(operator)
    return list(Approvals(terminal._runs.feed, desk.actions, operator).make_codes())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"proof": ""}, "needs a signature"),
        ({"by": "ana"}, "gives a signature of ana"),
        ({"asked": "0" * 64}, "something else"),
    ],
)
def test_a_name_alone_or_a_word_on_something_else_is_no_approval(
    desk: Desk, changed: dict[str, object], why: str
) -> None:
    uid = desk.start(BOOK)
    forger = desk.terminal("jroy")._runs.feed
    with forger.decide() as pen:
        pen.append(f"run/{uid}", "step.approved", _body(desk, uid, **changed))
    assert desk.view(uid).approved_by == ()
    assert why in desk.run(uid).anomalies[-1]


def test_nothing_runs_on_an_approval_that_was_written_without_the_key(desk: Desk) -> None:
    uid = desk.start(BOOK)
    forger = desk.terminal("jroy")._runs.feed
    with forger.decide() as pen:
        pen.append(f"run/{uid}", "step.approved", _body(desk, uid))
        pen.append(f"run/{uid}", "step.done", {"step": "agree", "attempt": 1, "how": "approval"})
    assert desk.at(uid) == "do-it"
    with pytest.raises(Refused, match="“Agree” is not approved: The key 00 is not one of jroy's"):
        desk.mine.advance(uid, confirmed=True)
    assert desk.commands == []


def test_a_signature_lets_the_run_go_on(desk: Desk) -> None:
    uid = desk.start(BOOK)
    assert [each.code for each in desk.mine.to_approve()] == [desk.view(uid).code_to_approve]
    desk.terminal("jroy").approve(uid)
    desk.sync()
    desk.mine.advance(uid, confirmed=True)
    assert len(desk.commands) == 1


def test_a_code_read_out_by_phone_counts_once_and_only_for_who_made_it(desk: Desk) -> None:
    code, *_ = _codes(desk, "jroy")
    uid = desk.start(BOOK)
    with pytest.raises(BadInput):
        desk.mine.approve_by_phone(uid, "ana", code)
    with pytest.raises(IllegalMove, match="mhassan works on this run"):
        desk.mine.approve_by_phone(uid, "mhassan", code)
    desk.mine.approve_by_phone(uid, "jroy", code.lower())
    assert desk.at(uid) == "do-it"
    again = desk.start(BOOK)
    with pytest.raises(BadInput, match="not an unused code of jroy"):
        desk.mine.approve_by_phone(again, "jroy", code)


def test_other_values_ask_anew(desk: Desk) -> None:
    uid = desk.start(BOOK.replace("expires", "needs: 2\nexpires"))
    before = desk.view(uid).code_to_approve
    desk.terminal("jroy").approve(uid)
    desk.sync()
    desk.mine.give(uid, {"zone": "b.example"})
    assert desk.view(uid).approved_by == ()
    assert desk.view(uid).code_to_approve != before


def test_a_step_is_approved_from_the_command_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from cockpit.cli.frame import root

    uid = desk.start(BOOK)
    monkeypatch.setenv("COCKPIT_HOME", str(desk.database.path.parent))
    monkeypatch.setattr("cockpit.desk.desk.SystemClock", lambda: desk.clock)
    code = desk.view(uid).code_to_approve
    shared = ["--database", str(desk.database.path), "--as", "ana"]
    listed = CliRunner().invoke(root, [*shared, "approve"])
    assert f"{code}  T, Agree: Delete a.example?  by mhassan" in listed.output
    done = CliRunner().invoke(root, [*shared, "approve", code, "--yes"])
    assert f"{code}  done: approved by ana" in done.output, done.output
    assert desk.at(uid) == "do-it"
