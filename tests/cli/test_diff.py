"""`cockpit diff`: what changed, from what was recorded."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.record_history import RecordHistory, RecordState
from tests.cli.conftest import Cockpit

NAME = "abc._domainkey.shop.example"


@pytest.fixture
def gone(home: Path) -> datetime:
    """A record that was good an hour ago and vanished ten minutes ago; returns when."""
    at = datetime.now(UTC) - timedelta(minutes=10)
    first = at - timedelta(hours=1)
    database = Database.open(home / "cockpit.db")
    RecordHistory(database).put(
        [
            RecordState("shop.example", "mail.dkim", NAME, "CNAME", "abc.dkim.amazonses.com", True, "", first),
            RecordState("shop.example", "mail.dkim", NAME, "CNAME", "", False, "does not exist", at, at),
        ]
    )
    database.close()
    return at


def test_a_record_that_vanished_is_printed_as_it_was_and_as_it_is(cockpit: Cockpit, gone: datetime) -> None:
    done = cockpit("diff", "shop.example")
    assert done.code == 1
    time = f"{gone:%Y-%m-%d %H:%M:%S}Z"
    assert done.out.splitlines() == [
        f"shop.example: last seen good at {time}, bad since {time}, 1 change",
        f"  {NAME} CNAME",
        f"    - abc.dkim.amazonses.com  last seen {time}",
        f"    + (no record)  since {time}  does not exist",
    ]


def test_the_same_is_had_as_json(cockpit: Cockpit, gone: datetime) -> None:
    document = json.loads(cockpit("diff", "shop.example", "--json").out)
    (change,) = document["diff"]["changes"]
    assert (change["old"], change["new"], change["good"]) == ("abc.dkim.amazonses.com", "", False)
    assert document["known"] is True


@pytest.mark.usefixtures("gone")
def test_since_takes_an_age_or_a_time_and_tells_steps_after_it_only(cockpit: Cockpit) -> None:
    assert cockpit("diff", "shop.example", "--since", "20m").code == 1
    done = cockpit("diff", "shop.example", "--since", "-5m")
    assert done.code == 0
    assert "no changes since" in done.out


def test_what_was_never_written_down_is_said_to_be_so(cockpit: Cockpit) -> None:
    done = cockpit("diff", "shop.example")
    assert done.code == 0
    assert "no record was written down yet" in done.out


@pytest.mark.parametrize("arguments", [("shop",), ("shop.example", "--since", "soon")])
def test_a_mistake_is_one_sentence(cockpit: Cockpit, arguments: tuple[str, ...]) -> None:
    done = cockpit("diff", *arguments)
    assert done.code == 64
    assert done.sentence.endswith(".")
