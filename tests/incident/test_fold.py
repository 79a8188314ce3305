"""The fold turns events into an incident, whatever the events are."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.fold import advance, fold
from cockpit.incident.lifecycle import is_legal
from cockpit.incident.model import State
from tests.incident.history import T0, History, Told, minute, stamp

KINDS = [
    "opened",
    "acknowledged",
    "moved",
    "severity",
    "role",
    "note",
    "amended",
    "pinned",
    "onset",
    "update",
    "snoozed",
    "linked",
    "duplicate",
    "checks",
    "invented",
]
WORDS = st.sampled_from([*State, "", "P0", "P2", "e1", "e2", "u1", "u2", "IC", "TL", "assigned", "released"])
VALUES = st.one_of(
    WORDS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=5),
    st.lists(st.one_of(st.text(max_size=3), st.integers())),
    st.sampled_from([stamp(0), stamp(5), "2026-11-20T14:00:00", "9999-12-31T23:59:59-14:00"]),
)
KEYS = [
    "number",
    "title",
    "type",
    "severity",
    "severity_reason",
    "profile",
    "targets",
    "services",
    "dedup_key",
    "alert",
    "detected_at",
    "old",
    "new",
    "reason",
    "code",
    "role",
    "person",
    "kind",
    "text",
    "entry",
    "occurred_at",
    "struck",
    "pinned",
    "at",
    "source",
    "confirmed",
    "audience",
    "channel",
    "draft",
    "deadline",
    "until",
    "run",
    "action",
    "document",
    "incident",
    "of",
    "seen",
    "failing",
    "unknown",
]
BODIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)


def test_an_unopened_stream_is_no_incident() -> None:
    assert fold(History().tell("note", {"text": "x"}).events) is None


def test_opening_sets_what_the_alert_brought() -> None:
    incident = History().opened().incident
    assert (incident.ref, incident.state, incident.lead) == ("INC-42", State.DETECTED, None)
    assert incident.alerts == ("a1",)
    assert incident.services == ("checkout", "newsletter")
    assert incident.detected_at == T0


def test_a_second_opening_changes_nothing() -> None:
    incident = History().opened().opened(number=43, title="other").incident
    assert incident.ref == "INC-42"


def test_milestones_are_those_of_the_last_round() -> None:
    history = History().opened().tell("acknowledged", at=1)
    history.moved("acknowledged", "monitoring", 5).moved("monitoring", "resolved", 9)
    assert history.incident.mitigated_at == minute(5)
    assert history.incident.resolved_at == minute(9)
    history.moved("resolved", "investigating", 20, "it failed again at ns2")
    assert history.incident.reopened == 1
    again = history.incident
    assert again.mitigated_at is None
    assert again.resolved_at is None
    history.moved("investigating", "resolved", 30)
    assert history.incident.mitigated_at == minute(30)
    assert history.incident.acknowledged_at == minute(1)


def test_falling_back_from_monitoring_takes_back_the_mitigation() -> None:
    history = History().opened().tell("acknowledged", at=1).moved("acknowledged", "monitoring", 5)
    assert history.moved("monitoring", "mitigating", 6, "not yet").incident.mitigated_at is None


def test_an_illegal_move_is_counted_and_not_made() -> None:
    incident = History().opened().moved("detected", "resolved", 1).incident
    assert incident.state is State.DETECTED
    assert incident.anomalies == 1


def test_an_amended_time_moves_the_milestone() -> None:
    history = History().opened().tell("acknowledged", at=17)
    history.tell("amended", {"entry": "e2", "occurred_at": stamp(2), "reason": "acknowledged by phone"}, 20)
    assert history.incident.acknowledged_at == minute(2)


def test_a_draft_is_no_update_and_an_amended_update_moves_the_cadence() -> None:
    history = History().opened().tell("update", {"audience": "customers", "text": "x", "draft": True}, 4)
    assert history.incident.last_update_at is None
    history.tell("update", {"audience": "customers", "text": "x"}, 9)
    history.tell("amended", {"entry": "e3", "occurred_at": stamp(6), "reason": "sent by hand at 14:06"}, 10)
    assert history.incident.last_update_at == minute(6)


def test_roles_are_taken_over_and_released() -> None:
    history = History().opened()
    history.tell("role", {"role": "IC", "person": "mhassan", "kind": "assigned"})
    history.tell("role", {"role": "IC", "person": "ayumi", "kind": "assigned"})
    assert history.incident.lead == "ayumi"
    history.tell("role", {"role": "IC", "person": "mhassan", "kind": "released"})
    assert history.incident.lead == "ayumi"
    history.tell("role", {"role": "IC", "person": "ayumi", "kind": "released"})
    assert history.incident.lead is None


def test_a_proposed_onset_never_replaces_a_confirmed_one() -> None:
    history = History().opened().tell("onset", {"at": stamp(-4), "source": "dkim", "confirmed": False})
    assert history.incident.onset is not None
    assert not history.incident.onset.confirmed
    history.tell("onset", {"at": stamp(-5), "source": "ns2 log", "confirmed": True})
    history.tell("onset", {"at": stamp(-9), "source": "dns", "confirmed": False})
    assert history.incident.onset.at == minute(-5)


def test_an_early_close_keeps_its_code_and_a_late_close_has_none() -> None:
    early = History().opened().moved("detected", "closed", 1, "flapping", code="false_positive").incident
    assert early.closed_early
    history = History().opened().tell("acknowledged", at=1).moved("acknowledged", "resolved", 3)
    assert not history.moved("resolved", "closed", 5, "no review needed").incident.closed_early


def test_elapsed_stands_still_after_the_resolution() -> None:
    history = History().opened().tell("acknowledged", at=1).moved("acknowledged", "resolved", 3)
    assert history.incident.elapsed(minute(60)) == minute(3) - T0


def test_events_of_another_incident_are_ignored() -> None:
    history = History().opened().tell("note", {"text": "x"})
    incident = history.incident
    stranger = Told(
        seq=9,
        id="z",
        stream="incident/u2",
        kind="incident.note",
        occurred_at=T0,
        recorded_at=T0,
        actor="a",
        body={},
    )
    assert advance(incident, stranger) == incident


@given(st.lists(st.tuples(st.sampled_from(KINDS), BODIES, st.integers(-100, 100)), max_size=25))
def test_no_history_makes_it_raise_and_every_change_of_state_is_legal(
    told: list[tuple[str, dict[str, Any], int]],
) -> None:
    history = History()
    if len(told) % 3:
        history.opened()
    for kind, body, at in told:
        history.tell(kind, body, at)
    before = None
    for event in history.events:
        after = advance(before, event)
        if before is not None and after is not None and before.state is not after.state:
            assert is_legal(before.state, after.state)
        before = after
    if before is not None:
        assert before.state.value in set(State)
        assert (before.close_code != "") <= (before.state is State.CLOSED)
