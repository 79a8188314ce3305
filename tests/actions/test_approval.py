"""Two people: the plan waits for a signature by another key, and what is forged or one's own does not count."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.actions.approval import Requirement, approvers, by_policy, by_risk, code_of_plan, trouble
from cockpit.actions.contract import Plan, Request
from cockpit.actions.driver import Driver
from cockpit.actions.journal import ActionState, admit, stream_of
from cockpit.actions.ledger_journal import LedgerJournal
from cockpit.actions.operator_key import operator_key
from cockpit.clock import SystemClock
from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.desk.remedies.actions import Actions
from cockpit.desk.remedies.approvals import Approvals
from cockpit.errors import BadInput, ConfigError, IllegalMove, NotFound
from storage.database import Database
from storage.leases import Leases
from storage.ledger import Draft, Ledger
from tests.actions.fakes import PATIENCE, HandClock, PairRemedy, Points, Remote, plan_at


class Room:
    """Three people on one database, and a runner that is called by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database.open(folder / "cockpit" / "cockpit.db")
        self.clock = SystemClock()
        self.ledger = Ledger(self.database, self.clock.now)
        hand = HandClock()
        self.remote = Remote(hand, [])
        self.mine, self.actions = self.person("mhassan")
        uid = "a1"
        now = self.clock.now()
        self.plan = plan_at(now)
        self.uid = uid
        self.tell("action.requested", {"remedy": "fake.pair", "target": "pair", "parameters": {}}, "mhassan")
        planned = {"plan": self.plan.to_json(), "plan_hash": self.plan.hash, "approvals": 1, "approval_why": "risk"}
        self.tell("action.planned", planned, "runner")
        self.code = code_of_plan(uid, self.plan.hash)

    def tell(self, kind: str, body: dict[str, Any], actor: str) -> None:
        now = self.clock.now()
        self.ledger.append([Draft(stream=stream_of(self.uid), kind=kind, body=body, occurred_at=now, actor=actor)])

    def person(self, name: str) -> tuple[Approvals, Actions]:
        feed = Feed(self.database, self.ledger, self.clock, name)
        actions = Actions(feed, Settings(), Path("none"), self.database.path, name, spawn=lambda _: None)
        feed.add(actions)
        feed.catch_up()
        return Approvals(feed, actions, name, self.folder / "keys"), actions

    def view(self) -> Any:
        return self.person("mhassan")[1].get(self.uid)

    def confirm(self) -> None:
        self.person("mhassan")[1].confirm(self.uid, "pair")

    def run(self) -> Any:
        """Drive until it ends, or until it waits for a person."""
        journal = LedgerJournal(
            self.database, self.ledger, Leases(self.database), self.clock, self.uid, sleep=lambda _: None
        )
        journal.take_over()

        class Waited(Exception):  # noqa: N818 -- the way out of a wait
            pass

        def wait(seconds: float) -> None:
            raise Waited

        journal.wait = wait  # type: ignore[method-assign]
        try:
            Driver(journal, PairRemedy(self.remote, Points()), self.clock, PATIENCE).run()
        except Waited:
            pass
        finally:
            journal.give_back()
        return self.view()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.database.close()


def test_a_confirmed_plan_waits_and_goes_on_once_another_person_has_signed_it(room: Room) -> None:
    room.confirm()
    waiting = room.run()
    assert waiting.state is ActionState.CONFIRMED
    assert f"cockpit approve {room.code}" in waiting.waiting_for
    assert room.remote.sent == []
    second, _ = room.person("kblake")
    assert [view.uid for view in second.waiting()] == ["a1"]
    assert second.approve(room.code.lower()).approved_by == ("kblake",)
    done = room.run()
    assert done.state is ActionState.SUCCEEDED
    assert room.remote.sent == [("a", 1), ("b", 1)]
    mode = (room.folder / "keys" / "kblake.ed25519").stat().st_mode & 0o777
    assert mode == 0o600


def test_nobody_approves_their_own_plan_or_confirms_what_they_approved(room: Room) -> None:
    with pytest.raises(IllegalMove, match="your own plan"):
        room.person("mhassan")[0].approve(room.code)
    second, theirs = room.person("kblake")
    second.approve(room.code)
    with pytest.raises(IllegalMove, match="somebody else has to confirm"):
        theirs.confirm(room.uid, "pair")
    with pytest.raises(IllegalMove, match="already"):
        second.approve(room.code)


def test_an_approval_can_be_taken_back_until_something_is_sent_and_a_plan_be_rejected(room: Room) -> None:
    second, _ = room.person("kblake")
    second.approve(room.code)
    assert second.revoke(room.code, "wrong zone").approvals_missing == 1
    room.confirm()
    assert room.run().state is ActionState.CONFIRMED
    with pytest.raises(BadInput):
        second.reject(room.code, " ")
    gone = second.reject(room.code, "not at this hour")
    assert (gone.state, gone.code) == (ActionState.REFUSED, "REJECTED")
    assert "kblake rejected the plan: not at this hour" in gone.reason
    assert room.remote.sent == []
    with pytest.raises(NotFound):
        second.approve(room.code)


@pytest.mark.parametrize("forgery", ["other plan", "other run", "other key", "other name", "no key", "garbage"])
def test_a_forged_approval_in_the_database_sends_nothing(room: Room, forgery: str) -> None:
    second, _ = room.person("kblake")
    key = operator_key(room.folder / "keys", "kblake")
    stream_key = {"fingerprint": key.fingerprint, "public": key.public}
    if forgery != "no key":
        now = room.clock.now()
        room.ledger.append(
            [Draft(stream="approvers", kind="approver.key_added", body=stream_key, occurred_at=now, actor="kblake")]
        )
    signer = operator_key(room.folder / "keys", "mallory") if forgery == "other key" else key
    proof = signer.sign(
        "a2" if forgery == "other run" else room.uid,
        "0" * 64 if forgery == "other plan" else room.plan.hash,
        "mallory" if forgery == "other name" else "kblake",
    )
    if forgery == "garbage":
        proof = base64.b64encode(b"x" * 64).decode()
    body = {
        "plan_hash": room.plan.hash,
        "by": "kblake",
        "method": "signature",
        "key": key.fingerprint,
        "proof": proof,
    }
    room.tell("action.approved", body, "kblake")
    room.confirm()
    ended = room.run()
    assert (ended.state, ended.code) == (ActionState.REFUSED, "NOT_APPROVED")
    assert room.remote.sent == []


def test_a_code_read_over_the_phone_counts_once(room: Room) -> None:
    second, _ = room.person("kblake")
    codes = second.make_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}", code) for code in codes)
    stored = b"".join(path.read_bytes() for path in (room.folder / "cockpit").iterdir() if path.is_file())
    assert not any(code.replace("-", "").encode() in stored or code.encode() in stored for code in codes)
    mine, _ = room.person("mhassan")
    with pytest.raises(BadInput):
        mine.approve_by_phone(room.uid, "kblake", "AAAA-AAAA")
    with pytest.raises(BadInput):
        mine.approve_by_phone(room.uid, "jroy", codes[0])
    mine.approve_by_phone(room.uid, "kblake", codes[0].lower().replace("-", " "))
    room.confirm()
    assert room.run().state is ActionState.SUCCEEDED
    used = room.person("mhassan")[1].runs()[0].all_approvals
    assert [(each.by, each.method) for each in used] == [("kblake", "code")]
    room.uid = "a2"
    room.tell("action.requested", {"remedy": "fake.pair", "target": "pair", "parameters": {}}, "mhassan")
    room.tell(
        "action.planned", {"plan": room.plan.to_json(), "plan_hash": room.plan.hash, "approvals": 1}, "runner"
    )
    again, _ = room.person("mhassan")
    with pytest.raises(BadInput, match="unused"):
        again.approve_by_phone("a2", "kblake", codes[0])


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    operator_key(tmp_path / "keys", "kblake")
    path = tmp_path / "keys" / "kblake.ed25519"
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        operator_key(tmp_path / "keys", "kblake")
    path.chmod(0o600)
    path.write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="damaged"):
        operator_key(tmp_path / "keys", "kblake")


def test_a_key_counts_only_for_the_one_who_added_it_and_until_it_is_removed(room: Room) -> None:
    key = operator_key(room.folder / "keys", "kblake")
    approval = {
        "by": "kblake",
        "method": "signature",
        "key": key.fingerprint,
        "proof": key.sign("a1", room.plan.hash, "kblake"),
    }

    def add(kind: str, actor: str) -> str:
        body = {"fingerprint": key.fingerprint, "public": key.public}
        now = room.clock.now()
        room.ledger.append([Draft(stream="approvers", kind=kind, body=body, occurred_at=now, actor=actor)])
        return trouble("a1", room.plan.hash, approval, approvers(room.ledger.stream("approvers")))

    assert "is not one of kblake's" in add("approver.key_added", "mallory")
    assert add("approver.key_added", "kblake") == ""
    assert "is not one of kblake's" in add("approver.key_removed", "kblake")


def test_what_is_risky_needs_another_person_wherever_there_is_one(room: Room) -> None:
    risky: Plan = replace(room.plan, risk="high")
    team = Request(remedy="x", target="y", parameters={}, scope={"people": ["mhassan", "kblake"]})
    alone = Request(remedy="x", target="y", parameters={}, scope={"people": ["mhassan"]})
    assert by_risk(risky, team) == Requirement(1, "the risk is high")
    assert by_risk(risky, alone).approvals == 0
    assert "nobody else" in by_risk(risky, alone).why
    assert by_risk(room.plan, team) == Requirement()


def test_an_approval_counts_only_for_the_group_it_was_asked_of() -> None:
    required = Requirement(2, "Security + IC", (("kim", "li"), ("mona",)))
    assert required.missing([]) == 2
    assert not required.wants("jules", [])
    assert required.missing(["kim", "li"]) == 1
    assert required.missing(["li", "mona"]) == 0
    assert Requirement(1, "risk", ((),)).missing(["anybody"]) == 0


def test_the_matrices_decide_where_a_row_is_about_the_remedy(room: Room) -> None:
    scope = {"people": ["mhassan", "jroy"], "recovery": {"says": "needs SL", "approvals": [["kblake"]]}}
    asked = Request(remedy="dns.ds", target="pair", parameters={}, scope=scope)
    risky = replace(room.plan, risk="high")
    assert by_policy(risky, asked) == Requirement(1, "needs SL", (("kblake",),))
    allowed = replace(asked, scope={**scope, "recovery": {"says": "may run by itself", "approvals": []}})
    assert by_policy(risky, allowed).approvals == 0
    assert by_policy(risky, replace(asked, scope={"people": ["mhassan", "jroy"]})).approvals == 1


def test_somebody_who_was_not_asked_cannot_approve(room: Room) -> None:
    asked = Requirement(1, "It needs the security lead.", (("kblake",),))
    run = replace(room.person("mhassan")[1].run_of(room.uid), required=asked)
    for person in ("jroy", "kblake"):
        proof = {"by": person, "method": "signature", "key": "k", "proof": "p", "plan_hash": room.plan.hash}
        if person == "jroy":
            with pytest.raises(IllegalMove, match="not jroy who has to approve this. kblake can. It needs the "):
                admit(run, room.uid, "action.approved", proof, room.clock.now(), person)
        else:
            admit(run, room.uid, "action.approved", proof, room.clock.now(), person)
