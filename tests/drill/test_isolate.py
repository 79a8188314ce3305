"""A network of a drill's own: unmodified programs reach the drill on real ports, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.drill.fences.isolate import MARK, check_inside, inside
from cockpit.errors import Refused

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

ENTER = """
import os, sys
from cockpit.drill.fences.isolate import enter
from cockpit.errors import Refused
try:
    enter([sys.executable, "-c", sys.argv[1]], dict(os.environ))
except Refused as refused:
    print(refused, file=sys.stderr)
    sys.exit(77)
"""

PROGRAMS = """
import json, os, subprocess, tempfile
from pathlib import Path
from cockpit.drill.fences.isolate import inside
from cockpit.drill.process.launch import launch, relayed
from cockpit.drill.fences.surroundings import surroundings, without_proxies
assert inside(os.environ)
found = {}
with launch("all-quiet", speed=20) as world, relayed(world.profile), tempfile.TemporaryDirectory() as folder:
    there = surroundings(os.environ, world.profile, world.status()["trap"], Path(folder))
    environment = without_proxies(there)
    for name, command in (
        ("dig", ["dig", "+short", "www.shop.example"]),
        ("secure", ["dig", "+dnssec", "@198.51.100.22", "shop.example", "SOA"]),
        ("curl", ["curl", "-sS", "-m", "5", "https://www.shop.example/health"]),
        ("dig-out", ["dig", "+time=1", "+tries=1", "@8.8.8.8", "example.com"]),
        ("curl-out", ["curl", "-sS", "-m", "3", "https://1.1.1.1/"]),
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        found[name] = [done.returncode, done.stdout]
print(json.dumps(found))
"""

STEER = """
import os, subprocess, sys
from pathlib import Path
from cockpit.drill.process.door import keep_control
from cockpit.drill.process.launch import launch
with launch("all-quiet", speed=20) as world:
    keep_control(Path(os.environ["KEPT"]), world.profile.control, inside=os.getpid())
    print("kept", flush=True)
    sys.stdin.read()
"""


def within(code: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in a network of its own; skips where this machine does not allow one."""
    command = [sys.executable, "-c", ENTER, code]
    done = subprocess.run(command, env={**ENVIRONMENT, **more}, capture_output=True, text=True, timeout=60)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    return done


@pytest.mark.peer
@pytest.mark.skipif(not shutil.which("dig") or not shutil.which("curl"), reason="dig and curl are needed")
def test_unmodified_programs_reach_the_drill_on_real_ports_and_nothing_else() -> None:
    done = within(PROGRAMS)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["dig"] == [0, "203.0.113.10\n"]
    assert " ad;" in found["secure"][1] or "flags: qr rd ra ad" in found["secure"][1]
    assert json.loads(found["curl"][1]) == {"status": "ok"}
    assert found["dig-out"][0] != 0
    assert found["curl-out"][0] == 7


def test_a_facilitator_outside_steers_a_drill_inside(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ENTER, STEER]
    with subprocess.Popen(
        command,
        env={**ENVIRONMENT, "KEPT": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as drill:
        assert drill.stdin is not None
        assert drill.stdout is not None
        if drill.stdout.readline() != "kept\n":
            pytest.skip("this machine does not allow an isolated drill")
        code = "import sys; from pathlib import Path; from cockpit.drill.process.door import door_of;"
        code += "print(door_of(Path(sys.argv[1])).status()['scenario'])"
        asked = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=30,
        )
        drill.stdin.close()
        assert drill.wait(20) == 0
    assert (asked.stdout, asked.stderr) == ("all-quiet\n", "")


def test_a_process_that_only_says_that_it_is_inside_is_refused() -> None:
    assert not inside({})
    with pytest.raises(Refused, match="does not begin"):
        inside({MARK: "1"})
    with pytest.raises(Refused, match="does not begin"):
        check_inside()


def test_the_relay_refuses_to_run_outside() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cockpit.drill.fences.relay"],
        input="{}\n",
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not begin" in done.stderr


def test_where_namespaces_are_forbidden_nothing_is_started() -> None:
    code = """
import ctypes, sys
from cockpit.drill.fences import isolate
from cockpit.errors import Refused
class Forbidden:
    def unshare(self, flags):
        ctypes.set_errno(1)
        return -1
isolate.ctypes.CDLL = lambda *_, **__: Forbidden()
try:
    isolate.enter(["/bin/echo", "started"], {})
except Refused as refused:
    print(refused)
"""
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, timeout=30)
    assert "does not allow new namespaces" in done.stdout
    assert "started" not in done.stdout
