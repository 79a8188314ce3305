"""The fold of people: what two terminals say in any order ends in the same team, and never raises."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.model import Recorded
from cockpit.incident.roles import nag, open_roles, places
from cockpit.incident.team import Team, advance, team
from cockpit.incident.timeline import timeline
from tests.incident.history import History, is_clean, minute

WORDS = st.sampled_from(["", "a", "b", "h1", "t1", "d1", "IC", "offered", "accepted", "given", "done", "proposed"])
VALUES = st.one_of(WORDS, st.integers(-5, 5000), st.none(), st.booleans(), st.lists(WORDS, max_size=2))
BODIES = st.dictionaries(
    st.sampled_from(["handover", "task", "decision", "step", "role", "to", "from", "title", "minutes", "text"]),
    VALUES,
)
KINDS = st.sampled_from(["checkin", "handover", "task", "decision", "merged", "scope", "restricted", "note"])


def test_a_role_is_handed_over_by_two() -> None:
    history = History().opened().tell("role", {"role": "IC", "person": "mona", "kind": "assigned"})
    history.tell("handover", {"handover": "h", "step": "offered", "role": "IC", "from": "mona", "to": "ayumi"})
    (offer,) = team(history.events).offers
    assert (offer.giver, offer.taker, offer.role) == ("mona", "ayumi", "IC")
    history.tell("handover", {"handover": "h", "step": "accepted"}, 2, actor="ayumi")
    folded = team(history.events)
    assert not folded.offers
    assert folded.handovers["h"].ended_by == "ayumi"
    history.tell("handover", {"handover": "h", "step": "declined"}, 3)
    assert team(history.events).handovers["h"].step == "accepted"


def test_a_task_has_one_person_and_a_time_box() -> None:
    history = History().opened()
    history.tell("task", {"task": "t", "step": "given", "to": "ayumi", "title": "ask the registrar", "minutes": 10})
    (task,) = team(history.events).open_tasks
    assert task.due == minute(10)
    assert not task.is_overdue(minute(10))
    assert task.is_overdue(minute(11))
    history.tell("task", {"task": "t", "step": "acknowledged"}, 1)
    history.tell("task", {"task": "t", "step": "done", "result": "they are on it"}, 5)
    folded = team(history.events)
    assert not folded.open_tasks
    assert folded.tasks["t"].acknowledged_at == minute(1)
    assert folded.tasks["t"].result == "they are on it"


def test_objections_are_kept_with_the_decision() -> None:
    history = (
        History().opened().tell("decision", {"decision": "d", "step": "proposed", "text": "switch DNSSEC off"})
    )
    history.tell("decision", {"decision": "d", "step": "objected", "reason": "the DS is cached"}, 1, actor="ayumi")
    history.tell("decision", {"decision": "d", "step": "decided", "outcome": "remove the DS first"}, 2)
    history.tell("decision", {"decision": "d", "step": "objected", "reason": "too late"}, 3)
    decision = team(history.events).decisions["d"]
    assert [objection.by for objection in decision.objections] == ["ayumi"]
    assert decision.outcome == "remove the DS first"


def test_the_roster_names_who_would_take_a_role_and_the_nag_asks_until_one_does() -> None:
    history = History(severity="P0").opened()
    incident = history.incident
    assert open_roles(incident) == ("IC", "TL", "CL", "SL")
    assert nag(incident, minute(1)) == ""
    assert "no commander for 4 minutes (reminder 2)" in nag(incident, minute(4))
    assert [place.primary for place in places(incident, [])][:2] == ["DevOps Team Lead", "Senior Platform Engineer"]
    history.tell("role", {"role": "IC", "person": "mona", "kind": "assigned"}, 5)
    assert nag(history.incident, minute(9)) == ""


@given(st.lists(st.tuples(KINDS, BODIES), max_size=12))
def test_no_history_makes_the_folds_raise(told: list[tuple[str, dict[str, Any]]]) -> None:
    history = History().opened()
    for kind, body in told:
        history.tell(kind, body)
    events: list[Recorded] = list(history.events)
    folded = Team()
    for event in [*events, *events]:
        folded = advance(folded, event)
    assert all(entry.text is not None and is_clean(entry.text) for entry in timeline(events))
    assert all(task.minutes >= 1 for task in folded.tasks.values())
    assert history.incident.number == 42
