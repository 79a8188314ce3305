"""The doctor's sentences, each with a fix where one is needed."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.clock import SystemClock
from cockpit.config import settings_from
from cockpit.doctor import Patient
from cockpit.doctor.diagnosis import Diagnosis
from cockpit.doctor.machine import (
    configuration,
    database_files,
    examine_machine,
    free_space,
    sqlite,
    terminal_colour,
    terminal_size,
    terminal_text,
)
from cockpit.doctor.outside import aws, examine_outside, identity, references, secrets, skew
from cockpit.health.model import Verdict
from cockpit.profile import Aws, Profile, Resolver
from storage.database import Database
from tests.cli.conftest import Cockpit

NOW = datetime(2026, 11, 20, 14, 3, 22, tzinfo=UTC)


def patient(tmp_path: Path, **changes: Any) -> Patient:
    values: dict[str, Any] = {
        "environ": {"TERM": "xterm-256color"},
        "config": None,
        "database": tmp_path / "cockpit.db",
        "terminal": (80, 24),
        "encoding": "utf-8",
    }
    return Patient(**{**values, **changes})


def answer(**changes: Any) -> Mapping[str, Any]:
    headers = {"date": format_datetime(NOW)}
    return {"Account": "447112341123", "Arn": "arn:aws:sts::447112341123:assumed-role/ic/mona",
            "ResponseMetadata": {"HTTPHeaders": headers}, **changes}  # fmt: skip


def test_whatever_is_not_well_says_how_to_fix_it(tmp_path: Path) -> None:
    bad = patient(tmp_path, environ={}, terminal=(60, 20), encoding="ascii", config=tmp_path / "none.yaml")
    found = examine_machine(bad)
    assert {diagnosis.verdict for diagnosis in found} == {Verdict.OK, Verdict.WARN, Verdict.FAIL}
    for diagnosis in found:
        assert bool(diagnosis.fix) == (diagnosis.verdict in (Verdict.WARN, Verdict.FAIL)), diagnosis


def test_the_sqlite_verdict_names_version_and_journal() -> None:
    found = sqlite()
    assert "SQLite 3." in found.sentence
    assert "journal" in found.sentence


def test_a_database_that_others_can_read_is_found(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.db"
    assert database_files(path).verdict is Verdict.OK
    Database.open(path).close()
    assert database_files(path).verdict is Verdict.OK
    path.chmod(0o644)
    found = database_files(path)
    assert found.verdict is Verdict.FAIL
    assert "chmod 600" in found.sentence


def test_a_place_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert database_files(tmp_path / "file" / "cockpit.db").verdict is Verdict.FAIL
    assert free_space(tmp_path / "not" / "yet" / "cockpit.db").verdict is Verdict.OK


def test_a_broken_configuration_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    path.write_text("theme: blue\n")
    assert configuration(path).verdict is Verdict.FAIL
    assert "expected one of 'dark'" in configuration(path).sentence
    path.write_text("domains:\n  - name: shop.example\nread_only: true\n")
    assert configuration(path) == Diagnosis("config", Verdict.OK, f"{path}: 1 domain, read-only.")


def test_settings_that_a_profile_brings_are_the_configuration() -> None:
    brings = Profile(name="dkim-missing", settings={"domains": [{"name": "shop.example"}]})
    found = configuration(None, brings)
    assert found == Diagnosis("config", Verdict.OK, "The profile dkim-missing: 1 domain, changes allowed.")
    broken = configuration(None, Profile(name="dkim-missing", settings={"theme": "blue"}))
    assert broken.verdict is Verdict.FAIL
    assert broken.fix == "Correct the profile dkim-missing."
    assert "no configuration" in configuration(None, Profile()).sentence


def test_the_command_reads_the_settings_of_the_profile(cockpit: Cockpit, home: Path) -> None:
    profile = home / "profile.json"
    profile.write_text('{"name": "elsewhere", "settings": {"domains": [{"name": "shop.example"}]}}')
    said = cockpit("doctor", "--offline", "--profile", profile).out
    assert "The profile elsewhere: 1 domain" in said
    assert "no configuration" not in said
    (home / "cockpit.yaml").write_text("theme: dark\n")
    assert "The profile elsewhere" in cockpit("doctor", "--offline", "--profile", profile).out
    profile.write_text("{")
    assert "cockpit.yaml names no domain" in cockpit("doctor", "--offline", "--profile", profile).out


@pytest.mark.parametrize(
    ("size", "verdict"), [((80, 24), Verdict.OK), ((79, 50), Verdict.WARN), (None, Verdict.NA)]
)
def test_the_terminal_needs_80_by_24(size: tuple[int, int] | None, verdict: Verdict) -> None:
    assert terminal_size(size).verdict is verdict


def test_text_and_colour_are_judged_from_the_environment(tmp_path: Path) -> None:
    assert terminal_text(patient(tmp_path, encoding="UTF8")).verdict is Verdict.OK
    assert terminal_text(patient(tmp_path, encoding="latin-1")).verdict is Verdict.WARN
    assert terminal_colour(patient(tmp_path, environ={"TERM": "dumb"})).verdict is Verdict.WARN
    assert terminal_colour(patient(tmp_path, environ={"TERM": "dumb", "NO_COLOR": "1"})).verdict is Verdict.OK


def test_another_account_than_the_pinned_one_fails() -> None:
    pinned = Profile(aws=Aws(region="ca-central-1", account="447112341123"))
    assert identity(pinned, answer()).verdict is Verdict.OK
    found = identity(pinned, answer(Account="999999999999"))
    assert found.verdict is Verdict.FAIL
    assert "999999999999" in found.sentence
    assert identity(Profile(aws=Aws(region="ca-central-1")), answer()).verdict is Verdict.WARN


@pytest.mark.parametrize(("off_s", "verdict"), [(5, Verdict.OK), (-60, Verdict.WARN), (600, Verdict.FAIL)])
def test_the_clock_is_compared_with_the_one_at_aws(off_s: int, verdict: Verdict) -> None:
    assert skew(answer(), NOW + timedelta(seconds=off_s)).verdict is verdict


def test_a_date_that_cannot_be_read_is_not_judged() -> None:
    assert skew({"ResponseMetadata": {"HTTPHeaders": {"date": "soon"}}}, NOW).verdict is Verdict.NA
    assert skew({}, NOW).verdict is Verdict.NA


def test_resolvers_and_aws_that_do_not_answer_fail_without_raising(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nobody = Profile(
        resolvers=(Resolver("nobody", "127.0.0.1", 1),),
        aws=Aws("ca-central-1", "447112341123", endpoint="http://127.0.0.1:1", access_key="x", secret_key="y"),
        loopback_only=True,
    )
    found = examine_outside(nobody, SystemClock())
    assert [(each.area, each.verdict) for each in found] == [("resolver", Verdict.FAIL), ("aws", Verdict.FAIL)]


def test_every_secret_is_looked_for_and_none_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER_KEY", "hunter2")
    settings = settings_from(
        {
            "chat_webhook": "url:http://127.0.0.1:8080/hook/T0PSECRET",
            "channels": {"pager": {"kind": "pagerduty", "secret": "env:PAGER_KEY"}},
            "dns_zones": [{"zone": "shop.example", "provider": "rfc2136", "key": "env:NOT_SET_ANYWHERE"}],
        },
        "x",
    )
    profile = Profile()
    found = secrets(references(settings, profile), profile)
    told = " ".join(f"{each.sentence} {each.fix}" for each in found)
    assert [each.verdict for each in found] == [Verdict.OK, Verdict.OK, Verdict.FAIL]
    assert "chat_webhook can be fetched from a sink on this machine." in told
    assert "channels: pager: secret can be fetched from env:PAGER_KEY." in told
    assert "dns_zones: shop.example: key" in told
    assert "T0PSECRET" not in told
    assert "hunter2" not in told


def test_a_profile_that_stays_here_does_not_ask_aws() -> None:
    (found,) = aws(Profile(aws=Aws("ca-central-1", "447112341123"), loopback_only=True), SystemClock())
    assert found.verdict is Verdict.NA


def test_the_command_exits_1_when_something_does_not_work(cockpit: Cockpit, home: Path) -> None:
    done = cockpit("doctor", "--offline", "--json")
    assert done.code == 0
    assert json.loads(done.out)["healthy"] is True
    (home / "cockpit.yaml").write_text("theme: blue\n")
    done = cockpit("doctor")
    assert done.code == 1
    assert "✖ FAIL    config" in done.out
    assert "fix: Correct" in done.out
