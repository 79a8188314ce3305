"""The runner as a real process against a simulated account over real HTTP and DNS, killed wherever it can die."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from cockpit.actions import runner
from cockpit.actions.journal import ActionState
from cockpit.clock import SystemClock
from cockpit.desk.feed import Feed
from cockpit.desk.remedies.actions import Actions
from cockpit.drill.aws.protocol.faults import Fault, FaultKind
from cockpit.errors import BadInput, IllegalMove
from cockpit.profile import Aws
from storage.database import Database
from storage.leases import Leases
from storage.ledger import Ledger
from tests.actions.conftest import DOMAIN, SELECTOR, LocalWorld, Place, Runners

ASKED = {"domain": DOMAIN, "selector": SELECTOR}


def _planned(place: Place) -> str:
    uid = place.actions.request("ses.byodkim", ASKED)
    place.until(uid, lambda view: view.state is ActionState.PLANNED)
    return uid


def test_a_confirmed_plan_is_applied_once_verified_and_tells_the_documented_result(
    place: Place, world: LocalWorld, runners: Runners
) -> None:
    before = len(world.changes())
    uid = _planned(place)
    plan = place.actions.get(uid).plan
    assert plan is not None
    assert [(line.sign, line.text) for line in plan.diff] == [
        ("-", "AWS_SES (Easy DKIM, 3 tokens)"),
        ("+", "EXTERNAL selector s2026b"),
    ]
    assert "equals TXT at 2/2 name servers" in plan.proof[0] or "name servers" in plan.proof[0]
    assert plan.undo.startswith("yes: back to Easy DKIM with the same 3 tokens (3 of 3")
    place.actions.confirm(uid, "Shop.Example.")
    done = place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    assert [call.operation for call in world.changes()[before:]] == ["PutEmailIdentityDkimSigningAttributes"]
    assert done.result is not None
    timestamp = done.result["timestamp"]
    assert done.result == {
        "statusCode": 200,
        "message": "SES BYODKIM update completed successfully",
        "domain": DOMAIN,
        "selector": SELECTOR,
        "final_dkim_status": "SUCCESS",
        "signing_origin": "EXTERNAL",
        "timestamp": timestamp,
        "automation_type": "incident_cockpit",
    }
    assert len(timestamp) == len("2025-09-17T10:30:00.000Z")


def test_undo_brings_back_the_same_tokens(place: Place, world: LocalWorld, runners: Runners) -> None:
    tokens = [token.token for token in world.identity().dkim.tokens]
    uid = _planned(place)
    place.actions.confirm(uid, DOMAIN)
    assert place.until(uid, lambda view: view.state is ActionState.SUCCEEDED).can_undo
    assert runners.ended() == 0
    back = place.actions.undo(uid)
    place.until(back, lambda view: view.state is ActionState.PLANNED)
    place.actions.confirm(back, DOMAIN)
    place.until(back, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    identity = world.identity()
    assert identity.dkim.origin == "AWS_SES"
    assert [token.token for token in identity.dkim.tokens] == tokens
    assert not place.actions.get(uid).can_undo


@pytest.mark.parametrize("point", range(1, 12))
def test_a_runner_killed_after_any_journal_entry_of_two_steps_is_continued_and_sends_each_once(
    place: Place, world: LocalWorld, runners: Runners, point: int
) -> None:
    world.do(lambda: setattr(world.identity_now(), "dkim", world.off()))
    before = len(world.changes())
    runners.order = {"die_after": point}
    uid = place.actions.request("ses.byodkim", ASKED)
    place.until(uid, lambda view: view.state is ActionState.PLANNED)
    place.actions.confirm(uid, DOMAIN)
    assert runners.ended() == -9
    place.feed.catch_up()
    runners.order = {}
    place.actions._start(uid)
    done = place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    assert [call.operation for call in world.changes()[before:]] == [
        "PutEmailIdentityDkimSigningAttributes",
        "PutEmailIdentityDkimAttributes",
    ]
    kinds = [line.kind for line in done.lines]
    assert kinds.count("applied") == kinds.count("intent") - kinds.count("not_applied") == 2
    assert place.feed.ledger.verify().ok
    assert done.result is not None


def test_a_runner_that_slept_past_its_lease_sends_nothing_when_it_wakes(
    place: Place, world: LocalWorld, runners: Runners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after the effect was committed, before a byte left: the moment that the journal cannot fence."""
    before = len(world.changes())
    runners.order = {"stop_sending": 1}
    uid = _planned(place)
    place.actions.confirm(uid, DOMAIN)
    place.until(uid, lambda view: view.state is ActionState.EFFECT)
    row = Leases(place.database).holder(f"runner/{uid}")
    assert row is not None
    stat = Path(f"/proc/{row.pid}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "T":
        threading.Event().wait(0.01)
    monkeypatch.setattr(runner, "Leases", partial(Leases, patience=timedelta(seconds=0.2)))
    runner.carry(place.path, uid, world.profile, "mhassan", read_only=False)
    done = place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert len(world.changes()) - before == 1
    os.kill(row.pid, signal.SIGCONT)
    assert runners.ended() in (0, runner.TAKEN)
    assert len(world.changes()) - before == 1
    assert place.actions.get(uid).lines == done.lines


@pytest.mark.parametrize(("death", "sends"), [({"die_sending": 1}, 1), ({"die_answered": 1}, 1)])
def test_a_runner_killed_around_the_sending_finds_out_by_reading(
    place: Place, world: LocalWorld, runners: Runners, death: dict[str, int], sends: int
) -> None:
    before = len(world.changes())
    runners.order = death
    uid = _planned(place)
    place.actions.confirm(uid, DOMAIN)
    assert runners.ended() == -9
    place.actions._start(uid)
    done = place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    assert len(world.changes()) - before == sends
    assert "unknown" in [line.kind for line in done.lines]
    assert "reconciling" in [line.kind for line in done.lines]


@pytest.mark.parametrize("point", [6, 7, 8])
def test_a_runner_killed_while_it_finds_out_goes_on_finding_out(
    place: Place, world: LocalWorld, runners: Runners, point: int
) -> None:
    before = len(world.changes())
    runners.order = {"die_after": point}
    uid = _planned(place)
    world.fault(Fault(FaultKind.APPLY_THEN_DROP, operation="PutEmailIdentityDkimSigningAttributes", times=1))
    place.actions.confirm(uid, DOMAIN)
    assert runners.ended() == -9
    place.actions._start(uid)
    done = place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    assert len(world.changes()) - before == 1
    assert [line.kind for line in done.lines].count("effect") == 1


@pytest.mark.parametrize("kind", [FaultKind.APPLY_THEN_DROP, FaultKind.DROP])
def test_an_answer_that_never_comes_is_unknown_then_settled_by_reading(
    place: Place, world: LocalWorld, runners: Runners, kind: FaultKind
) -> None:
    before = len(world.changes())
    uid = _planned(place)
    world.fault(Fault(kind, operation="PutEmailIdentityDkimSigningAttributes", times=1))
    place.actions.confirm(uid, DOMAIN)
    done = place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    kinds = [line.kind for line in done.lines]
    assert kinds.count("unknown") == 1
    expected = 1 if kind is FaultKind.APPLY_THEN_DROP else 2
    assert len(world.changes()) - before == kinds.count("effect") == expected


def test_a_mistake_of_ours_ends_a_run_that_has_no_plan_instead_of_being_made_for_ever(
    place: Place, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a secret that a mistake quotes")

    monkeypatch.setattr("cockpit.actions.registry.make_remedy", broken)
    place.actions._spawn = lambda _: None
    uid = place.actions.request("ses.byodkim", {"domain": DOMAIN, "selector": SELECTOR})
    with pytest.raises(KeyError):
        runner.carry(place.path, uid, world.profile, "mhassan", read_only=False)
    place.feed.catch_up()
    view = place.actions.get(uid)
    assert (view.state, view.code) == (ActionState.REFUSED, "MISTAKE")
    assert "inside the cockpit (KeyError): nothing was changed" in view.reason
    assert "secret" not in view.reason


def test_a_caller_in_another_account_is_refused_before_any_change(
    place: Place, world: LocalWorld, runners: Runners
) -> None:
    before = len(world.changes())
    aws = msgspec.structs.replace(world.profile.aws, account="999999999999")
    other = msgspec.structs.replace(world.profile, aws=aws)
    place.profile_path.write_bytes(msgspec.json.encode(other))
    uid = place.actions.request("ses.byodkim", ASKED)
    view = place.until(uid, lambda view: view.state is ActionState.REFUSED)
    assert runners.ended() == 0
    assert view.code == "WRONG_IDENTITY"
    assert "447112341123" in view.reason
    assert world.changes()[before:] == []


def test_a_caller_that_changes_after_the_plan_is_refused_before_the_intent(
    place: Place, world: LocalWorld, runners: Runners
) -> None:
    before = len(world.changes())
    runners.order = {"die_after": 1}
    uid = place.actions.request("ses.byodkim", ASKED)
    place.until(uid, lambda view: view.state is ActionState.PLANNED)
    assert runners.ended() == -9
    place.actions.confirm(uid, DOMAIN)
    aws: Aws = msgspec.structs.replace(world.profile.aws, account="999999999999")
    place.profile_path.write_bytes(msgspec.json.encode(msgspec.structs.replace(world.profile, aws=aws)))
    place.actions._start(uid)
    view = place.until(uid, lambda view: view.state is ActionState.REFUSED)
    assert runners.ended() == 0
    assert view.code == "WRONG_IDENTITY"
    assert "intent" not in [line.kind for line in view.lines]
    assert world.changes()[before:] == []


def test_a_read_only_runner_plans_and_changes_nothing(place: Place, world: LocalWorld, runners: Runners) -> None:
    before = len(world.changes())
    place.actions._read_only = True
    uid = _planned(place)
    place.actions._read_only = False
    place.actions.confirm(uid, DOMAIN)
    view = place.until(uid, lambda view: view.state is ActionState.REFUSED)
    assert runners.ended() == 0
    assert "read-only" in view.reason
    assert world.changes()[before:] == []


def test_a_state_that_changed_after_the_plan_is_planned_again_and_needs_a_new_confirmation(
    place: Place, world: LocalWorld, runners: Runners
) -> None:
    runners.order = {"die_after": 1}
    uid = place.actions.request("ses.byodkim", ASKED)
    first = place.until(uid, lambda view: view.state is ActionState.PLANNED).plan
    assert runners.ended() == -9
    place.actions.confirm(uid, DOMAIN)
    world.do(lambda: setattr(world.identity_now(), "dkim", world.off()))
    before = len(world.changes())
    place.actions._start(uid)
    view = place.until(uid, lambda view: view.state is ActionState.PLANNED and view.plan != first)
    assert view.confirmed_by == ""
    assert world.changes()[before:] == []
    assert view.plan is not None
    assert [step.operation for step in view.plan.steps] == [
        "PutEmailIdentityDkimSigningAttributes",
        "PutEmailIdentityDkimAttributes",
    ]
    place.actions.confirm(uid, DOMAIN)
    place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    assert world.identity().dkim.enabled
    assert len(world.changes()) - before == 2


def test_of_two_terminals_that_apply_one_plan_one_wins_and_the_other_is_told_who_did(
    place: Place, world: LocalWorld, runners: Runners
) -> None:
    before = len(world.changes())
    database = Database.open(place.path)
    clock = SystemClock()
    feed = Feed(database, Ledger(database, clock.now), clock, "kblake")
    other = Actions(feed, place.settings, place.profile_path, place.path, "kblake", spawn=runners)
    feed.add(other)
    uid = _planned(place)
    feed.catch_up()
    assert other.get(uid).can_confirm
    place.actions.confirm(uid, DOMAIN)
    with pytest.raises(
        IllegalMove, match="mhassan has confirmed this plan already and it is under way .*; nothing is sent twice"
    ):
        other.confirm(uid, DOMAIN)
    place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    assert len(world.changes()) - before == 1
    database.close()


def test_only_the_plans_phrase_confirms_it(place: Place, runners: Runners) -> None:
    uid = _planned(place)
    for typed in ("", "yes", "shop.exampl", "pay.example", "ѕhop.example"):
        with pytest.raises(BadInput):
            place.actions.confirm(uid, typed)
    place.actions.discard(uid, "not now")
    with pytest.raises(IllegalMove):
        place.actions.confirm(uid, DOMAIN)
    assert runners.ended() == 0


def test_no_key_material_in_ledger_log_arguments_or_errors(
    place: Place, world: LocalWorld, runners: Runners, tmp_path: Path
) -> None:
    pem = world.private_key_pem().decode()
    runners.arguments.clear()
    pieces = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    uid = _planned(place)
    place.actions.confirm(uid, DOMAIN)
    place.until(uid, lambda view: view.state is ActionState.SUCCEEDED)
    assert runners.ended() == 0
    place.database.checkpoint()
    said = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    said += repr(runners.arguments).encode()
    joined = "".join(pieces)
    for start in range(0, len(joined) - 40, 20):
        assert joined[start : start + 40].encode() not in said


def test_the_runner_module_runs_from_the_command_line_and_refuses_an_unknown_run(
    place: Place, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "cockpit.actions.runner",
            "--database",
            str(place.path),
            "--run",
            "nobody",
            "--profile",
            str(place.profile_path),
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 1
    assert ended.stderr == "There is no action nobody.\n"
