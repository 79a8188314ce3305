"""What a configuration said is kept for the next start, and never outlives the text that said it."""

import json
import stat
from pathlib import Path

import pytest

import cockpit.config.kept
import cockpit.config.load
from cockpit.config import load_settings
from cockpit.errors import ConfigError

TEXT = "domains:\n  - name: shop.example\nfailures_to_alert: 3\nintervals: {dns_s: 5m}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "cockpit.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def without_yaml(*_: object) -> None:
    raise AssertionError("the YAML reader was asked")


def test_a_file_that_was_read_before_is_not_read_as_yaml_again(
    config: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_settings(config, cache)
    monkeypatch.setattr(cockpit.config.load, "read_yaml", without_yaml)
    assert load_settings(config, cache) == first == load_settings(config, cache)
    assert first.intervals.dns_s == 300


def test_a_file_that_was_changed_is_read_again(config: Path, cache: Path) -> None:
    load_settings(config, cache)
    config.write_text(TEXT.replace("3", "4"), encoding="utf-8")
    assert load_settings(config, cache).failures_to_alert == 4


def test_two_files_are_kept_apart(config: Path, cache: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("theme: light\n", encoding="utf-8")
    assert load_settings(config, cache) != load_settings(other, cache)
    assert load_settings(config, cache).domain("shop.example") is not None
    assert len(list(cache.iterdir())) == 2


def test_a_file_with_a_mistake_is_not_kept_and_names_its_line(config: Path, cache: Path) -> None:
    config.write_text("theme: dark\ndomians: []\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigError, match="line 2, domians"):
            load_settings(config, cache)
    assert not cache.exists()


def test_values_that_are_no_longer_allowed_are_refused_with_their_line(config: Path, cache: Path) -> None:
    load_settings(config, cache)
    (note,) = cache.iterdir()
    config.write_text("theme: pink\n", encoding="utf-8")
    values = {"theme": "pink"}
    kept = json.loads(note.read_text())
    kept["text"] = cockpit.config.kept._digest("theme: pink\n")
    note.write_text(json.dumps({**kept, "values": values}))
    with pytest.raises(ConfigError, match="line 1, theme"):
        load_settings(config, cache)


@pytest.mark.parametrize("broken", ["", "{", "[]", "{}", '{"reader": 0, "text": "", "values": {}}', "null", "\0"])
def test_a_broken_note_counts_as_none(config: Path, cache: Path, broken: str) -> None:
    wanted = load_settings(config, cache)
    (note,) = cache.iterdir()
    note.write_text(broken)
    assert load_settings(config, cache) == wanted


def test_a_note_that_is_not_text_counts_as_none(config: Path, cache: Path) -> None:
    wanted = load_settings(config, cache)
    (note,) = cache.iterdir()
    note.write_bytes(b"\xff\xfe")
    assert load_settings(config, cache) == wanted


def test_only_the_owner_can_read_what_is_kept(config: Path, cache: Path) -> None:
    load_settings(config, cache)
    (note,) = cache.iterdir()
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_where_nothing_can_be_kept_the_file_is_read_all_the_same(config: Path) -> None:
    assert load_settings(config, Path("/proc/nowhere")).failures_to_alert == 3
