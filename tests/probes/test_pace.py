"""Turns at a pace, the urgent first; calls in threads that nobody has to wait for."""

import asyncio
import threading
import time

import pytest

from cockpit.probes.pace import ROUTINE, URGENT, Pace
from cockpit.probes.thread import in_thread


async def test_turns_come_no_faster_than_the_pace() -> None:
    pace = Pace(0.05)
    started = time.monotonic()
    await asyncio.gather(*(pace.turn() for _ in range(4)))
    assert time.monotonic() - started >= 0.14


async def test_the_urgent_overtake_the_routine() -> None:
    pace, order = Pace(0.02), []

    async def wait(name: str, priority: int) -> None:
        await pace.turn(priority)
        order.append(name)

    await pace.turn()
    routine = [asyncio.create_task(wait(f"r{n}", ROUTINE)) for n in range(3)]
    while pace.waiting < 3:
        await asyncio.wait({routine[0]}, timeout=0)
    urgent = asyncio.create_task(wait("u", URGENT))
    await asyncio.gather(urgent, *routine)
    assert order == ["u", "r0", "r1", "r2"]


async def test_one_who_gave_up_waiting_costs_no_turn() -> None:
    pace = Pace(0.02)
    await pace.turn()
    gone = asyncio.create_task(pace.turn())
    stays = asyncio.create_task(pace.turn())
    while pace.waiting < 2:
        await asyncio.wait({stays}, timeout=0)
    gone.cancel()
    async with asyncio.timeout(1):
        await stays


async def test_a_call_in_a_thread_gives_back_its_result_or_its_error() -> None:
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_a_caller_that_leaves_does_not_wait_for_the_thread() -> None:
    blocked = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await in_thread(blocked.wait)
    blocked.set()
