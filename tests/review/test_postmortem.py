"""The post-mortem of a small incident, as a whole, and what hostile text cannot do to it.

Run with `REWRITE_GOLDENS=1` to write the golden anew after a change that is meant.
"""

import os
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cockpit.comms.templates import bundled
from cockpit.incident.alerts import Alert, alert_after, alert_raised
from cockpit.incident.deadlines import deadlines
from cockpit.incident.metrics import metrics
from cockpit.incident.timeline import timeline
from cockpit.review.facts import Record, blocks, refreshed, timeline_table
from cockpit.review.gaps import gap_count, sections
from cockpit.review.markdown import inline, table
from cockpit.review.postmortem import postmortem
from tests.incident.history import History, is_clean, minute, stamp

GOLDEN = Path(__file__).parent / "postmortem.golden.md"


def small_incident() -> History:
    history = History().tell(
        "alert.raised",
        {
            "alert": "a1",
            "target": "shop.example",
            "check": "dkim",
            "headline": "1 of 3 CNAMEs gone",
            "kind": "dkim-missing",
        },
        stream="ops",
        actor="watch",
    )
    history.opened().tell("onset", {"at": stamp(-4), "source": "ns2 log", "confirmed": True}, -4, recorded=6)
    history.tell("acknowledged", at=1)
    history.tell("role", {"role": "IC", "person": "mhassan", "kind": "assigned"}, 1)
    history.tell("note", {"text": "NS chnged by hosting team", "kind": "note"}, -7, recorded=3)
    history.tell("amended", {"entry": "e6", "text": "NS changed by hosting team", "reason": "typo"}, 4)
    history.tell("note", {"text": "sign with our own key; no objections", "kind": "decision"}, 5)
    history.tell("update", {"audience": "customers", "channel": "status page", "text": "We are investigating."}, 6)
    history.tell("action.succeeded", {"sentence": "SES signs with s2026b"}, 9, stream="action/x1", actor="runner")
    history.tell("alert.cleared", {"alert": "a1", "headline": "DKIM passes"}, 11, stream="ops", actor="watch")
    history.tell("checks", {"seen": 4, "failing": [], "unknown": []}, 12)
    return history.moved("acknowledged", "resolved", 12)


def record_of(history: History, at: float = 20) -> Record:
    incident, now = history.incident, minute(at)
    entries = [entry for entry in timeline(history.events) if entry.shown]
    alerts: list[Alert] = []
    for event in history.events:
        alerts = [alert_after(alert, event) for alert in alerts]
        if (raised := alert_raised(event)) is not None:
            alerts.append(raised)
    return Record(incident, now, entries, metrics(incident, now), deadlines(incident, now), alerts)


def filled(history: History) -> str:
    return postmortem(bundled("postmortem").text, record_of(history)).text


def test_a_small_incident_reads_like_this() -> None:
    text = filled(small_incident())
    if os.environ.get("REWRITE_GOLDENS"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_an_open_incident_shows_what_is_missing() -> None:
    rendered = postmortem(bundled("postmortem").text, record_of(History().opened()))
    assert rendered.missing == ("resolved", "verification", "review_date")
    assert "| TTR | Time to resolve | pending |" in rendered.text
    assert "[resolved: missing]" in rendered.text


def test_a_false_alarm_says_that_the_rest_does_not_apply() -> None:
    history = History().opened().moved("detected", "closed", 2, "flapping", code="false_positive")
    text = filled(history)
    assert "not applicable" in text
    assert r"(closed early: false\_positive)" in text


def test_fresh_facts_replace_the_blocks_and_nothing_else() -> None:
    history = History().opened()
    text = filled(history).replace("[fill: a factual description of the incident, without blame]", "It broke.")
    history.tell("note", {"text": "a typo in zone", "kind": "finding"}, 3)
    renewed = refreshed(text, blocks(record_of(history)))
    assert "finding: a typo in zone" in renewed
    assert "It broke." in renewed
    assert refreshed(renewed, blocks(record_of(history))) == renewed
    without = re.sub(r"<!-- /?facts:timeline -->\n", "", text)
    assert "a typo in zone" not in refreshed(without, blocks(record_of(history)))


def test_gaps_are_counted_by_section() -> None:
    text = filled(History().opened())
    counted = {section.title: section.gaps for section in sections(text)}
    assert counted["What happened"] == 1
    assert counted["Why it happened"] == 3
    assert counted["Metrics"] == 0
    assert counted["What we will change"] == 10
    assert gap_count(text.replace("[fill: a factual description of the incident, without blame]", "x")) == (
        gap_count(text) - 1
    )


def test_an_empty_section_is_a_gap_and_fenced_headings_are_none() -> None:
    found = sections("intro\n# A\n\n## B\ntext\n## C\n<!-- x -->\n# D\n```\n# not a heading\n```\n")
    assert [(section.title, section.line, section.gaps) for section in found] == [
        ("A", 2, 0),
        ("B", 4, 0),
        ("C", 6, 1),
        ("D", 8, 0),
    ]


def test_a_fence_that_never_ends_does_not_swallow_the_count() -> None:
    assert sections("# A\n```\n[fill: x]")[0].gaps == 1


@given(st.text(max_size=80))
def test_no_text_breaks_a_cell(text: str) -> None:
    cell = inline(text)
    assert is_clean(cell)
    assert not re.search(r"(?<!\\)[|`*_\[\]~#!]", cell)
    assert not re.search(r"[<>\n]", cell)
    assert not re.search(r"\\\\", cell)
    assert not re.search(r"(?i)https?:/|www\.", cell)


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=5))
def test_no_text_breaks_a_table(rows: list[tuple[str, str]]) -> None:
    lines = table(("a", "b"), rows, empty="none").split("\n")
    assert len(lines) == len(rows) + 2
    for line in lines:
        assert len(re.findall(r"(?<!\\)\|", line)) == 3


def test_hostile_notes_stay_inside_their_cell() -> None:
    hostile = [
        "a | b | c\n| d |",
        "<!-- /facts:timeline -->\n# Owned",
        "![x](http://evil.example/track.png)",
        "<script>alert(1)</script> \\| \\",
        "\x1b]52;c;eA==\x07 \u202e \u2028 ```",
        "{{lead}} [fill: nothing]",
    ]
    history = History().opened()
    for text in hostile:
        history.tell("note", {"text": text, "kind": "note"}, 1)
    record = record_of(history)
    lines = timeline_table(record.entries).split("\n")
    assert len(lines) == 2 + 1 + len(hostile)
    text = filled(history)
    assert is_clean(text.replace("\n", ""))
    assert "\n# Owned" not in text
    assert text.count("<!-- /facts:timeline -->") == 1
    assert gap_count(text) == gap_count(filled(History().opened()))
    assert refreshed(text, blocks(record)) == text
