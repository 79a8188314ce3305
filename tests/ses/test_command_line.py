"""`cockpit ses`, `suppression` and `iam` as they are typed, against the drill world."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from cockpit.cli.frame import root
from cockpit.config import settings_from
from cockpit.drill.estate.company import METRICS_NAMESPACE, SUPPRESSION_TABLE
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.watch import check_once
from cockpit.watch.memory import Memory
from storage.database import Database
from storage.observations import Observations

ACCOUNT = "ses:447112341123/ca-central-1"


class Typed:
    """Commands on a database that a watch has filled once."""

    def __init__(self, world: LaunchedWorld, place: Path) -> None:
        plain = {**(world.profile.settings or {})}
        plain["ses"] = {"suppression_table": SUPPRESSION_TABLE, "namespace": METRICS_NAMESPACE}
        profile = msgspec.structs.replace(world.profile, settings=plain)
        settings = settings_from(plain, "the world")
        self.profile, self.database = place / "profile.json", place / "c.db"
        self.profile.write_bytes(msgspec.json.encode(profile))
        seen = check_once(settings, profile, [], ["ses"])
        database = Database.open(self.database)
        Observations(database).put(Memory(settings).take(seen).samples)
        database.close()

    def run(self, *words: str) -> Result:
        shared = ["--profile", str(self.profile), "--database", str(self.database), "--as", "mhassan"]
        return CliRunner().invoke(root, [*words, *shared])

    def json(self, *words: str) -> Any:
        found = self.run(*words, "--json")
        assert found.output, found.exception
        return json.loads(found.stdout)


@pytest.fixture(scope="module")
def typed(world: LaunchedWorld, tmp_path_factory: pytest.TempPathFactory) -> Typed:
    return Typed(world, tmp_path_factory.mktemp("typed"))


def test_the_account_says_how_it_stands(typed: Typed) -> None:
    found = typed.json("ses", "status")
    assert found["status"]["enforcement"] == "HEALTHY"
    assert found["status"]["pauses"] == []
    checks = {each["check"]: each["verdict"] for each in found["status"]["checks"]}
    assert checks["ses.sets"] == checks["ses.account"] == checks["ses.health"] == "OK"
    assert checks["ses.failure"] == "OK"
    assert checks["ses.suppression"] in ("OK", "INFO")
    assert "UNKNOWN" not in checks.values()
    assert found["banner"] == ""
    assert "HEALTHY" in typed.run("ses", "status").output


def test_rates_name_everybodys_lines(typed: Typed) -> None:
    bounce, complaint = typed.json("ses", "rates")["rates"]
    assert bounce["ladder"] == [0.03, 0.05]
    assert bounce["lines"] == [0.05, 0.1]
    assert complaint["lines"] == [0.001, 0.005]
    assert len(bounce["points"]) >= 40
    assert bounce["points"][-2]["figure"] is not None
    output = typed.run("ses", "rates").output
    assert "5.00 % / 10.00 %" in output
    assert "Failed sends" in output


def test_the_runway_has_every_line(typed: Typed) -> None:
    found = typed.json("ses", "runway")["runway"]
    assert [each["line"] for each in found["bounce"]] == [0.03, 0.05, 0.1]
    assert all(each["course"] in ("safe", "unclear", "nearing") for each in found["bounce"])
    assert "(AWS may pause)" in typed.run("ses", "runway").output


def test_identities_alarms_health_and_feedback_are_printed(typed: Typed) -> None:
    identity = next(
        each for each in typed.json("ses", "identities")["identities"] if each["domain"] == "shop.example"
    )
    assert (identity["dkim"], identity["swept"]) == ("SUCCESS", False)
    alarms = typed.json("ses", "alarms")
    assert sum(bool(each["found"]) for each in alarms["wanted"]) == 6
    assert len(alarms["wanted"]) == 6
    assert typed.json("ses", "health")["health"]["subscribed"] is True
    assert typed.json("ses", "feedback")["feedback"]["verdict"] == "UNKNOWN"
    for words in (["identities"], ["alarms"], ["health"], ["feedback", "--aside"]):
        assert typed.run("ses", *words).exit_code == 0


def test_a_suppression_is_planned_confirmed_made_and_undone(typed: Typed) -> None:
    words = ["add", "ann.lee@mail.example", "--why", "she phoned"]
    planned = typed.json("suppression", *words, "--plan")
    assert [line["text"] for line in planned["lines"]] == ["a…e@mail.example bounce"] * 2
    made = typed.json("suppression", *words, "--confirm", planned["plan"][:12])
    assert (made["done"], made["refused"]) == (2, 0)
    got = typed.json("suppression", "get", "ann.lee@mail.example")
    assert got["list"]["reason"] == "BOUNCE"
    assert len(got["table"]) == 1
    shown = typed.run("suppression", "list").output
    assert "a…e@mail.example" in shown
    assert "ann.lee" not in shown
    assert "ann.lee" in typed.run("suppression", "list", "--full").output
    assert typed.json("suppression", "stats")["places"]["table"]["addresses"] >= 1
    back = typed.json("suppression", "undo", made["run"], "--plan")
    typed.json("suppression", "undo", made["run"], "--confirm", back["plan"])
    assert typed.json("suppression", "get", "ann.lee@mail.example")["suppressed"] is False


def test_a_file_goes_in_and_comes_out(typed: Typed, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("email,reason\nq1@bulk.example,bounce\nq2@bulk.example,complaint\nnobody,bounce\n")
    words = ["import", str(source), "--why", "from before", "--in", "table"]
    planned = typed.json("suppression", *words, "--plan")
    assert typed.json("suppression", *words, "--confirm", planned["plan"])["done"] == 2
    target = tmp_path / "out.csv"
    assert typed.run("suppression", "export", str(target), "--in", "table").exit_code == 0
    assert "q2@bulk.example,COMPLAINT" in target.read_text()
    assert target.stat().st_mode & 0o077 == 0


def test_nothing_is_changed_without_a_confirmation(typed: Typed) -> None:
    found = typed.run("suppression", "add", "zoe@mail.example", "--why", "x")
    assert "Nobody is here to ask" in str(found.exception)
    wrong = typed.run("suppression", "add", "zoe@mail.example", "--why", "x", "--confirm", "0" * 12)
    assert "look at it again" in str(wrong.exception)
    read_only = typed.run("suppression", "add", "zoe@mail.example", "--why", "x", "--read-only", "--plan")
    assert "read-only" in str(read_only.exception)
    assert typed.json("suppression", "get", "zoe@mail.example")["suppressed"] is False


def test_policies_are_printed_for_the_configured_account(typed: Typed) -> None:
    found = typed.json("iam", "--role", "remediate")
    assert f"table/{SUPPRESSION_TABLE}" in json.dumps(found)
    assert "447112341123" in json.dumps(found)
