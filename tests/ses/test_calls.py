"""The queue of calls: one a second per action, a breaker that rests, one banner for a session that is over."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.probes.aws import AwsFailure, AwsReader
from cockpit.probes.pace import URGENT
from cockpit.probes.ses.breaker import OPENS_AFTER, Breaker
from cockpit.probes.ses.calls import Calls
from cockpit.profile import Profile
from cockpit.ses.budget import judge_calls

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TARGET = "ses:447112341123/ca-central-1"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now


class Answers(AwsReader):
    """AWS by hand: answers, or fails with a token for as long as one is set."""

    def __init__(self) -> None:
        super().__init__(Profile())
        self.token = ""
        self.asked: list[str] = []

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        self.asked.append(operation)
        if self.token:
            raise AwsFailure(self.token, "log in again: aws sso login" if "cred" in self.token else "no answer")
        return {"ok": True}


class Stage:
    def __init__(self) -> None:
        self.clock, self.answers = Clock(), Answers()
        self.calls = Calls(self.answers, speed=1e9, monotonic=self.clock, jitter=lambda: 0.5)
        # The breaker's rests shall be real ones here; only the pace shall not hold the test up.
        self.calls.session.scale = 1.0

    async def ask(self, service: str = "sesv2", operation: str = "get_account") -> str:
        self.calls._breaker(service).scale = 1.0
        try:
            await self.calls.call(service, operation)
        except AwsFailure as failure:
            return f"{failure.token}: {failure}"
        return ""

    def decision(self) -> Observation:
        session = self.calls.session
        found = judge_calls(TARGET, self.calls.budgets(), self.calls.resting(), session.token, session.reason, AT)
        return next(each for each in found if each.vantage == DECISION)


async def test_calls_of_one_action_are_a_second_apart_and_the_urgent_goes_first() -> None:
    calls = Calls(Answers(), speed=20)
    order: list[str] = []

    async def turn(name: str, priority: int) -> None:
        await calls.turn("get_email_identity", priority)
        order.append(name)

    loop = asyncio.get_running_loop()
    begun = loop.time()
    await turn("first", 1)
    await asyncio.gather(turn("routine", 1), turn("urgent", URGENT), turn("late", 1))
    assert order == ["first", "urgent", "routine", "late"]
    assert loop.time() - begun >= 3 / 20 * 0.99


async def test_other_actions_do_not_wait_for_one_another() -> None:
    calls = Calls(Answers(), speed=1)
    async with asyncio.timeout(0.9):
        for operation in ("get_account", "list_configuration_sets", "list_recommendations"):
            await calls.call("sesv2", operation)


async def test_a_turn_is_taken_once_only() -> None:
    stage = Stage()
    await stage.calls.turn("get_account")
    assert await stage.ask() == ""
    (budget,) = stage.calls.budgets()
    assert (budget.action, budget.last_minute, budget.waiting, budget.answered_s) == ("get_account", 1, 0, 0.0)


@pytest.mark.parametrize("token", ["throttled", "timeout", "unreachable", "aws-error"])
async def test_a_service_that_keeps_failing_is_left_alone_and_tried_again(token: str) -> None:
    stage = Stage()
    stage.answers.token = token
    for _ in range(OPENS_AFTER):
        assert "not asked again" not in await stage.ask()
    assert "not asked again for 10 s" in await stage.ask()
    assert len(stage.answers.asked) == OPENS_AFTER
    assert stage.decision().verdict is Verdict.UNKNOWN
    assert await stage.ask("cloudwatch", "describe_alarms") != "", "it fails, but is asked"
    stage.clock.now += 10.1
    stage.answers.token = ""
    assert await stage.ask() == ""
    assert stage.calls.resting() == {}


async def test_each_rest_is_longer_than_the_one_before() -> None:
    breaker, now, rests = Breaker(lambda: 0.5), 0.0, []
    for _ in range(OPENS_AFTER + 8):
        breaker.failed("timeout", "no answer", now)
        rests.append(breaker.rests_s(now))
        now += breaker.rests_s(now)
    assert rests[OPENS_AFTER - 1 : OPENS_AFTER + 3] == [10.0, 20.0, 40.0, 80.0]
    assert max(rests) == 300.0


async def test_a_session_that_is_over_stops_every_call_at_once_and_says_how_to_log_in() -> None:
    stage = Stage()
    stage.answers.token = "expired-credentials"
    assert "aws sso login" in await stage.ask()
    assert "not asked again" in await stage.ask("cloudwatch", "describe_alarms")
    assert stage.answers.asked == ["get_account"], "one call was enough to know"
    decision = stage.decision()
    assert decision.verdict is Verdict.UNKNOWN
    assert "aws sso login" in decision.headline
    assert decision.evidence["failure"] == "expired-credentials"
    stage.clock.now += 31
    stage.answers.token = ""
    assert await stage.ask() == ""
    assert stage.decision().verdict is Verdict.OK


@pytest.mark.parametrize("token", ["not-found", "access-denied", "wrong-account"])
async def test_a_refusal_is_an_answer_and_opens_nothing(token: str) -> None:
    stage = Stage()
    stage.answers.token = token
    for _ in range(OPENS_AFTER * 2):
        assert (await stage.ask()).startswith(token)
    assert stage.calls.resting() == {}


def test_before_anything_was_asked_nothing_is_green() -> None:
    (decision,) = judge_calls(TARGET, [], {}, "", "", AT)
    assert decision.verdict is Verdict.NA
