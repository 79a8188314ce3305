"""A second terminal on a drill finds the drill's fence around what it starts."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.cli.fence import behind_the_fence
from cockpit.profile import Profile
from cockpit.runbooks.fence import FENCED_BY, why_unfenced

TRAP = "http://127.0.0.1:9"
DRILL = Profile(kind="drill", name="dkim-missing", loopback_only=True, trap=TRAP)


@pytest.fixture(autouse=True)
def _outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FENCED_BY, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "production")


def test_a_terminal_that_joins_a_drill_runs_commands_behind_its_trap(tmp_path: Path) -> None:
    assert why_unfenced(DRILL, os.environ)
    with behind_the_fence(DRILL, tmp_path / "fence"):
        assert why_unfenced(DRILL, os.environ) == ""
        assert os.environ["HTTPS_PROXY"] == TRAP
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["PATH"].startswith(str(tmp_path / "fence"))
    assert os.environ["AWS_PROFILE"] == "production"
    assert FENCED_BY not in os.environ


def test_every_terminal_of_a_drill_has_a_fence_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certified = replace(DRILL, ca_pem="-----BEGIN CERTIFICATE-----\n")
    bundles = []
    for _ in range(2):
        with behind_the_fence(certified, tmp_path / "fence"):
            bundles.append(Path(os.environ["SSL_CERT_FILE"]))
        monkeypatch.delenv(FENCED_BY, raising=False)
    assert bundles[0] != bundles[1]
    assert all(bundle.stat().st_mode & 0o777 == 0o600 for bundle in bundles)


@pytest.mark.parametrize("profile", [replace(DRILL, loopback_only=False), replace(DRILL, trap=None)])
def test_nothing_is_changed_without_a_drill_or_a_trap(profile: Profile, tmp_path: Path) -> None:
    before = dict(os.environ)
    with behind_the_fence(profile, tmp_path / "fence"):
        assert dict(os.environ) == before
    assert not (tmp_path / "fence").exists()


def test_what_is_said_without_a_fence_names_both_ways_out() -> None:
    said = why_unfenced(replace(DRILL, trap=None), {})
    assert "`cockpit drill`" in said
    assert "skip the step (s)" in said
