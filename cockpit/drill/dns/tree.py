"""The authoritative tree: zones under zones, each delegated, with glue and DS, by the one above it."""

from collections.abc import Iterator, Mapping, Sequence

import dns.name
import dns.rdataclass
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

from cockpit.clock import Clock
from cockpit.drill.dns.chains import Nsec3
from cockpit.drill.dns.records import absolute, record_set, with_ttl
from cockpit.drill.dns.zones import NameServerName, Zone
from cockpit.errors import BadInput, NotFound
from cockpit.profile import Anchor


class ZoneTree:
    """All zones of a world; the root comes first and a parent before its children."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._zones: dict[Name, Zone] = {}

    def __iter__(self) -> Iterator[Zone]:
        return iter(self._zones.values())

    def add_zone(
        self,
        origin: str | Name,
        servers: Sequence[NameServerName],
        *,
        ttl_s: int = 300,
        negative_ttl_s: int = 60,
        signed: bool = True,
        nsec3: Nsec3 | None = None,
    ) -> Zone:
        """Make a zone served by these name servers, the primary first, and delegate it.

        `ttl_s` is the default TTL of its records, `negative_ttl_s` the SOA minimum. Raises BadInput for a
        zone that exists already or has no parent in the tree.
        """
        name = absolute(origin)
        if name in self._zones:
            raise BadInput(f"Zone {name} exists already.")
        parent = None if name == dns.name.root else self.zone_for(name)
        zone = Zone(
            name, servers, self._clock, ttl_s=ttl_s, negative_ttl_s=negative_ttl_s, signed=signed, nsec3=nsec3
        )
        self._zones[name] = zone
        if parent is not None:
            self._delegate(parent, zone)
        return zone

    def zone(self, origin: str | Name) -> Zone:
        """The zone with exactly this origin; raises NotFound."""
        name = absolute(origin)
        if name not in self._zones:
            raise NotFound(f"There is no zone {name}.")
        return self._zones[name]

    def zone_for(self, name: str | Name) -> Zone:
        """The zone that holds `name`: the one with the longest matching origin; raises NotFound."""
        sought = absolute(name)
        while sought not in self._zones:
            if sought == dns.name.root:
                raise NotFound(f"No zone holds {name}.")
            sought = sought.parent()
        return self._zones[sought]

    def parent_of(self, zone: Zone) -> Zone:
        """The zone that delegates `zone`; raises NotFound for the root."""
        if zone.origin == dns.name.root:
            raise NotFound("The root zone has no parent.")
        return self.zone_for(zone.origin.parent())

    def publish(self, name: str, rdtype: str, *values: str, ttl_s: int | None = None, by: str = "world") -> None:
        """Add values to a record set in whichever zone holds `name`."""
        self.zone_for(name).publish(name, rdtype, *values, ttl_s=ttl_s, by=by)

    def replace(self, name: str, rdtype: str, *values: str, ttl_s: int | None = None, by: str = "world") -> None:
        """Make a record set hold exactly these values in whichever zone holds `name`."""
        self.zone_for(name).replace(name, rdtype, *values, ttl_s=ttl_s, by=by)

    def withdraw(self, name: str, rdtype: str, *, by: str = "world") -> tuple[str, ...]:
        """Remove a record set from whichever zone holds `name` and return its values; raises NotFound."""
        return self.zone_for(name).withdraw(name, rdtype, by=by)

    def values(self, name: str | Name, rdtype: str | RdataType) -> tuple[str, ...]:
        """What is published at this moment, whatever any server or cache says; empty when nothing is."""
        return self.zone_for(name).values(name, rdtype)

    def publish_ds(self, origin: str | Name, *, by: str = "world") -> None:
        """Make the parent's DS name the keys that the zone signs with now, or remove it from an unsigned one."""
        zone = self.zone(origin)
        parent = self.parent_of(zone)
        if zone.keys:
            parent.put(zone.origin, _ds_set(parent, zone), by=by)
        else:
            parent.remove(zone.origin, RdataType.DS, by=by)

    def redelegate(
        self, origin: str | Name, *names: str, glue: Mapping[str, str] | None = None, by: str = "world"
    ) -> None:
        """Have the parent name these servers, with this glue (host name to IPv4 address), whatever the zone says.

        This is how parent and child come to disagree (RFC 1034 section 4.2.2). Raises BadInput, NotFound.
        """
        zone = self.zone(origin)
        parent = self.parent_of(zone)
        parent.replace(zone.origin, "NS", *(absolute(name).to_text() for name in names), by=by)
        for host, address in (glue or {}).items():
            parent.replace(host, "A", address, by=by)

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """Trust anchors for the root's present keys."""
        root = self.zone(dns.name.root)
        return tuple(key.anchor(root.origin) for key in root.keys)

    @property
    def roots(self) -> tuple[tuple[str, str], ...]:
        """The root's name servers as (host name, address)."""
        root = self.zone(dns.name.root)
        return tuple((server.name.to_text(), server.address) for server in root.servers)

    def _delegate(self, parent: Zone, zone: Zone) -> None:
        names = [server.name.to_text() for server in zone.servers]
        parent.put(zone.origin, record_set("NS", parent.ttl_s, names), by="world")
        for server in zone.servers:
            if server.name.is_subdomain(parent.origin) and not parent.values(server.name, "A"):
                for rdataset in server.glue.values():
                    parent.put(server.name, with_ttl(rdataset, parent.ttl_s), by="world")
        if zone.keys:
            parent.put(zone.origin, _ds_set(parent, zone), by="world")


def _ds_set(parent: Zone, zone: Zone) -> Rdataset:
    rdataset = Rdataset(dns.rdataclass.IN, RdataType.DS, ttl=parent.ttl_s)
    for key in zone.keys:
        rdataset.add(key.ds(zone.origin), parent.ttl_s)
    return rdataset
