"""What can only be told by asking the outside: resolvers, AWS, who we are there, and what time it is there."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from cockpit.clock import Clock
from cockpit.config import Settings
from cockpit.doctor.diagnosis import Diagnosis, ill, passed_over, poor, well
from cockpit.doctor.permissions import permissions
from cockpit.errors import CockpitError, WorldError
from cockpit.health.model import Verdict
from cockpit.profile import Profile
from cockpit.text import visible

SKEW_NOTED = timedelta(seconds=30)
SKEW_REFUSED = timedelta(minutes=5)
"""AWS refuses a signature that is more than five minutes off."""


def examine_outside(profile: Profile, clock: Clock) -> list[Diagnosis]:
    """Ask every resolver and AWS; takes a few seconds at most, because every wait has an end."""
    return [*asyncio.run(resolvers(profile)), *aws(profile, clock)]


async def resolvers(profile: Profile) -> list[Diagnosis]:
    """Whether each resolver answers for the root's name servers, which every resolver must know."""
    from cockpit.probes.names.dns import Server, ask

    servers = [Server(resolver.name, resolver.address, resolver.port) for resolver in profile.resolvers]
    answers = await asyncio.gather(*(ask(profile, server, ".", "NS") for server in servers))
    found = []
    for answer in answers:
        name = f"{visible(answer.server.name, limit=60)} ({answer.server.address})"
        if answer.heard:
            found.append(well("resolver", f"{name} answers in {answer.took_s * 1000:.0f} ms."))
        else:
            found.append(
                ill(
                    "resolver", f"{name} does not answer: {answer.status}.", "Allow UDP and TCP 53, or name others."
                )
            )
    return found


def aws(profile: Profile, clock: Clock) -> list[Diagnosis]:
    """Whether AWS answers, as whom, in the account that is meant, and how far our clock is off.

    Source: STS GetCallerIdentity, which needs no permission.
    """
    if not (profile.aws.account or profile.aws.region):
        return [passed_over("aws", "No AWS account is configured; it was not asked.")]
    if profile.loopback_only and profile.aws.endpoint is None:
        return [passed_over("aws", f"The profile {profile.name!r} stays on this machine; AWS was not asked.")]
    from cockpit.actions.aws import AwsClients, reading

    try:
        reader = AwsClients(profile, "doctor", read_only=True).reader("sts")
        answer = reading("who is calling", reader.get_caller_identity)
    except WorldError as error:
        return [ill("aws", str(error), _login(profile))]
    known = identity(profile, answer)
    allowed = (
        permissions(profile, visible(answer.get("Arn", ""), limit=2048)) if known.verdict is Verdict.OK else []
    )
    return [known, skew(answer, clock.now()), *allowed]


def secrets(references: Mapping[str, str | None], profile: Profile) -> list[Diagnosis]:
    """Whether each secret that the configuration refers to can be fetched; nothing of it is shown."""
    from cockpit.secrets import resolve

    found = []
    for key, reference in references.items():
        if reference is None:
            continue
        try:
            resolve(reference, profile)
        except CockpitError as error:
            found.append(ill("secrets", f"{key}: {error}", f"Put the secret where {key} says it is."))
        else:
            found.append(well("secrets", f"{key} can be fetched from {_shown(reference)}."))
    return found


def references(settings: Settings, profile: Profile) -> dict[str, str | None]:
    """Every place at which the configuration and the profile say that a secret is kept, by its key."""
    channels = {f"channels: {name}: secret": each.secret for name, each in settings.channels.items()}
    zones = {f"dns_zones: {each.zone}: key": each.key for each in settings.dns_zones}
    doors: dict[str, str | None] = {f"updates: {each.zone}: key": each.key for each in profile.updates}
    return {"chat_webhook": settings.chat_webhook, **channels, **zones, **doors}


def _shown(reference: str) -> str:
    """A reference as it may stand in a report; the path of a sink may be what lets one in."""
    return "a sink on this machine" if reference.startswith("url:") else reference


def _login(profile: Profile) -> str:
    suffix = f" --profile {profile.aws.sdk_profile}" if profile.aws.sdk_profile else ""
    return f"aws sso login{suffix}"


def identity(profile: Profile, answer: Mapping[str, Any]) -> Diagnosis:
    """Whether the caller is in the pinned account."""
    caller = visible(answer.get("Arn", "?"), limit=200)
    account = visible(answer.get("Account", "?"), limit=20)
    if not profile.aws.account:
        return poor(
            "aws", f"AWS answers as {caller}; no account is pinned.", f'Pin it: aws: {{account: "{account}"}}'
        )
    if account != profile.aws.account:
        return ill(
            "aws",
            f"The credentials belong to account {account}, and {profile.aws.account} is meant.",
            _login(profile),
        )
    return well("aws", f"AWS answers as {caller}, in the pinned account.")


def skew(answer: Mapping[str, Any], now: datetime) -> Diagnosis:
    """How far this machine's clock is from the `Date` that AWS sent."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        theirs = parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return passed_over("clock", "AWS sent no readable date to compare the clock with.")
    off = abs(now - theirs)
    sentence = f"This clock is {off.total_seconds():.0f} s off the one at AWS"
    if off > SKEW_REFUSED:
        return ill("clock", f"{sentence}; AWS refuses signatures beyond 300 s.", "Start time synchronisation.")
    if off > SKEW_NOTED:
        return poor("clock", f"{sentence}; times in the timeline will not fit.", "Start time synchronisation.")
    return well("clock", f"{sentence}.")
