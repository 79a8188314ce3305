"""Two terminals on one file, doing anything in any order: they end with the same incidents and the same teams."""

import contextlib
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cockpit.desk import Desk
from cockpit.errors import CockpitError
from cockpit.incident.fold import fold
from cockpit.incident.team import team
from storage.ledger import Event
from tests.desk.halls import Hall

WHO = st.sampled_from([0, 1])
ROLE = st.sampled_from(["IC", "TL", "CL"])
REF = st.sampled_from([1, 2])


class TwoTerminals(RuleBasedStateMachine):
    """What is refused is refused with a sentence and leaves nothing behind."""

    @initialize()
    def sit_down(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.hall = Hall(Path(self.folder.name) / "cockpit.db")
        self.desks = [self.hall.sit("mona"), self.hall.sit("ayumi")]
        for title in ("Mail is late", "Website is down"):
            self.desks[0].incidents.open(title, severity="P1", take_lead=True)
        for desk in self.desks:
            desk.refresh()
            assert desk.people.team(1).offers == ()

    def teardown(self) -> None:
        if hasattr(self, "hall"):
            self.hall.leave()
            self.folder.cleanup()

    @rule(who=WHO, ref=REF, role=ROLE, to=st.sampled_from(["mona", "ayumi"]))
    def offer(self, who: int, ref: int, role: str, to: str) -> None:
        with contextlib.suppress(CockpitError):
            offer = self.desks[who].people.offer(ref, role, to)
            assert offer.giver != offer.taker

    @rule(who=WHO, ref=REF)
    def accept(self, who: int, ref: int) -> None:
        desk = self.desks[who]
        with contextlib.suppress(CockpitError):
            incident = desk.people.accept(ref)
            assert desk.operator in {held.person for held in incident.roles}

    @rule(who=WHO, ref=REF, role=ROLE)
    def assign(self, who: int, ref: int, role: str) -> None:
        self.desks[who].incidents.assign(ref, role, self.desks[who].operator)

    @rule(who=WHO, ref=REF)
    def task(self, who: int, ref: int) -> None:
        self.desks[who].people.give_task(ref, "look at the queue", "ayumi", minutes=5)

    @rule(who=WHO, ref=REF)
    def finish(self, who: int, ref: int) -> None:
        desk = self.desks[who]
        for task in desk.people.team(ref).open_tasks[:1]:
            with contextlib.suppress(CockpitError):
                desk.people.finish_task(ref, task.id, "done")

    @rule(who=WHO, ref=REF, state=st.sampled_from(["investigating", "mitigating", "resolved", "closed"]))
    def move(self, who: int, ref: int, state: str) -> None:
        with contextlib.suppress(CockpitError):
            self.desks[who].incidents.move(ref, state, reason="it is so, believe me")

    @rule(who=WHO)
    def merge(self, who: int) -> None:
        with contextlib.suppress(CockpitError):
            kept = self.desks[who].declaring.merge(2, into=1)
            assert kept.merged == (self.desks[who].incidents.get(2).uid,)

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes: int) -> None:
        self.hall.forward(minutes)

    @invariant()
    def both_see_the_same(self) -> None:
        if not hasattr(self, "desks"):
            return
        for desk in self.desks:
            desk.refresh()
        mine, theirs = self.desks
        now = self.hall.clock.now()
        assert mine.incidents.all() == theirs.incidents.all()
        for incident in mine.incidents.all():
            assert mine.people.team(incident.uid) == theirs.people.team(incident.uid)
            assert mine.clocks.of(incident.uid, now) == theirs.clocks.of(incident.uid, now)
            assert incident.anomalies == 0
            events = told(mine, incident.uid)
            assert fold(events) == incident
            assert team(events) == mine.people.team(incident.uid)
            assert len(mine.people.team(incident.uid).offers) <= 3


def told(desk: Desk, uid: str) -> list[Event]:
    return list(desk.feed.ledger.stream(f"incident/{uid}"))


TwoTerminals.TestCase.settings = settings(max_examples=8, stateful_step_count=14, deadline=None)
test_two_terminals_agree = TwoTerminals.TestCase
