"""`cockpit propagation`, and the choice of checks and resolvers, against a served world."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.cli.asking import asked_of, chosen_checks
from cockpit.cli.health import propagation
from cockpit.drill.process.launch import LaunchedWorld, launch
from cockpit.errors import BadInput
from cockpit.profile import Profile, Resolver
from tests.cli.conftest import Cockpit

pytestmark = pytest.mark.xdist_group("cli-propagation")

HOST = "www.shop.example"


@pytest.fixture(scope="module")
def world() -> Iterator[LaunchedWorld]:
    """Twenty times as fast, so that what resolvers remember ends within seconds."""
    with launch("all-quiet", speed=20.0, operator="mona") as launched:
        yield launched


@pytest.fixture
def profile(world: LaunchedWorld, tmp_path: Path) -> Path:
    path = tmp_path / "profile.json"
    path.write_bytes(world.profile_line)
    return path


def test_a_record_that_everybody_sees_has_arrived(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "propagation", HOST, "a")
    assert done.code == 0, done.out + done.err
    assert done.out.startswith(f"{HOST} A: 3 of 3 resolvers agree (100 %), all clear")
    assert done.out.count("agrees") == 6


def test_the_document_names_each_server(cockpit: Cockpit, profile: Path) -> None:
    document = json.loads(cockpit("--profile", profile, "propagation", HOST, "A", "--json").out)
    assert document["agreement"]["percent"] == 100
    assert document["source_agrees"]
    assert {each["role"] for each in document["servers"]} == {"authoritative", "resolver"}


def test_a_record_that_is_not_at_its_source_exits_1_and_no_resolver_is_asked(
    cockpit: Cockpit, profile: Path
) -> None:
    done = cockpit("--profile", profile, "propagation", "_none.shop.example", "TXT")
    assert done.code == 1
    assert done.out.startswith("_none.shop.example TXT: not at its name servers")
    assert "resolver " not in done.out.partition("\n\n")[2].replace("Role", "")


def test_waiting_ends_when_the_new_value_has_arrived(
    cockpit: Cockpit, profile: Path, world: LaunchedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propagation, "LOOK_EVERY_S", 0.2)
    name = "moving.shop.example"
    world.inject(do="dns-publish", name=name, type="TXT", values=["old"])
    assert cockpit("--profile", profile, "propagation", name, "TXT").code == 0
    world.inject(do="dns-publish", name=name, type="TXT", values=["new"])
    done = cockpit("--profile", profile, "propagation", name, "TXT")
    assert done.code == 1, done.out
    assert "not arrived" in done.out
    assert "has another value" in done.out
    waited = cockpit("--profile", profile, "propagation", name, "TXT", "--wait", "--timeout", "60")
    assert waited.code == 0, waited.out
    assert "not arrived" in waited.err, "the first look of those who wait is told"
    assert "new" in waited.out
    assert "old" not in waited.out


def test_only_the_chosen_checks_are_looked_at(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "check", "shop.example", "--only", "dns.dnssec,tls.certificate", "--json")
    assert done.code == 0, done.out + done.err
    assert {each["check"] for each in json.loads(done.out)["observations"]} == {"dns.dnssec", "tls.certificate"}


def test_a_named_resolver_is_the_only_one_that_is_asked(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit(
        "--profile", profile, "check", "shop.example", "--only", "dns", "--resolver", "198.51.100.1", "--json"
    )
    assert done.code in (0, 2), done.out + done.err
    roles = {
        each["vantage"]: each["evidence"].get("role")
        for each in json.loads(done.out)["observations"]
        if each["check"] == "dns.resolution" and each["vantage"]
    }
    assert [name for name, role in roles.items() if role == "resolver"] == ["198.51.100.1"]


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("127.0.0.1:5353", "127.0.0.1", 5353),
        ("2001:db8::1", "2001:db8::1", 53),
        ("[2001:db8::1]:5353", "2001:db8::1", 5353),
    ],
)
def test_a_resolver_is_an_address_with_or_without_a_port(text: str, address: str, port: int) -> None:
    assert asked_of(Profile(), text).resolvers == (Resolver(text, address, port),)


@pytest.mark.parametrize("text", ["dns.example", "192.0.2.1:0", "192.0.2.1:99999", "[::x]:53", "1.2.3.4:x"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        asked_of(Profile(), text)


def test_an_unknown_check_is_answered_with_the_nearest(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "check", "shop.example", "--only", "dns.dnsec")
    assert done.code == 64
    assert done.sentence == "There is no check 'dns.dnsec'; did you mean 'dns.dnssec'?"
    assert chosen_checks(" mail , dns.dnssec,") == ("mail", "dns.dnssec")


def test_an_unknown_type_is_refused(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "propagation", HOST, "NONSENSE")
    assert done.sentence.startswith("'NONSENSE' is no record type")
