"""`cockpit import`: what stands elsewhere comes into the configuration."""

import json
from pathlib import Path

import pytest

from cockpit.clock import SystemClock
from cockpit.config import load_settings
from storage.database import Database
from storage.record_history import RecordHistory, RecordState
from tests.cli.conftest import Cockpit

RULES = """\
dns_monitoring:
  primary_checks:
    - {domain: shop.example, check_interval: 60s, timeout: 10s}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def test_monitoring_rules_are_written_and_each_value_is_told(cockpit: Cockpit, rules: Path, home: Path) -> None:
    done = cockpit("import", "monitoring", rules)
    assert done.code == 0, done.err
    assert "taken (3)" in done.out
    (domain,) = load_settings(home / "cockpit.yaml").domains
    assert domain.intervals is not None
    assert domain.intervals.dns_s == 60.0
    assert domain.dns_timeout_s == 10.0
    assert "There is nothing to add" in cockpit("import", "monitoring", rules).out


def test_a_dry_run_writes_nothing(cockpit: Cockpit, rules: Path, home: Path) -> None:
    document = json.loads(cockpit("import", "monitoring", rules, "--dry-run", "--json").out)
    assert document["written"] is False
    assert [each["outcome"] for each in document["accounts"]] == ["taken", "taken", "taken"]
    assert not (home / "cockpit.yaml").exists()


@pytest.mark.parametrize("text", ["theme: dark\n", "a: [\n", "\x00"])
def test_a_file_that_cannot_be_taken_over_is_one_sentence(cockpit: Cockpit, tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(text)
    done = cockpit("import", "monitoring", path)
    assert done.code in (64, 78)
    assert done.sentence.endswith(".")


def test_a_file_that_is_not_there_is_one_sentence(cockpit: Cockpit) -> None:
    assert cockpit("import", "monitoring", "nowhere.yaml").sentence.startswith("nowhere.yaml cannot be read")


def test_domains_come_from_a_csv_file_and_known_ones_get_what_they_lack(
    cockpit: Cockpit, tmp_path: Path, home: Path
) -> None:
    (home / "cockpit.yaml").write_text("domains:\n  # ours\n  - name: shop.example\n    owner: Team A\n")
    path = tmp_path / "inventory.csv"
    path.write_text("domain,owner,services\nshop.example,Team B,orders\npay.example,Team C,\n")
    done = cockpit("import", "domains", path)
    assert done.code == 0, done.err
    assert "added shop.example: services" in done.out
    assert "1 new of 2 domains; 1 known ones got something." in done.out
    shop, pay = (load_settings(home / "cockpit.yaml").domain(f"{name}.example") for name in ("shop", "pay"))
    assert shop is not None
    assert pay is not None
    assert (shop.owner, shop.services, pay.owner) == ("Team A", ("orders",), "Team C")
    assert "# ours" in (home / "cockpit.yaml").read_text()
    assert "0 new of 2 domains; 0 known" in cockpit("import", "domains", path).out


def test_exactly_one_source_is_wanted(cockpit: Cockpit) -> None:
    for arguments in ((), ("x.csv", "--from-ses"), ("--from-ses", "--from-route53")):
        assert cockpit("import", "domains", *arguments).sentence.startswith("Name one source")


def test_terraforms_records_become_pins_and_what_differs_is_told(
    cockpit: Cockpit, tmp_path: Path, home: Path
) -> None:
    token = "a" * 32
    path = tmp_path / "outputs.json"
    records = [{"name": "elsewhere.example", "type": "MX", "records": ["10 mx.example."]}]
    path.write_text(json.dumps({"dkim": {"value": {"shop.example": [token]}}, "mx": {"value": records}}))
    name = f"{token}._domainkey.shop.example"
    database = Database.open(home / "cockpit.db")
    seen = RecordState("shop.example", "mail.dkim", name, "CNAME", "", False, "gone", SystemClock().now())
    RecordHistory(database).put([seen])
    database.close()
    done = cockpit("import", "terraform", path)
    assert done.code == 1, done.err
    assert f"differs: {name} CNAME is no record, and terraform has {token}.dkim.amazonses.com." in done.out
    assert "no configured domain holds them: 1 records" in done.out
    (domain,) = load_settings(home / "cockpit.yaml").domains
    assert domain.identity
    assert [(pin.name, pin.type, pin.values) for pin in domain.records] == [
        (name, "CNAME", (f"{token}.dkim.amazonses.com.",))
    ]
    assert json.loads(cockpit("import", "terraform", path, "--json").out)["drift"]
