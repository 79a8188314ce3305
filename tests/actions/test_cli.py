"""Remedies on the command line, against the simulated world, with runners as processes of their own."""

import json
from pathlib import Path

import msgspec
import pytest

from cockpit.cli import main
from tests.actions.conftest import LocalWorld


class Terminal:
    """One person's command lines on one home."""

    def __init__(self, home: Path, world: LocalWorld, capfd: pytest.CaptureFixture[str]) -> None:
        self.profile = home / "profile.json"
        self.profile.write_bytes(msgspec.json.encode(world.profile))
        self.profile.chmod(0o600)
        self.capfd = capfd

    def __call__(self, *arguments: str, by: str = "mhassan") -> tuple[int, str, str]:
        self.capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["--profile", str(self.profile), "--as", by, *arguments])
        out, err = self.capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err


@pytest.fixture
def terminal(
    tmp_path: Path, world: LocalWorld, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Terminal:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path))
    return Terminal(tmp_path, world, capfd)


def test_a_record_is_published_listed_logged_and_undone_on_the_command_line(
    terminal: Terminal, world: LocalWorld
) -> None:
    asked = ("name=cli.shop.example", "type=A", "values=192.0.2.44")
    code, out, err = terminal("action", "apply", "dns.publish", *asked, "--confirm", "cli.shop.example")
    assert code == 0, out + err
    assert "+ cli.shop.example A  300 192.0.2.44   (undo: deleted again)" in out
    assert "succeeded" in out.splitlines()[-1]
    (run,) = json.loads(terminal("action", "list", "--all", "--json")[1])
    assert (run["state"], run["operator"]) == ("succeeded", "mhassan")
    (sent,) = json.loads(terminal("action", "log", "--target", "cli.shop.example", "--json")[1])
    assert sent["operation"] == "UPDATE"
    assert sent["outcome"] == "applied"
    assert sent["account"] == "primary ns1.hosting.example"
    assert sent["request"]["update"] == [
        "prereq nxrrset cli.shop.example. A",
        "update add cli.shop.example. 300 A 192.0.2.44",
    ]
    assert "ns1.hosting.example made 1 change" in terminal("action", "log")[1]
    code, out, err = terminal("action", "undo", run["uid"][:8])
    assert code == 0, out + err
    back = next(line.split()[0] for line in out.splitlines() if line.endswith("planned"))
    code, out, err = terminal("action", "confirm", back, "cli.shop.example")
    assert code == 0, out + err
    zone = world.do(lambda: [one.name for one in world.world.zones.records("shop.example.")])
    assert "cli.shop.example." not in zone


def test_a_risky_plan_is_approved_from_a_second_terminal(terminal: Terminal) -> None:
    code, out, err = terminal("action", "plan", "dns.ds", "domain=shop.example", "action=remove")
    assert code == 0, out + err
    approve = next(line for line in out.splitlines() if "cockpit approve" in line).split()[-1]
    uid = out.splitlines()[-1].split()[-2]
    assert terminal("approve", approve, "--yes")[0] == 1
    listed = terminal("approve", by="kblake")[1]
    assert listed.startswith(f"{approve}  take the DS of shop.example out of example  by mhassan")
    code, out, err = terminal("approve", approve, "--yes", by="kblake")
    assert code == 0, out + err
    assert "approved by kblake" in out
    assert "not approved" in terminal("approve", approve, "--revoke", by="kblake")[1]
    code, out, err = terminal("approve", approve, "--reject", "not today", by="kblake")
    assert "kblake rejected the plan: not today" in out
    assert terminal("action", "show", uid)[1].splitlines()[0].endswith("refused")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("action", "plan", "dns.nothing"), "There is no remedy 'dns.nothing'"),
        (("action", "plan", "dns.lower-ttl", "ttl"), "'ttl' is not KEY=VALUE."),
        (("action", "plan", "dns.lower-ttl", "name=a.b", "type=A"), "dns.lower-ttl needs the parameter 'ttl'."),
        (("action", "show", "abc"), "There is no action abc."),
        (("approve", "AAAA-AAAA"), "No plan with the code AAAA-AAAA"),
    ],
)
def test_what_cannot_be_is_one_sentence(terminal: Terminal, arguments: tuple[str, ...], sentence: str) -> None:
    code, _, err = terminal(*arguments)
    assert code != 0
    assert sentence in err
    assert "Traceback" not in err


def test_the_remedies_are_listed_with_their_parameters(terminal: Terminal) -> None:
    out = terminal("action", "remedies", "--alert", "dnssec-failure")[1]
    assert "dns.ds" in out
    assert "dns.dnssec-off" in out
    assert "ses.byodkim" not in out
    told = {each["name"]: each for each in json.loads(terminal("action", "remedies", "--json")[1])}
    assert told["dns.publish"]["parameters"]["mode"]["choices"] == ["replace", "add", "remove"]
