"""Certificates as real hosts present them, each kind of trouble named; openssl is asked for a second opinion."""

import asyncio
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import Reading
from cockpit.probes.trust.certificates import Trust, name_matches
from cockpit.probes.trust.tls import TlsProbe
from cockpit.profile import Profile

HOST = "www.shop.example"


async def look(profile: Profile, host: str = HOST, port: int = 443, deadline_s: float = 5.0) -> list[Reading]:
    probe = TlsProbe(profile, Trust(profile))
    return await probe.look(
        "shop.example", "tls.certificate", host, port, at=datetime.now(UTC), deadline_s=deadline_s
    )


async def test_a_good_chain_is_trusted_and_its_path_shown(world: LaunchedWorld) -> None:
    world.inject(do="certificate", host=HOST, kind="good")
    (reading,) = await look(world.profile)
    assert reading.failure is None
    assert reading.vantage == f"{HOST}:443 203.0.113.10"
    assert reading.seen["verification"]["reason"] == ""
    assert len(reading.seen["verification"]["path"]) == 3
    assert HOST in reading.seen["certificate"]["names"]
    assert reading.seen["certificate"]["key"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "expired"),
        ("not-yet-valid", "not-yet-valid"),
        ("wrong-host", "name-mismatch"),
        ("self-signed", "self-signed"),
        ("missing-chain", "missing-intermediate"),
    ],
)
async def test_each_kind_of_trouble_is_named(world: LaunchedWorld, kind: str, reason: str) -> None:
    world.inject(do="certificate", host=HOST, kind=kind)
    (reading,) = await look(world.profile)
    assert reading.failure is None
    assert reading.seen["verification"]["reason"] == reason
    assert reading.seen["verification"]["detail"]
    world.inject(do="certificate", host=HOST, kind="good")


async def test_a_chain_to_a_root_that_is_not_trusted_is_refused(world: LaunchedWorld) -> None:
    import msgspec

    from cockpit.drill.clock import DrillClock
    from cockpit.drill.pki import DrillAuthority

    stranger = msgspec.structs.replace(world.profile, ca_pem=DrillAuthority(DrillClock(1.0)).ca_pem)
    (reading,) = await look(stranger)
    assert reading.seen["verification"]["reason"] in ("missing-intermediate", "untrusted-root", "invalid")


@pytest.mark.peer
async def test_openssl_agrees_on_good_and_bad(world: LaunchedWorld) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    address, port = world.profile.dialled("203.0.113.10", 443)
    for kind in ("good", "expired", "wrong-host", "missing-chain", "self-signed"):
        world.inject(do="certificate", host=HOST, kind=kind)
        (reading,) = await look(world.profile)
        command = [openssl, "s_client", "-connect", f"{address}:{port}", "-servername", HOST]
        command += ["-verify_hostname", HOST, "-verify_return_error", "-brief", "-CAfile", "/dev/stdin"]
        done = await asyncio.to_thread(
            subprocess.run, command, input=(world.profile.ca_pem or "").encode(), capture_output=True, check=False
        )
        assert (done.returncode == 0) == (reading.seen["verification"]["reason"] == ""), (kind, done.stderr)
    world.inject(do="certificate", host=HOST, kind="good")


async def test_a_name_without_address_is_a_reading_with_the_reason(world: LaunchedWorld) -> None:
    (reading,) = await look(world.profile, "nothing.shop.example")
    assert reading.failure == "no-address"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "not-tls"), (b"", "closed"), (None, "timeout")],
)
async def test_listeners_that_do_not_shake_hands(world: LaunchedWorld, answer: bytes | None, failure: str) -> None:
    import msgspec

    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        if answer is None:
            await gone.wait()
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    dial = {**world.profile.dial, "203.0.113.10:443": f"127.0.0.1:{port}"}
    (reading,) = await look(msgspec.structs.replace(world.profile, dial=dial), deadline_s=1.0)
    gone.set()
    server.close()
    await server.wait_closed()
    assert reading.failure == failure
    assert reading.seen["reason"]


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("www.shop.example", "WWW.shop.example.", True),
        ("*.shop.example", "www.shop.example", True),
        ("*.shop.example", "a.b.shop.example", False),
        ("*.shop.example", "shop.example", False),
        ("*.example", "shop.example", False),
        ("w*.shop.example", "www.shop.example", False),
    ],
)
def test_wildcards_stand_for_one_whole_label(pattern: str, host: str, matches: bool) -> None:
    assert name_matches(pattern, host) is matches


def test_the_systems_roots_can_be_read() -> None:
    trust = Trust(Profile())
    assert all(root.subject for root in trust.roots)
