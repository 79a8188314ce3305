"""Whatever a probe does, there is a decision for each of its checks, and it is UNKNOWN with the reason."""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.watch.guarded import guarded
from cockpit.watch.plan import Job

RATES = Job("ses:1/r", "rates", 60.0)
DNS = Job("shop.example", "resolution", 30.0)
AT = datetime(2026, 11, 20, tzinfo=UTC)


def decision(check: str = "dns.resolution", target: str = "shop.example", headline: str = "fine") -> Observation:
    return Observation(target, check, DECISION, Verdict.OK, headline, AT)


async def run(job: Job, result: Any, deadline_s: float = 5.0) -> list[Observation]:
    async def look(_: Job) -> Any:
        if isinstance(result, BaseException):
            raise result
        return result

    return await guarded(job, look, lambda: AT, deadline_s)


async def test_what_is_good_passes() -> None:
    assert await run(DNS, [decision()]) == [decision()]


@pytest.mark.parametrize(
    "error",
    [RuntimeError("boom"), ValueError(), KeyError("x"), AttributeError("a"), RecursionError(), MemoryError()],
)
async def test_a_probe_that_raises_is_unknown_with_the_error(error: Exception) -> None:
    (found,) = await run(DNS, error)
    assert found.verdict is Verdict.UNKNOWN
    assert type(error).__name__ in found.headline


async def test_every_check_of_the_look_becomes_unknown() -> None:
    found = await run(RATES, RuntimeError("boom"))
    assert [each.check for each in found] == ["ses.bounce", "ses.complaint", "ses.failure"]


async def test_a_secret_in_an_error_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        (found,) = await run(DNS, RuntimeError("token=abcdef1234567890 \x1b[31m"))
    assert "abcdef" not in found.headline
    assert "\x1b" not in found.headline


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        7,
        "text",
        [],
        [None],
        ["OK"],
        [decision("mail.dkim")],
        [decision(target="other.example")],
        [decision(headline="\ud800")],
        [Observation("shop.example", "dns.resolution", "ns1", Verdict.OK, "no decision", AT)],
        [Observation("shop.example", "dns.resolution", "", Verdict.OK, "x", AT, evidence={"a": object()})],
    ],
)
async def test_nonsense_is_unknown(nonsense: Any) -> None:
    (found,) = await run(DNS, nonsense)
    assert found.verdict is Verdict.UNKNOWN
    assert "nonsense" in found.headline


async def test_a_probe_that_hangs_is_given_up_even_if_it_will_not_end() -> None:
    release = asyncio.Event()

    async def stubborn(_: Job) -> list[Observation]:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return []

    started = time.monotonic()
    (found,) = await guarded(DNS, stubborn, lambda: AT, 0.1)
    assert time.monotonic() - started < 30
    assert found.verdict is Verdict.UNKNOWN
    assert found.headline == "gave no answer within 0.1 s"
    release.set()
