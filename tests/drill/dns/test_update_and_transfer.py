"""RFC 2136 updates and zone transfers, each only with a key that may."""

from collections.abc import Callable

import dns.asyncquery
import dns.dnssec
import dns.exception
import dns.message
import dns.rdatatype
import dns.tsig
import dns.update
import dns.zone
import pytest
from dns.message import Message
from dns.rcode import Rcode
from dns.update import UpdateMessage

from cockpit.drill.dns import Authority, DnsNetwork, TsigKey
from tests.drill.dns.conftest import Ask, port_of, types_in


@pytest.fixture
def key(network: DnsNetwork) -> TsigKey:
    return network.keyring.create("operator.", zones=["shop.example"])


@pytest.fixture
def primary(network: DnsNetwork) -> Authority:
    return network.authorities_of("shop.example")[0]


def update_for(key: TsigKey | None, zone: str = "shop.example") -> UpdateMessage:
    update = UpdateMessage(zone)
    if key is not None:
        update.use_tsig(dns.tsig.Key(key.name, key.secret, key.algorithm))
    return update


async def send(network: DnsNetwork, server: Authority, message: Message) -> Message:
    host, port = port_of(network, server)
    return await dns.asyncquery.udp(message, host, 2.0, port)


async def test_a_signed_update_changes_the_zone_on_every_server(
    network: DnsNetwork, primary: Authority, key: TsigKey, ask: Ask
) -> None:
    before = network.tree.zone("shop.example").serial
    update = update_for(key)
    update.add("new.shop.example.", 60, "TXT", '"hello"')
    response = await send(network, primary, update)
    assert response.rcode() == Rcode.NOERROR
    assert response.had_tsig
    for server in network.authorities_of("shop.example"):
        assert types_in((await ask(server, "new.shop.example", "TXT")).answer) == ["TXT"]
    zone = network.tree.zone("shop.example")
    assert zone.serial == before + 1
    assert zone.journal[-1].by == "tsig:operator."


async def test_an_unsigned_update_is_refused(network: DnsNetwork, primary: Authority) -> None:
    update = update_for(None)
    update.delete("www.shop.example.", "A")
    assert (await send(network, primary, update)).rcode() == Rcode.REFUSED
    assert network.tree.values("www.shop.example", "A") == ("203.0.113.10",)


async def test_an_unknown_key_and_a_wrong_secret_are_told_apart(
    network: DnsNetwork, primary: Authority, key: TsigKey
) -> None:
    for forged, error in (
        (TsigKey("stranger.", key.algorithm, key.secret), Rcode.BADKEY),
        (TsigKey(key.name, key.algorithm, "d3Jvbmc="), Rcode.BADSIG),
    ):
        update = update_for(forged)
        update.delete("www.shop.example.", "A")
        (reply,) = await primary.respond(update.to_wire(), False)
        response = dns.message.from_wire(reply, keyring=False)
        assert response.rcode() == Rcode.NOTAUTH
        assert response.tsig_error == error
    assert network.tree.values("www.shop.example", "A") == ("203.0.113.10",)


@pytest.mark.parametrize(("old", "new"), [(b"hmac-sha256", b"hmac-sha2\xff6"), (b"operator", b"stranger")])
async def test_a_damaged_signature_followed_by_rubbish_is_answered_all_the_same(
    primary: Authority, key: TsigKey, old: bytes, new: bytes
) -> None:
    octets = update_for(key).to_wire().replace(old, new) + b"rubbish"
    (reply,) = await primary.respond(octets, False)
    assert dns.message.from_wire(reply, keyring=False).rcode() == Rcode.NOTAUTH


async def test_a_key_reaches_no_further_than_its_zones(
    network: DnsNetwork, primary: Authority, key: TsigKey
) -> None:
    update = update_for(key, "plain.example")
    update.delete("www.plain.example.", "A")
    assert (await send(network, primary, update)).rcode() == Rcode.NOTAUTH


async def test_a_secondary_refuses_updates(network: DnsNetwork, key: TsigKey) -> None:
    update = update_for(key)
    update.delete("www.shop.example.", "A")
    secondary = network.authorities_of("shop.example")[1]
    assert (await send(network, secondary, update)).rcode() == Rcode.REFUSED


async def test_deleting_and_replacing_work_as_in_the_rfc(
    network: DnsNetwork, primary: Authority, key: TsigKey
) -> None:
    values = network.tree.zone("shop.example").values
    update = update_for(key)
    update.add("www.shop.example.", 30, "A", "203.0.113.20")
    await send(network, primary, update)
    assert set(values("www.shop.example", "A")) == {"203.0.113.10", "203.0.113.20"}
    update = update_for(key)
    update.delete("www.shop.example.", "A", "203.0.113.10")
    await send(network, primary, update)
    assert values("www.shop.example", "A") == ("203.0.113.20",)
    update = update_for(key)
    update.replace("www.shop.example.", 30, "A", "203.0.113.30")
    await send(network, primary, update)
    assert values("www.shop.example", "A") == ("203.0.113.30",)
    update = update_for(key)
    update.delete("www.shop.example.")
    await send(network, primary, update)
    assert values("www.shop.example", "A") == ()


async def test_prerequisites_guard_an_update(network: DnsNetwork, primary: Authority, key: TsigKey) -> None:
    cases: tuple[tuple[Callable[[UpdateMessage], None], Rcode], ...] = (
        (lambda u: u.absent("www.shop.example."), Rcode.YXDOMAIN),
        (lambda u: u.absent("www.shop.example.", "A"), Rcode.YXRRSET),
        (lambda u: u.present("gone.shop.example."), Rcode.NXDOMAIN),
        (lambda u: u.present("www.shop.example.", "MX"), Rcode.NXRRSET),
        (lambda u: u.present("www.shop.example.", "A", "203.0.113.77"), Rcode.NXRRSET),
        (lambda u: u.present("www.shop.example.", "A", "203.0.113.10"), Rcode.NOERROR),
    )
    for require, expected in cases:
        update = update_for(key)
        require(update)
        update.add("met.shop.example.", 60, "TXT", '"yes"')
        assert (await send(network, primary, update)).rcode() == expected
        assert bool(network.tree.values("met.shop.example", "TXT")) == (expected == Rcode.NOERROR)


async def test_an_update_that_would_break_the_zone_changes_nothing(
    network: DnsNetwork, primary: Authority, key: TsigKey
) -> None:
    before = network.tree.zone("shop.example").serial
    update = update_for(key)
    update.add("fine.shop.example.", 60, "A", "203.0.113.50")
    update.add("www.shop.example.", 60, "CNAME", "elsewhere.example.")
    assert (await send(network, primary, update)).rcode() == Rcode.REFUSED
    update = update_for(key)
    update.add("fine.shop.example.", 60, "A", "203.0.113.50")
    update.add("www.pay.example.", 60, "A", "203.0.113.50")
    assert (await send(network, primary, update)).rcode() == Rcode.NOTZONE
    assert network.tree.values("fine.shop.example", "A") == ()
    assert network.tree.zone("shop.example").serial == before


async def test_one_update_may_put_an_alias_in_the_place_of_other_records(
    network: DnsNetwork, primary: Authority, key: TsigKey
) -> None:
    update = update_for(key)
    update.delete("www.shop.example.", "A")
    update.add("www.shop.example.", 60, "CNAME", "edge.hosting.example.")
    assert (await send(network, primary, update)).rcode() == Rcode.NOERROR
    assert network.tree.values("www.shop.example", "CNAME") == ("edge.hosting.example.",)


async def transferred(network: DnsNetwork, server: Authority, key: TsigKey | None) -> dns.zone.Zone:
    zone = dns.zone.Zone("shop.example", relativize=False)
    query = dns.message.make_query("shop.example", "AXFR")
    if key is not None:
        query.use_tsig(dns.tsig.Key(key.name, key.secret, key.algorithm))
    host, port = port_of(network, server)
    await dns.asyncquery.inbound_xfr(host, zone, query, port, 2.0)
    return zone


async def test_a_transfer_carries_the_whole_signed_zone(
    network: DnsNetwork, primary: Authority, key: TsigKey
) -> None:
    for number in range(400):
        network.tree.zone("shop.example").publish(f"host{number}.shop.example", "A", "203.0.113.10")
    zone = await transferred(network, primary, key)
    assert zone.get_rdataset("host399.shop.example.", "A") is not None
    assert zone.get_rdataset("www.shop.example.", "NSEC") is not None
    assert zone.get_rdataset("www.shop.example.", "RRSIG", "A") is not None
    soa = zone.get_rdataset("shop.example.", "SOA")
    assert soa is not None
    assert soa[0].serial == network.tree.zone("shop.example").serial


async def test_a_transfer_needs_a_key_and_tcp(
    network: DnsNetwork, primary: Authority, key: TsigKey, ask: Ask
) -> None:
    with pytest.raises(dns.exception.DNSException):
        await transferred(network, primary, None)
    with pytest.raises(dns.exception.DNSException):
        await transferred(network, primary, network.keyring.create("other.", zones=["pay.example"]))
    assert (await ask(primary, "shop.example", "AXFR")).rcode() == Rcode.REFUSED


async def test_the_chain_of_nsec_records_is_the_one_that_a_zone_signer_makes(
    network: DnsNetwork, primary: Authority, key: TsigKey
) -> None:
    ours = await transferred(network, primary, key)
    theirs = dns.zone.Zone("shop.example", relativize=False)
    made = (dns.rdatatype.NSEC, dns.rdatatype.RRSIG)
    with theirs.writer() as writer:
        for name, rdataset in ours.iterate_rdatasets():
            if rdataset.rdtype not in made:
                writer.add(name, rdataset)
    zone_key = network.tree.zone("shop.example").keys[0]
    dns.dnssec.sign_zone(theirs, keys=[(zone_key.private, zone_key.dnskey)], add_dnskey=False, lifetime=3600)

    def chain(zone: dns.zone.Zone) -> set[str]:
        return {f"{name} {rdataset[0]}" for name, rdataset in zone.iterate_rdatasets("NSEC")}

    def signed(zone: dns.zone.Zone) -> set[str]:
        return {f"{name} {rdataset.covers.name}" for name, rdataset in zone.iterate_rdatasets("RRSIG")}

    assert chain(ours) == chain(theirs)
    assert signed(ours) == signed(theirs)
