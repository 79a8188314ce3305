"""What holds for every command: help with an example, shared options, and one sentence for each mistake."""

import json
import stat
import tempfile
from pathlib import Path

import click
import pytest

import cockpit.cli.init
from cockpit.cli.frame import COMMANDS, Command, Group, root
from cockpit.clock import SystemClock
from storage.database import Database
from storage.event import Draft, encode, side_line
from storage.ledger import Ledger
from tests.cli.conftest import Cockpit


def every_command(group: click.Group = root, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += every_command(command, (*prefix, name))
        else:
            found.append((*prefix, name))
    return found


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(cockpit: Cockpit, words: tuple[str, ...]) -> None:
    done = cockpit(*words, "--help")
    assert done.code == 0
    example = done.out.split("Example:\n")[1].splitlines()[0].strip()
    assert example.split()[0] == "cockpit"
    assert set(words) <= set(example.split())


def test_every_command_takes_the_shared_options() -> None:
    for words in every_command():
        command: click.Command = root
        for word in words:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), word)
            assert isinstance(found, Command | Group)
            command = found
        assert {"config", "database", "profile", "operator", "read_only"} <= {
            param.name for param in command.params
        }


def test_help_lists_the_commands(cockpit: Cockpit) -> None:
    done = cockpit("--help")
    assert done.code == 0
    assert all(f"  {name} " in done.out for name in COMMANDS)


def test_an_unknown_command_is_answered_with_the_nearest_one(cockpit: Cockpit) -> None:
    done = cockpit("stauts")
    assert done.code == 64
    assert done.sentence == "There is no command 'stauts'; did you mean 'status'? See: cockpit --help"


def test_an_unknown_option_is_one_sentence(cockpit: Cockpit) -> None:
    done = cockpit("status", "--jsn")
    assert done.code == 64
    assert done.sentence.startswith("No such option '--jsn'")


def test_a_broken_configuration_is_one_sentence_with_its_own_exit_code(cockpit: Cockpit, home: Path) -> None:
    (home / "cockpit.yaml").write_text("domians: []\n")
    done = cockpit("status")
    assert done.code == 78
    assert done.sentence == f"{home}/cockpit.yaml line 1, domians: there is no such key; did you mean 'domains'?"


def test_a_configuration_that_was_named_must_exist(cockpit: Cockpit, tmp_path: Path) -> None:
    done = cockpit("status", "--config", tmp_path / "none.yaml")
    assert done.code == 78
    assert "cannot be read: No such file" in done.sentence


def test_a_profile_that_is_not_one_is_refused(cockpit: Cockpit, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_text('{"kind": 3}')
    done = cockpit("--profile", path, "status")
    assert done.code == 78
    assert str(path) in done.sentence


def test_a_later_shared_option_wins(cockpit: Cockpit, tmp_path: Path) -> None:
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    assert cockpit("--database", first, "status", "--database", second).code == 0
    assert second.exists()
    assert not first.exists()


def test_a_database_in_a_directory_that_cannot_be_made_is_one_sentence(cockpit: Cockpit) -> None:
    done = cockpit("status", "--database", "/proc/nowhere/cockpit.db")
    assert done.code == 74
    assert "/proc/nowhere" in done.sentence


def test_a_file_that_is_no_database_is_one_sentence_and_is_left_alone(cockpit: Cockpit, home: Path) -> None:
    path = home / "cockpit.db"
    path.write_bytes(b"not a database at all, and long enough to have a header of its own" * 20)
    path.chmod(0o600)
    before = path.read_bytes()
    done = cockpit("status")
    assert done.code == 74
    assert done.sentence == f"{path} is not a SQLite database."
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["two words", "a\x1b[31m", "", "\u202eroot"])
def test_an_operator_name_that_could_deceive_is_refused(cockpit: Cockpit, name: str) -> None:
    done = cockpit("--as", name or " ", "status")
    assert done.code == 64
    assert "\x1b" not in done.err


def test_without_a_terminal_the_screen_says_what_to_use_instead(cockpit: Cockpit) -> None:
    done = cockpit()
    assert done.code == 64
    assert done.sentence.startswith("The cockpit needs a terminal")


def test_a_mistake_of_our_own_leaves_a_private_redacted_log_without_local_variables(
    cockpit: Cockpit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        local = "bird".replace("b", "canary-b")
        raise RuntimeError("token=" + local + " \x1b]0;owned\x07")

    monkeypatch.setattr(cockpit_init, "write_private", broken)
    done = cockpit("init")
    assert done.code == 70
    assert done.sentence.startswith("A mistake inside the cockpit (RuntimeError); the details are in ")
    (log,) = (home / "log").iterdir()
    text = log.read_text()
    assert "RuntimeError" in text
    assert "token=[redacted]" in text
    assert "canary-bird" not in text
    assert "\x1b" not in text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


cockpit_init = cockpit.cli.init


def test_init_writes_a_private_file_once(cockpit: Cockpit, home: Path) -> None:
    done = cockpit("init")
    assert done.code == 0
    path = home / "cockpit.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = cockpit("init")
    assert again.code == 78
    assert again.sentence == f"{path} exists already and is left as it is."
    assert cockpit("status").code == 0


def test_init_can_print_what_it_would_write(cockpit: Cockpit, home: Path) -> None:
    done = cockpit("init", "--print")
    assert "read_only: true" in done.out
    assert not (home / "cockpit.yaml").exists()


def test_status_without_configuration_names_the_next_steps(cockpit: Cockpit) -> None:
    done = cockpit("status")
    assert done.code == 0
    assert "cockpit init" in done.out
    assert "cockpit drill" in done.out


def test_status_prints_one_json_document(cockpit: Cockpit, home: Path) -> None:
    (home / "cockpit.yaml").write_text("domains:\n  - name: shop.example\n")
    document = json.loads(cockpit("status", "--json").out)
    assert [row["target"] for row in document["domains"]] == ["shop.example"]
    assert document["domains"][0]["verdict"] == "UNKNOWN"
    assert document["profile"] == {"kind": "prod", "name": "prod"}


def test_status_prints_tab_separated_lines(cockpit: Cockpit, home: Path) -> None:
    (home / "cockpit.yaml").write_text("domains:\n  - name: shop.example\n")
    assert cockpit("status", "--plain").out.split("\t")[:2] == ["UNKNOWN", "shop.example"]


def test_verify_counts_the_events_of_an_unbroken_chain(cockpit: Cockpit) -> None:
    assert cockpit("status").code == 0
    done = cockpit("verify", "--json")
    assert done.code == 0
    assert json.loads(done.out)["ok"] is True


def test_what_the_disk_did_not_take_is_appended_on_request_and_begins_no_work(
    cockpit: Cockpit, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert cockpit("incident", "open", "Order mail is late", "--severity", "P3").code == 0
    assert cockpit("verify", "--reappend").out.startswith("Nothing waits to be appended.\n")
    database = Database.open(home / "cockpit.db")
    ledger, at = Ledger(database, SystemClock().now), SystemClock().now()
    before = len(ledger.since(0))
    drafts = [
        Draft(stream=stream, kind="note", body={}, occurred_at=at, actor="mona") for stream in ("ops", "action/1")
    ]
    assert database.spill([side_line(encode(draft)) for draft in drafts]).endswith(
        "with cockpit verify --reappend."
    )
    (side_file,) = ledger.spilled()
    told = cockpit("verify")
    assert told.code == 0
    assert f"wait in {side_file}: cockpit verify --reappend" in told.out
    done = cockpit("verify", "--reappend")
    assert done.code == 0
    assert "1 of 2 entries appended; 1 of actions and runbooks were left out." in done.out
    assert Path(f"{side_file}.appended").exists()
    assert [event.id for event in ledger.since(before)] == [drafts[0].id]
    assert "Nothing waits" in cockpit("verify", "--reappend").out
    database.close()


def test_verify_without_a_database_is_one_sentence(cockpit: Cockpit, home: Path) -> None:
    done = cockpit("verify")
    assert done.code == 74
    assert done.sentence == f"There is no ledger at {home}/cockpit.db."
