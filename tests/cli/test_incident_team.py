"""People, words and the way of an incident from the command line."""

import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cockpit
from tests.incident.test_outside import ALARM_EVENT

CONFIG = """
organisation: {name: Example Mail, support_team: Example Support, registrar: Example Registrar}
people:
  - {id: mona, name: Mona Hassan, roles: [IC], contact: "+1 613 555 0142"}
contacts:
  - {name: CTO, group: executive, phone: "+1-555-0132", level: 4}
  - {name: Registrar emergency, group: registrar, phone: "+1-555-0140"}
"""


@pytest.fixture
def opened(cockpit: Cockpit, home: Path) -> Cockpit:
    config = home / "cockpit.yaml"
    config.write_text(CONFIG)

    def run(*arguments: str | Path) -> object:
        return cockpit(*arguments, "--config", config)

    done = run(
        "incident",
        "declare",
        "Mail is late",
        "--answer",
        "customers=60%",
        "--target",
        "shop.example",
        "--as",
        "mona",
    )
    assert done.code == 0, done.err  # type: ignore[attr-defined]
    assert done.out.startswith("INC-1 is open: P1 (half or more")  # type: ignore[attr-defined]
    return run  # type: ignore[return-value]


def test_the_sheet_is_shown_without_a_title(cockpit: Cockpit) -> None:
    out = cockpit("incident", "declare").out
    assert "Service disruption or degradation" in out
    assert "What percentage of customers is affected?" in out
    assert json.loads(cockpit("incident", "declare", "--json").out)["profile"] == "emergency"


def test_a_role_is_handed_over_between_two_people(opened: Cockpit) -> None:
    done = opened("incident", "handover", "INC-1", "IC", "--to", "ayumi", "--as", "mona")
    assert "HANDOVER INC-1 P1 Mail is late" in done.out
    assert "mona holds it until it is accepted" in done.out
    assert opened("incident", "handover", "INC-1", "--accept", "--as", "mona").code != 0
    done = opened("incident", "handover", "INC-1", "--accept", "--as", "ayumi")
    assert done.out == "You have taken over; INC-1 is led by ayumi.\n"
    assert "ayumi" in opened("incident", "team", "INC-1").out


def test_a_task_is_given_heard_and_done(opened: Cockpit) -> None:
    done = opened("incident", "task", "INC-1", "ask the registrar", "--to", "ayumi", "--minutes", "5")
    number = done.out.split()[1]
    assert opened("incident", "task", "INC-1", number, "--ack").code == 0
    assert f"task {number} ayumi" in opened("incident", "team", "INC-1").out
    assert opened("incident", "task", "INC-1", number, "--done", "case 17").out.startswith(f"Task {number} is done")


def test_a_decision_is_proposed_objected_to_and_taken(opened: Cockpit) -> None:
    number = opened("incident", "decide", "INC-1", "sign off").out.split()[2].rstrip(":")
    assert opened("incident", "decide", "INC-1", number, "--object", "the DS is cached", "--as", "noor").code == 0
    refused = opened("incident", "decide", "INC-1", number, "--agreed")
    assert "noor objected: say what is decided" in refused.err
    assert opened("incident", "decide", "INC-1", number, "--outcome", "remove the DS first").code == 0


def test_clocks_are_put_off_and_the_chain_is_engaged(opened: Cockpit) -> None:
    assert opened("incident", "snooze", "INC-1", "update", "15", "--reason", "vendor calls").code == 0
    out = opened("incident", "escalate", "INC-1", "2", "--to", "noor").out
    assert "P1 incidents, non-standard procedures" in out
    assert "CTO +1-555-0132" in out
    assert opened("incident", "checkin", "INC-1", "--as", "mona", "--actions", "coordinating").code == 0


def test_an_update_is_shown_filled_and_told_by_hand(opened: Cockpit) -> None:
    shown = opened("incident", "update", "INC-1", "customers")
    assert shown.out.startswith("Investigating shop.example Issues")
    assert "-- by hand" in shown.out
    done = opened("incident", "update", "INC-1", "internal", "--send")
    assert "field marked" in done.err
    done = opened("incident", "update", "INC-1", "customers", "--send")
    assert done.out == "Recorded as told by hand.\n"
    (told,) = json.loads(opened("incident", "told", "INC-1", "--json").out)
    assert (told["audience"], told["state"]) == ("customers", "by hand")


def test_contacts_and_cases_need_no_network(opened: Cockpit) -> None:
    assert "CTO" in opened("incident", "contacts", "--for", "INC-1").out
    assert "CTO" not in opened("incident", "contacts").out
    done = opened("incident", "case", "INC-1", "registrar", "ds", "--impact", "no mail leaves")
    assert "Requested resolution timeframe: within 1 hour" in done.out
    assert "Still to fill: account" in done.err
    assert "--severity=S2" in opened("incident", "case", "INC-1", "gcloud", "dns").out


def test_templates_are_listed_and_printed(opened: Cockpit) -> None:
    assert {card["name"] for card in json.loads(opened("incident", "template", "--json").out)} >= {"slack_update"}
    assert opened("incident", "template", "slack_channel").out == "#incident-{{stamp}}\n"


def test_resolving_names_what_is_open_and_takes_a_reason(opened: Cockpit) -> None:
    assert opened("incident", "resolve", "INC-1", "--check").code == 1
    refused = opened("incident", "resolve", "INC-1")
    assert "Not resolved. All checks green: no check has been looked at" in refused.err
    done = opened("incident", "resolve", "INC-1", "--confirm", "customers", "--reason", "seen by hand")
    assert done.out.endswith("INC-1 is resolved.\n")
    assert "onset is not confirmed" in opened("incident", "review", "INC-1").err


def test_two_incidents_become_one(opened: Cockpit) -> None:
    assert opened("incident", "open", "Website is down", "--severity", "P2", "--target", "web.example").code == 0
    assert opened("incident", "merge", "INC-2", "--into", "INC-1").out == "INC-1 goes on; 1 merged into it.\n"
    assert opened("incident", "widen", "INC-1", "--service", "api").out == "INC-1: shop.example, web.example, api\n"
    done = opened(
        "incident", "restrict", "INC-1", "--reader", "noor", "--reason", "a key has leaked", "--as", "mona"
    )
    assert done.out == "INC-1 is shown to noor, mona.\n"
    assert "INC-1 is restricted; ask mona" in opened("incident", "show", "INC-1", "--as", "eve").err


def test_alerts_come_by_file_and_by_standard_input(
    opened: Cockpit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(ALARM_EVENT))
    done = opened("incident", "ingest", file, "--open")
    assert done.out.startswith("1 new, 0 over, 0 known before.\nINC-2 is open:")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(ALARM_EVENT)))
    assert opened("incident", "ingest", "-").out == "0 new, 0 over, 1 known before.\n"
    assert "No source is configured" in opened("incident", "poll").err
