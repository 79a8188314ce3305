"""The timeline shows what happened when, keeps what was corrected, and lets nothing hostile through."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.timeline import Entry, timeline, told_on
from tests.incident.history import History, is_clean, minute, stamp


def entries(history: History) -> dict[str, Entry]:
    return {entry.id: entry for entry in timeline(history.events)}


def test_entries_stand_in_the_order_in_which_things_happened() -> None:
    history = History().opened().tell("acknowledged", at=1)
    history.tell("note", {"text": "NS changed", "kind": "note"}, -10, recorded=2)
    told = timeline(history.events)
    assert [entry.text for entry in told] == [
        "NS changed",
        "opened from an alert: DKIM record missing: shop.example, P1 (2 services, production)",
        "acknowledged",
    ]
    assert [entry.late for entry in told] == [True, False, False]


def test_an_amendment_keeps_what_stood_there() -> None:
    history = History().opened().tell("note", {"text": "NS chnged", "kind": "note"}, 5)
    history.tell("amended", {"entry": "e2", "text": "NS changed", "occurred_at": stamp(2), "reason": "typo"}, 6)
    entry = entries(history)["e2"]
    assert (entry.text, entry.occurred_at) == ("NS changed", minute(2))
    (before,) = entry.history
    assert (before.old_text, before.old_occurred_at, before.reason, before.by) == (
        "NS chnged",
        minute(5),
        "typo",
        "mhassan",
    )


def test_striking_out_keeps_the_text_and_can_be_taken_back() -> None:
    history = History().opened().tell("note", {"text": "wrong", "kind": "note"}, 5)
    history.tell("amended", {"entry": "e2", "struck": True, "reason": "other incident"}, 6)
    assert entries(history)["e2"].struck
    assert entries(history)["e2"].text == "wrong"
    history.tell("amended", {"entry": "e2", "struck": False, "reason": "this one after all"}, 7)
    assert not entries(history)["e2"].struck


def test_noise_is_hidden_until_it_is_pinned() -> None:
    history = History().opened().tell("linked", {"run": "r1"}, 1)
    assert not entries(history)["e2"].shown
    history.tell("pinned", {"entry": "e2", "pinned": True}, 2)
    assert entries(history)["e2"].shown


def test_alerts_runs_and_actions_speak_for_themselves() -> None:
    history = History().opened()
    history.tell("alert.cleared", {"alert": "a1", "headline": "3 of 3 CNAMEs present"}, 9, stream="ops")
    history.tell("action.planned", {"plan": {"title": "sign with s2026b"}}, 5, stream="action/x")
    history.tell("action.effect", {"intent": "i"}, 6, stream="action/x")
    history.tell("message.failed", {"channel": "chat", "reason": "answered 403"}, 7)
    told = entries(history)
    assert told["e2"].text == "cleared: 3 of 3 CNAMEs present"
    assert told["e3"].text == "planned: sign with s2026b"
    assert not told["e4"].shown
    assert told["e5"].text == "not delivered to chat: answered 403"


def test_a_runbook_tells_what_became_of_each_step_by_its_title_and_never_its_whole_text() -> None:
    history, stream = History().opened(), "run/r1"
    title, step = "See that the record is really gone", "see-that-the-record-is-really-gone"
    history.tell("run.started", {"title": "DKIM record missing", "text": "---\nid: x\n---"}, 1, stream=stream)
    history.tell("step.started", {"step": step, "title": title}, 2, stream=stream)
    history.tell("step.done", {"step": step, "title": title, "said": "FAIL: 1 of 3 gone"}, 3, stream=stream)
    history.tell("step.failed", {"step": "ask-the-owner", "reason": "no answer"}, 4, stream=stream)
    history.tell("step.skipped", {"step": "ask-the-owner", "reason": "asleep"}, 5, stream=stream)
    history.tell("step.approved", {"step": "move-it"}, 5.1, stream=stream)
    history.tell("run.remarked", {"step": "move-it", "text": "two servers, not three"}, 5.2, stream=stream)
    history.tell("run.aborted", {"reason": "another way was found"}, 6, stream=stream)
    told = [entry for entry in timeline(history.events) if entry.kind == "runbook"]
    assert [entry.text for entry in told if entry.shown] == [
        "runbook started: DKIM record missing",
        "See that the record is really gone: FAIL: 1 of 3 gone",
        "ask the owner: failed, no answer",
        "ask the owner: left out, asleep",
        "move it: approved by mhassan",
        "move it: the runbook was wrong here, two servers, not three",
        "runbook stopped: another way was found",
    ]
    assert [entry.text for entry in told if not entry.shown] == ["started: See that the record is really gone"]


def test_moves_say_why_and_how() -> None:
    history = History().opened().tell("acknowledged", at=1)
    history.moved("acknowledged", "resolved", 3, "verified by hand", override=True)
    assert entries(history)["e3"].text == "acknowledged → resolved without green checks: verified by hand"


def test_amending_what_is_not_there_changes_nothing() -> None:
    history = History().opened().tell("amended", {"entry": "zzz", "text": "x"}, 1)
    assert [entry.id for entry in timeline(history.events)] == ["e1"]


BODY = st.dictionaries(
    st.sampled_from(
        ["text", "kind", "entry", "reason", "occurred_at", "struck", "old", "new", "plan", "until", "title"]
    ),
    st.one_of(st.text(max_size=20), st.none(), st.integers(), st.just("e1"), st.just({"title": "\x1b]52;c;x\x07"})),
)


@given(st.lists(st.tuples(st.sampled_from(["ops", "run/r", "action/a", "incident/u1"]), BODY), max_size=12))
def test_no_event_makes_it_raise_and_no_control_character_passes(told: list[tuple[str, dict[str, Any]]]) -> None:
    kinds = [
        "note",
        "amended",
        "moved",
        "update",
        "action.unknown",
        "run.step",
        "alert.raised",
        "pinned",
        "snoozed",
    ]
    history = History().opened()
    for number, (stream, body) in enumerate(told):
        history.tell(kinds[number % len(kinds)], body, number, stream=stream)
    for entry in timeline(history.events):
        assert is_clean(entry.text)


@given(
    st.lists(st.tuples(st.sampled_from(["note", "note", "acknowledged", "linked", "amended", "pinned"]),
                       st.integers(-5, 5), st.sampled_from(["e1", "e2", "e3"])), max_size=9),
    st.integers(0, 9),
    st.booleans(),
)  # fmt: skip
def test_telling_on_says_the_same_as_telling_anew(told: list[tuple[str, int, str]], cut: int, joined: bool) -> None:
    history = History().opened()
    for kind, at, entry in told:
        history.tell(kind, {"text": f"{kind} {at}", "entry": entry, "reason": "r"}, at)
    events = history.events
    before = [event for number, event in enumerate(events[: cut + 1]) if not (joined and number == 1)]
    assert told_on(before, timeline(before), events) == timeline(events)
