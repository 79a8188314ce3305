"""Looks at SES accounts: each account and region with its own credentials, queue and breaker."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cockpit.config import Settings
from cockpit.config.ses import SesAccount
from cockpit.health.account import judge_account
from cockpit.health.model import DECISION, Observation, Reading
from cockpit.health.rates import judge_failures, judge_rates
from cockpit.health.registry import ACCOUNT_PREFIX, account_target
from cockpit.probes.aws import AwsReader
from cockpit.probes.cloudwatch import read_rates
from cockpit.probes.pace import ROUTINE, URGENT
from cockpit.probes.ses import read_account
from cockpit.probes.ses.alarms import read_alarms
from cockpit.probes.ses.calls import Calls
from cockpit.probes.ses.lists import read_lists
from cockpit.probes.ses.signers import Signers
from cockpit.probes.ses.standing import read_advice, read_health, read_sets
from cockpit.probes.ses.statistics import read_statistics
from cockpit.profile import Aws, Profile
from cockpit.ses.alarms import judge_alarms
from cockpit.ses.budget import SESSION, judge_calls
from cockpit.ses.lists import judge_lists
from cockpit.ses.returns import judge_feedback
from cockpit.ses.standing import judge_advice, judge_health, judge_sets
from cockpit.watch.feedback import Ingest
from cockpit.watch.identities import Identities
from cockpit.watch.plan import Job, watched_account

ACCOUNT_PROBES = frozenset(
    {"account", "rates", "sets", "aws_health", "alarms", "advice", "feedback", "suppression", "calls"}
)
"""The looks at an account."""

_TROUBLE = ("ses.identity", "mail.dkim", "mail.alignment")
"""Checks of a domain that say whether SES is to be asked about it by itself."""

FIRST_CALL = {
    "account": "get_account",
    "rates": "get_metric_data",
    "sets": "list_configuration_sets",
    "alarms": "describe_alarms",
    "aws_health": "describe_events",
    "advice": "list_recommendations",
    "suppression": "list_suppressed_destinations",
}
"""The call that each look begins with; it waits for its turn before the look's deadline runs."""


class SesLooks:
    """Every account that is watched; the first one is where the configured domains are identities."""

    def __init__(self, settings: Settings, profile: Profile) -> None:
        self._settings = settings
        self._profile = profile
        self._ingest: Ingest | None = None
        self._calls: dict[str, Calls] = {}
        for target, own in profiles(settings, profile).items():
            self._calls[target] = Calls(AwsReader(own), speed=profile.speed)
        self._first = next(iter(self._calls), "")
        names = [domain.name for domain in settings.domains if domain.identity]
        calls = self._calls.get(self._first) or Calls(AwsReader(profile), speed=profile.speed)
        self._default = calls
        self._sets: dict[str, list[str]] = {}
        self.identities = Identities(calls, names, settings.intervals.ses_identity_s, speed=profile.speed)

    async def turn(self, job: Job, *, urgent: bool) -> None:
        """Wait until AWS may be asked, for jobs that ask it."""
        if job.probe == "identity":
            await self.identities.turn(job.target, urgent=urgent)
        elif job.probe in FIRST_CALL and job.target.startswith(ACCOUNT_PREFIX):
            await self.calls(job.target).turn(FIRST_CALL[job.probe], URGENT if urgent else ROUTINE)

    def keep_feedback(self, path: Path) -> None:
        """Work the feedback queue off into the database at `path`, unless this cockpit is read-only."""
        if self._settings.ses.feedback_queue and not self._settings.read_only and self._first:
            calls, signers = self.calls(self._first), Signers(self._profile)
            self._ingest = Ingest(path, self._first, self._settings.ses, calls, signers)

    def close(self) -> None:
        """Let go of the database."""
        if self._ingest is not None:
            self._ingest.close()

    def calls(self, target: str) -> Calls:
        """The queue of one account."""
        return self._calls.get(target, self._default)

    async def identity(self, target: str, check: str, at: datetime, *, urgent: bool = False) -> Reading:
        """One identity; `urgent` waits for a turn of its own first."""
        if urgent:
            await self.identities.turn(target, urgent=True)
        return await self.identities.read(target, check, at)

    def learn(self, seen: Observation) -> None:
        """Learn from a decision about a domain whether its mail is in trouble."""
        if seen.vantage == DECISION and seen.check in _TROUBLE:
            self.identities.note(seen.target, seen.check, seen.verdict)

    async def look(self, probe: str, target: str, at: datetime) -> list[Observation]:
        """One look at an account."""
        return await _LOOKS[probe](self, target, at)

    async def _account(self, target: str, at: datetime) -> list[Observation]:
        return judge_account(await read_account(self.calls(target), target, "ses.account", at=at), at)

    async def _rates(self, target: str, at: datetime) -> list[Observation]:
        namespace, sets = self._settings.ses.namespace, self._sets.get(target, [])
        calls = self.calls(target)
        reading = await read_rates(calls, target, "ses.bounce", at=at, namespace=namespace, sets=sets)
        counted = reading
        if reading.failure is not None and reading.failure not in SESSION:
            by_ses = await read_statistics(calls, target, "ses.bounce", at=at)
            counted = by_ses if by_ses.failure is None else reading
        return [*judge_rates(counted, at), *judge_failures(reading, at)]

    async def _configuration_sets(self, target: str, at: datetime) -> list[Observation]:
        reading = await read_sets(self.calls(target), target, "ses.sets", at=at)
        if reading.failure is None:
            # Only sets with reputation metrics have figures of their own.
            self._sets[target] = [each["name"] for each in reading.seen["sets"] if each["reputation"]]
        return judge_sets(reading, at)

    async def _alarms(self, target: str, at: datetime) -> list[Observation]:
        namespace = self._settings.ses.namespace
        return judge_alarms(
            await read_alarms(self.calls(target), target, "ses.alarms", namespace, at=at), namespace, at
        )

    async def _health(self, target: str, at: datetime) -> list[Observation]:
        return judge_health(await read_health(self.calls(target), target, "ses.health", at=at), at)

    async def _advice(self, target: str, at: datetime) -> list[Observation]:
        return judge_advice(await read_advice(self.calls(target), target, "ses.advice", at=at), at)

    async def _feedback(self, target: str, at: datetime) -> list[Observation]:
        if self._ingest is None:
            return judge_feedback(Reading(target, "ses.feedback", "sqs", at, timedelta()), None, at)
        return await self._ingest.look(at)

    async def _suppression(self, target: str, at: datetime) -> list[Observation]:
        table = self._settings.ses.suppression_table
        reading = await read_lists(self.calls(target), target, "ses.suppression", table, at=at)
        reported = await self._ingest.reported() if self._ingest is not None else []
        return judge_lists(reading, reported, fails_open=self._settings.ses.fails_open, at=at)

    async def _budget(self, target: str, at: datetime) -> list[Observation]:
        calls = self.calls(target)
        session = calls.session
        return judge_calls(target, calls.budgets(), calls.resting(), session.token, session.reason, at)


def profiles(settings: Settings, profile: Profile) -> Mapping[str, Profile]:
    """How each watched account is reached, by target; the profile's own account comes first."""
    first = watched_account(settings, profile)
    found = {} if first is None else {first: profile}
    for each in settings.ses.accounts:
        own = _reached(profile, each)
        found.setdefault(account_target(own.aws.account, own.aws.region), own)
    return found


def _reached(profile: Profile, account: SesAccount) -> Profile:
    """The same way out, into another account or region."""
    own = profile.aws
    other = Aws(
        region=account.region or own.region,
        account=account.account or own.account,
        sdk_profile=account.sdk_profile or own.sdk_profile,
        endpoint=own.endpoint,
        access_key=own.access_key,
        secret_key=own.secret_key,
    )
    return replace(profile, aws=other)


_LOOKS: Mapping[str, Callable[[SesLooks, str, datetime], Awaitable[list[Any]]]] = {
    "account": SesLooks._account,
    "rates": SesLooks._rates,
    "sets": SesLooks._configuration_sets,
    "alarms": SesLooks._alarms,
    "aws_health": SesLooks._health,
    "advice": SesLooks._advice,
    "feedback": SesLooks._feedback,
    "suppression": SesLooks._suppression,
    "calls": SesLooks._budget,
}
