"""What a drill's profile says of the ways into its world holds: updates, certificates, logs, the trap."""

import base64

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.update

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.profile import Profile
from cockpit.secrets import resolve


def test_each_zone_is_changed_through_its_door_with_the_key_it_refers_to(world: LaunchedWorld) -> None:
    profile = world.profile
    for zone, name in (("shop.example", "probe.shop.example."), ("example", "new.example.")):
        door = profile.update_door(zone)
        assert door is not None
        secret = resolve(door.key, profile)
        assert secret not in world.profile_line.decode()
        assert len(base64.b64decode(secret)) == 32
        keyring = dns.tsigkeyring.from_text({door.key_name: (door.algorithm, secret)})
        update = dns.update.UpdateMessage(door.zone, keyring=keyring, keyalgorithm=dns.tsig.HMAC_SHA256)
        update.replace(dns.name.from_text(name), 60, "TXT", '"here"')
        address, port = profile.dialled(door.address, door.port)
        assert dns.query.tcp(update, address, port=port, timeout=5).rcode() == dns.rcode.NOERROR
        answer = dns.query.udp(dns.message.make_query(name, "TXT"), address, port=port, timeout=5)
        assert [rdata.to_text() for rrset in answer.answer for rdata in rrset] == ['"here"']


def test_a_zone_that_nobody_here_changes_has_no_door() -> None:
    assert Profile().update_door("shop.example") is None


def test_the_profile_names_the_authority_the_logs_and_the_trap(world: LaunchedWorld) -> None:
    profile = world.profile
    assert (profile.acme, profile.ct_search) == (
        "https://acme.drill-ca.example/directory",
        "https://ct.drill-ca.example/",
    )
    assert profile.trap == world.status()["trap"]
