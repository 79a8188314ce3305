"""A simulated account on a loopback port, in a thread of its own, with DNS answers that the test holds."""

import asyncio
import importlib.util
import os
import random
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config

from cockpit.drill.aws.account import Account
from cockpit.drill.aws.names.lookup import Answer, Found, Soa
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.calls import CallLog
from cockpit.drill.aws.protocol.faults import Faults
from cockpit.drill.aws.ses.dkim import provider_public_key
from cockpit.drill.aws.ses.identity import Dkim, EasyToken, Identity, Origin, Timings
from cockpit.drill.aws.ses.traffic import Quantity
from cockpit.drill.aws.watching.alarms import Alarm
from cockpit.drill.clock import DrillClock
from cockpit.drill.dns import DnsNetwork, add_public_suffixes
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.web.hosts import HostNetwork
from cockpit.drill.web.web_access import AuthorityIssuer, HostedSites
from cockpit.drill.zone_access import HostedZones

ARN = "arn:aws:sts::447112341123:assumed-role/ic-remediate/mhassan"
KEY = "AKIDRILLDRILLDRILL00"


class Endpoint(Protocol):
    """Something that answers as AWS does: the drill's account, or an outside peer."""

    def client(self, service: str) -> Any: ...


class HandDns:
    """DNS as the test wants it: (name, type) to values; a name without any record does not exist."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], tuple[str, ...]] = {}
        self.broken = False
        self.serial = 1

    def __call__(self, name: str, kind: str) -> Answer:
        soa = Soa("ns1.drill.example", "hostmaster.drill.example", self.serial)
        if self.broken:
            return Answer(Found.FAILED)
        values = self.records.get((name, kind))
        if values is not None:
            return Answer(Found.ANSWER, values, soa)
        known = any(owner == name for owner, _ in self.records)
        return Answer(Found.NO_TYPE if known else Found.NO_NAME, (), soa)


def hand_zones(clock: DrillClock) -> tuple[DnsNetwork, HostedZones]:
    """Two hosted zones in a signed tree; nothing listens."""
    network = DnsNetwork(clock)
    servers = [("ns1.hosting.example.", "203.0.113.1"), ("ns2.hosting.example.", "203.0.113.2")]
    add_public_suffixes(network)
    network.add_zone("hosting.example.", servers)
    for name in ("shop.example.", "pay.example."):
        network.add_zone(name, servers, ttl_s=60)
    network.tree.publish("shop.example.", "A", "192.0.2.10")
    network.tree.publish("www.shop.example.", "CNAME", "shop.example.")
    return network, HostedZones(network, ["shop.example.", "pay.example."], servers)


class HandAccount:
    """The account under test; `client` makes an unmodified boto3 client for it."""

    def __init__(self, session: boto3.session.Session) -> None:
        self._session = session
        self._clients: list[Any] = []
        self.dns = HandDns()
        self.seconds = 1000.0
        self.clock = DrillClock(monotonic=lambda: self.seconds)
        self.network, self.zones = hand_zones(self.clock)
        self.timings = Timings(
            first_check=timedelta(seconds=20), recheck=timedelta(seconds=30), failed_after=timedelta(minutes=10)
        )
        self.authority = DrillAuthority(self.clock)
        self.hosts = HostNetwork(self.authority, self.clock)
        levels = {
            Quantity.SEND_PER_MINUTE: 600.0,
            Quantity.BOUNCE_FRACTION: 0.02,
            Quantity.COMPLAINT_FRACTION: 0.0004,
            Quantity.REPUTATION_BOUNCE: 0.019,
            Quantity.REPUTATION_COMPLAINT: 0.0004,
        }
        alarm = Alarm(name="ses-bounce", key=("AWS/SES", "Reputation.BounceRate", ()), threshold=0.05)
        self.whole = Account(
            Place("ca-central-1", "447112341123"),
            self.clock,
            lookup=self.dns,
            zones=self.zones,
            timings=self.timings,
            levels=levels,
            callers={KEY: ARN},
            publish=self._publish,
            issuer=AuthorityIssuer(self.authority, self.clock),
            sites=HostedSites(self.hosts),
            alarms=[alarm],
        )
        self.endpoint, self.traffic, self.mail = self.whole.endpoint, self.whole.traffic, self.whole.mail
        self.s3, self.cloudwatch = self.whole.s3, self.whole.cloudwatch
        self.s3.store("acme-dkim", "seed", b"", self.clock.now(), "text/plain")
        self.s3.remove("acme-dkim", "seed")
        self._add_identity("shop.example", 1)

    def wait(self, scenario_s: float) -> None:
        """Let time pass, and everything happen that is due."""
        self.seconds += scenario_s
        self.whole.tick(self.clock.now())

    def client(self, service: str, key: str = KEY, attempts: int = 1) -> Any:
        """A boto3 client; `attempts` is how often botocore tries in all."""
        client = self._session.client(
            service,
            region_name="ca-central-1",
            endpoint_url=self.endpoint.url,
            aws_access_key_id=key,
            aws_secret_access_key="drill",
            config=Config(retries={"total_max_attempts": attempts}, connect_timeout=5, read_timeout=5),
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()

    @property
    def faults(self) -> Faults:
        return self.endpoint.faults

    @property
    def calls(self) -> CallLog:
        return self.endpoint.calls

    def _publish(self, name: str, key: str) -> None:
        self.dns.records[name, "TXT"] = (f"p={key}",)

    def _add_identity(self, name: str, seed: int) -> None:
        chance = random.Random(seed)
        tokens = tuple(EasyToken(f"token{index}x{seed}", provider_public_key(chance)) for index in range(3))
        for token in tokens:
            target = f"{token.token}.dkim.amazonses.com"
            self.dns.records[f"{token.token}._domainkey.{name}", "CNAME"] = (target,)
            self.dns.records[target, "TXT"] = (f"p={token.public}",)
        identity = Identity(name=name, dkim=Dkim(origin=Origin.EASY, tokens=tokens), mail_from=f"bounce.{name}")
        self.dns.records[f"bounce.{name}", "MX"] = ("10 feedback-smtp.ca-central-1.amazonses.com",)
        self.mail.add(identity)


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs beside the tests, as the world's own process would."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def sdk(loop_thread: asyncio.AbstractEventLoop) -> boto3.session.Session:
    """One boto3 session for all tests: it keeps the service models that it has read."""
    return boto3.session.Session()


@pytest.fixture
def account(loop_thread: asyncio.AbstractEventLoop, sdk: boto3.session.Session) -> Iterator[HandAccount]:
    """An account that is served; the test fails when an answer did not fit the SDK's model."""
    account = HandAccount(sdk)
    asyncio.run_coroutine_threadsafe(account.endpoint.start(), loop_thread).result(5)
    yield account
    account.close()
    asyncio.run_coroutine_threadsafe(account.endpoint.close(), loop_thread).result(5)
    assert account.calls.drift == []


class MotoPeer:
    """moto as a server in a process of its own: an independent judgement on how AWS answers."""

    def __init__(self, url: str, session: boto3.session.Session) -> None:
        self._url = url
        self._session = session
        self._clients: list[Any] = []

    def client(self, service: str) -> Any:
        client = self._session.client(
            service,
            region_name="ca-central-1",
            endpoint_url=self._url,
            aws_access_key_id="AKIAMOTO",
            aws_secret_access_key="moto",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10),
        )
        self._clients.append(client)
        return client

    def forget(self) -> None:
        """Start from nothing."""
        request = urllib.request.Request(f"{self._url}/moto-api/reset", method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()


@pytest.fixture(scope="session")
def moto(loop_thread: asyncio.AbstractEventLoop, sdk: boto3.session.Session) -> Iterator[MotoPeer]:
    """moto, listening; skips where it is not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("moto", "flask", "flask_cors")):
        pytest.skip("moto, flask and flask-cors are not installed")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                found = re.search(r"http://127\.0\.0\.1:\d+", line)
                if found:
                    break
            else:
                pytest.fail("moto did not start")
            drain = threading.Thread(target=process.stderr.read, daemon=True)
            drain.start()
            yield MotoPeer(found.group(), sdk)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(params=["drill", pytest.param("moto", marks=[pytest.mark.peer, pytest.mark.xdist_group("moto")])])
def peer(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """The same test body twice: against the drill's account, and against moto."""
    if request.param == "drill":
        yield request.getfixturevalue("account")
        return
    moto: MotoPeer = request.getfixturevalue("moto")
    moto.forget()
    yield moto
    moto.close()
