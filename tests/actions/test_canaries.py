"""Secrets that go through actions are found nowhere afterwards: in no file, argument, view, traceback or core."""

import base64
import re
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from cockpit.actions.aws import AwsClients
from cockpit.actions.cards import Access
from cockpit.actions.contract import EffectUnknown
from cockpit.actions.journal import ActionState
from cockpit.actions.registry import make_remedy
from cockpit.actions.ses.signing_key import read_private_key, ses_form
from cockpit.config import settings_from
from cockpit.drill.aws.protocol.faults import Fault, FaultKind
from cockpit.own_process import own_module
from cockpit.secrets import resolve
from storage.leases import Leases
from tests.actions.conftest import DOMAIN, SELECTOR, LocalWorld, Place, Runners
from tests.actions.dns.conftest import UPDATED_ZONES

PIECE = 40
"""Characters of a long secret that must not be found together."""


@pytest.fixture
def canaries(world: LocalWorld) -> list[str]:
    """Every secret that the runs handle: keys of AWS and of DNS updates, the DKIM key in each of its forms."""
    door = world.profile.update_door(DOMAIN)
    assert door is not None
    pem = world.private_key_pem()
    stored = "".join(line for line in pem.decode().splitlines() if "-----" not in line)
    forms = {stored, ses_form(read_private_key(pem))}
    forms |= {base64.b64decode(form).hex() for form in forms}
    pieces = {form[start : start + PIECE] for form in forms for start in range(0, len(form) - PIECE, PIECE // 2)}
    hooks = re.findall(r"https?://127\.0\.0\.1:\d+/[^\s\"']{12,}", repr(world.profile.settings))
    found = [world.profile.aws.secret_key, resolve(door.key, world.profile), *hooks, *pieces]
    assert len(found) > 100
    assert all(len(each) >= 12 for each in found)
    return found


@pytest.fixture
def driven(place: Place, world: LocalWorld, runners: Runners) -> Place:
    """The runs: a key handed to SES whose answer is lost, a signed dynamic update, and a call that is refused."""
    told = {**(world.profile.settings or {}), "dns_zones": list(UPDATED_ZONES)}
    place.actions._settings = settings_from(told, "the test")
    runners.arguments.clear()
    signing, record = {"domain": DOMAIN, "selector": SELECTOR}, f"canary.{DOMAIN}"
    for remedy, asked, fault, end in (
        ("ses.byodkim", signing, FaultKind.ACCESS_DENIED, ActionState.REFUSED),
        ("ses.byodkim", signing, FaultKind.APPLY_THEN_DROP, ActionState.SUCCEEDED),
        ("dns.publish", {"name": record, "type": "A", "values": "192.0.2.9"}, None, ActionState.SUCCEEDED),
    ):
        if fault is not None:
            world.fault(Fault(fault, operation="PutEmailIdentityDkimSigningAttributes", times=1))
        uid = place.actions.request(remedy, asked)
        view = place.until(uid, lambda view: view.state in (ActionState.PLANNED, ActionState.REFUSED))
        assert view.plan is not None, view.reason
        place.actions.confirm(uid, view.phrase)
        place.until(uid, lambda view, end=end: view.state is end)  # type: ignore[misc]
        assert runners.ended() == 0
    return place


def test_no_secret_is_left_in_files_arguments_or_views(
    driven: Place, runners: Runners, canaries: list[str], tmp_path: Path
) -> None:
    driven.database.checkpoint()
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path != driven.profile_path]
    assert any(path.stat().st_size > 10_000 for path in files)
    left = b"".join(path.read_bytes() for path in files).decode("latin-1")
    left += repr(runners.arguments) + repr(driven.actions.all()) + repr(driven.actions.sent(DOMAIN))
    assert "canary.shop.example" in left
    assert [each for each in canaries if each in left] == []


def test_no_secret_is_in_a_traceback_with_its_locals(place: Place, world: LocalWorld, canaries: list[str]) -> None:
    place.actions._spawn = lambda _: None
    uid = place.actions.request("ses.byodkim", {"domain": DOMAIN, "selector": SELECTOR})
    access = Access(world.profile, AwsClients(world.profile, "test"), place.path)
    remedy = make_remedy(place.actions.run_of(uid).request, access)
    plan = remedy.plan(place.feed.clock.now())
    world.fault(Fault(FaultKind.DROP, operation="PutEmailIdentityDkimSigningAttributes", times=1))
    with pytest.raises(EffectUnknown) as caught:
        remedy.send(plan, plan.steps[0])
    own = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    # This test's own frame, which holds the canaries, stands first.
    said = "".join(own.format_exception_only())
    said += "".join(f"{key}={value}\n" for frame in own.stack[1:] for key, value in (frame.locals or {}).items())
    assert "SigningAttributesOrigin" in said
    assert [each for each in canaries if each in said] == []


def test_a_runner_leaves_no_core_and_shows_no_secret_in_its_arguments(
    place: Place, runners: Runners, canaries: list[str]
) -> None:
    uid = place.actions.request("ses.byodkim", {"domain": DOMAIN, "selector": SELECTOR})
    place.until(uid, lambda view: view.state is ActionState.PLANNED)
    row = Leases(place.database).holder(f"runner/{uid}")
    assert row is not None
    process = Path(f"/proc/{row.pid}")
    limit = next(line for line in (process / "limits").read_text().splitlines() if line.startswith("Max core"))
    assert limit.split()[4] == "0"
    arguments = (process / "cmdline").read_text()
    assert [each for each in canaries if each in arguments] == []
    place.actions.discard(uid)
    assert runners.ended() == 0


def test_a_process_that_holds_keys_is_not_dumped_where_a_program_collects_cores() -> None:
    """core(5): the limit does not hold for a pipe; prctl(2) PR_GET_DUMPABLE is 3."""
    asked = (
        "import ctypes; from cockpit.own_process import leave_no_core; leave_no_core();"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    assert own_module("cockpit")[0] == sys.executable
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=30, check=True)
    assert told.stdout == "0\n"
