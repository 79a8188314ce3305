"""Pages from hosts that behave, that lie, that drip and that send bombs: capped, and never raising."""

import asyncio
import gzip
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest

from cockpit.drill.clock import DrillClock
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import Observation, Reading, Verdict
from cockpit.health.web import Wanted, judge_health
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.web.http import MAX_BODY, HttpProbe
from cockpit.profile import Profile

HOST = "www.shop.example"
ADDRESS = "203.0.113.10"

Page = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


async def look(profile: Profile, *, expect_body: str = "", deadline_s: float = 5.0) -> Reading:
    probe = HttpProbe(profile, Trust(profile))
    (reading,) = await probe.look(
        "shop.example",
        "http.health",
        HOST,
        443,
        "/health",
        expect_body=expect_body,
        at=datetime.now(UTC),
        deadline_s=deadline_s,
    )
    return reading


@asynccontextmanager
async def serving(world: LaunchedWorld, page: Page) -> AsyncIterator[Profile]:
    """A profile in which www.shop.example is served by `page` with a certificate that is trusted."""
    authority = DrillAuthority(DrillClock(1.0))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await page(await reader.readuntil(b"\r\n\r\n"), writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.issue(HOST).server_context())
    port = server.sockets[0].getsockname()[1]
    dial = {**world.profile.dial, f"{ADDRESS}:443": f"127.0.0.1:{port}"}
    try:
        yield msgspec.structs.replace(world.profile, dial=dial, ca_pem=authority.ca_pem)
    finally:
        server.close()


async def test_a_healthy_host_answers_with_its_phases(world: LaunchedWorld) -> None:
    reading = await look(world.profile)
    assert reading.failure is None
    assert reading.seen["status"] == 200
    assert {"connect_ms", "tls_ms", "wait_ms"} <= set(reading.seen["phases"])


async def test_a_bad_certificate_is_a_failure_of_the_service(world: LaunchedWorld) -> None:
    world.inject(do="certificate", host=HOST, kind="expired")
    assert (await look(world.profile)).failure == "bad-certificate"
    world.inject(do="certificate", host=HOST, kind="good")


async def test_a_hanging_host_ends_at_the_deadline(world: LaunchedWorld) -> None:
    world.inject(do="host-fault", host=HOST, kind="hang")
    started = time.monotonic()
    assert (await look(world.profile, deadline_s=0.5)).failure == "timeout"
    assert time.monotonic() - started < 30
    world.inject(do="host-heal", host=HOST)


async def test_the_request_names_the_host_and_asks_for_a_new_connection(world: LaunchedWorld) -> None:
    requests = []

    async def page(head: bytes, writer: asyncio.StreamWriter) -> None:
        requests.append(head)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nall well")

    async with serving(world, page) as profile:
        assert (await look(profile, expect_body="all well")).seen["body_matches"] is True
        assert (await look(profile, expect_body="ready")).seen["body_matches"] is False
    assert b"Host: www.shop.example\r\n" in requests[0]
    assert b"Connection: close" in requests[0]


async def test_a_redirect_is_reported_and_not_followed(world: LaunchedWorld) -> None:
    async def page(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")

    async with serving(world, page) as profile:
        reading = await look(profile)
    assert (reading.seen["status"], reading.seen["location"]) == (302, "http://169.254.169.254/")


async def test_a_drip_ends_at_the_deadline(world: LaunchedWorld) -> None:
    async def page(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await _tick()

    async with serving(world, page) as profile:
        started = time.monotonic()
        assert (await look(profile, deadline_s=0.6)).failure == "timeout"
        assert time.monotonic() - started < 30


async def _tick() -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_later(0.02, done.set_result, None)
    await done


async def test_a_bomb_is_unpacked_only_up_to_the_cap(world: LaunchedWorld) -> None:
    bomb = gzip.compress(bytes(50_000_000))

    async def page(_: bytes, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        writer.write(head.encode() + bomb)

    async with serving(world, page) as profile:
        tracemalloc.start()
        reading = await look(profile)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (reading.seen["size"], reading.seen["cut"]) == (MAX_BODY, True)
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
)
async def test_broken_answers_are_failures_with_a_reason(world: LaunchedWorld, answer: bytes) -> None:
    async def page(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with serving(world, page) as profile:
        reading = await look(profile)
    assert reading.failure == "broken-answer"
    assert reading.seen["reason"]


async def judged(world: LaunchedWorld, answer: bytes, wanted: Wanted) -> Observation:
    """What the page check decides about an answer."""

    async def page(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with serving(world, page) as profile:
        reading = await look(profile, expect_body=wanted.body)
    return judge_health("shop.example", [(reading, wanted)], datetime.now(UTC))[-1]


async def test_tls_10_status_200_with_the_wrong_body_fails(world: LaunchedWorld) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsorry"
    found = await judged(world, answer, Wanted(200, "ready"))
    assert found.verdict is Verdict.FAIL
    assert "answers 200 without the text that is wanted" in found.headline
    assert (await judged(world, answer, Wanted(200, "sorry"))).verdict is Verdict.OK


async def test_tls_11_a_wanted_redirect_to_another_host_is_info(world: LaunchedWorld) -> None:
    head = b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: "
    found = await judged(world, head + b"https://elsewhere.example/\r\n\r\n", Wanted(301))
    assert found.verdict is Verdict.INFO, found.headline
    assert "elsewhere.example" in found.headline
    assert (await judged(world, head + b"/login\r\n\r\n", Wanted(301))).verdict is Verdict.OK
