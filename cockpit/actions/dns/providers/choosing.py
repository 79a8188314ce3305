"""Which provider changes a name: the configured one, else Route 53, else dynamic update, else a person."""

from collections.abc import Sequence

import msgspec

from cockpit.actions.cards import Access
from cockpit.actions.contract import Request
from cockpit.actions.dns.providers.provider import Provider
from cockpit.config.dns_zone import DnsZone
from cockpit.errors import ConfigError, NotFound, WorldError, WrongIdentity
from cockpit.profile import UpdateDoor


def provider_for(name: str, access: Access, request: Request, *, parent: bool = False) -> Provider:
    """The provider of the zone that holds `name`; with `parent`, of the zone above, where its DS and NS are.

    Raises ConfigError, WorldError or WrongIdentity.
    """
    zones = msgspec.convert(request.scope.get("dns_zones") or [], tuple[DnsZone, ...])
    holding = [each for each in zones if _holds(each.plain, name, parent=parent)]
    if holding:
        return _configured(max(holding, key=lambda each: len(each.plain)), access)
    return _found(name, access, parent=parent)


def _holds(zone: str, name: str, *, parent: bool) -> bool:
    return name.endswith(f".{zone}") or not parent and name == zone


def _configured(zone: DnsZone, access: Access) -> Provider:
    read_only = access.clients.read_only
    if zone.provider == "google":
        from cockpit.actions.dns.providers.cloud_dns import CloudDnsZone

        return CloudDnsZone(access.profile, zone, read_only=read_only, fence=access.clients.fence)
    if zone.provider == "route53":
        from cockpit.actions.dns.providers.route53 import find_zone

        return find_zone(access.clients, zone.plain, zone.zone_id)
    if zone.provider == "rfc2136":
        door = zone.door(access.profile)
        if door is None:
            raise ConfigError(f"dns_zones: {zone.plain} needs address, key_name and key for dynamic updates.")
        return _updated(door, access)
    return _by_hand(zone.plain, access)


def _updated(door: UpdateDoor, access: Access) -> Provider:
    from cockpit.actions.dns.providers.rfc2136 import UpdatedZone

    return UpdatedZone(access.profile, door, read_only=access.clients.read_only, fence=access.clients.fence)


def _by_hand(zone: str, access: Access) -> Provider:
    from cockpit.actions.dns.providers.by_hand import ZoneByHand

    return ZoneByHand(access.profile, zone, read_only=access.clients.read_only)


def _found(name: str, access: Access, *, parent: bool) -> Provider:
    """The account's hosted zone where there is one, else an update door of the profile, else a person."""
    trouble: Exception | None = None
    if access.profile.aws.account:
        from cockpit.actions.dns.providers.route53 import find_zone

        try:
            return find_zone(access.clients, _above(name) if parent else name)
        except NotFound:
            pass
        except (WorldError, WrongIdentity) as error:
            trouble = error
    for zone in _candidates(name, parent=parent):
        door = access.profile.update_door(zone)
        if door is not None:
            return _updated(door, access)
    if trouble is not None:
        raise trouble
    return _by_hand(_above(name) if parent else name, access)


def _above(name: str) -> str:
    return name.partition(".")[2] or name


def _candidates(name: str, *, parent: bool) -> Sequence[str]:
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(1 if parent else 0, len(labels))]
