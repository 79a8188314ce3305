"""What earlier looks have taught outlives a restart and an AWS that does not answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from cockpit.clock import SystemClock
from cockpit.config import settings_from
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.watch.looks import Looks
from cockpit.watch.plan import Job
from tests.worlds import start_world

Looking = Callable[[LaunchedWorld], Looks]

IDENTITY = Job("shop.example", "identity", 60.0)
DKIM = Job("shop.example", "dkim", 30.0)


@pytest.fixture
def own() -> Iterator[LaunchedWorld]:
    with start_world() as world:
        yield world


@pytest.fixture
async def looking() -> AsyncIterator[Looking]:
    """Makes looks at a world, and closes them."""
    made: list[Looks] = []

    def make(world: LaunchedWorld) -> Looks:
        settings = settings_from(world.profile.settings or {}, "the world")
        made.append(Looks(settings, world.profile, SystemClock()))
        return made[-1]

    yield make
    for looks in made:
        looks.close()


async def decide(looks: Looks, job: Job) -> Observation:
    await looks.turn(job, urgent=True)
    (decision,) = [each for each in await looks.look(job) if each.vantage == DECISION]
    return decision


async def test_a_restart_while_aws_is_silent_still_knows_which_records_are_wanted(
    own: LaunchedWorld, looking: Looking
) -> None:
    looks = looking(own)
    assert (await decide(looks, IDENTITY)).verdict is Verdict.OK
    own.inject(do="aws-fault", kind="expired-credentials")
    blind = await decide(looks, IDENTITY)
    assert blind.verdict is Verdict.UNKNOWN
    assert len(blind.evidence["tokens"]) == 3

    restarted = looking(own)
    restarted.recall([blind])
    restarted.will_ask([IDENTITY, DKIM])
    assert (await decide(restarted, DKIM)).verdict is Verdict.OK


async def test_without_any_word_from_ses_the_records_are_unknown_and_not_missing(
    own: LaunchedWorld, looking: Looking
) -> None:
    own.inject(do="aws-fault", kind="access-denied")
    decision = await decide(looking(own), DKIM)
    assert decision.verdict is Verdict.UNKNOWN
    assert decision.headline.startswith("DKIM: SES has not said which records it wants")


async def test_dkim_waits_for_the_identitys_own_look_and_spends_no_call_of_its_own(
    own: LaunchedWorld, looking: Looking
) -> None:
    looks = looking(own)
    looks.will_ask([IDENTITY, DKIM])
    waiting = asyncio.create_task(decide(looks, DKIM))
    assert (await decide(looks, IDENTITY)).verdict is Verdict.OK
    async with asyncio.timeout(5):
        assert (await waiting).verdict is Verdict.OK


async def test_a_change_of_what_ses_wants_is_told(own: LaunchedWorld, looking: Looking) -> None:
    looks = looking(own)
    told: list[str] = []
    looks.when_identity_changes = told.append
    await decide(looks, IDENTITY)
    looks._identities["shop.example"] = {**looks._identities["shop.example"], "origin": "EXTERNAL"}
    await decide(looks, IDENTITY)
    assert told == ["shop.example"]


async def test_asking_does_not_teach_resolvers_that_a_record_is_gone(own: LaunchedWorld, looking: Looking) -> None:
    """At twenty-fold speed a record is remembered for 3 s and an absence for 1.5 s."""
    looks = looking(own)
    assert (await decide(looks, DKIM)).verdict is Verdict.OK
    own.inject(do="dkim-token-withdraw", domain="shop.example", token=1)
    gone = await decide(looks, DKIM)
    assert gone.finding is not None
    assert "3 resolvers still remember it" in gone.finding.now
    name, _, target = (gone.finding.record or "").partition(". 1800 IN CNAME ")

    end = time.monotonic() + 20
    while "remember" in gone.finding.now:
        assert time.monotonic() < end
        gone = await decide(looks, DKIM)
        assert gone.finding is not None
    own.inject(do="dns-publish", name=name, type="CNAME", values=[target])
    assert (await decide(looks, DKIM)).verdict is Verdict.OK
