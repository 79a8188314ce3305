"""The watch as a process on a whole world: what it sees, how it ends, and what a kill cannot undo."""

import os
import random
import resource
import signal
import subprocess
import time
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from cockpit.clock import parse_time
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.errors import CockpitError
from cockpit.health.hysteresis import FLAP_STARTS, FLAP_WINDOW
from cockpit.profile import Profile
from cockpit.watch import run_watch
from storage.leases import Leases, boot_id
from storage.ledger import Event
from storage.observations import Observations
from tests.watch.child import FLICKER, Reader, child, fast_settings, open_by_key, reading, until, write_profile

ACCOUNT = "ses:447112341123/ca-central-1"
KILLS = 8


@pytest.fixture
def profile_file(world: LaunchedWorld, tmp_path: Path) -> Path:
    return write_profile(world.profile, tmp_path / "profile.json")


def started(process: "subprocess.Popen[bytes]", database: Path) -> None:
    """Wait until the watch has begun to record."""

    def begun() -> bool:
        assert process.poll() is None, process.communicate()
        if not database.exists():
            return False
        with reading(database) as reader:
            return bool(reader.events("watch.started"))

    until(begun)


def test_from_green_to_alert_to_repaired(world: LaunchedWorld, profile_file: Path, database: Path) -> None:
    expected = {
        (domain.name, check)
        for domain in fast_settings(world.profile).domains
        for check in ("dns.resolution", "mail.dkim", "ses.identity", "tls.certificate", "http.health")
    }
    account = {(ACCOUNT, check) for check in ("ses.account", "ses.quota", "ses.bounce", "ses.complaint")}
    with child("world", str(profile_file), str(database), "--until-eof") as process:
        started(process, database)
        with reading(database) as reader:
            wanted = expected | account
            until(lambda: wanted <= {key for key, verdict in reader.verdicts().items() if verdict == "OK"})
            assert reader.events("alert.raised") == []

            broken_at = datetime.now(UTC)
            world.inject(do="dkim-token-withdraw", domain="pay.example", token=2)
            (raised,) = until(lambda: _of(reader, "alert.raised", "mail.dkim"))
            body = raised.body
            assert (body["target"], body["kind"], body["runbook"]) == (
                "pay.example",
                "dkim-missing",
                "dkim-record-missing",
            )
            assert body["headline"] == "DKIM: 1 of 3 CNAMEs gone at all 3 name servers"
            assert body["services"] == ["payment notices", "refunds"]
            assert body["severity"] == "P1"
            name, _, target = body["finding"]["record"].partition(". 1800 IN CNAME ")
            assert name.endswith("._domainkey.pay.example")
            assert raised.recorded_at > broken_at

            world.inject(do="dns-publish", name=name, type="CNAME", values=[target])
            (cleared,) = until(lambda: _of(reader, "alert.cleared", "mail.dkim"))
            assert cleared.body["alert"] == body["alert"]
            changes = [
                (event.body["old"], event.body["new"])
                for event in reader.events("health.changed")
                if (event.body["target"], event.body["check"]) == ("pay.example", "mail.dkim")
            ]
            assert changes[0] == ("OK", "FAIL")
            # A resolver that still remembers the absence is told (INFO) until it forgets; the end is OK.
            until(lambda: reader.verdicts()["pay.example", "mail.dkim"] == "OK")
            assert reader.ledger.verify().ok
        out, err = process.communicate(input=b"", timeout=10)
    assert (process.returncode, out, err) == (0, b"", b"")
    with reading(database) as reader:
        assert reader.events()[-1].kind == "watch.stopped"
        assert Leases(reader.database).holder("watch") is None


def _of(reader: Reader, kind: str, check: str) -> list[Event]:
    return [event for event in reader.events(kind) if f"|{check}|" in event.body["alert"]]


def test_a_request_from_another_terminal_is_served_at_once(
    world: LaunchedWorld, database: Path, tmp_path: Path
) -> None:
    own = world.profile.settings or {}
    slow = {**own, "intervals": dict.fromkeys(own["intervals"], 3600.0)}
    profile = write_profile(msgspec.structs.replace(world.profile, settings=slow), tmp_path / "slow.json")
    with child("slow", str(profile), str(database), "--until-eof") as process:
        started(process, database)
        with reading(database) as reader:
            observations = Observations(reader.database)
            until(lambda: ("shop.example", "http.health") in reader.verdicts())
            (before,) = [row for row in observations.latest("shop.example", "http.health") if row.vantage == ""]
            asked_at = datetime.now(UTC)
            observations.request("shop.example", "http.health", "jroy", asked_at)

            def again() -> float:
                (row,) = [r for r in observations.latest("shop.example", "http.health") if r.vantage == ""]
                return (datetime.now(UTC) - asked_at).total_seconds() if row.at > before.at else 0.0

            assert until(again) > 0.0
            assert reader.database.rows("SELECT count(*) FROM probe_request") == [(0,)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(number: signal.Signals, profile_file: Path, database: Path) -> None:
    with child("world", str(profile_file), str(database)) as process:
        started(process, database)
        process.send_signal(number)
        process.wait(10)
        assert process.returncode == 0
    with reading(database) as reader:
        assert reader.events()[-1].kind == "watch.stopped"


def test_a_second_watch_leaves_and_says_who_holds_the_lease(profile_file: Path, database: Path) -> None:
    with child("world", str(profile_file), str(database)) as first:
        started(first, database)
        with child("world", str(profile_file), str(database), "--until-eof") as second:
            assert second.wait(15) == 3
            assert second.stderr is not None
            assert second.stderr.read() == b""
        assert f"process {first.pid}" in (database.parent / "watch.log").read_text()
        assert first.poll() is None


def test_it_takes_over_from_one_that_was_killed_and_raises_nothing_twice(database: Path) -> None:
    """Kill -9 at random moments: what another terminal has seen stays, and no alert is raised twice."""
    chance = random.Random(20261120)
    with reading(database) as reader:
        for _ in range(KILLS):
            before = [event.id for event in reader.events()]
            with child("flicker", str(database)) as process:
                until(partial(_more_than, reader, len(before)))
                _pass(chance.uniform(0.05, 0.5))
                seen = [event.id for event in reader.events()]
                process.send_signal(signal.SIGKILL)
                process.wait()
            after = [event.id for event in reader.events()]
            assert after[: len(seen)] == seen
            assert seen[: len(before)] == before
            assert reader.ledger.verify().ok
    with reading(database) as reader:
        story = open_by_key(reader.events())
        assert story
        assert sum(kinds.count("alert.raised") for kinds in story.values()) > 5
        for key, kinds in story.items():
            expected = ["alert.raised", "alert.cleared"] * len(kinds)
            assert kinds == expected[: len(kinds)], key
        assert _unexplained(reader) == []
        assert _untold(reader) == []


def _untold(reader: Reader) -> list[tuple[str, str]]:
    """Changes of verdict in the history of which the ledger was not told, where nothing flapped."""
    rows = reader.database.rows(
        """SELECT l.target, h.verdict, h.at FROM observation_latest l JOIN observation_history h
        ON h.series = l.series WHERE l.vantage = '' AND l.check_name = 'dns.resolution' ORDER BY h.id"""
    )
    told = {(str(event.body["target"]), event.occurred_at) for event in reader.events("health.changed")}
    last: dict[str, str] = {}
    weights: dict[str, tuple[int, ...]] = {}
    untold = []
    for target, verdict, at in rows:
        changed = last.get(target, "OK") != verdict
        last[target] = verdict
        weights[target] = (*weights.get(target, ()), int(verdict == "FAIL"))[-3 * FLAP_WINDOW :]
        calm = sum(a != b for a, b in pairwise(weights[target])) < FLAP_STARTS
        if changed and calm and (target, parse_time(at)) not in told:
            untold.append((target, at))
    return untold


def _unexplained(reader: Reader) -> list[str]:
    """Alert events whose observation is not in the history: they would not have been committed together."""
    rows = reader.database.rows(
        """SELECT l.target, h.at FROM observation_latest l JOIN observation_history h ON h.series = l.series
        WHERE l.vantage = ''"""
    )
    known = {(target, at) for target, at in rows}
    times = reader.database.rows(
        "SELECT json_extract(body, '$.alert'), occurred_at FROM event WHERE kind LIKE 'alert.%'"
    )
    return [alert for alert, at in times if (alert.split("|")[0], at) not in known]


def _more_than(reader: Reader, number: int) -> bool:
    return len(reader.events()) > number


def _pass(seconds: float) -> None:
    """Let time go by where nothing is to happen, or at a moment that is to be random."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end)


def test_a_full_disk_is_waited_out_and_nothing_is_lost(database: Path) -> None:
    with child("flicker", str(database)) as process:
        started(process, database)
        with reading(database) as reader:
            until(lambda: reader.events("alert.raised"))
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            _pass(0.4)
            stuck = len(reader.events())
            _pass(0.4)
            assert len(reader.events()) == stuck
            assert process.poll() is None
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            until(lambda: len(reader.events()) > stuck)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            for kinds in open_by_key(reader.events()).values():
                assert kinds == (["alert.raised", "alert.cleared"] * len(kinds))[: len(kinds)]
            assert reader.ledger.verify().ok
            assert _unexplained(reader) == []


def test_a_watch_whose_lease_was_taken_records_nothing_more_and_ends(database: Path) -> None:
    with child("flicker", str(database)) as process:
        started(process, database)
        process.send_signal(signal.SIGSTOP)
        with reading(database) as reader:
            leases = Leases(reader.database, monotonic=iter(range(0, 10_000, 60)).__next__)
            taken = None
            while taken is None:
                try:
                    taken = leases.acquire("watch", "another", os.getpid(), boot_id(), "elsewhere")
                except CockpitError:
                    continue
            last = reader.events()[-1].seq
            process.send_signal(signal.SIGCONT)
            process.wait(10)
            assert [event.kind for event in reader.ledger.since(last)] == []


def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "home"
    bad.write_text("not a directory")
    with pytest.raises(CockpitError):
        run_watch(FLICKER, Profile(), bad / "cockpit.db", until_eof=False, operator="mhassan")
