"""Accounts as the watch looks at them: every trouble of AWS is UNKNOWN with its reason, and nothing stays green."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.clock import SystemClock
from cockpit.config import DomainConfig, Settings, settings_from
from cockpit.desk import open_desk
from cockpit.drill.estate.company import METRICS_NAMESPACE, SUPPRESSION_TABLE
from cockpit.drill.estate.provision import EVENT_QUEUE
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.registry import CHECKS
from cockpit.probes.aws import AwsReader
from cockpit.profile import load_profile
from cockpit.watch.identities import Identities
from cockpit.watch.memory import Memory
from cockpit.watch.plan import jobs, watched_accounts
from cockpit.watch.ses import ACCOUNT_PROBES, SesLooks
from storage.database import Database
from storage.observations import Observations
from tests.worlds import start_world

ACCOUNT = "ses:447112341123/ca-central-1"
BY_AWS = [
    each.id
    for each in CHECKS
    if each.area == "ses" and each.id not in ("ses.identity", "ses.calls", "ses.feedback", "ses.suppression")
]


def settings(world: LaunchedWorld, **ses: Any) -> Settings:
    return settings_from({**(world.profile.settings or {}), "ses": ses}, "the world")


def looks_of(world: LaunchedWorld, known: Settings) -> SesLooks:
    """Looks with a queue and a breaker of their own; the SDK's clients, which take long to make, are shared."""
    looks = SesLooks(known, world.profile)
    looks.calls(ACCOUNT)._reader = _reader(msgspec.json.encode(world.profile))
    return looks


@cache
def _reader(profile_json: bytes) -> AwsReader:
    return AwsReader(load_profile(profile_json))


async def looked(looks: SesLooks, target: str = ACCOUNT, *probes: str) -> dict[str, Observation]:
    """The decisions of one look at everything of an account."""
    wanted = probes or tuple(sorted(ACCOUNT_PROBES - {"feedback", "suppression"}))
    found = await asyncio.gather(*(looks.look(probe, target, datetime.now(UTC)) for probe in wanted))
    return {each.check: each for seen in found for each in seen if each.vantage == DECISION}


@pytest.fixture
def own() -> Iterator[LaunchedWorld]:
    with start_world() as world:
        yield world


async def test_a_healthy_account_is_green_everywhere(world: LaunchedWorld) -> None:
    looks = looks_of(world, settings(world, namespace=METRICS_NAMESPACE))
    found = await looked(looks)
    assert {check: each.verdict for check, each in found.items() if check in BY_AWS} == dict.fromkeys(
        BY_AWS, Verdict.OK
    )


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("throttle", "throttled"),
        ("expired-credentials", "expired-credentials"),
        ("access-denied", "access-denied"),
        ("server-error", "aws-error"),
        ("drop", "unreachable"),
    ],
)
async def test_no_trouble_of_aws_leaves_anything_green(world: LaunchedWorld, kind: str, failure: str) -> None:
    looks = looks_of(world, settings(world, namespace=METRICS_NAMESPACE))
    await looked(looks)
    world.inject(do="aws-fault", kind=kind)
    try:
        found = await looked(looks)
        again = await looked(looks, ACCOUNT, "calls")
    finally:
        world.inject(do="aws-heal")
    assert {each.verdict for check, each in found.items() if check in BY_AWS} == {Verdict.UNKNOWN}
    assert all(each.evidence["failure"] == failure for check, each in found.items() if check in BY_AWS)
    if failure == "expired-credentials":
        assert again["ses.calls"].verdict is Verdict.UNKNOWN
        assert "aws sso login" in again["ses.calls"].headline


async def test_without_cloudwatch_our_rate_comes_from_ses_and_awss_figure_is_unknown(world: LaunchedWorld) -> None:
    looks = looks_of(world, settings(world))
    world.inject(do="aws-fault", kind="access-denied", service="cloudwatch")
    try:
        found = await looked(looks, ACCOUNT, "rates")
    finally:
        world.inject(do="aws-heal")
    bounce = found["ses.bounce"]
    assert bounce.verdict is Verdict.UNKNOWN, "without AWS's own figure nothing is green"
    assert "not read (AWS reputation)" in bounce.headline
    assert bounce.evidence["windowed"] == pytest.approx(0.021, abs=0.002)
    assert found["ses.failure"].verdict is Verdict.UNKNOWN


async def test_one_operation_that_is_denied_hides_nothing_else(world: LaunchedWorld) -> None:
    looks = looks_of(world, settings(world))
    world.inject(do="aws-fault", kind="access-denied", operation="DescribeAlarms")
    try:
        found = await looked(looks)
    finally:
        world.inject(do="aws-heal")
    assert found["ses.alarms"].verdict is Verdict.UNKNOWN
    assert found["ses.account"].verdict is found["ses.sets"].verdict is Verdict.OK


def kept(place: Path, seen: dict[str, Observation], known: Settings) -> Path:
    path = place / "c.db"
    database = Database.open(path)
    Observations(database).put(Memory(known).take(list(seen.values())).samples)
    database.close()
    return path


async def test_the_desk_shows_one_banner_and_turns_stale_values_unknown(
    world: LaunchedWorld, tmp_path: Path
) -> None:
    known = settings(world)
    looks = looks_of(world, known)
    good = await looked(looks)
    world.inject(do="aws-fault", kind="expired-credentials")
    try:
        await looked(looks, ACCOUNT, "account")
        over = await looked(looks, ACCOUNT, "calls")
    finally:
        world.inject(do="aws-heal")
    path = kept(tmp_path, {**good, **over}, known)
    desk = open_desk(known, world.profile, path, "mhassan")
    assert "aws sso login" in desk.sending.banner()
    assert desk.sending.status().verdict is Verdict.UNKNOWN
    desk.close()
    later = open_desk(known, world.profile, path, "mhassan", clock=Later(timedelta(hours=1)))
    status = later.sending.status()
    assert {view.verdict for view in status.checks} <= {Verdict.UNKNOWN, Verdict.WARN, Verdict.FAIL}
    assert all(rate.verdict is Verdict.UNKNOWN for rate in later.sending.rates())
    assert later.sending.alarms().verdict is later.sending.health().verdict is Verdict.UNKNOWN
    later.close()


class Later(SystemClock):
    """The machine's clock, ahead by so much."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead


async def test_a_paused_account_and_the_closed_event_about_it_are_both_told(own: LaunchedWorld) -> None:
    own.inject(do="ses-enforcement", status="SHUTDOWN")
    async with asyncio.timeout(30):
        # AWS Health tells of it a moment after SES does.
        while (found := await looked(SesLooks(settings(own), own.profile)))["ses.health"].verdict is Verdict.OK:
            pass
    assert found["ses.account"].verdict is Verdict.FAIL
    assert "AWS paused" in found["ses.account"].headline
    health = found["ses.health"]
    assert health.verdict is Verdict.WARN
    assert health.evidence["events"][0]["status"] == "closed"


async def test_several_regions_and_a_wrong_account_stand_side_by_side(world: LaunchedWorld) -> None:
    more = [{"region": "us-east-1"}, {"account": "999999999999"}]
    known = settings(world, accounts=more)
    targets = watched_accounts(known, world.profile)
    assert targets == [ACCOUNT, "ses:447112341123/us-east-1", "ses:999999999999/ca-central-1"]
    assert {job.target for job in jobs(known, world.profile)} >= set(targets)
    looks = SesLooks(known, world.profile)
    states = [await looked(looks, target, "account") for target in targets]
    assert states[0]["ses.account"].verdict is Verdict.OK
    assert states[2]["ses.account"].verdict is Verdict.UNKNOWN
    assert "pinned is 999999999999" in states[2]["ses.account"].headline
    assert looks.calls(targets[0]) is not looks.calls(targets[1])


@dataclass
class Estate:
    """Many identities, of which the world has six; calls are counted."""

    looks: SesLooks
    asked: dict[str, int]


@asynccontextmanager
async def estate(world: LaunchedWorld, number: int) -> AsyncIterator[Estate]:
    names = [f"d{each:04d}.example" for each in range(number)]
    known = settings(world)
    domains = (*known.domains, *(DomainConfig(name=name, identity=True) for name in names))
    many = msgspec.structs.replace(known, domains=domains)
    looks = looks_of(world, many)
    calls = looks.calls(ACCOUNT)
    # The domains that are made up do not exist, so only the world's own are asked about.
    looks.identities = Identities(calls, [each.name for each in known.domains if each.identity], 0.1)
    asked: dict[str, int] = {}
    yield Estate(looks, asked)
    asked.update({each.action: each.last_minute for each in calls.budgets()})


async def test_many_identities_are_swept_in_three_calls_and_one_in_trouble_is_asked_alone(
    world: LaunchedWorld,
) -> None:
    async with estate(world, 300) as made:
        identities = made.looks.identities
        assert identities.sweeping
        for name in ("shop.example", "app.example"):
            await identities.turn(name, urgent=False)
            assert (await identities.read(name, "ses.identity", datetime.now(UTC))).failure is None
        identities._interval_s = 3600.0
        found = [
            await identities.read(name, "ses.identity", datetime.now(UTC))
            for name in ("shop.example", "app.example")
        ]
        assert [each.seen.get("swept") for each in found] == [True, True]
        assert found[0].seen["origin"] == "AWS_SES", "what only the single call knows is kept"
        assert len(found[0].seen["tokens"]) == 3
        identities.note("shop.example", "mail.dkim", Verdict.FAIL)
        alone = await identities.read("shop.example", "ses.identity", datetime.now(UTC))
        assert "swept" not in alone.seen
        identities.note("shop.example", "mail.dkim", Verdict.OK)
        await identities.turn("shop.example", urgent=True)
        assert "swept" not in (await identities.read("shop.example", "ses.identity", datetime.now(UTC))).seen
        nobody = await identities.read("nobody.example", "ses.identity", datetime.now(UTC))
        assert nobody.failure == "not-found"
    assert made.asked["get_identity_dkim_attributes"] == 1
    assert made.asked["get_email_identity"] == 5


async def test_the_suppression_table_that_fails_is_a_risk_light(world: LaunchedWorld) -> None:
    looks = looks_of(world, settings(world, suppression_table=SUPPRESSION_TABLE))
    good = (await looked(looks, ACCOUNT, "suppression"))["ses.suppression"]
    assert good.verdict in (Verdict.OK, Verdict.INFO)
    missing = looks_of(world, settings(world, suppression_table="no-such-table"))
    risky = (await looked(missing, ACCOUNT, "suppression"))["ses.suppression"]
    assert risky.verdict is Verdict.FAIL
    assert risky.evidence["risk"] is True
    assert "fail open" in risky.headline
    closed = looks_of(world, settings(world, suppression_table="no-such-table", fails_open=False))
    assert (await looked(closed, ACCOUNT, "suppression"))["ses.suppression"].verdict is Verdict.UNKNOWN


async def test_the_watch_works_the_queue_off_unless_it_is_read_only(world: LaunchedWorld, tmp_path: Path) -> None:
    queue = {"feedback_queue": EVENT_QUEUE}
    looks = looks_of(world, settings(world, **queue))
    nobody = (await looked(looks, ACCOUNT, "feedback"))["ses.feedback"]
    assert nobody.verdict is Verdict.NA, "a single look leaves the queue alone"
    looks.keep_feedback(tmp_path / "c.db")
    assert (await looked(looks, ACCOUNT, "feedback"))["ses.feedback"].verdict is Verdict.OK
    looks.close()
    careful = looks_of(world, msgspec.structs.replace(settings(world, **queue), read_only=True))
    careful.keep_feedback(tmp_path / "d.db")
    assert (await looked(careful, ACCOUNT, "feedback"))["ses.feedback"].verdict is Verdict.NA
    assert not (tmp_path / "d.db").exists()
    planned = {job.probe for job in jobs(settings(world, **queue), world.profile) if job.target == ACCOUNT}
    assert "feedback" in planned
