"""A served world under load: how soon it is ready, how much memory it takes, and whether that grows.

`python tests/bench/bench_world.py [SECONDS]` asks it 500 DNS questions and 200 AWS calls a second for that long (10
seconds unless told otherwise; 600 for the soak) and prints its resident memory along the way. Half of the questions
are for names that were never asked before, so that every cache is filled to its bound.
"""

import asyncio
import resource
import sys
from dataclasses import dataclass, field
from time import perf_counter

import dns.message
import pytest

from cockpit.drill.process.launch import LaunchedWorld, launch
from cockpit.profile import Profile

DNS_PER_S = 500
AWS_PER_S = 200
SLICE_S = 0.1
SPAWNS = 5
READY_GOAL_S = 0.5
MEMORY_GOAL_MB = 80.0


@dataclass
class Load:
    """What was asked and answered, and how long an answer took (seconds)."""

    asked: int = 0
    answered: int = 0
    calls: int = 0
    good: int = 0
    waits: list[float] = field(default_factory=list)


class _Client(asyncio.DatagramProtocol):
    """Counts what comes back."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._load.answered += 1


def memory_mb(pid: int) -> float:
    """Resident memory of a process (statm, field 2)."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def spawns() -> list[tuple[float, float]]:
    """Seconds to readiness and megabytes then, for a few fresh worlds."""
    found = []
    for _ in range(SPAWNS):
        with launch("all-quiet") as world:
            found.append((world.ready_after_s, memory_mb(world.pid)))
    return found


async def press(world: LaunchedWorld, seconds: float) -> tuple[Load, list[tuple[float, float]]]:
    """Keep up the load and look at the memory ten times."""
    load, memory = Load(), []
    began = perf_counter()
    tasks = [asyncio.create_task(_ask_dns(world.profile, load, began + seconds))]
    tasks += [asyncio.create_task(_call_aws(world.profile, load, began + seconds, turn)) for turn in range(4)]
    for step in range(11):
        await asyncio.sleep(max(0.0, began + seconds * step / 10 - perf_counter()))
        memory.append((perf_counter() - began, memory_mb(world.pid)))
    await asyncio.gather(*tasks)
    return load, memory


async def _ask_dns(profile: Profile, load: Load, until: float) -> None:
    loop = asyncio.get_running_loop()
    targets = [profile.dialled(one.address, one.port) for one in profile.resolvers]
    targets.append(profile.dialled("203.0.113.1", 53))
    opened = [await loop.create_datagram_endpoint(lambda: _Client(load), remote_addr=target) for target in targets]
    known = dns.message.make_query("www.shop.example", "A", want_dnssec=True).to_wire()
    due = perf_counter()
    while due < until:
        for number in range(int(DNS_PER_S * SLICE_S)):
            load.asked += 1
            fresh = number % 2
            name = f"n{load.asked}.pay.example"
            wire = dns.message.make_query(name, "A").to_wire() if fresh else known
            opened[load.asked % len(opened)][0].sendto(wire)
            if number % 10 == 9:
                await asyncio.sleep(0)
        due += SLICE_S
        await asyncio.sleep(max(0.0, due - perf_counter()))
    await asyncio.sleep(0.2)
    for transport, _ in opened:
        transport.close()


async def _call_aws(profile: Profile, load: Load, until: float, turn: int) -> None:
    """A quarter of the calls, over one connection that is kept, as SDKs do."""
    endpoint = (profile.aws.endpoint or "").removeprefix("http://")
    host, _, port = endpoint.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    scope = f"{profile.aws.access_key}/20261120/{profile.aws.region}/ses/aws4_request"
    paths = ("/v2/email/account", "/v2/email/identities/shop.example")
    due = perf_counter()
    while due < until:
        for _ in range(max(1, int(AWS_PER_S * SLICE_S / 4))):
            load.calls += 1
            path = paths[load.calls % 2]
            began = perf_counter()
            head = f"GET {path} HTTP/1.1\r\nHost: {endpoint}\r\n"
            head += f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\r\n"
            writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            lines = answer.decode("latin-1").lower().split("\r\n")
            length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
            await reader.readexactly(length)
            load.good += lines[0].split()[1] == "200"
            load.waits.append(perf_counter() - began)
        due += SLICE_S
        await asyncio.sleep(max(0.0, due - perf_counter()))
    writer.close()


def measure(seconds: float) -> dict[str, float]:
    """Everything, printed along the way; returns the figures."""
    started = spawns()
    ready = sorted(one for one, _ in started)[SPAWNS // 2]
    idle = max(one for _, one in started)
    with launch("all-quiet") as world:
        load, memory = asyncio.run(press(world, seconds))
        escapes = world.status()["escapes"]
    waits = sorted(load.waits)
    settled = memory[len(memory) // 2][1]
    figures = {
        "ready_s": ready,
        "idle_mb": idle,
        "end_mb": memory[-1][1],
        "growth_mb": memory[-1][1] - settled,
        "dns_per_s": load.asked / seconds,
        "dns_answered": load.answered / load.asked,
        "aws_per_s": load.calls / seconds,
        "aws_good": load.good / load.calls,
        "aws_p50_ms": waits[len(waits) // 2] * 1e3,
        "aws_p99_ms": waits[int(len(waits) * 0.99)] * 1e3,
    }
    print(f"\nready after {ready:.2f} s (goal {READY_GOAL_S}), {idle:.0f} MB idle (goal {MEMORY_GOAL_MB:.0f})")
    print(
        f"load for {seconds:g} s: {figures['dns_per_s']:.0f} DNS/s ({figures['dns_answered']:.1%} answered), "
        f"{figures['aws_per_s']:.0f} AWS/s ({figures['aws_good']:.1%} good), "
        f"{figures['aws_p50_ms']:.1f} ms at p50, {figures['aws_p99_ms']:.1f} ms at p99; escapes {escapes}"
    )
    for at, megabytes in memory:
        print(f"  {at:6.1f} s  {megabytes:6.1f} MB")
    print(f"growth in the second half: {figures['growth_mb']:+.1f} MB")
    return figures


@pytest.mark.bench
def test_a_world_answers_under_load_and_prints_what_it_takes() -> None:
    figures = measure(3.0)
    assert figures["aws_good"] == 1.0
    assert figures["dns_answered"] > 0.5


if __name__ == "__main__":
    measure(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
