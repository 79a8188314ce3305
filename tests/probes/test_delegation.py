"""Finding a zone's servers, from the root and through resolvers, and remembering them when neither answers."""

import msgspec

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.records import read_records
from cockpit.probes.names.resolve import resolve
from tests.probes.nameserver import name_server

NAME_SERVERS = ["ns1.hosting.example", "ns2.hosting.example", "ns3.hosting.example"]


async def test_the_walk_from_the_root_ends_at_the_zones_own_servers(world: LaunchedWorld) -> None:
    found = await Delegations(world.profile).of("shop.example")
    assert found.zone == "shop.example"
    assert [server.name for server in found.servers] == NAME_SERVERS
    assert all(server.role == "authoritative" for server in found.servers)


async def test_without_roots_the_resolvers_lead_to_the_same_servers(world: LaunchedWorld) -> None:
    found = await Delegations(msgspec.structs.replace(world.profile, roots=())).of("shop.example")
    assert (found.zone, [server.name for server in found.servers]) == ("shop.example", NAME_SERVERS)


async def test_a_name_below_a_zone_finds_the_zone_that_holds_it(world: LaunchedWorld) -> None:
    assert (await Delegations(world.profile).of("www.shop.example")).zone == "shop.example"


async def test_a_name_that_nobody_delegates_is_its_parents_to_deny(world: LaunchedWorld) -> None:
    found = await Delegations(world.profile).of("nobody.example")
    assert found.zone == "example"
    assert found.servers


async def test_a_known_delegation_outlives_the_servers_that_told_it(world: LaunchedWorld) -> None:
    now = [0.0]
    profile = world.profile
    delegations = Delegations(profile, keep_s=10, monotonic=lambda: now[0])
    fresh = await delegations.of("pay.example")
    now[0] = 5.0
    assert await delegations.of("pay.example") is fresh
    async with name_server(lambda query, _: None) as silent:
        dead = {address: next(iter(silent.dial.values())) for address in profile.dial}
        delegations._profile = msgspec.structs.replace(profile, dial=dead, roots=profile.roots[:1])
        now[0] = 20.0
        later = await delegations.of("pay.example")
    assert later.stale
    assert later.servers == fresh.servers


async def test_nobody_to_ask_is_a_failure_in_words(world: LaunchedWorld) -> None:
    found = await Delegations(msgspec.structs.replace(world.profile, dial={})).of("shop.example")
    assert not found.servers
    assert found.failure == "no name server of the DNS root answers"


async def test_every_server_gives_a_reading_of_its_own(
    world: LaunchedWorld,
) -> None:
    from datetime import UTC, datetime

    asked = {"authoritative": [("shop.example", "SOA")], "resolver": [("shop.example", "SOA")]}
    readings = await read_records(
        world.profile, Delegations(world.profile), "shop.example", "dns.resolution", asked, at=datetime.now(UTC)
    )
    assert [reading.vantage for reading in readings] == [*NAME_SERVERS, "google", "cloudflare", "opendns"]
    assert all(reading.failure is None for reading in readings)
    assert readings[0].seen["asked"][0]["status"] == "answer"


async def test_addresses_come_from_the_pinned_resolvers(world: LaunchedWorld) -> None:
    assert (await resolve(world.profile, "www.shop.example")).found == ("203.0.113.10",)
    assert (await resolve(world.profile, "nothing.shop.example")).failure == "no-address"
    nobody = msgspec.structs.replace(world.profile, resolvers=())
    assert (await resolve(nobody, "www.shop.example")).failure == "no-resolver"
