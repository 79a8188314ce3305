"""Commands against a served world: real DNS, TLS, HTTP and AWS calls, all on loopback."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.own_process import own_command, own_environment
from tests.cli.conftest import Cockpit

pytestmark = pytest.mark.xdist_group("cli-world")


@pytest.fixture
def profile(quiet_world: LaunchedWorld, tmp_path: Path) -> Path:
    path = tmp_path / "profile.json"
    path.write_bytes(quiet_world.profile_line)
    return path


def test_a_domain_that_is_well_exits_0_with_every_check_ok(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "check", "shop.example", "--json")
    assert done.code == 0, done.out + done.err
    document = json.loads(done.out)
    assert document["verdict"] == "OK"
    decided = {each["check"] for each in document["observations"] if each["vantage"] == ""}
    assert {"dns.resolution", "mail.dkim", "tls.certificate", "http.health", "ses.identity"} <= decided


def test_a_domain_that_does_not_exist_fails_with_now_wanted_and_fix(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("check", "nothing.example", "--profile", profile)
    assert done.code == 1, done.out + done.err
    assert "✖ FAIL" in done.out
    assert "now:" in done.out
    assert "fix:" in done.out


def test_silent_servers_are_unknown_and_exit_2(cockpit: Cockpit, tmp_path: Path) -> None:
    path = tmp_path / "silent.json"
    path.write_text(
        json.dumps(
            {
                "kind": "drill",
                "name": "silent",
                "loopback_only": True,
                "resolvers": [{"name": "nobody", "address": "127.0.0.1", "port": 1}],
                "roots": [["root", "127.0.0.1"]],
                "dial": {"127.0.0.1:53": "127.0.0.1:1"},
            }
        )
    )
    done = cockpit("--profile", path, "check", "shop.example")
    assert done.code == 2, done.out + done.err
    assert "? UNKNOWN" in done.out
    assert "✖ FAIL" not in done.out


@pytest.mark.parametrize("name", ["shop", "a b.example", "\x1b.example"])
def test_what_is_no_domain_is_refused_before_anything_is_asked(cockpit: Cockpit, name: str) -> None:
    done = cockpit("check", name)
    assert done.code == 64
    assert "is not a domain name" in done.sentence
    assert "\x1b" not in done.err


def test_the_doctor_finds_resolvers_identity_and_secrets_well(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("doctor", "--profile", profile, "--json")
    assert done.code == 0, done.out
    areas = {each["area"]: each["verdict"] for each in json.loads(done.out)["diagnoses"]}
    assert (areas["resolver"], areas["aws"], areas["secrets"]) == ("OK", "OK", "OK")


def test_the_doctor_refuses_another_account(cockpit: Cockpit, quiet_world: LaunchedWorld, tmp_path: Path) -> None:
    other = json.loads(quiet_world.profile_line)
    other["aws"]["account"] = "999999999999"
    path = tmp_path / "other.json"
    path.write_text(json.dumps(other))
    done = cockpit("doctor", "--profile", path)
    assert done.code == 1
    assert "999999999999 is meant" in done.out


def test_identities_are_imported_from_the_account(cockpit: Cockpit, profile: Path, home: Path) -> None:
    done = cockpit("--profile", profile, "init", "--from-ses")
    assert done.code == 0, done.err
    assert "Added 6 of 6" in done.out
    assert "identity: true" in (home / "cockpit.yaml").read_text()
    assert "Added 0 of 6" in cockpit("--profile", profile, "init", "--from-ses").out


def test_a_profile_is_read_from_the_first_line_of_a_pipe_that_stays_open(
    quiet_world: LaunchedWorld, home: Path
) -> None:
    reader, writer = os.pipe()
    os.write(writer, quiet_world.profile_line)
    try:
        done = subprocess.run(
            own_command("--profile", "-", "status", "--json"),
            stdin=reader,
            env=own_environment(),
            capture_output=True,
            timeout=60,
            check=True,
        )
    finally:
        os.close(reader)
        os.close(writer)
    assert json.loads(done.stdout)["profile"] == {"kind": "drill", "name": "all-quiet"}


def test_a_served_world_prints_one_line_and_lives_until_its_input_closes(home: Path) -> None:
    with subprocess.Popen(
        own_command("drill", "dkim-missing", "--serve"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=own_environment(),
    ) as served:
        assert served.stdin is not None
        assert served.stdout is not None
        line = served.stdout.readline()
        assert json.loads(line)["name"] == "dkim-missing"
        assert served.poll() is None
        served.stdin.close()
        assert served.wait(30) == 0
        assert served.stdout.read() == b""


def test_an_unknown_drill_is_answered_with_the_nearest_one(cockpit: Cockpit) -> None:
    done = cockpit("drill", "dkim-mising", "--serve")
    assert done.code == 1
    assert done.sentence == "There is no scenario 'dkim-mising'; did you mean dkim-missing?"
