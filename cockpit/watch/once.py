"""Look once, without a database: what `cockpit check` prints."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cockpit.clock import SystemClock
from cockpit.config import DomainConfig, Settings
from cockpit.health.model import Observation
from cockpit.health.registry import matches
from cockpit.profile import Profile
from cockpit.watch.guarded import guarded
from cockpit.watch.looks import Looks
from cockpit.watch.plan import Job, account_jobs, domain_jobs, jobs_around, watched_accounts


def check_once(
    settings: Settings, profile: Profile, domains: Sequence[str], only: Sequence[str] = ()
) -> list[Observation]:
    """Look once at `domains` (all that are configured if empty) and return every observation, decisions included.

    `only` names checks or areas, such as `mail` or `dns.resolution`. The SES account is looked at when no domain
    is named, or when `only` names its checks. A domain that is not configured is looked at as far as its name goes.
    """
    with _without_log():
        return asyncio.run(_check(settings, profile, [name.rstrip(".").lower() for name in domains], tuple(only)))


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep tracebacks off the terminal: where nobody handles a warning, `logging` prints it to standard error.

    Nothing is lost: what a look met with is the reason in its observation.
    """
    silent = logging.NullHandler()
    logging.getLogger().addHandler(silent)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(silent)


async def _check(
    settings: Settings, profile: Profile, names: Sequence[str], only: tuple[str, ...]
) -> list[Observation]:
    clock = SystemClock()
    looks = Looks(settings, profile, clock)
    chosen = [_domain(settings, name) for name in names] or list(settings.domains)
    planned: list[Job] = []
    for domain in chosen:
        looks.add(domain)
        planned.extend(domain_jobs(domain, settings))
        planned.extend(jobs_around(domain, settings, profile, keeps=False))
    if not names or any(name.startswith("ses.") for name in only):
        accounts = watched_accounts(settings, profile)
        planned.extend(job for each in accounts for job in account_jobs(each, settings, own=each == accounts[0]))
    wanted = [job for job in planned if any(matches(check.id, only) for check in job.checks)]

    async def one(job: Job) -> list[Observation]:
        await looks.turn(job, urgent=True)
        return await guarded(job, looks.look, clock.now)

    # What SES wants published is learnt first, so that the DKIM look need not ask a second time.
    identities = [job for job in wanted if job.probe == "identity"]
    others = [job for job in wanted if job.probe != "identity"]
    try:
        found = [*await asyncio.gather(*map(one, identities)), *await asyncio.gather(*map(one, others))]
    finally:
        looks.close()
    return [each for seen in found for each in seen if matches(each.check, only)]


def _domain(settings: Settings, name: str) -> DomainConfig:
    return settings.domain(name) or DomainConfig(name=name)
