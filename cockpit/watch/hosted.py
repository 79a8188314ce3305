"""Copies zones from Route 53 for the watch, in a thread, with clients that can only read."""

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.health.zone_copy import ZoneCopy
from cockpit.probes.thread import in_thread
from cockpit.profile import Profile

if TYPE_CHECKING:
    from cockpit.actions.aws import AwsClients


def hosted(profile: Profile) -> Callable[[str], Awaitable[ZoneCopy]]:
    """Copies the hosted zone of a domain; what it gives raises NotFound, WorldError or WrongIdentity."""
    return _Hosted(profile).copy


class _Hosted:
    """The clients, made when the first copy is taken: most watches take none."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    async def copy(self, domain: str) -> ZoneCopy:
        return await in_thread(lambda: self._copied(domain))

    def _copied(self, domain: str) -> ZoneCopy:
        from cockpit.actions.dns.hosted_zones import copy_zone

        return copy_zone(self._clients, domain)

    @cached_property
    def _clients(self) -> "AwsClients":
        from cockpit.actions.aws import AwsClients

        clients = AwsClients(self._profile, "watch", read_only=True)
        clients.caller()
        return clients
