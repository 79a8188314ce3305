"""The record from the command line: found, exported in every form, followed up, and kept with its evidence."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cockpit


@pytest.fixture
def opened(cockpit: Cockpit) -> Cockpit:
    done = cockpit(
        "incident", "open", "Order mail is late", "--severity", "P2", "--target", "shop.example", "--lead"
    )
    assert done.code == 0, done.err
    assert cockpit("incident", "note", "1", "-10m", "the registrar rolled the delegation").code == 0
    return cockpit


def test_words_are_found_with_their_place(opened: Cockpit) -> None:
    hits = json.loads(opened("incident", "search", "registrar delegation", "--json").out)
    assert [(hit["ref"], hit["source"]) for hit in hits] == [("INC-1", "timeline")]
    assert opened("incident", "search", "nothingofthekind").out == "Nothing was found.\n"
    assert opened("incident", "similar", "1").out == "No past incident is like it.\n"


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("markdown", "> **CONFIDENTIAL**"),
        ("html", "<!DOCTYPE html>"),
        ("json", "{"),
        ("csv", "incident,occurred_at"),
        ("ics", "BEGIN:VCALENDAR"),
    ],
)
def test_an_incident_is_exported_in_every_form(opened: Cockpit, tmp_path: Path, form: str, begins: str) -> None:
    assert opened("incident", "export", "1", "--format", form, "--into", tmp_path).code == 0
    written = next(path for path in tmp_path.iterdir() if path.name.startswith("INC-1"))
    assert written.read_text(encoding="utf-8").startswith(begins)


def test_evidence_and_chat_enter_the_timeline(opened: Cockpit, tmp_path: Path) -> None:
    (tmp_path / "dig.txt").write_text("NS ns1")
    (tmp_path / "room.txt").write_text("[2026-01-02 03:04] jroy: NS changed\n")
    assert "sha256" in opened("incident", "attach", "1", tmp_path / "dig.txt", "--said", "what ns2 answered").out
    assert opened("incident", "chat", "1", tmp_path / "room.txt").out == "1 of 1 lines are new on the timeline.\n"
    assert opened("incident", "chat", "1", tmp_path / "room.txt").out == "0 of 1 lines are new on the timeline.\n"
    assert "jroy: NS changed" in opened("incident", "show", "1").out


def test_what_follows_is_said_and_put_into_a_calendar(opened: Cockpit) -> None:
    assert opened("incident", "actions").out == "No action item is open.\n"
    assert opened("incident", "follow-up", "1").out == "The incident is not resolved yet.\n"
    assert (
        "BEGIN:VEVENT" in opened("incident", "calendar").out
        or "BEGIN:VCALENDAR" in opened("incident", "calendar").out
    )
    assert opened("incident", "status", "1", "resolved", "--reason", "three resolvers agree").code == 0
    assert "Post-incident review" in opened("incident", "follow-up", "1").out
    assert "SUMMARY:INC-1: Post-incident review" in opened("incident", "calendar").out
