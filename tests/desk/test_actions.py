"""What a person may decide about an action, and when the desk starts a runner."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.actions.contract import Plan
from cockpit.actions.journal import ActionState
from cockpit.config import ByodkimConfig, DomainConfig, Settings
from cockpit.desk.feed import Feed
from cockpit.desk.remedies.actions import ORPHAN_AFTER_S, Actions
from cockpit.errors import BadInput, IllegalMove, NotFound, ReadOnly
from storage.database import Database
from storage.leases import Leases, boot_id
from storage.ledger import Draft, Ledger
from tests.actions.fakes import plan_at
from tests.desk.conftest import ManualClock

SETTINGS = Settings(
    domains=(DomainConfig("shop.example", services=("shop", "billing"), mail_per_hour=41_000),),
    byodkim=ByodkimConfig(bucket="acme-dkim"),
)
ASKED = {"domain": "Shop.Example", "selector": "s2026b"}


class Bench:
    """A desk's actions whose runners are only counted."""

    def __init__(self, database: Database, ledger: Ledger, clock: ManualClock, *, read_only: bool = False) -> None:
        self.spawned: list[list[str]] = []
        self.database, self.ledger, self.clock = database, ledger, clock
        self.feed = Feed(database, ledger, clock, "mhassan")
        self.actions = Actions(
            self.feed,
            SETTINGS,
            Path("/run/profile.json"),
            database.path,
            "mhassan",
            read_only=read_only,
            spawn=self.spawn,
            monotonic=clock.monotonic,
        )
        self.feed.add(self.actions)

    def spawn(self, arguments: Sequence[str]) -> None:
        self.spawned.append(list(arguments))

    def tell(self, uid: str, kind: str, **body: object) -> None:
        """Append an event as a runner would."""
        now = self.clock.now()
        self.ledger.append([Draft(stream=f"action/{uid}", kind=kind, body=body, occurred_at=now, actor="runner")])
        self.feed.catch_up()

    def planned(self) -> tuple[str, Plan]:
        uid = self.actions.request("ses.byodkim", ASKED)
        plan = plan_at(self.clock.now())
        self.tell(uid, "action.planned", plan=plan.to_json(), plan_hash=plan.hash)
        return uid, plan

    def succeeded(self) -> str:
        uid, plan = self.planned()
        self.actions.confirm(uid, "pair")
        self.tell(uid, "action.locked", target="pair", fencing=1)
        self.tell(uid, "action.checked", matches=True)
        for index, step in enumerate(plan.steps):
            intent = f"i{index}"
            self.tell(uid, "action.intent", intent=intent, step=index, back=False, digest=step.digest, says="x")
            self.tell(uid, "action.effect", intent=intent)
            self.tell(uid, "action.applied", intent=intent, basis="answer", answer="accepted")
        self.tell(uid, "action.verifying", until=self.clock.now().isoformat())
        self.tell(uid, "action.succeeded", result={"statusCode": 200}, sentence="SES says SUCCESS")
        return uid


@pytest.fixture
def bench(database: Database, ledger: Ledger, clock: ManualClock) -> Bench:
    return Bench(database, ledger, clock)


def test_a_request_is_in_the_ledger_before_its_runner_starts(bench: Bench) -> None:
    uid = bench.actions.request("ses.byodkim", ASKED, incident="abc")
    view = bench.actions.get(uid)
    assert view.state is ActionState.REQUESTED
    assert view.parameters == {"domain": "shop.example", "selector": "s2026b"}
    event = bench.ledger.stream(f"action/{uid}")[0]
    assert event.body["scope"]["services"] == ["shop", "billing"]
    assert event.body["scope"]["bucket"] == "acme-dkim"
    assert bench.spawned == [
        ["cockpit.actions.runner", "--database", str(bench.database.path), "--run", uid]
        + ["--profile", "/run/profile.json", "--operator=mhassan"]
    ]
    assert [view.uid for view in bench.actions.of_incident("abc")] == [uid]


@pytest.mark.parametrize(
    "parameters",
    [{}, {"domain": "shop.example"}, {**ASKED, "force": "yes"}, {**ASKED, "domain": "; rm"}],
)
def test_parameters_are_checked_before_anything_is_recorded(bench: Bench, parameters: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        bench.actions.request("ses.byodkim", parameters)
    with pytest.raises(NotFound):
        bench.actions.request("ses.magic", {})
    assert bench.ledger.head()[0] == 0
    assert bench.spawned == []


def test_the_typed_phrase_confirms_exactly_the_plan_that_was_shown(bench: Bench) -> None:
    uid, plan = bench.planned()
    with pytest.raises(BadInput, match="pair"):
        bench.actions.confirm(uid, "pai")
    bench.actions.confirm(uid, " PAIR ")
    assert bench.actions.get(uid).confirmed_by == "mhassan"
    assert bench.ledger.stream(f"action/{uid}")[-1].body["plan_hash"] == plan.hash
    with pytest.raises(IllegalMove):
        bench.actions.confirm(uid, "pair")


def test_an_expired_plan_cannot_be_confirmed(bench: Bench) -> None:
    uid, _ = bench.planned()
    bench.clock.advance(timedelta(minutes=15).total_seconds())
    with pytest.raises(IllegalMove, match="expired"):
        bench.actions.confirm(uid, "pair")


def test_a_read_only_desk_plans_and_never_confirms(database: Database, ledger: Ledger, clock: ManualClock) -> None:
    bench = Bench(database, ledger, clock, read_only=True)
    uid, _ = bench.planned()
    assert bench.spawned[0][-1] == "--read-only"
    assert not bench.actions.get(uid).can_confirm
    with pytest.raises(ReadOnly):
        bench.actions.confirm(uid, "pair")


def test_a_success_can_be_undone_once(bench: Bench) -> None:
    uid = bench.succeeded()
    view = bench.actions.get(uid)
    assert view.result == {"statusCode": 200}
    assert view.lines[-1].text == "succeeded: SES says SUCCESS"
    back = bench.actions.undo(uid)
    assert bench.actions.get(back).undoes == uid
    assert not bench.actions.get(uid).can_undo
    with pytest.raises(IllegalMove):
        bench.actions.undo(uid)
    bench.actions.discard(back, "not now")
    assert bench.actions.get(uid).can_undo


def test_a_run_without_a_runner_is_given_one_and_not_twice(bench: Bench) -> None:
    uid, _ = bench.planned()
    assert bench.actions.resume_orphans() == []
    bench.clock.advance(ORPHAN_AFTER_S)
    assert bench.actions.resume_orphans() == [uid]
    assert bench.actions.resume_orphans() == []
    assert len(bench.spawned) == 2


def test_a_run_with_a_living_runner_is_left_alone_until_its_heart_stands_still(bench: Bench) -> None:
    uid, _ = bench.planned()
    leases = Leases(bench.database)
    lease = leases.acquire(f"runner/{uid}", "runner elsewhere", 1, "another boot", "another host")
    bench.clock.advance(ORPHAN_AFTER_S)
    assert bench.actions.resume_orphans() == []
    assert bench.actions.get(uid).alive
    leases.heartbeat(lease)
    bench.clock.advance(ORPHAN_AFTER_S - 1)
    assert bench.actions.resume_orphans() == []
    bench.clock.advance(ORPHAN_AFTER_S)
    assert bench.actions.resume_orphans() == [uid]


def test_a_runner_whose_process_is_gone_is_seen_at_once(bench: Bench) -> None:
    import os

    uid, _ = bench.planned()
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    Leases(bench.database).acquire(f"runner/{uid}", "runner", child, boot_id(), os.uname().nodename)
    assert not bench.actions.get(uid).alive


def test_what_needs_a_person_is_closed_with_what_was_found(bench: Bench) -> None:
    uid, plan = bench.planned()
    bench.actions.confirm(uid, "pair")
    bench.tell(uid, "action.locked", target="pair", fencing=1)
    bench.tell(uid, "action.checked", matches=True)
    bench.tell(uid, "action.intent", intent="i", step=0, back=False, digest=plan.steps[0].digest, says="x")
    bench.tell(uid, "action.effect", intent="i")
    assert bench.actions.get(uid).in_doubt
    bench.tell(uid, "action.unknown", intent="i", reason="no answer")
    bench.tell(uid, "action.reconciling", intent="i", quiet_until=bench.clock.now().isoformat())
    bench.tell(uid, "action.conflict", intent="i", reason="neither")
    bench.tell(uid, "action.needs_human", reason="neither")
    assert [view.uid for view in bench.actions.running()] == [uid]
    assert bench.actions.get(uid).waiting_for == "you: neither"
    with pytest.raises(BadInput):
        bench.actions.close(uid, " ")
    bench.actions.close(uid, "set by hand to what it was")
    assert bench.actions.running() == []
