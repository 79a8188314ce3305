"""The watch as a child process of a test: on a world, or on a look that flickers between good and bad."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cockpit.clock import SystemClock
from cockpit.config import DomainConfig, Intervals, Settings, settings_from
from cockpit.health.model import DECISION, Finding, Observation, Verdict
from cockpit.profile import Profile, load_profile
from cockpit.watch.loop import Watch
from cockpit.watch.plan import Job
from cockpit.watch.process import run_watch
from cockpit.watch.store import Store
from storage.database import Database
from storage.ledger import Event, Ledger

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 20.0
FAST = {
    "dns_s": 0.4,
    "dnssec_s": 0.4,
    "tls_s": 1.0,
    "http_s": 0.6,
    "mail_s": 1.0,
    "ses_identity_s": 0.6,
    "ses_account_s": 0.6,
    "ses_rates_s": 1.0,
}


def fast_settings(profile: Profile) -> Settings:
    """The world's own configuration, looked at more often."""
    return settings_from({**(profile.settings or {}), "intervals": FAST}, "the world")


@contextmanager
def child(*arguments: str, **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """This module as a process; killed at the end of the block if it still lives."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from tests.watch.child import main; main()", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Ask again and again until there is a true answer; fails when there is none in time."""
    end = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < end, "the condition never came true"
    return found


class Reader:
    """Another terminal's view of the database."""

    def __init__(self, path: Path) -> None:
        self.database = Database.open(path)
        self.ledger = Ledger(self.database, SystemClock().now)

    def events(self, *kinds: str) -> list[Event]:
        return [event for event in self.ledger.stream("ops") if not kinds or event.kind in kinds]

    def verdicts(self) -> dict[tuple[str, str], str]:
        rows = self.database.rows("SELECT target, check_name, verdict FROM observation_latest WHERE vantage = ''")
        return {(row[0], row[1]): row[2] for row in rows}


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    reader = Reader(path)
    try:
        yield reader
    finally:
        reader.database.close()


FLICKER = Settings(
    domains=tuple(DomainConfig(name=f"d{n}.example", services=("orders",)) for n in range(6)),
    intervals=Intervals(dns_s=0.03),
)


async def flicker(job: Job) -> list[Observation]:
    """Good for a while, bad for a while, each domain at its own rhythm, by the wall clock."""
    clock = SystemClock()
    at = clock.now()
    if job.probe != "resolution":
        return [
            Observation(job.target, check.id, DECISION, Verdict.NA, "not looked at", at) for check in job.checks
        ]
    bad = int(at.timestamp() / (0.35 + 0.06 * int(job.target[1]))) % 2 == 1
    finding = Finding("gone", "there", "publish it") if bad else None
    verdict = Verdict.FAIL if bad else Verdict.OK
    return [Observation(job.target, "dns.resolution", DECISION, verdict, f"it is {verdict}", at, finding=finding)]


async def _flickering(path: Path) -> None:
    clock = SystemClock()
    store = Store(path, clock, "test")
    await store.open()
    await store.acquire()
    watch = Watch(FLICKER, Profile(), store, clock, "test", look=flicker)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watch.stop)
    await watch.run()
    await store.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """`world|slow PROFILE DATABASE [--until-eof]` or `flicker DATABASE`; `slow` keeps the profile's intervals."""
    kind, *rest = sys.argv[1:] if arguments is None else arguments
    if kind == "flicker":
        asyncio.run(_flickering(Path(rest[0])))
        return
    profile = load_profile(Path(rest[0]))
    settings = fast_settings(profile) if kind == "world" else settings_from(profile.settings or {}, "the world")
    code = run_watch(settings, profile, Path(rest[1]), until_eof="--until-eof" in rest, operator="mhassan")
    os._exit(code)


def open_by_key(events: Sequence[Event]) -> dict[tuple[str, str], list[str]]:
    """The kinds of alert events in order, by target and check."""
    owners: dict[str, tuple[str, str]] = {}
    story: dict[tuple[str, str], list[str]] = {}
    for event in events:
        if not event.kind.startswith("alert."):
            continue
        alert = str(event.body["alert"])
        if event.kind == "alert.raised":
            owners[alert] = (str(event.body["target"]), str(event.body["check"]))
        story.setdefault(owners[alert], []).append(event.kind)
    return story


def write_profile(profile: Profile, path: Path) -> Path:
    """The profile as a file."""
    import msgspec

    path.write_bytes(msgspec.json.encode(profile))
    assert json.loads(path.read_text())["loopback_only"]
    return path
