"""From inside a drill nothing gets out of this machine, whatever is started; and the world writes it down."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.drill.fences.surroundings import around, fenced, surroundings
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.runbooks.command_line import environment as of_command_steps
from tests.worlds import start_world

OUTSIDE = "192.0.2.77"

ONE_TRY = {"AWS_MAX_ATTEMPTS": "1"}
"""The SDK would try four times, and wait longer before each."""

PYTHON = {
    "a raw socket": "import socket; socket.create_connection(('192.0.2.77', 443), 2)",
    "a datagram": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.77', 53))",
    "httpx": "import httpx; httpx.get('https://192.0.2.77/', trust_env=False)",
    "dnspython": "import dns.message, dns.query as q; "
    "q.udp(dns.message.make_query('a.test', 'A'), '192.0.2.77', timeout=1)",
    "boto3": "import boto3; boto3.client('sts', endpoint_url='https://192.0.2.77').get_caller_identity()",
    "boto3 by name": "import boto3; boto3.client('sts', endpoint_url='https://sts.aws.test').get_caller_identity()",
}
PROGRAMS = {
    "curl": ["curl", "-sS", "-m", "5", f"https://{OUTSIDE}/"],
    "aws sqs": ["aws", "sqs", "list-queues"],
    "aws health": ["aws", "health", "describe-events"],
}


@pytest.fixture(scope="module")
def world() -> Iterator[LaunchedWorld]:
    with start_world() as world:
        yield world


@pytest.fixture
def inside(world: LaunchedWorld, tmp_path: Path) -> dict[str, str]:
    """What everything that a drill starts finds around it."""
    base = {**os.environ, "AWS_PROFILE": "production", "HTTPS_PROXY": "http://proxy.corp.test:3128"}
    found = fenced(surroundings(base, world.profile, str(world.status()["trap"]), tmp_path), tmp_path)
    return found | ONE_TRY


def run(command: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    # The watchmen stand in the PATH of the child, so the child's PATH decides which program is meant.
    program = shutil.which(command[0], path=environment["PATH"])
    assert program is not None
    arguments = [program, *command[1:]]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("way", PYTHON)
def test_no_python_child_gets_out_and_each_try_is_recorded(
    way: str, world: LaunchedWorld, inside: dict[str, str]
) -> None:
    before = world.status()["escapes"]
    done = subprocess.run(
        [sys.executable, "-c", PYTHON[way]], env=inside, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert world.status()["escapes"] > before
    assert "refused on the way out" in world.report()


@pytest.mark.peer
@pytest.mark.parametrize("way", PROGRAMS)
@pytest.mark.parametrize("step", [False, True], ids=["child", "command-step"])
def test_no_program_gets_out_and_each_try_is_recorded(
    way: str, step: bool, world: LaunchedWorld, inside: dict[str, str]
) -> None:
    """A runbook's command step hands on little of the environment; the watchmen in PATH bring the rest."""
    if shutil.which(PROGRAMS[way][0]) is None:
        pytest.skip(f"{PROGRAMS[way][0]} is missing")
    before = world.status()["escapes"]
    done = run(PROGRAMS[way], of_command_steps(inside) | ONE_TRY if step else inside)
    assert done.returncode != 0
    assert world.status()["escapes"] > before


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("dig") is None, reason="dig is missing")
def test_what_knows_no_proxy_is_held_back_unless_it_asks_loopback(
    world: LaunchedWorld, inside: dict[str, str]
) -> None:
    done = run(["dig", "+time=1", "example.com"], inside)
    assert (done.returncode, "--isolated" in done.stderr) == (9, True)
    address, port = world.profile.dialled("198.51.100.8", 53)
    asked = run(["dig", "+short", f"@{address}", "-p", str(port), "www.shop.example"], inside)
    assert asked.stdout == "203.0.113.10\n"


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("aws") is None, reason="the aws command line is missing")
def test_the_drills_own_aws_is_reached_as_usual(inside: dict[str, str]) -> None:
    done = run(
        ["aws", "sts", "get-caller-identity", "--query", "Account", "--output", "text"], of_command_steps(inside)
    )
    assert done.stdout.strip() == "447112341123", done.stderr


def test_the_surroundings_end_with_the_drill(inside: dict[str, str]) -> None:
    before = dict(os.environ)
    with around(inside):
        assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
        assert "AWS_PROFILE" not in os.environ
    assert dict(os.environ) == before
