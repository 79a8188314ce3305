"""A runbook worked from the desk: what needs nobody goes by itself, and the world settles the rest."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.desk.runbooks import Runbooks
from cockpit.errors import BadInput, IllegalMove, NotFound, ReadOnly, Refused
from cockpit.runbooks.run import RunStatus, StepState
from storage.database import Database
from storage.ledger import Draft, Ledger
from storage.observations import Observations, Sample
from tests.desk.conftest import ManualClock
from tests.desk.test_actions import SETTINGS, Bench

INPUTS = {"domain": "shop.example", "selector": "s2026b", "owner": ""}
PLAIN = "# Restart\n\n## Do it\n\n```bash\nsystemctl restart mailer\n```\n\n## Say so\n\nTell them.\n"


class Room(Bench):
    """Runbooks and actions on one database; probes and runners are played by the test."""

    def __init__(self, database: Database, ledger: Ledger, clock: ManualClock, folder: Path) -> None:
        super().__init__(database, ledger, clock)
        self.observations = Observations(database)
        self.commands: list[list[str]] = []
        (folder / "restart.md").write_text(PLAIN)
        self.runbooks = self.terminal(folder)

    def terminal(self, folder: Path, *, read_only: bool = False) -> Runbooks:
        runbooks = Runbooks(
            self.feed,
            self.observations,
            self.actions,
            SETTINGS,
            self.database.path,
            "mhassan",
            folders=[folder],
            read_only=read_only,
            spawn=self.order,
            monotonic=self.clock.monotonic,
        )
        self.feed.add(runbooks)
        return runbooks

    def order(self, arguments: Sequence[str]) -> None:
        self.commands.append(list(arguments))

    def see(self, check: str, verdict: str, headline: str = "") -> None:
        """Time passes, the watch looks, and the desk ticks."""
        self.clock.advance(1)
        sample = Sample("shop.example", check, "", verdict, headline or verdict, "{}", self.clock.now(), 5)
        self.observations.put([sample])
        self.clock.advance(1)
        self.feed.catch_up()
        self.runbooks.tick(self.clock.now())


@pytest.fixture
def room(database: Database, ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Room:
    return Room(database, ledger, clock, tmp_path)


def test_the_dkim_runbook_needs_a_person_three_times(room: Room) -> None:
    uid = room.runbooks.start("dkim-record-missing", INPUTS, incident="abc")
    view = room.runbooks.get(uid)
    assert view.current is not None
    assert view.current.state is StepState.RUNNING
    assert [request.check for request in room.observations.take_requests()] == ["mail.dkim"]
    room.see("mail.dkim", "FAIL", "1 of 3 CNAMEs gone")
    view = room.runbooks.get(uid)
    assert view.current is not None
    assert view.current.id == "let-ses-sign-with-our-own-key"
    assert [step.state.value for step in view.steps[:3]] == ["done", "done", "not taken"]
    room.runbooks.advance(uid)
    action = room.runbooks.get(uid).action
    assert action is not None
    assert room.actions.get(action).parameters == {"domain": "shop.example", "selector": "s2026b"}
    assert room.actions.get(action).run == uid
    _succeed(room, action)
    room.runbooks.tick(room.clock.now())
    room.see("ses.identity", "OK", "SUCCESS")
    room.see("mail.dkim", "OK", "signed with s2026b")
    view = room.runbooks.get(uid)
    assert view.current is not None
    assert view.current.title == "Tell the owner"
    room.runbooks.advance(uid)
    view = room.runbooks.get(uid)
    assert view.status is RunStatus.FINISHED
    assert (view.done, view.total) == (6, 6)
    assert room.runbooks.running() == []


def _succeed(room: Room, uid: str) -> None:
    from tests.actions.fakes import plan_at

    plan = plan_at(room.clock.now())
    room.tell(uid, "action.planned", plan=plan.to_json(), plan_hash=plan.hash)
    room.actions.confirm(uid, "pair")
    room.tell(uid, "action.locked", target="pair", fencing=1)
    room.tell(uid, "action.checked", matches=True)
    for index, step in enumerate(plan.steps):
        room.tell(uid, "action.intent", intent=f"i{index}", step=index, back=False, digest=step.digest, says="x")
        room.tell(uid, "action.effect", intent=f"i{index}")
        room.tell(uid, "action.applied", intent=f"i{index}", basis="answer", answer="accepted")
    room.tell(uid, "action.verifying", until=room.clock.now().isoformat())
    room.tell(uid, "action.succeeded", result={}, sentence="SES says SUCCESS")


def test_what_was_seen_before_the_step_began_settles_nothing(room: Room) -> None:
    room.see("mail.dkim", "FAIL")
    uid = room.runbooks.start("dkim-record-missing", INPUTS)
    room.runbooks.tick(room.clock.now())
    view = room.runbooks.get(uid)
    assert view.waiting
    assert "seen after the step began" in view.decided_by
    assert "Last seen" in view.decided_by


def test_a_check_that_is_not_met_in_time_fails_and_says_what_was_seen(room: Room) -> None:
    uid = room.runbooks.start("dkim-record-missing", INPUTS)
    room.see("mail.dkim", "OK", "3 of 3 CNAMEs there")
    room.clock.advance(60)
    room.runbooks.tick(room.clock.now())
    view = room.runbooks.get(uid)
    assert view.current is not None
    assert view.current.state is StepState.FAILED
    assert "Not FAIL or WARN in time" in view.decided_by
    assert "3 of 3 CNAMEs there" in view.decided_by
    assert {"retry", "skip", "jump", "abort"} <= view.can
    room.runbooks.retry(uid)
    assert room.runbooks.get(uid).waiting


def test_a_waiting_check_asks_the_watch_again_after_its_interval(room: Room) -> None:
    room.runbooks.start("dkim-record-missing", INPUTS)
    room.observations.take_requests()
    room.clock.advance(2)
    room.runbooks.tick(room.clock.now())
    assert room.observations.take_requests() == []
    room.clock.advance(5)
    room.runbooks.tick(room.clock.now())
    assert [request.target for request in room.observations.take_requests()] == ["shop.example"]


def test_without_a_key_of_our_own_the_data_chooses_the_other_repair(room: Room) -> None:
    uid = room.runbooks.start("dkim-record-missing", {**INPUTS, "selector": ""})
    room.see("mail.dkim", "FAIL")
    view = room.runbooks.get(uid)
    assert view.current is not None
    assert view.current.id == "name-the-missing-record"
    room.runbooks.advance(uid, "t1._domainkey.shop.example")
    room.runbooks.advance(uid)
    after = room.runbooks.get(uid)
    assert after.current is not None
    assert after.current.id == "put-the-record-back"
    assert after.inputs["record_type"] == "CNAME"


def test_inputs_are_filled_from_what_the_desk_knows(room: Room) -> None:
    assert room.runbooks.prefill("dkim-record-missing", "shop.example")["domain"] == "shop.example"
    with pytest.raises(BadInput, match="domain is missing"):
        room.runbooks.start("dkim-record-missing", {})
    with pytest.raises(BadInput, match="no input"):
        room.runbooks.start("dkim-record-missing", {**INPUTS, "colour": "red"})
    with pytest.raises(NotFound):
        room.runbooks.start("nothing", {})


def test_a_command_of_an_ordinary_document_runs_only_when_confirmed(room: Room) -> None:
    uid = room.runbooks.start("restart", {})
    view = room.runbooks.get(uid)
    assert view.asks
    assert view.command == (("systemctl", "restart", "mailer"),)
    with pytest.raises(Refused, match="confirm"):
        room.runbooks.advance(uid)
    assert room.commands == []
    room.runbooks.advance(uid, confirmed=True)
    assert room.commands == [
        ["cockpit.runbooks.command_runner", "--database", str(room.database.path), "--run", uid]
        + ["--step", "do-it", "--attempt", "1"]
    ]
    with pytest.raises(IllegalMove):
        room.runbooks.advance(uid, confirmed=True)


def test_a_command_whose_process_is_gone_is_not_run_again_by_itself(room: Room) -> None:
    uid = room.runbooks.start("restart", {})
    room.runbooks.advance(uid, confirmed=True)
    room.clock.advance(20)
    room.runbooks.tick(room.clock.now())
    view = room.runbooks.get(uid)
    assert view.current is not None
    assert view.current.state is StepState.FAILED
    assert "not known how far it came" in view.decided_by
    assert len(room.commands) == 1


def test_a_read_only_desk_runs_no_command(room: Room, tmp_path: Path) -> None:
    reader = room.terminal(tmp_path, read_only=True)
    uid = reader.start("restart", {})
    with pytest.raises(ReadOnly):
        reader.advance(uid, confirmed=True)
    assert room.commands == []


def test_skip_back_jump_and_abort(room: Room) -> None:
    uid = room.runbooks.start("restart", {})
    with pytest.raises(BadInput):
        room.runbooks.skip(uid, " ")
    room.runbooks.skip(uid, "done by Ana")
    assert room.runbooks.get(uid).number == 2
    room.runbooks.back(uid)
    assert room.runbooks.get(uid).number == 1
    room.runbooks.jump(uid, "say-so")
    room.runbooks.abort(uid, "false alarm")
    view = room.runbooks.get(uid)
    assert view.status is RunStatus.ABORTED
    assert view.reason == "false alarm"
    assert view.can == frozenset()
    with pytest.raises(IllegalMove):
        room.runbooks.advance(uid)


def test_two_terminals_settle_a_step_once(room: Room, tmp_path: Path) -> None:
    uid = room.runbooks.start("dkim-record-missing", INPUTS)
    other = room.terminal(tmp_path)
    for event in room.ledger.stream(f"run/{uid}"):
        other.absorb(event)
    room.clock.advance(1)
    now = room.clock.now()
    room.observations.put([Sample("shop.example", "mail.dkim", "", "FAIL", "gone", "{}", now, 5)])
    room.clock.advance(1)
    room.runbooks.tick(room.clock.now())
    other.tick(room.clock.now())
    kinds = [event.kind for event in room.ledger.stream(f"run/{uid}")]
    assert kinds == ["run.started", "step.started", "step.done", "step.done"]


def test_a_step_that_nobody_began_after_a_crash_is_begun_by_the_next_tick(room: Room, tmp_path: Path) -> None:
    uid = room.runbooks.start("dkim-record-missing", INPUTS)
    now = room.clock.now()
    done = {"step": "see-that-the-record-is-really-gone", "attempt": 1, "how": "check", "said": "FAIL"}
    draft = Draft(stream=f"run/{uid}", kind="step.done", body=done, occurred_at=now, actor="x")
    room.ledger.append([draft])
    room.feed.catch_up()
    assert room.runbooks.get(uid).number == 2
    assert room.runbooks.tick(now)
    assert room.runbooks.get(uid).number == 3
    assert not room.runbooks.tick(now)


def test_a_run_is_the_same_after_a_restart(room: Room, tmp_path: Path) -> None:
    uid = room.runbooks.start("dkim-record-missing", INPUTS)
    room.see("mail.dkim", "FAIL")
    fresh = room.terminal(tmp_path)
    for event in room.ledger.stream(f"run/{uid}"):
        fresh.absorb(event)
    assert fresh.get(uid) == room.runbooks.get(uid)


def test_an_edited_file_does_not_touch_a_run_under_way(room: Room, tmp_path: Path) -> None:
    uid = room.runbooks.start("restart", {})
    (tmp_path / "restart.md").write_text("# Other\n\n## Nothing\n\nx\n")
    fresh = room.terminal(tmp_path)
    for event in room.ledger.stream(f"run/{uid}"):
        fresh.absorb(event)
    assert [step.id for step in fresh.get(uid).steps] == ["do-it", "say-so"]


def test_an_event_that_may_not_be_there_is_left_out(room: Room) -> None:
    uid = room.runbooks.start("restart", {})
    draft = Draft(
        stream=f"run/{uid}",
        kind="step.done",
        body={"step": "say-so"},
        occurred_at=room.clock.now() + timedelta(seconds=1),
        actor="x",
    )
    room.ledger.append([draft])
    room.feed.catch_up()
    assert room.runbooks.get(uid).number == 1
