"""The story of an incident corrected from the command line, with its history kept."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cockpit


@pytest.fixture
def opened(cockpit: Cockpit, home: Path) -> Cockpit:
    (home / "cockpit.yaml").write_text("domains:\n  - {name: shop.example, services: [Shop], owner: Web team}\n")
    assert cockpit("incident", "open", "Mail is late", "--severity", "P2", "--target", "shop.example").code == 0
    assert cockpit("incident", "note", "1", "NS was changed").code == 0
    return cockpit


def entries(cockpit: Cockpit) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(cockpit("incident", "timeline", "1", "--noise", "--json").out)
    return found


def test_an_entry_is_amended_struck_out_and_pinned_by_its_short_id(opened: Cockpit) -> None:
    (note,) = [each["id"] for each in entries(opened) if each["text"] == "NS was changed"]
    assert note[-8:] in opened("incident", "timeline", "1").out
    refused = opened("incident", "amend", "1", note[-8:], "--text", "DS was changed")
    assert (refused.code != 0, "--reason" in refused.err) == (True, True)
    said = ("--reason", "it was the DS")
    assert opened("incident", "amend", "1", note[-8:], "--text", "DS was changed", "--at", "-1m", *said).code == 0
    assert opened("incident", "amend", "1", note[-8:], "--pin").code == 0
    assert "DS was changed (amended)" in opened("incident", "timeline", "1", "--kind", "note").out
    assert opened("incident", "amend", "1", note, "--strike", *said).code == 0
    assert "struck out: DS was changed" in opened("incident", "show", "1").out
    assert "There is no entry" in opened("incident", "amend", "1", "00000000", "--pin").err


def test_services_and_owners_of_the_domain_are_filled_in(opened: Cockpit) -> None:
    (incident,) = json.loads(opened("incident", "list", "--json").out)
    assert incident["services"] == ["Shop"]
    assert "Owners: shop.example: Web team" in opened("incident", "show", "1").out


def test_onset_severity_and_duplicates_are_said(opened: Cockpit) -> None:
    assert "No onset is proposed" in opened("incident", "onset", "1").err
    assert "INC-1 began at" in opened("incident", "onset", "1", "-10m", "--source", "the hosting team").out
    assert opened("incident", "severity", "1", "P1", "--reason", "all mail").out == "INC-1 is P1.\n"
    opened("incident", "open", "Mail is slow", "--severity", "P3")
    assert opened("incident", "duplicate", "2", "--of", "1").out == "INC-2 is closed as a duplicate of INC-1.\n"
    assert "goes on in INC-1 Mail is late" in opened("incident", "show", "2").out
    assert "covers INC-2 Mail is slow" in opened("incident", "show", "1").out


def test_a_role_is_given_and_left_open(opened: Cockpit) -> None:
    assert opened("incident", "assign", "1", "tl", "--to", "ayumi").out == "TL of INC-1: ayumi\n"
    assert opened("incident", "assign", "1", "TL", "--release").out == "TL of INC-1: nobody\n"
    assert "Nobody is Technical lead" in opened("incident", "assign", "1", "TL", "--release").err
    assert "On its way by hand" in opened("incident", "assemble", "1").out
