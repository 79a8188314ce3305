"""Incidents from the command line: opened, followed, moved, and refused where the lifecycle says no."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.cli.incident.group import clock
from tests.cli.conftest import Cockpit


@pytest.fixture
def opened(cockpit: Cockpit) -> Cockpit:
    done = cockpit(
        "incident",
        "open",
        "Order mail is late",
        "--severity",
        "P2",
        "--target",
        "shop.example",
        "--lead",
        "--as",
        "mona",
    )
    assert done.code == 0, done.err
    assert done.out == "INC-1 is open: P2 Order mail is late\n"
    return cockpit


def test_an_incident_is_listed_worst_first(opened: Cockpit) -> None:
    assert opened("incident", "open", "Everything is down", "--severity", "P0").code == 0
    listed = json.loads(opened("incident", "list", "--json").out)
    assert [each["number"] for each in listed] == [2, 1]
    assert "mona" in opened("incident", "list").out
    assert "P2 INC-1 Order mail is late  acknowledged, lead mona" in opened("status").out
    assert [each["number"] for each in json.loads(opened("status", "--json").out)["incidents"]] == [2, 1]


def test_without_incidents_the_list_says_so(cockpit: Cockpit) -> None:
    assert cockpit("incident", "list").out == "No incident is open.\n"


@pytest.mark.parametrize("ref", ["1", "INC-1", "inc-1"])
def test_an_incident_is_shown_with_its_clocks_and_timeline(opened: Cockpit, ref: str) -> None:
    done = opened("incident", "show", ref)
    assert done.code == 0
    assert done.out.startswith("INC-1 P2 Order mail is late  acknowledged 00:00:0")
    document = json.loads(opened("incident", "show", ref, "--json").out)
    assert document["incident"]["targets"] == ["shop.example"]
    assert document["deadlines"]
    assert document["metrics"]


def test_a_note_may_begin_with_a_past_time_that_looks_like_an_option(opened: Cockpit) -> None:
    done = opened("incident", "note", "INC-1", "-1h10m", "NS", "changed", "by", "the", "hosting", "team")
    assert done.code == 0, done.err
    (entry,) = [
        each
        for each in json.loads(opened("incident", "show", "1", "--json").out)["timeline"]
        if "hosting team" in each["text"]
    ]
    assert entry["occurred_at"] < entry["recorded_at"]


def test_hostile_text_on_the_timeline_never_reaches_the_terminal(opened: Cockpit) -> None:
    assert opened("incident", "note", "1", "\x1b]0;owned\x07 \u202e [/b]").code == 0
    out = opened("incident", "show", "1").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[/b]" in out


def test_an_illegal_move_is_refused_in_one_sentence(opened: Cockpit) -> None:
    done = opened("incident", "status", "INC-1", "detected")
    assert done.code == 1
    assert done.sentence
    assert (
        opened("incident", "status", "INC-1", "investigating", "--reason", "looking").out
        == "INC-1 is investigating.\n"
    )


def test_an_unknown_incident_is_not_found(cockpit: Cockpit) -> None:
    done = cockpit("incident", "show", "INC-7")
    assert done.code == 1
    assert done.sentence == "There is no incident INC-7."


def test_opening_asks_for_a_title_or_an_alert_and_for_a_severity(cockpit: Cockpit) -> None:
    assert cockpit("incident", "open").code == 64
    assert "--severity" in cockpit("incident", "open", "Something").sentence
    assert cockpit("incident", "open", "--alert", "nothing").code == 1


def test_verify_finds_the_events_of_the_incident(opened: Cockpit) -> None:
    done = opened("verify")
    assert done.code == 0
    assert "events, unbroken" in done.out


def test_elapsed_time_is_shown_as_a_clock() -> None:
    assert clock(timedelta(minutes=7, seconds=41)) == "00:07:41"
    assert clock(timedelta(days=2, hours=3)) == "2d 03:00:00"


def test_the_post_mortem_is_exported_as_markdown_and_never_over_a_file(opened: Cockpit, tmp_path: Path) -> None:
    assert opened("incident", "note", "1", "the registrar lost the record").code == 0
    printed = opened("incident", "export", "1", "--print")
    assert printed.code == 0
    assert "the registrar lost the record" in printed.out
    first, second = (opened("incident", "export", "INC-1", "--into", tmp_path) for _ in range(2))
    assert (first.code, second.code) == (0, 0)
    files = sorted(path.name for path in tmp_path.glob("*.md"))
    assert len(files) == 2
    assert opened("incident", "export", "1", "--into", tmp_path / "new").code == 0
    assert len(list((tmp_path / "new").glob("*.md"))) == 1, "a folder that is not there is made"
    assert opened("incident", "export", "1", "--into", tmp_path / files[0] / "below").code == 1
    assert opened("incident", "export", "1", "--into", tmp_path, "--json").code == 0
    assert json.loads(next(tmp_path.glob("*.json")).read_text())
