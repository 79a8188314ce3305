"""A simulated world in this process, whose log of calls can be read, and runners as real processes."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.actions.aws import AwsClients
from cockpit.clock import SystemClock
from cockpit.config import Settings, settings_from
from cockpit.desk.feed import Feed
from cockpit.desk.remedies.actions import Actions, ActionView
from cockpit.drill.aws.protocol.calls import CallRecord
from cockpit.drill.aws.protocol.faults import Fault
from cockpit.drill.scenario import load_scenario
from cockpit.drill.world import World
from cockpit.profile import Profile
from storage.database import Database
from storage.ledger import Ledger

SPEED = 200.0
DOMAIN, SELECTOR = "shop.example", "s2026b"
LOOKS = 400


class LocalWorld:
    """A world on a thread of its own; `do` runs a call on that thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.world = self.do(lambda: World(load_scenario("all-quiet"), speed=SPEED, operator="mhassan"))
        asyncio.run_coroutine_threadsafe(self.world.start(), self.loop).result(30)
        self.do(self.world.aws.warm)
        self.profile: Profile = self.do(lambda: self.world.profile)

    def do(self, call: Callable[[], Any]) -> Any:
        async def on_thread() -> Any:
            return call()

        return asyncio.run_coroutine_threadsafe(on_thread(), self.loop).result(30)

    def reset(self) -> None:
        """Easy DKIM again, no faults, and the prepared key in its place."""
        self.do(lambda: self.world.mail.sign_with_easy_dkim(DOMAIN))
        self.do(self.world.aws.faults.clear)

    def changes(self) -> list[CallRecord]:
        found: list[CallRecord] = self.do(self.world.aws.calls.changes)
        return found

    def fault(self, fault: Fault) -> None:
        self.do(lambda: self.world.aws.faults.add(fault))

    def identity(self) -> Any:
        return self.do(lambda: self.world.mail.get(DOMAIN))

    def identity_now(self) -> Any:
        """The identity itself; for use on the world's thread."""
        return self.world.mail.get(DOMAIN)

    def off(self) -> Any:
        """The identity's signing, switched off; for use on the world's thread."""
        return replace(self.identity_now().dkim, enabled=False)

    def private_key_pem(self) -> bytes:
        """The prepared private key, as it lies in S3."""
        path = f"dkim-certificates/{DOMAIN}/{SELECTOR}/private_key.pem"
        found = AwsClients(self.profile, "test").reader("s3").get_object(Bucket="acme-dkim", Key=path)
        body: bytes = found["Body"].read()
        return body

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.world.close(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture(scope="session")
def _world() -> Iterator[LocalWorld]:
    local = LocalWorld()
    yield local
    local.close()


@pytest.fixture
def world(_world: LocalWorld) -> LocalWorld:
    _world.reset()
    return _world


class Runners:
    """Orders runners from the zygote, one after another, without waiting for the present one."""

    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.actions.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n"
        self.order: dict[str, int] = {}
        self.arguments: list[list[str]] = []

    def __call__(self, arguments: Sequence[str]) -> None:
        """A `spawn` for the desk: the next order's deaths apply once."""
        assert self.child.stdin is not None
        assert arguments[0] == "cockpit.actions.runner"
        self.arguments.append(list(arguments))
        self.child.stdin.write(json.dumps({"arguments": list(arguments[1:]), **self.order}) + "\n")
        self.child.stdin.flush()
        self.order = {}

    def ended(self) -> int:
        """Wait for the runner that was started first; its exit status."""
        assert self.child.stdout is not None
        status: int = json.loads(self.child.stdout.readline())["status"]
        return status

    def close(self) -> str:
        _, errors = self.child.communicate(timeout=20)
        return errors


@pytest.fixture(scope="session")
def _runners() -> Iterator[Runners]:
    made = Runners()
    yield made
    made.close()


@pytest.fixture
def runners(_runners: Runners) -> Runners:
    _runners.order = {}
    _runners.arguments = []
    return _runners


class Place:
    """One terminal's desk on a real database, reaching a real (simulated) world."""

    def __init__(self, folder: Path, profile: Profile, spawn: Callable[[Sequence[str]], None]) -> None:
        self.path = folder / "cockpit" / "cockpit.db"
        self.profile_path = folder / "profile.json"
        self.profile_path.write_bytes(msgspec.json.encode(profile))
        self.profile_path.chmod(0o600)
        self.database = Database.open(self.path)
        clock = SystemClock()
        self.feed = Feed(self.database, Ledger(self.database, clock.now), clock, "mhassan")
        self.settings: Settings = settings_from(profile.settings or {}, "the test's profile")
        self.actions = Actions(self.feed, self.settings, self.profile_path, self.path, "mhassan", spawn=spawn)
        self.feed.add(self.actions)

    def until(self, uid: str, condition: Callable[[ActionView], bool]) -> ActionView:
        """Follow a run until the condition holds; fails with its journal when it never does."""
        for _ in range(LOOKS):
            self.feed.catch_up()
            view = self.actions.get(uid)
            if condition(view):
                return view
            threading.Event().wait(0.02)
        raise AssertionError([line.text for line in self.actions.get(uid).lines])


@pytest.fixture
def place(tmp_path: Path, world: LocalWorld, runners: Runners) -> Iterator[Place]:
    made = Place(tmp_path, world.profile, runners)
    yield made
    made.database.close()
