"""Jobs come when they are due, once at a time, and at once when somebody asks."""

import random

from hypothesis import given
from hypothesis import strategies as st

from cockpit.config import DkimConfig, DomainConfig, HostConfig, Settings
from cockpit.profile import Aws, Profile
from cockpit.watch.plan import Job, affected, jobs
from cockpit.watch.schedule import JITTER, PACED_S, Schedule

DNS = Job("shop.example", "resolution", 30.0)
DKIM = Job("shop.example", "dkim", 30.0)
OTHER = Job("pay.example", "resolution", 30.0)


def half() -> float:
    return 0.5


def names(taken: list[tuple[Job, bool]]) -> list[str]:
    return sorted(f"{job.target} {job.probe}" for job, _ in taken)


def test_a_job_is_due_again_an_interval_after_it_ended() -> None:
    schedule = Schedule([DNS], 0.0, half)
    assert names(schedule.take_due(1.0)) == ["shop.example resolution"]
    assert schedule.take_due(100.0) == []
    schedule.done(DNS, 100.0)
    assert schedule.take_due(129.9) == []
    assert schedule.take_due(130.0) == [(DNS, False)]


def test_somebody_who_asks_is_served_at_once_and_only_what_was_asked_for() -> None:
    schedule = Schedule([DNS, DKIM, OTHER], 0.0, half)
    for job, _ in schedule.take_due(1.0):
        schedule.done(job, 1.0)
    assert schedule.hurry("shop.example", frozenset({"dkim"}), 2.0) == 1
    assert schedule.take_due(2.0) == [(DKIM, True)]
    assert schedule.hurry("shop.example", None, 2.0) == 2
    assert schedule.take_due(2.0) == [(DNS, True)]
    assert schedule.hurry("nobody.example", None, 2.0) == 0


def test_a_job_under_way_runs_once_more_when_somebody_asks() -> None:
    schedule = Schedule([DNS], 0.0, half)
    schedule.take_due(1.0)
    schedule.hurry("shop.example", None, 1.5)
    assert schedule.take_due(1.6) == []
    schedule.done(DNS, 2.0)
    assert schedule.take_due(2.0) == [(DNS, True)]
    schedule.done(DNS, 2.5)
    assert schedule.take_due(3.0) == []


def test_asking_early_does_not_make_a_job_run_twice() -> None:
    schedule = Schedule([DNS], 0.0, half)
    schedule.hurry("shop.example", None, 0.0)
    assert len(schedule.take_due(0.0)) == 1
    schedule.done(DNS, 0.5)
    assert schedule.take_due(20.0) == []


def test_a_search_of_the_logs_keeps_its_pace_unless_it_is_asked_for_by_name() -> None:
    search = Job("shop.example", "issuance", 3600.0)
    schedule = Schedule([DNS, search], 0.0, lambda: 0.5)
    begun = schedule.take_due(4000.0)
    assert {job for job, _ in begun} == {DNS, search}
    for job, _ in begun:
        schedule.done(job, 4000.0)
    assert schedule.hurry("shop.example", None, 4300.0) == 1
    assert schedule.take_due(4300.0) == [(DNS, True)]
    assert schedule.hurry("shop.example", frozenset({"issuance"}), 4300.0) == 1
    schedule.take_due(4300.0)
    schedule.done(search, 4301.0)
    assert schedule.hurry("shop.example", None, 4301.0 + PACED_S) == 2


def test_a_large_configuration_begins_spread_over_its_interval() -> None:
    many = [Job(f"d{n}.example", "resolution", 30.0) for n in range(3000)]
    schedule = Schedule(many, 0.0, random.Random(1).random)
    assert 20 < len(schedule.take_due(1.0)) < 300
    assert len(schedule.take_due(30.0)) > 2700


@given(
    st.lists(st.tuples(st.sampled_from(["tick", "done", "hurry"]), st.floats(0.1, 40)), max_size=60),
    st.floats(0, 1),
)
def test_a_job_never_runs_twice_at_once_and_is_never_forgotten(
    steps: list[tuple[str, float]], chance: float
) -> None:
    schedule, now, running = Schedule([DNS], 0.0, lambda: chance), 0.0, False
    for step, wait in steps:
        now += wait
        if step == "hurry":
            schedule.hurry("shop.example", None, now)
        elif step == "done" and running:
            schedule.done(DNS, now)
            running = False
        elif taken := schedule.take_due(now):
            assert not running
            assert len(taken) == 1
            running = True
    if running:
        schedule.done(DNS, now)
    assert len(schedule.take_due(now + 30.0 * (1 + JITTER) + 1)) == 1


def test_only_what_is_configured_is_looked_for() -> None:
    bare = DomainConfig(name="a.example")
    full = DomainConfig(
        name="b.example", identity=True, hosts=(HostConfig("www.b.example", path=None),), dkim=DkimConfig("s1")
    )
    settings = Settings(domains=(bare, full))
    planned = jobs(settings, Profile(aws=Aws(region="ca-central-1", account="447112341123")))
    assert [job.probe for job in planned if job.target == "a.example"] == [
        "resolution",
        "dnssec",
        "mail",
        "backup",
    ]
    assert [job.probe for job in planned if job.target == "b.example"] == [
        "resolution",
        "dnssec",
        "mail",
        "identity",
        "alignment",
        "dkim",
        "certificate",
        "backup",
    ]
    looks = ["account", "rates", "sets", "aws_health", "alarms", "advice", "calls"]
    assert [job.probe for job in planned if job.target.startswith("ses:")] == looks
    assert jobs(Settings(), Profile()) == []


def test_an_accounts_trouble_reaches_every_sender() -> None:
    one = DomainConfig(name="a.example", identity=True, services=("orders",), owner="Team A")
    two = DomainConfig(name="b.example", services=("web",), owner="Team B")
    found = affected(Settings(domains=(one, two)), "ses:447112341123/ca-central-1")
    assert (found.services, found.owners) == (("orders",), ("Team A",))
    assert affected(Settings(domains=(one, two)), "b.example").services == ("web",)
