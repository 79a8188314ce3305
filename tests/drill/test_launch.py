"""The child process of a world: one line, a door with a lock, and an end when its parent ends."""

import http.client
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.config import settings_from
from cockpit.drill.process.launch import LaunchedWorld, launch
from cockpit.errors import BadInput, WorldError
from cockpit.profile import load_profile
from tests.drill.conftest import until
from tests.worlds import start_world

ROOT = Path(__file__).parent.parent.parent
SERVE = [sys.executable, "-P", "-m", "cockpit.drill.process.serve"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_world_is_ready_soon_and_says_how_it_is_reached(world: LaunchedWorld) -> None:
    print(f"\nready {world.ready_after_s * 1000:.0f} ms after the start of the process")
    profile = world.profile
    assert (profile.kind, profile.name, profile.loopback_only) == ("drill", "all-quiet", True)
    assert profile.ca_pem is not None
    assert profile.ca_pem.startswith("-----BEGIN CERTIFICATE-----")
    assert profile.settings is not None
    settings = settings_from(profile.settings, "the drill")
    assert [domain.name for domain in settings.domains if domain.identity] == [
        "shop.example",
        "pay.example",
        "news.example",
        "api.example",
        "admin.example",
        "app.example",
    ]
    assert settings.chat_webhook is not None
    for domain in settings.domains:
        assert 2 <= len(domain.services) <= 3


def test_every_documented_address_leads_to_this_machine(world: LaunchedWorld) -> None:
    profile = world.profile
    for target in profile.dial:
        address, port = target.rsplit(":", 1)
        assert profile.dialled(address, int(port))[0] == ("::1" if ":" in address else "127.0.0.1")
    for resolver in profile.resolvers:
        assert profile.dialled(resolver.address, resolver.port)
    for _, address in profile.roots:
        assert profile.dialled(address, 53)


def test_the_child_prints_exactly_one_line_and_ends_when_its_input_closes() -> None:
    child = subprocess.Popen(
        [*SERVE, "all-quiet"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    assert load_profile(first).kind == "drill"
    rest, errors = child.communicate(timeout=20)
    assert (rest, errors, child.returncode) == (b"", b"", 0)


def test_the_child_dies_with_a_parent_that_is_killed() -> None:
    code = (
        "import sys, time; from cockpit.drill.process.launch import launch;"
        "world = launch('all-quiet'); print(world.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=ENVIRONMENT)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    watched = os.pidfd_open(pid)
    try:
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        assert select.select([watched], [], [], 10)[0], "the world outlived its parent"
    finally:
        os.close(watched)
        parent.stdout.close()


def test_leaving_the_block_ends_the_child() -> None:
    with start_world() as world:
        assert world.alive
    assert not world.alive


def test_an_unknown_scenario_is_one_sentence() -> None:
    with pytest.raises(WorldError, match="did you mean dkim-missing"):
        launch("dkim-missin")


def test_a_world_that_has_gone_is_an_error_that_says_so() -> None:
    with start_world() as world:
        os.kill(world.pid, signal.SIGKILL)
        until(lambda: not world.alive)
        with pytest.raises(WorldError, match="has ended"):
            world.status()


def test_the_clock_can_be_paused_and_resumed_and_sped_up(world: LaunchedWorld) -> None:
    frozen = world.pause()["elapsed_s"]
    assert world.status()["paused"] is True
    assert world.status()["elapsed_s"] == frozen
    assert world.set_speed(100)["speed"] == 100
    world.resume()
    until(lambda: world.status()["elapsed_s"] > frozen + 5)
    with pytest.raises(BadInput, match="speed"):
        world.set_speed(0)


def test_a_hand_inject_speaks_the_vocabulary_and_nothing_else(world: LaunchedWorld) -> None:
    world.inject(do="dns-fault", server="google", kind="servfail")
    assert "dns-fault: server google, kind servfail" in world.report()
    with pytest.raises(BadInput, match="no inject"):
        world.inject(do="eval", code="1")
    with pytest.raises(BadInput, match="There is no name server"):
        world.inject(do="dns-heal", server="nobody")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/status", {}, 401),
        ("GET", "/status", {"Authorization": "Bearer wrong"}, 401),
        ("GET", "/status", {"Host": "evil.example"}, 421),
        ("GET", "/status", {"Origin": "https://evil.example"}, 403),
        ("GET", "/nothing", {}, 404),
        ("POST", "/status", {}, 404),
    ],
)
def test_the_control_door_is_locked(
    world: LaunchedWorld, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    control = world.profile.control
    assert control is not None
    if status != 401:
        headers = {"Authorization": f"Bearer {control.token}", **headers}
    connection = http.client.HTTPConnection(control.url.removeprefix("http://"), timeout=5)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    assert response.status == status
    assert json.loads(response.read())["error"]
    connection.close()


def test_hints_come_one_at_a_time_and_end() -> None:
    with start_world("dkim-missing") as world:
        hints = [world.hint() for _ in range(4)]
    assert all(hints[:3])
    assert hints[3] == ""
