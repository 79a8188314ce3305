"""Pins and snapshots of a served world: real name servers, a real hosted zone, all on loopback."""

import json
from pathlib import Path

import pytest

from cockpit.config import settings_from
from cockpit.config.yaml_subset import read_yaml
from cockpit.drill.process.launch import LaunchedWorld
from tests.cli.conftest import Cockpit

pytestmark = pytest.mark.xdist_group("cli-world")


@pytest.fixture
def profile(quiet_world: LaunchedWorld, tmp_path: Path) -> Path:
    path = tmp_path / "profile.json"
    path.write_bytes(quiet_world.profile_line)
    return path


def test_pins_can_be_put_into_the_configuration_as_printed_and_then_hold(
    cockpit: Cockpit, profile: Path, tmp_path: Path
) -> None:
    done = cockpit("--profile", profile, "pin", "shop.example", "--addresses")
    assert done.code == 0, done.err
    indented = "".join(f"    {line}\n" for line in done.out.splitlines())
    config = tmp_path / "pinned.yaml"
    config.write_text(f"domains:\n  - name: shop.example\n{indented}")
    settings = settings_from(read_yaml(config.read_text(), "pins").value, "pins")
    types = {pin.type for pin in settings.domains[0].records}
    assert {"NS", "TXT", "A"} <= types
    checked = cockpit("--profile", profile, "--config", config, "check", "shop.example", "--json")
    decisions = {e["check"]: e["verdict"] for e in json.loads(checked.out)["observations"] if e["vantage"] == ""}
    assert decisions["dns.resolution"] == "OK", checked.out


def test_a_pin_that_does_not_hold_fails_the_check(cockpit: Cockpit, profile: Path, tmp_path: Path) -> None:
    config = tmp_path / "pinned.yaml"
    config.write_text(
        "domains:\n  - name: shop.example\n    records:\n"
        '      - {name: shop.example, type: NS, values: ["ns1.elsewhere.example."]}\n'
    )
    done = cockpit("--profile", profile, "--config", config, "check", "shop.example")
    assert done.code == 1
    assert "should be ns1.elsewhere.example." in done.out


def test_a_snapshot_is_kept_by_each_open_way_and_only_once(cockpit: Cockpit, profile: Path) -> None:
    first = cockpit("--profile", profile, "snapshot", "shop.example")
    assert first.code == 0, first.err
    assert "by watched records, kept as snapshot 1" in first.out
    assert "by zone transfer, kept as snapshot 2" in first.out, "with the TSIG key of its entry in dns_zones"
    again = cockpit("--profile", profile, "snapshot", "shop.example")
    assert "by watched records, nothing changed since snapshot 1" in again.out
    listed = json.loads(cockpit("--profile", profile, "snapshot", "shop.example", "--list", "--json").out)
    sources = {each["source"] for each in listed["snapshots"]}
    assert "watched records" in sources
    assert not any(each["late"] for each in listed["newest"]["shop.example"])
    shown = cockpit("--profile", profile, "snapshot", "--show", "1")
    assert shown.out.startswith("; shop.example by watched records")
    assert " IN NS ns1." in shown.out


def test_a_transfer_without_the_key_is_refused_and_the_other_copies_are_kept(
    cockpit: Cockpit, profile: Path, tmp_path: Path
) -> None:
    config = tmp_path / "keyless.yaml"
    config.write_text("domains: [{name: shop.example}]\n")
    done = cockpit("--profile", profile, "--config", config, "snapshot", "shop.example")
    assert done.code == 0, done.err
    assert "No zone transfer of shop.example: ns1.hosting.example refuses it" in done.out
    assert "by watched records" in done.out


def test_what_nobody_serves_is_one_sentence_and_exit_1(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "snapshot", "nothing.invalid")
    assert done.code == 1
    assert "nothing.invalid: " in done.out


def test_mistakes_are_one_sentence(cockpit: Cockpit) -> None:
    assert cockpit("snapshot").sentence.startswith("No domain is named")
    assert cockpit("snapshot", "--show", "7").sentence.startswith("There is no snapshot 7")
    assert cockpit("pin", "shop").code == 64
    assert "No copy was kept yet" in cockpit("snapshot", "shop.example", "--list").out


def test_hosted_zones_are_imported_as_domains(cockpit: Cockpit, profile: Path, home: Path) -> None:
    own = home / "cockpit.yaml"
    assert cockpit("init").code == 0
    before = own.read_text()
    refused = cockpit("--profile", profile, "import", "domains", "--from-route53")
    assert (refused.code, own.read_text()) == (1, before), "a drill's domains are not written into one's own file"
    assert "brings its own configuration" in refused.err
    assert (
        "would add shop.example"
        in cockpit("--profile", profile, "import", "domains", "--from-route53", "--dry-run").out
    )
    done = cockpit("--config", own, "--profile", profile, "import", "domains", "--from-route53")
    assert done.code == 0, done.err
    assert "added shop.example" in done.out
    assert "shop.example" in own.read_text()
