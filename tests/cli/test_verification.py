"""Everything verified at once: by the command with a stamp, and by the desk through the watch."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.clock import Clock
from cockpit.config import Settings, settings_from
from cockpit.desk.feed import Feed
from cockpit.desk.health.verification import Verifications
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.errors import Refused
from cockpit.health.model import Observation, Verdict
from cockpit.health.summary import summary
from storage.database import Database
from storage.ledger import Ledger
from storage.observations import Observations, Sample
from tests.cli.conftest import Cockpit

pytestmark = pytest.mark.xdist_group("cli-world")

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = AT

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


def room(database: Database, clock: Clock, settings: Settings) -> tuple[Verifications, Observations]:
    feed = Feed(database, Ledger(database, clock.now), clock, "mona")
    observations = Observations(database)
    made = Verifications(feed, observations, settings, ["ses:1/x"], clock)
    feed.add(made, stream="ops")
    feed.catch_up()
    return made, observations


def sample(target: str, verdict: Verdict, at: datetime) -> Sample:
    return Sample(target, "dns.resolution", "", verdict.value, "said", "", at, 1)


def test_a_verification_is_begun_settled_stamped_and_comes_due_again(tmp_path: Path) -> None:
    clock, settings = Hand(), settings_from({"domains": [{"name": "a.example"}], "verify_every_s": "1d"}, "test")
    database = Database.open(tmp_path / "c.db")
    made, observations = room(database, clock, settings)
    assert made.due().overdue, "there never was one"
    assert made.begin() == 2
    assert {request.target for request in observations.take_requests()} == {"a.example", "ses:1/x"}
    observations.put([sample("a.example", Verdict.FAIL, AT + timedelta(seconds=1))])
    assert made.settle() is None
    under_way = made.under_way()
    assert under_way is not None
    assert (under_way.by, under_way.left) == ("mona", 1)
    observations.put([sample("ses:1/x", Verdict.OK, AT + timedelta(seconds=2))])
    clock.time += timedelta(seconds=3)
    done = made.settle()
    assert done is not None
    assert (done.by, done.targets, done.failing, dict(done.verdicts)) == ("mona", 2, 1, {"FAIL": 1, "OK": 1})
    assert not made.due().overdue
    clock.time += timedelta(days=1, seconds=1)
    again, _ = room(database, clock, settings)
    assert again.last() == done
    assert again.due().overdue
    database.close()


def test_with_nothing_configured_there_is_nothing_to_verify(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "c.db")
    feed = Feed(database, Ledger(database, Hand().now), Hand(), "mona")
    with pytest.raises(Refused, match="nothing to verify"):
        Verifications(feed, Observations(database), Settings(), [], Hand()).begin()
    database.close()


@pytest.fixture
def profile(quiet_world: LaunchedWorld, tmp_path: Path) -> Path:
    path = tmp_path / "profile.json"
    path.write_bytes(quiet_world.profile_line)
    return path


def test_check_without_a_domain_verifies_all_and_writes_down_who_and_when(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "--as", "mona", "check")
    assert done.code == 0, done.out[-3000:] + done.err
    last = done.out.splitlines()[-1]
    assert last.startswith("Verified 7 targets at ")
    assert " by mona: " in last
    assert "SPF pass, DKIM pass, DMARC pass, SES token not needed: 3 of 3 pass" in done.out


def test_check_of_a_domain_ends_in_the_summary_of_its_mail_records(cockpit: Cockpit, profile: Path) -> None:
    done = cockpit("--profile", profile, "check", "shop.example", "--only", "mail", "--json")
    sums = json.loads(done.out)["summary"]["shop.example"]
    assert [line["word"] for line in sums["lines"]] == ["pass", "pass", "pass", "not needed"]
    assert (sums["passed"], sums["counted"]) == (3, 3)


def test_what_fails_brings_its_hint_into_the_summary() -> None:
    from cockpit.health.model import Finding

    seen = Observation("a", "mail.spf", "", Verdict.FAIL, "no", AT, finding=Finding("x", "y", "publish it"))
    found = summary([seen])
    assert found is not None
    assert (found.lines[0].word, found.lines[0].hint) == ("fail", "publish it")
    assert summary([]) is None
