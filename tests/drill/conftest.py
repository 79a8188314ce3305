"""A whole drill world in a process of its own, and clients that reach it as its profile says."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import dns.message
import dns.query
import pytest
from botocore.config import Config

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.profile import Profile
from tests.worlds import start_world

PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def world() -> Iterator[LaunchedWorld]:
    """A healthy world at twenty-fold speed, shared by a file; no AWS answer may be outside the SDK's model."""
    with start_world() as world:
        yield world
        assert world.status()["drift"] == []


@pytest.fixture
def client() -> Iterator[Callable[[Profile, str], Any]]:
    """Unmodified boto3 clients for a profile."""
    made: list[Any] = []

    def make(profile: Profile, service: str) -> Any:
        aws = profile.aws
        made.append(
            boto3.session.Session().client(
                service,
                region_name=aws.region,
                endpoint_url=aws.endpoint,
                aws_access_key_id=aws.access_key,
                aws_secret_access_key=aws.secret_key,
                config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5),
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


def ask(profile: Profile, server: str, name: str, kind: str) -> dns.message.Message:
    """One question over UDP to a server by its documentation address, by dnspython alone."""
    address, port = profile.dialled(server, 53)
    return dns.query.udp(dns.message.make_query(name, kind, want_dnssec=True), address, port=port, timeout=5)


def until(condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Ask again and again until there is a true answer; fails when there is none in time."""
    end = time.monotonic() + patience_s
    breath = threading.Event()
    while not (found := condition()):
        assert time.monotonic() < end, "the condition never came true"
        breath.wait(0.02)
    return found
