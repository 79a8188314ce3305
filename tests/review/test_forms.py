"""What an incident is exported as besides Markdown: HTML that runs nothing, CSV without formulas, a calendar."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.comms.templates import bundled
from cockpit.errors import NotFound
from cockpit.review.calendar import FOLD_AT, Appointment, as_calendar
from cockpit.review.follow_up import closer_profile, follow_ups
from cockpit.review.html import as_html
from cockpit.review.items import action_items, board, with_item, with_new_item
from cockpit.review.postmortem import postmortem
from cockpit.review.sheet import items_csv, timeline_csv
from tests.incident.history import History
from tests.review.test_postmortem import record_of, small_incident

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=x>",
    "[x](javascript:alert(1))",
    "&lt;b&gt; &#60;i&#62;",
    "a | b \\| c",
)
ITEMS = """## What we will change
| Action | Owner | Due | Horizon | Status |
|---|---|---|---|---|
| Watch the delegation \\| hourly | jroy | 2026-11-18 | short (1-2 weeks) | open |
| Move the zone | mhassan | 2027-01-10 | medium (1-3 months) | in progress |
| Sign with two keys | jroy | 2026-11-01 | short (1-2 weeks) | done 2026-11-02 |
| [fill: action] | [fill: name] | [fill: date] | long (3+ months) | open |
| Practise it | [fill: name] | [fill: date] | long (3+ months) | open |
"""


def test_html_stands_alone_and_has_every_section() -> None:
    record = record_of(small_incident())
    page = as_html("INC-42 DKIM", postmortem(bundled("postmortem").text, record).text, "CONFIDENTIAL")
    assert page.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in page
    assert not re.search(r"(?i)<(script|img|link|iframe|a|form|object)\b", page)
    assert not re.search(r"(?i)\b(src|href|on\w+)=", page)
    assert page.count("CONFIDENTIAL") == 2
    for title in ("Timeline", "What happened", "Why it happened", "What we learned", "What we will change"):
        assert f"<h2>{title}</h2>" in page
    assert "<table>" in page
    assert '<span class="gap">[fill: ' in page


def test_nothing_that_people_write_becomes_html() -> None:
    history = History().opened()
    for text in HOSTILE:
        history.tell("note", {"text": text, "kind": "note"}, 1)
    text = postmortem(bundled("postmortem").text, record_of(history)).text
    page = as_html(HOSTILE[2], f"{text}\n\n" + "\n\n".join(HOSTILE), HOSTILE[0])
    assert not re.search(r"(?i)<(script|img|svg|i|b)\b", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@given(st.text(max_size=200))
def test_no_text_opens_a_tag_of_its_own(text: str) -> None:
    page = as_html("t", text)
    body = page.partition("<body>")[2]
    tags = set(re.findall(r"<\s*/?\s*([A-Za-z!][^\s>]*)", body))
    ours = {"h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "li", "table", "tr", "td", "th", "pre", "code", "strong",
            "span", "body", "html"}  # fmt: skip
    assert tags <= ours


def test_a_calendar_is_folded_escaped_and_names_each_event_once() -> None:
    long = "Review of a very long title, with commas; semicolons \\ and línes\nand more " * 3
    made = [
        Appointment("a1", long, NOW, timedelta(hours=1), long),
        Appointment("a2", "Drill", NOW - timedelta(days=1), timedelta(minutes=30), private=False),
    ]
    text = as_calendar(made, NOW)
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= FOLD_AT for line in lines)
    unfolded = text.replace("\r\n ", "").split("\r\n")
    assert unfolded.count("BEGIN:VEVENT") == unfolded.count("END:VEVENT") == 2
    assert "UID:a1@cockpit.invalid" in unfolded
    assert "DTSTART:20261120T150000Z" in unfolded
    assert "DTEND:20261120T160000Z" in unfolded
    summary = next(line for line in unfolded if line.startswith("SUMMARY:Review"))
    assert "\\, with commas\\; semicolons \\\\ and" in summary.replace("title\\,", "title\\,")
    assert unfolded.index("SUMMARY:Drill") < unfolded.index(summary)


@given(st.text(max_size=300))
def test_no_text_ends_a_calendar_line(text: str) -> None:
    lines = (
        as_calendar([Appointment("u", text, NOW, timedelta(hours=1), text)], NOW).replace("\r\n ", "").split("\r\n")
    )
    assert len([line for line in lines if line.startswith(("BEGIN:", "END:"))]) == 6


def test_a_cell_of_a_sheet_is_never_a_formula() -> None:
    history = History().opened()
    for text in ("=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", 'a "quoted", text'):
        history.tell("note", {"text": text, "kind": "note"}, 1)
    rows = list(csv.reader(io.StringIO(timeline_csv(record_of(history)))))
    assert rows[0][0] == "incident"
    texts = [row[5] for row in rows[1:]]
    assert "'=1+1" in texts
    assert 'a "quoted", text' in texts
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]


def test_action_items_are_read_from_the_table_that_people_edit() -> None:
    items = action_items(ITEMS, "u1", "INC-42")
    assert [(one.action, one.owner, one.horizon, one.is_open) for one in items] == [
        ("Watch the delegation | hourly", "jroy", "short", True),
        ("Move the zone", "mhassan", "medium", True),
        ("Sign with two keys", "jroy", "short", False),
        ("Practise it", "", "long", True),
    ]
    assert items[3].gap
    today = date(2026, 11, 20)
    assert [one.action for one in board(items, today)] == [
        "Watch the delegation | hourly",
        "Move the zone",
        "Practise it",
    ]
    assert items[0].is_overdue(today)
    assert not items[2].is_overdue(today)
    assert "INC-42,Move the zone,mhassan,2027-01-10,medium,in progress" in items_csv(items)


@given(st.text(alphabet="|-: \\[]fil#ActionOwnerDueHorizonStatus\n&;<", max_size=300))
def test_no_text_breaks_the_reading_of_items(text: str) -> None:
    action_items(ITEMS + text, "u", "INC-1")


def test_follow_ups_begin_with_the_resolution_and_are_seen_to_be_done() -> None:
    assert follow_ups(History().opened().incident) == ()
    incident = small_incident().incident
    assert incident.resolved_at is not None
    due = follow_ups(incident)
    assert [one.due - incident.resolved_at for one in due] == [timedelta(hours=24)] * 4 + [timedelta(days=7)]
    assert not any(one.done for one in due)
    text = "# INC-42\n## What we learned\nThat two people watch one registrar.\n"
    assert [one.title for one in follow_ups(incident, text) if one.done] == ["Incident Timeline", "Initial Lessons"]
    closer = closer_profile(incident)
    assert closer is not None
    assert closer.until - incident.resolved_at == timedelta(hours=48)
    assert "every check 30 s instead of 60 s" in closer.settings


def test_an_item_is_changed_where_it_stands_and_nothing_else_is() -> None:
    text = (
        "Intro | with a pipe\n\n| Action | Owner | Due | Horizon | Status |\n|---|---|---|---|---|\n"
        "| [fill: action] | [fill: name] | [fill: date] | short (1-2 weeks) | open |\n"
        "| tell the registrar \\| twice | jroy | 2026-12-01 | long (3+ months) | open |\n\nOutro\n"
    )
    (item,) = action_items(text, "u1", "INC-1")
    changed = with_item(text, item, status="dropped: no | need")
    assert changed == text.replace("| long (3+ months) | open |", "| long (3+ months) | dropped: no \\| need |")
    with pytest.raises(NotFound, match="any more"):
        with_item(changed, item, status="done")
    more = with_new_item(changed, "alarm on SOA", "kblake", date(2026, 12, 4), "short (1-2 weeks)")
    assert "[fill:" not in more
    assert [one.action for one in action_items(more, "u1", "INC-1")] == [
        "alarm on SOA", "tell the registrar | twice",
    ]  # fmt: skip
    again = with_new_item(more, "a third", "kblake", None, "medium (1-3 months)")
    assert len(action_items(again, "u1", "INC-1")) == 3
    assert again.endswith("| open |\n\nOutro\n")
    with pytest.raises(NotFound, match="no table"):
        with_new_item("# Nothing", "x", "y", None, "short")


def test_numbered_points_stay_numbered_on_the_page() -> None:
    page = as_html("INC-1", "### Agenda\n1. Timeline\n2. Actions\n\n- one\n- two\n")
    assert "<ol>\n<li>Timeline</li>\n<li>Actions</li>\n</ol>" in page
    assert "<ul>\n<li>one</li>\n<li>two</li>\n</ul>" in page
