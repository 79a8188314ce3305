"""Outside programs agree with the simulated DNS."""

import asyncio
from pathlib import Path

import pytest

from cockpit.drill.dns import DnsNetwork, Resolver, fault
from tests.drill.dns.conftest import port_of
from tests.drill.programs import program, run

pytestmark = pytest.mark.peer


@pytest.fixture
def anchor_file(network: DnsNetwork, tmp_path: Path) -> Path:
    (anchor,) = network.anchors
    fields = f'{anchor.key_tag} {anchor.algorithm} {anchor.digest_type} "{anchor.digest}"'
    path = tmp_path / "anchor"
    path.write_text(f'trust-anchors {{ "." static-ds {fields}; }};\n')
    return path


async def delv(network: DnsNetwork, anchor_file: Path, *question: str) -> str:
    host, port = port_of(network, network.resolver("one"))
    return await run(program("delv"), "-a", str(anchor_file), "+root=.", f"@{host}", "-p", str(port), *question)


@pytest.mark.parametrize(
    "question",
    [
        "www.shop.example A",
        "key._domainkey.shop.example TXT",
        "big.shop.example TXT",
        "any.wild.shop.example A",
        "shop.example DNSKEY",
        "shop.example DS",
        "nothing.shop.example A",
        "www.shop.example MX",
        "under.shop.example A",
        "any.wild.shop.example TXT",
        "nothing.example A",
        "plain.example DS",
        "www.hashed.example A",
        "any.wild.hashed.example A",
        "nothing.hashed.example A",
        "a.b.c.hashed.example A",
        "www.hashed.example MX",
        "under.hashed.example A",
        "any.wild.hashed.example TXT",
        "plain.hashed.example DS",
        "hashed.example NSEC3PARAM",
        "a.old.hashed.example A",
        "www.gone.hashed.example A",
        "www.gone.hashed.example MX",
        "gone.hashed.example DNAME",
    ],
)
async def test_delv_validates_answers_and_denials(network: DnsNetwork, anchor_file: Path, question: str) -> None:
    assert "fully validated" in await delv(network, anchor_file, *question.split())


async def test_delv_finds_an_unsigned_zone_unsigned(network: DnsNetwork, anchor_file: Path) -> None:
    assert "unsigned answer" in await delv(network, anchor_file, "www.plain.example", "A")


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("expired", "RRSIG has expired"),
        ("not-yet-valid", "RRSIG validity period has not begun"),
        ("forged", "broken trust chain"),
    ],
)
async def test_delv_calls_spoilt_signatures_by_their_name(
    network: DnsNetwork, anchor_file: Path, flaw: str, words: str
) -> None:
    network.tree.zone("shop.example").spoil_signatures(flaw)
    assert words in await delv(network, anchor_file, "+cd", "www.shop.example", "A")


async def dig(network: DnsNetwork, resolver: Resolver, *question: str) -> str:
    host, port = port_of(network, resolver)
    return await run(program("dig"), f"@{host}", "-p", str(port), "+tries=1", "+time=2", *question)


async def test_dig_sees_the_flags_and_the_extended_error(network: DnsNetwork) -> None:
    resolver = network.resolver("one")
    assert "flags: qr rd ra ad;" in await dig(network, resolver, "+dnssec", "www.shop.example", "A")
    network.tree.zone("shop.example").spoil_signatures("expired")
    resolver.flush()
    output = await dig(network, resolver, "+dnssec", "www.shop.example", "A")
    assert "status: SERVFAIL" in output
    assert "EDE: 7 (Signature Expired)" in output
    assert "status: NOERROR" in await dig(network, resolver, "+cd", "www.shop.example", "A")


async def test_dig_turns_to_tcp_for_a_truncated_answer(network: DnsNetwork) -> None:
    output = await dig(network, network.resolver("one"), "big.shop.example", "TXT")
    assert "(TCP)" in output
    assert output.count("IN\tTXT") == 3


async def test_nsupdate_publishes_with_the_key_and_not_without(network: DnsNetwork) -> None:
    key = network.keyring.create("operator.", zones=["shop.example"])
    host, port = port_of(network, network.authorities_of("shop.example")[0])
    lines = (
        f"server {host} {port}",
        "zone shop.example",
        "update add new.shop.example. 60 TXT hello",
        "send",
    )
    refused = await run(program("nsupdate"), given="\n".join(lines) + "\n")
    assert "REFUSED" in refused
    assert network.tree.values("new.shop.example", "TXT") == ()
    signed = (f"key {key.algorithm}:{key.name} {key.secret}", *lines)
    assert await run(program("nsupdate"), given="\n".join(signed) + "\n") == ""
    assert network.tree.values("new.shop.example", "TXT") == ('"hello"',)
    stranger = (f"key {key.algorithm}:stranger. {key.secret}", *lines)
    assert "BADKEY" in await run(program("nsupdate"), given="\n".join(stranger) + "\n")


@pytest.mark.parametrize("zone", ["shop.example", "hashed.example"])
async def test_a_zone_that_dig_transfers_satisfies_dnssec_verify(
    network: DnsNetwork, tmp_path: Path, zone: str
) -> None:
    verify = program("dnssec-verify")
    key = network.keyring.create("operator.")
    host, port = port_of(network, network.authorities_of(zone)[0])
    secret = f"{key.algorithm}:{key.name}:{key.secret}"
    records = await run(
        program("dig"),
        f"@{host}",
        "-p",
        str(port),
        "-y",
        secret,
        "+onesoa",
        "+noall",
        "+answer",
        zone,
        "AXFR",
    )
    zone_file = tmp_path / "zone"
    zone_file.write_text("\n".join(line for line in records.splitlines() if "TSIG" not in line) + "\n")
    assert "Zone fully signed" in await run(verify, "-z", "-o", zone, str(zone_file))


def named_configuration(folder: Path, anchor_file: Path, listen: str, forwarder: str) -> Path:
    config = folder / "named.conf"
    config.write_text(
        f'options {{ directory "{folder}"; pid-file none; session-keyfile none; recursion yes; {listen};'
        " listen-on-v6 { none; }; dnssec-validation yes; forward only;"
        f" forwarders {{ {forwarder}; }}; }};\ncontrols {{ }};\n{anchor_file.read_text()}"
    )
    return config


async def forwarding_named(
    upstream: tuple[str, int], anchor_file: Path, folder: Path
) -> tuple[asyncio.subprocess.Process, int]:
    """A running named and its port: one that was just free, since named cannot take port 0; up to three tries."""
    host = upstream[0]
    for _ in range(3):
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=(host, 0)
        )
        port = transport.get_extra_info("sockname")[1]
        transport.close()
        listen, forwarder = f"listen-on port {port} {{ {host}; }}", f"{host} port {upstream[1]}"
        config = named_configuration(folder, anchor_file, listen, forwarder)
        server = await asyncio.create_subprocess_exec(
            program("named"), "-g", "-n", "1", "-c", str(config), stderr=asyncio.subprocess.PIPE
        )
        assert server.stderr is not None
        async with asyncio.timeout(15):
            while line := await server.stderr.readline():
                if line.rstrip().endswith(b" running"):
                    return server, port
        await server.wait()
    pytest.fail("named found no port to listen on")


async def test_named_as_a_validating_forwarder_agrees(
    network: DnsNetwork, anchor_file: Path, tmp_path: Path
) -> None:
    """Answers that named accepts through its own validator are secure for it too, and bogus ones are not."""
    upstream = port_of(network, network.resolver("one"))
    server, port = await forwarding_named(upstream, anchor_file, tmp_path)
    try:
        ask = (program("dig"), f"@{upstream[0]}", "-p", str(port), "+dnssec", "+tries=1", "+time=5")
        assert "flags: qr rd ra ad;" in await run(*ask, "www.shop.example", "A")
        denial = await run(*ask, "nothing.shop.example", "A")
        assert "status: NXDOMAIN" in denial
        assert "flags: qr rd ra ad;" in denial
        for question in ("nothing.hashed.example A", "any.wild.hashed.example A", "www.gone.hashed.example A"):
            assert "flags: qr rd ra ad;" in await run(*ask, *question.split())
        network.tree.zone("amazonses.com").spoil_signatures("expired")
        assert "status: SERVFAIL" in await run(*ask, "key.dkim.amazonses.com", "TXT")
    finally:
        server.terminate()
        await server.communicate()


async def test_dig_sees_cookies_stale_answers_and_a_server_without_edns(network: DnsNetwork) -> None:
    resolver = network.resolver("one")
    assert "(good)" in await dig(network, resolver, "+cookie=0123456789abcdef", "www.shop.example")
    resolver.inject(fault("no-edns"))
    assert "status: FORMERR" in await dig(network, resolver, "www.shop.example")
    assert "status: NOERROR" in await dig(network, resolver, "+noedns", "www.shop.example")


async def test_dig_transfers_incrementally(network: DnsNetwork) -> None:
    key = network.keyring.create("operator.")
    host, port = port_of(network, network.authorities_of("hashed.example")[0])
    secret = f"{key.algorithm}:{key.name}:{key.secret}"
    ask = (program("dig"), f"@{host}", "-p", str(port), "-y", secret, "hashed.example")
    assert "NSEC3 1 0 0 - " in (await run(*ask, "IXFR=1")).replace("\t", " ")
    current = network.tree.zone("hashed.example").serial
    assert "messages 1, bytes" in await run(*ask, f"IXFR={current}")
