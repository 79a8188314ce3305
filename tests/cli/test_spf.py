"""`cockpit spf` against a served world."""

import json
from pathlib import Path

import pytest

from cockpit.drill.process.launch import LaunchedWorld
from tests.cli.conftest import Cockpit

pytestmark = pytest.mark.xdist_group("cli-world")


@pytest.fixture
def profile(quiet_world: LaunchedWorld, tmp_path: Path) -> Path:
    path = tmp_path / "profile.json"
    path.write_bytes(quiet_world.profile_line)
    return path


def test_a_sender_that_is_allowed_passes_and_the_way_is_shown(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "spf", "192.0.2.200", "orders@shop.example", "--helo", "a.amazonses.com")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "pass  shop.example"
    assert "include:amazonses.com in the record of shop.example matches" in lines[1]
    assert "  1 of 10 lookups, 0 of 2 void" in lines
    assert any("ip4:192.0.2.192/26  matches" in line for line in lines)


def test_others_softfail_and_the_provider_itself_fails_them(cockpit: Cockpit, profile: Path) -> None:
    assert cockpit("--profile", profile, "spf", "203.0.113.9", "orders@shop.example").out.startswith("softfail")
    done = cockpit("--profile", profile, "spf", "203.0.113.9", "bounce@amazonses.com")
    assert done.code == 1
    assert done.out.startswith("fail  amazonses.com")


def test_json_has_the_result_word_and_every_step(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "spf", "192.0.2.200", "bounce.shop.example", "--json")
    document = json.loads(done.out)
    assert document["result"] == "pass"
    assert document["lookups"] == 1
    assert [step["term"] for step in document["steps"]] == [
        "v=spf1 include:amazonses.com ~all",
        "v=spf1 ip4:192.0.2.192/26 -all",
        "ip4:192.0.2.192/26",
        "include:amazonses.com",
    ]


def test_a_domain_without_spf_is_none(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "spf", "192.0.2.200", "x@nobody.example")
    assert (done.code, done.out.split()[0]) == (0, "none")


def test_an_address_that_is_none_is_one_sentence(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "spf", "192.0.2", "x@shop.example")
    assert done.code != 0
    assert "is not an IP address" in done.sentence


def test_silent_resolvers_are_a_temperror(cockpit: Cockpit, tmp_path: Path) -> None:
    path = tmp_path / "silent.json"
    resolvers = [{"name": "nobody", "address": "127.0.0.1", "port": 1}]
    path.write_text(json.dumps({"name": "silent", "loopback_only": True, "resolvers": resolvers}))
    done = cockpit("--profile", path, "spf", "192.0.2.1", "x@shop.example")
    assert done.code == 2
    assert done.out.startswith("temperror")
