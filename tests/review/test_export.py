"""Exports are new files for their owner alone, the same bytes for the same record, and overwrite nothing."""

import json
import os
from pathlib import Path

import pytest

from cockpit.errors import Refused
from cockpit.review.export import as_json, file_name, write_new
from storage.errors import Unwritable
from tests.incident.history import History
from tests.review.test_postmortem import record_of, small_incident


def test_a_file_is_new_private_and_complete(tmp_path: Path) -> None:
    path = write_new(tmp_path, "INC-42.md", "text\n" * 10_000)
    assert path.read_text() == "text\n" * 10_000
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_taken_name_is_numbered_and_what_was_there_stays(tmp_path: Path) -> None:
    names = [write_new(tmp_path, "INC-42.md", text).name for text in ("a", "b", "c")]
    assert names == ["INC-42.md", "INC-42-2.md", "INC-42-3.md"]
    assert (tmp_path / "INC-42.md").read_text() == "a"


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "INC-42.md").symlink_to(victim)
    (tmp_path / "INC-42-2.md").symlink_to(tmp_path / "nowhere")
    assert write_new(tmp_path, "INC-42.md", "x").name == "INC-42-3.md"
    assert victim.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(Refused, match="cannot be exported to"):
            write_new(place, "a.md", "x")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, data: bytes) -> int:
        with open("/dev/full", "wb", buffering=0) as device:
            return device.write(data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Unwritable, match="No space left"):
        write_new(tmp_path, "INC-42.md", "x")
    assert list(tmp_path.iterdir()) == []


def test_names_are_plain_whatever_the_target_is_called() -> None:
    history = History().opened(targets=["../../etc/\x1b[2J passwd"], type="../x")
    name = file_name(record_of(history), ".md")
    assert name == "INC-42-..-x-..-..-etc-2J-passwd.md"
    assert "/" not in name


def test_json_has_a_fixed_order_and_plain_values() -> None:
    record = record_of(small_incident())
    text = as_json(record, "# INC-42")
    assert text == as_json(record, "# INC-42")
    assert text.isascii()
    body = json.loads(text)
    assert list(body) == sorted(body)
    assert (body["ref"], body["incident"]["number"]) == ("INC-42", 42)
    assert {metric["name"]: metric["value"] for metric in body["metrics"]} == {
        "TTD": 240.0,
        "TTA": 60.0,
        "TTM": 720.0,
        "TTR": 720.0,
    }
    assert body["timeline"][0]["text"] == "NS changed by hosting team"
    assert body["timeline"][0]["history"][0]["old_text"] == "NS chnged by hosting team"


def test_an_export_makes_its_folder_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "reviews" / "november"
    assert write_new(folder, "INC-42.md", "text").read_text() == "text"
    assert folder.stat().st_mode & 0o777 == 0o700
