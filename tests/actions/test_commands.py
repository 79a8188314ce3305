"""A command as a remedy: planned, run once without a shell, found out by reading, undone to what was there."""

import shlex
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions.aws import AwsClients
from cockpit.actions.cards import Access
from cockpit.actions.commands.command import Ended, run
from cockpit.actions.commands.run_command import CommandRemedy
from cockpit.actions.contract import EffectRefused, EffectUnknown, Outcome, PlanRefused, Request, Standing, standing
from cockpit.actions.parameters import checked_parameters
from cockpit.actions.registry import card
from cockpit.errors import BadInput, ReadOnly, WrongIdentity
from cockpit.profile import Profile

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
PYTHON = shlex.quote(sys.executable)


class Cluster:
    """A tool that keeps one number in a file, and points at a context."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "replicas"
        self.state.write_text("2\n")
        self.context = "prod-east"
        self.log: list[list[str]] = []
        self.fails: list[Any] = []

    def __call__(self, argv: Sequence[str], timeout_s: float) -> Ended:
        self.log.append(list(argv))
        if list(argv[1:]) == ["config", "current-context"]:
            return Ended(0, f"{self.context}\n")
        if argv[1] == "get":
            return Ended(0, self.state.read_text())
        failure: Any = self.fails.pop(0) if self.fails else ""
        if isinstance(failure, OSError):
            raise failure
        if failure != "before":
            self.state.write_text(f"{argv[-1]}\n")
        return Ended(
            {"before": 1, "after": 1, "late": None}.get(failure, 0), "scaled\n" if not failure else "error\n"
        )

    def changes(self) -> list[list[str]]:
        return [each for each in self.log if each[1] == "scale"]


def _remedy(cluster: Cluster, read_only: bool = False, **parameters: str) -> CommandRemedy:
    asked = {
        "target": "deployment/api",
        "says": "run four replicas of api",
        "apply": "kubectl scale deployment/api --replicas 4",
        "undo": "kubectl scale deployment/api --replicas 2",
        "read": "kubectl get deployment/api",
        "check": "kubectl get deployment/api",
        "expect": "4",
        **parameters,
    }
    checked = checked_parameters(card("command.run"), {name: text for name, text in asked.items() if text})
    request = Request(remedy="command.run", target=checked["target"], parameters=checked)
    access = Access(Profile(), AwsClients(Profile(), "test", read_only=read_only))
    return CommandRemedy(request, access, run=cluster)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr("shutil.which", lambda name: None if name == "nothing" else f"/usr/bin/{name}")
    return Cluster(tmp_path)


def test_a_command_is_planned_run_checked_and_undone_to_what_was_there(cluster: Cluster) -> None:
    remedy = _remedy(cluster)
    plan = remedy.plan(NOW)
    assert plan.account == "kubectl prod-east"
    assert [(line.sign, line.text) for line in plan.diff] == [
        ("-", "2"),
        ("+", "kubectl scale deployment/api --replicas 4"),
    ]
    assert plan.reversible
    remedy.identify()
    assert remedy.send(plan, plan.steps[0]) == "status 0: scaled"
    assert standing(remedy.read(plan), plan.steps[0].before, plan.steps[0].after) is Standing.AFTER
    assert remedy.verify(plan).outcome is Outcome.DONE
    assert remedy.result(plan, remedy.verify(plan), NOW)["command"][1] == "scale"
    back = remedy.plan_undo(plan, NOW)
    assert standing(remedy.read(back), back.steps[0].before, back.steps[0].after) is Standing.BEFORE
    assert remedy.verify(back).outcome is Outcome.WAITING
    remedy.send(back, back.steps[0])
    assert standing(remedy.read(back), back.steps[0].before, back.steps[0].after) is Standing.AFTER
    assert remedy.verify(back).outcome is Outcome.DONE
    assert cluster.state.read_text() == "2\n"
    assert len(cluster.changes()) == 2


def test_what_the_check_prints_has_to_be_the_word_itself(cluster: Cluster) -> None:
    remedy = _remedy(cluster)
    plan = remedy.plan(NOW)
    cluster.state.write_text("web-40\n")
    assert remedy.verify(plan).outcome is Outcome.WAITING
    cluster.state.write_text("replicas: 4.\n")
    assert remedy.verify(plan).outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("failure", "where"), [("before", Standing.BEFORE), ("after", Standing.AFTER), ("late", Standing.AFTER)]
)
def test_a_command_that_fails_is_in_doubt_and_reading_settles_it(
    cluster: Cluster, failure: str, where: Standing
) -> None:
    remedy = _remedy(cluster)
    plan = remedy.plan(NOW)
    remedy.identify()
    cluster.fails = [failure]
    with pytest.raises(EffectUnknown):
        remedy.send(plan, plan.steps[0])
    assert standing(remedy.read(plan), plan.steps[0].before, plan.steps[0].after) is where
    assert len(cluster.changes()) == 1


def test_only_a_command_that_never_started_is_known_to_have_done_nothing(cluster: Cluster) -> None:
    remedy = _remedy(cluster)
    plan = remedy.plan(NOW)
    remedy.identify()
    cluster.fails = [PermissionError(13, "Permission denied")]
    with pytest.raises(EffectRefused, match="could not be started"):
        remedy.send(plan, plan.steps[0])


def test_without_a_command_that_reads_doubt_stays_doubt_and_there_is_no_way_back(cluster: Cluster) -> None:
    remedy = _remedy(cluster, read="", undo="")
    plan = remedy.plan(NOW)
    assert not plan.reversible
    assert plan.risk == "high"
    assert standing(remedy.read(plan), plan.steps[0].before, plan.steps[0].after) is Standing.UNCLEAR


def test_a_tool_that_points_elsewhere_by_now_is_not_run(cluster: Cluster) -> None:
    remedy = _remedy(cluster)
    plan = remedy.plan(NOW)
    cluster.context = "staging"
    remedy.identify()
    with pytest.raises(WrongIdentity, match="staging"):
        remedy.send(plan, plan.steps[0])
    assert cluster.changes() == []


def test_a_read_only_cockpit_runs_no_command_at_all(cluster: Cluster) -> None:
    remedy = _remedy(cluster, read_only=True)
    with pytest.raises(ReadOnly):
        remedy.plan(NOW)
    with pytest.raises(ReadOnly):
        remedy.identify()
    assert cluster.log == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"apply": "nothing at all"}, "NO_PROGRAM"),
        ({"read": ""}, "BAD_PARAMETER"),
        ({"apply": "mongosh mongodb://root:hunter2@db/admin"}, "SECRET_IN_COMMAND"),
    ],
)
def test_what_cannot_be_run_with_care_is_refused(cluster: Cluster, parameters: dict[str, str], code: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        _remedy(cluster, False, **parameters)
    assert refused.value.code == code
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "line", ["kubectl get x | sh", "kubectl get $(id)", "kubectl get `id`", "a && b", "a ; b", "a 'b", "a > b"]
)
def test_what_only_a_shell_understands_is_refused(cluster: Cluster, line: str) -> None:
    with pytest.raises(BadInput):
        _remedy(cluster, apply=line)


def test_words_reach_the_program_as_they_are_and_its_end_is_certain() -> None:
    ended = run(
        [sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(3)", "; rm -rf /", "$HOME", "*"], 20
    )
    assert ended.status == 3
    assert ended.last_line == "['; rm -rf /', '$HOME', '*']"


def test_a_command_that_takes_too_long_is_stopped_with_all_that_it_started() -> None:
    code = "import subprocess, sys; print('begun', flush=True); subprocess.run([sys.executable, '-c', 'input()'])"
    ended = run([sys.executable, "-c", f"{code}; import threading; threading.Event().wait()"], 1.0)
    assert ended.status is None or ended.status != 0
    assert "begun" in ended.output
    assert threading.active_count() < 50
