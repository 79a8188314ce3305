"""`cockpit import`: what stands elsewhere comes into the configuration."""

import json
from pathlib import Path

import pytest

from cockpit.config import load_settings
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
    assert "taken (2)" in done.out
    assert "no counterpart (1)" in done.out
    (domain,) = load_settings(home / "cockpit.yaml").domains
    assert domain.intervals is not None
    assert domain.intervals.dns_s == 60.0
    assert "There is nothing to add" in cockpit("import", "monitoring", rules).out


def test_a_dry_run_writes_nothing(cockpit: Cockpit, rules: Path, home: Path) -> None:
    document = json.loads(cockpit("import", "monitoring", rules, "--dry-run", "--json").out)
    assert document["written"] is False
    assert [each["outcome"] for each in document["accounts"]] == ["taken", "taken", "no counterpart"]
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
