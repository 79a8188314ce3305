"""How each DNS zone is changed: by which provider, and what that one needs to be told."""

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from cockpit.errors import ConfigError
from cockpit.profile import Profile, UpdateDoor
from cockpit.secret_reference import SecretRef

DNS_PROVIDERS = ("route53", "rfc2136", "google", "by-hand")


class DnsZone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One zone and its provider. A zone that is not listed is looked for in Route 53, else changed by hand.

    route53 takes `zone_id` where the account has several zones of this name. rfc2136 sends signed updates
    (RFC 2136, RFC 8945) to `address`:`port` with the TSIG key `key_name`, whose secret `key` refers to. google
    changes `managed_zone` of `project` over Cloud DNS at `url`; `key` refers to an OAuth access token. by-hand
    prints the change for a person.
    """

    zone: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    provider: Literal["route53", "rfc2136", "google", "by-hand"] = "route53"
    zone_id: str = ""
    server: str = ""
    address: str = ""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 53
    key_name: str = ""
    algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"
    key: SecretRef | None = None
    project: str = ""
    managed_zone: str = ""
    url: Annotated[str, msgspec.Meta(pattern=r"^(https://|http://127\.0\.0\.1)")] = "https://dns.googleapis.com"

    @property
    def plain(self) -> str:
        """The zone's name in lower case, without the final dot."""
        return self.zone.rstrip(".").lower()

    def door(self, profile: Profile) -> UpdateDoor | None:
        """How the zone is changed, and transferred, by its primary: as written here, else as the profile brings it.

        None where neither says so; raises ConfigError for half of it.
        """
        if not (self.address or self.key_name or self.key):
            return profile.update_door(self.plain)
        if not self.address or not self.key_name or self.key is None:
            raise ConfigError(f"dns_zones: {self.plain} needs address, key_name and key for dynamic updates.")
        return UpdateDoor(
            zone=f"{self.plain}.",
            server=self.server or self.address,
            address=self.address,
            port=self.port,
            key_name=self.key_name,
            key=self.key,
            algorithm=self.algorithm,
        )


def zone_holding(domain: str, zones: Iterable[DnsZone]) -> DnsZone | None:
    """The configured zone that a domain lies in, the nearest where several do."""
    holding = [zone for zone in zones if f".{domain}".endswith(f".{zone.plain}")]
    return max(holding, key=lambda zone: len(zone.plain), default=None)
