"""Each kind of step worked at a desk: who may end it, when it ends by itself, and what it leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.desk.runbooks.steps import _until
from cockpit.errors import BadInput, IllegalMove, Refused, RunbookError
from cockpit.profile import Profile
from cockpit.runbooks.model import Wait
from cockpit.runbooks.run import RunStatus, StepState
from tests.runbooks.conftest import Desk

APPROVE = """# T

## Agree

```approve
question: Delete the zone?
of: [IC, SL]
needs: 2
expires: 10m
```

## Then

Do it.
"""


def test_two_others_approve_and_who_works_the_run_cannot(desk: Desk) -> None:
    uid = desk.start(APPROVE)
    assert "approve" in desk.view(uid).can
    with pytest.raises(Refused, match="mhassan is not asked"):
        desk.mine.approve(uid)
    with pytest.raises(Refused, match="li is not asked"):
        desk.terminal("li").approve(uid)
    desk.terminal("jroy").approve(uid)
    with pytest.raises(IllegalMove, match="already"):
        desk.terminal("jroy").approve(uid)
    assert desk.at(uid) == "agree"
    assert "approved by jroy" in desk.view(uid).decided_by
    desk.terminal("ana").approve(uid)
    assert desk.at(uid) == "then"


def test_who_did_a_step_of_the_run_cannot_approve_one(desk: Desk) -> None:
    uid = desk.start(APPROVE.replace("## Agree", "## First\n\nLook.\n\n## Agree"))
    desk.terminal("jroy").advance(uid)
    with pytest.raises(IllegalMove, match="jroy works on this run"):
        desk.terminal("jroy").approve(uid)


def test_an_approval_expires_and_can_be_refused_with_a_reason(desk: Desk) -> None:
    uid = desk.start(APPROVE)
    desk.pass_time(601)
    assert desk.view(uid).can >= {"retry", "skip"}
    with pytest.raises(IllegalMove):
        desk.terminal("jroy").approve(uid)
    desk.mine.retry(uid)
    with pytest.raises(BadInput):
        desk.terminal("jroy").reject(uid, " ")
    desk.terminal("jroy").reject(uid, "wrong zone")
    assert desk.view(uid).decided_by == "rejected by jroy: wrong zone"


def test_a_role_that_is_held_in_the_incident_may_approve(desk: Desk) -> None:
    book = desk.write("held", APPROVE.replace("[IC, SL]", "[TL]").replace("needs: 2", "needs: 1"))
    terminal = desk.terminal("mhassan")
    uid = terminal.start(book, {}, incident="abc")
    desk.terminal("li").approve(uid)
    desk.sync()
    assert terminal.get(uid).number == 2


@pytest.mark.parametrize(("block", "seconds"), [("for: 10m", 600), ("until: '14:30'", 1800)])
def test_a_wait_ends_by_the_clock_and_by_nothing_else(desk: Desk, block: str, seconds: int) -> None:
    uid = desk.start(f"# T\n\n## Wait\n\n```wait\n{block}\n```\n\n## Then\n\nx\n")
    assert desk.view(uid).waiting
    assert "14:" in desk.view(uid).decided_by
    desk.pass_time(seconds - 1)
    assert desk.at(uid) == "wait"
    desk.pass_time(2)
    assert desk.at(uid) == "then"


def test_a_clock_time_that_has_passed_means_tomorrow(desk: Desk) -> None:
    uid = desk.start("# T\n\n## Wait\n\n```wait\nuntil: '09:00'\n```\n\n## Then\n\nx\n")
    assert desk.run(uid).of("wait").detail["until"].startswith("2026-11-21T09:00:00")


def test_an_input_step_is_checked_by_its_type_and_known_afterwards(desk: Desk) -> None:
    uid = desk.start(
        "# T\n\n## Ask\n\n```input\ninput: spare\ntype: domain\nask: Which zone?\n```\n\n"
        "## Look\n\n```command\ndig NS {{spare}}\n```\n"
    )
    with pytest.raises(BadInput, match="not a domain"):
        desk.mine.advance(uid, "-rf /")
    desk.mine.advance(uid, "Spare.Example")
    assert desk.view(uid).command == (("dig", "NS", "spare.example"),)
    assert desk.view(uid).inputs["spare"] == "spare.example"


def test_a_message_step_is_done_when_it_was_told(desk: Desk) -> None:
    uid = desk.start("# T\n\n## Tell\n\n```message\naudience: customers\ntext: We look into it.\n```\n")
    assert "We look into it." in desk.view(uid).text
    desk.mine.advance(uid, "customers told")
    assert desk.view(uid).status is RunStatus.FINISHED


OUTER = """# Outer

## First

Look.

## Sub

```include
runbook: inner
with: {zone: "{{domain}}"}
```

## Last

Say so about {{domain}}.
"""
INNER = """---
id: inner
title: Inner
inputs:
  zone: domain
  server: {type: text, ask: Which server?}
---
# Inner

## Ask it

```command
dig SOA {{zone}} @{{server}}
```

## Choose

```decide
question: Good?
branches:
  - {answer: Yes, go: end}
  - {answer: No, go: mend}
```

## Mend

Mend {{zone}}.
"""


def test_an_included_runbook_is_part_of_the_run_under_names_of_its_own(desk: Desk) -> None:
    desk.write("inner", INNER)
    uid = desk.start(OUTER, domain="shop.example", server="ns1")
    assert [step.id for step in desk.view(uid).steps] == ["first", "sub", "sub.choose", "sub.mend", "last"]
    desk.mine.advance(uid)
    assert desk.view(uid).command == (("dig", "SOA", "shop.example", "@ns1"),)
    desk.mine.advance(uid)
    desk.end(uid, how="command", said="ok")
    desk.mine.advance(uid, "last")
    assert desk.at(uid) == "last"
    assert desk.run(uid).of("sub.mend").state is StepState.NOT_TAKEN


def test_an_included_text_is_pinned_with_the_run(desk: Desk) -> None:
    desk.write("inner", INNER)
    uid = desk.start(OUTER, domain="shop.example", server="ns1")
    desk.write("inner", INNER.replace("## Mend", "## Other"))
    fresh = desk.terminal("jroy")
    assert [step.id for step in fresh.get(uid).steps] == ["first", "sub", "sub.choose", "sub.mend", "last"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("runbook: inner\nsha256: 00000000aaaa", "pin it again"),
        ("runbook: nowhere", "not there"),
        ("runbook: ../../etc/passwd", "not there"),
        ("runbook: book", "includes itself"),
    ],
)
def test_what_cannot_be_included_is_refused_before_the_run(desk: Desk, change: str, words: str) -> None:
    desk.write("inner", INNER)
    with pytest.raises(RunbookError, match=words):
        desk.start(OUTER.replace("runbook: inner", change), domain="shop.example")


COMMAND = """---
id: book
title: Book
cleanup: tidy
---
# T

## Do {{ATTRIBUTES}}

```command {{ATTRIBUTES}}
true
```

## Then

x

## Tidy

Take it away.
"""


def _command(attributes: str) -> str:
    return COMMAND.replace("## Do {{ATTRIBUTES}}", "## Do").replace("{{ATTRIBUTES}}", attributes)


def test_a_failed_command_is_tried_again_as_often_as_its_book_says(desk: Desk) -> None:
    uid = desk.start(_command("retries=2 on_failure=go-on"))
    desk.mine.advance(uid)
    for _ in range(3):
        desk.end(uid, "step.failed", reason="exit status 1")
    assert len(desk.commands) == 3
    assert desk.at(uid) == "then"
    assert "failed, and the runbook goes on" in desk.run(uid).of("do").said


@pytest.mark.parametrize("how", ["lost", "stopped"])
def test_what_was_lost_or_stopped_is_never_tried_again_by_itself(desk: Desk, how: str) -> None:
    uid = desk.start(_command("retries=2 on_failure=go-on"))
    desk.mine.advance(uid)
    desk.end(uid, "step.failed", reason="?", **{how: True})
    assert len(desk.commands) == 1
    assert desk.at(uid) == "do"
    with pytest.raises(Refused, match="Look"):
        desk.mine.retry(uid)
    desk.mine.retry(uid, confirmed=True)
    assert len(desk.commands) == 2


def test_a_failure_may_lead_to_another_step_or_to_the_clean_up(desk: Desk) -> None:
    uid = desk.start(_command("on_failure=tidy"))
    desk.mine.advance(uid)
    desk.end(uid, "step.failed", reason="no")
    assert desk.at(uid) == "tidy"
    uid = desk.start(_command("on_failure=abort"))
    desk.mine.advance(uid)
    desk.end(uid, "step.failed", reason="no")
    assert (desk.at(uid), desk.view(uid).aborting) == ("tidy", True)
    desk.mine.advance(uid)
    assert desk.view(uid).status is RunStatus.ABORTED


def test_an_abort_stops_the_command_and_goes_on_at_the_clean_up(desk: Desk) -> None:
    uid = desk.start(_command(""))
    desk.mine.advance(uid)
    desk.mine.abort(uid, "false alarm")
    assert desk.run(uid).of("do").state is StepState.FAILED
    assert desk.at(uid) == "tidy"
    desk.mine.abort(uid, "enough")
    assert desk.view(uid).status is RunStatus.ABORTED


def test_nothing_begins_while_a_run_is_paused(desk: Desk) -> None:
    uid = desk.start("# T\n\n## Look\n\nx\n\n## Wait\n\n```wait\nfor: 1m\n```\n")
    desk.terminal("jroy").pause(uid, "call")
    desk.sync()
    with pytest.raises(IllegalMove, match="paused by jroy"):
        desk.mine.advance(uid)
    assert desk.view(uid).can == {"abort", "resume"}
    desk.mine.resume(uid)
    desk.mine.advance(uid)
    desk.mine.pause(uid)
    desk.pass_time(61)
    assert desk.run(uid).of("wait").state is StepState.DONE
    assert desk.view(uid).status is RunStatus.ACTIVE
    desk.mine.resume(uid)
    assert desk.view(uid).status is RunStatus.FINISHED


def test_a_press_that_was_meant_for_another_step_does_nothing(desk: Desk) -> None:
    uid = desk.start("# T\n\n## One\n\nx\n\n## Two\n\ny\n")
    other = desk.terminal("jroy")
    other.advance(uid, step="one")
    desk.sync()
    with pytest.raises(IllegalMove, match="jroy was faster"):
        desk.mine.advance(uid, step="one")
    assert desk.at(uid) == "two"
    assert desk.view(uid).people == ("mhassan", "jroy")


def test_a_running_command_is_cancelled_and_pointed_out_when_it_is_silent(desk: Desk) -> None:
    uid = desk.start(_command("silent=30s"))
    desk.mine.advance(uid)
    desk.clock.advance(29)
    assert desk.view(uid).silent is None
    desk.clock.advance(2)
    assert desk.view(uid).silent is not None
    desk.mine.cancel(uid, "hangs")
    assert desk.view(uid).decided_by == "stopped by mhassan: hangs"


def test_a_note_that_the_book_was_wrong_reaches_its_owner_until_the_text_changes(desk: Desk) -> None:
    text = "---\nid: book\nowner: mail operations\n---\n# T\n\n## One\n\nx\n"
    uid = desk.start(text)
    desk.mine.remark(uid, "The host is called mx2 now")
    (line,) = desk.mine.remarks()
    assert (line.owner, line.title, line.step, line.open) == ("mail operations", "T", "One", True)
    assert next(card for card in desk.mine.list() if card.id == "book").record.remarks == 1
    desk.write("book", text.replace("x\n", "y\n"))
    (line,) = desk.terminal("jroy").remarks()
    assert not line.open


def test_a_card_tells_how_a_book_has_done(desk: Desk) -> None:
    for seconds, whole in ((60, True), (120, True), (5, False)):
        uid = desk.start("# T\n\n## One\n\nx\n")
        desk.clock.advance(seconds)
        if whole:
            desk.mine.advance(uid)
        else:
            desk.mine.abort(uid)
    record = next(card for card in desk.mine.list() if card.id == "book").record
    assert record.ended == 3
    assert record.success == pytest.approx(2 / 3)
    assert record.median is not None
    assert record.median.total_seconds() == 90
    assert record.last_used is not None


def test_a_command_in_a_drill_needs_the_fence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COCKPIT_DRILL_TRAP", raising=False)
    uid = desk.start(_command(""))
    inside = desk.terminal("mhassan", Profile(kind="drill", loopback_only=True))
    with pytest.raises(Refused, match="leave the drill"):
        inside.advance(uid)
    assert desk.commands == []
    monkeypatch.setenv("COCKPIT_DRILL_TRAP", "http://127.0.0.1:9")
    inside.advance(uid)
    assert len(desk.commands) == 1
    assert desk.run(uid).of("do").detail["fenced"] is True


def test_a_dry_run_says_what_every_step_would_do_and_what_is_missing(desk: Desk) -> None:
    desk.write("inner", INNER.replace("dig SOA", "no-such-tool SOA"))
    desk.write("book", OUTER)
    steps = desk.terminal("mhassan").rehearse("book", {"domain": "shop.example"})
    assert [step.id for step in steps] == ["first", "sub", "sub.choose", "sub.mend", "last"]
    assert steps[1].does == ("run: no-such-tool SOA shop.example @{{server}}",)
    assert steps[1].lacks == (
        "no-such-tool is not installed here",
        "server has no value: start the runbook again with one.",
    )
    assert desk.mine.running() == []


def test_what_a_document_leaves_open_is_asked_for_once_when_it_is_needed(desk: Desk) -> None:
    uid = desk.start(
        "# T\n\n## A\n\nx\n\n## B\n\n```bash\ndig [domain]\n```\n\n## C\n\n```bash\ndig MX <domain>\n```\n"
    )
    assert desk.view(uid).missing == ()
    desk.mine.advance(uid)
    (missing,) = desk.view(uid).missing
    assert (missing.name, missing.type) == ("domain", "domain")
    with pytest.raises(BadInput, match="domain is missing"):
        desk.mine.advance(uid, confirmed=True)
    desk.mine.give(uid, {"domain": "shop.example"})
    desk.mine.advance(uid, confirmed=True)
    desk.end(uid, how="command")
    assert desk.view(uid).missing == ()
    assert desk.view(uid).command == (("dig", "MX", "shop.example"),)


def test_a_timer_goes_as_fast_as_the_world_it_waits_for() -> None:
    now = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
    assert _until(Wait(span=timedelta(minutes=10)), now, 20.0) == now + timedelta(seconds=30)
    assert _until(Wait(until="14:30"), now, 20.0) == now + timedelta(minutes=30)
