"""Cases 44 to 56: DKIM keys of every kind at a name server and behind resolvers, over real sockets."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cockpit.clock import SystemClock
from cockpit.drill.dns import fault
from cockpit.health.dkim_expected import Expectation, expect
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.probes.keys import key_facts
from tests.probes.stage import DOMAIN, Stage, stage

NAME = f"own._domainkey.{DOMAIN}"
KEYS = {bits: rsa.generate_private_key(65537, bits).public_key() for bits in (1024, 2048)}
OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL


def spki(bits: int) -> str:
    return base64.b64encode(KEYS[bits].public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def pkcs1(bits: int) -> str:
    return base64.b64encode(KEYS[bits].public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()


def ed() -> str:
    raw = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    return base64.b64encode(raw.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


FINE = spki(2048)


@dataclass(frozen=True)
class Case:
    """Values published at the selector, and what the check makes of them."""

    number: int
    values: tuple[str, ...]
    verdict: Verdict
    says: str = ""
    held: str = field(default=FINE)


CASES = (
    Case(44, ("v=DKIM1; p=",), FAIL, "revoked"),
    Case(45, (f"p={FINE}",), OK),
    Case(45, (f"p={FINE}; v=DKIM1",), FAIL, "v="),
    Case(45, (f"v=DKIM2; p={FINE}",), FAIL, "v="),
    Case(46, (f"v=DKIM1; p={FINE}",), OK),
    Case(46, (f"v=DKIM1; k=ed25519; p={ed()}",), FAIL, "another key"),
    Case(47, (f"v=DKIM1; k=rsa; p={FINE}",), OK),
    Case(47, (f"v=DKIM1; k=rsa; p={pkcs1(2048)}",), OK),
    Case(48, (f"v=DKIM1; p={spki(1024)}",), WARN, "1024", spki(1024)),
    Case(49, (f"v=DKIM1; h=sha1; p={FINE}",), FAIL, "SHA-1"),
    Case(50, (f"v=DKIM1; t=y; p={FINE}",), WARN, "test"),
    Case(50, (f"v=DKIM1; t=s; p={FINE}",), OK),
    Case(51, (f"v=DKIM1; p={FINE}", f"v=DKIM1; p={spki(1024)}"), FAIL, "2"),
    Case(52, (f"v=DKIM1; p={FINE[:60]} {FINE[60:]}",), OK),
    Case(53, (f"v=DKIM1; k=rsa; p={FINE}"[:255],), FAIL),
    Case(54, (f"v=DKIM1; p={FINE}",), FAIL, "another key", spki(1024)),
)


@pytest.fixture
async def internet() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


def wanted(held: str) -> Expectation:
    identity = {"origin": "EXTERNAL", "tokens": ["own"]}
    digest = str(key_facts(f"p={held}")["sha256"])
    found = expect(DOMAIN, identity, selector="own", public_key=held, key_sha256=digest)
    assert found is not None
    return found


async def look(internet: Stage, expected: Expectation) -> Observation:
    seen = await internet.looks.dkim(expected, SystemClock().now())
    return {each.vantage: each for each in seen}[DECISION]


def named(case: Case) -> str:
    place = [each for each in CASES if each.number == case.number].index(case) + 1
    return f"case_{case.number}_{place}"


@pytest.mark.parametrize("case", [pytest.param(each, id=named(each)) for each in CASES])
async def test_dkim_case(internet: Stage, case: Case) -> None:
    for value in case.values:
        strings = " ".join(f'"{value[start : start + 255]}"' for start in range(0, len(value), 255))
        internet.shop.publish(NAME, "TXT", strings)
    seen = await look(internet, wanted(case.held))
    assert seen.verdict is case.verdict, seen
    told = seen.headline + (f" {seen.finding.now} {seen.finding.fix}" if seen.finding else "")
    assert case.says in told, told
    assert (seen.finding is not None) == (case.verdict in (FAIL, WARN))


TOKENS = ("aaa", "bbb", "ccc")


def easy() -> Expectation:
    found = expect(DOMAIN, {"origin": "AWS_SES", "tokens": TOKENS, "hosted_zone": "dkim.hosting.example"})
    assert found is not None
    return found


def publish_easy(internet: Stage, *missing: str) -> None:
    provider = internet.network.tree.zone("hosting.example.")
    for token in TOKENS:
        if token not in missing:
            internet.shop.publish(f"{token}._domainkey.{DOMAIN}", "CNAME", f"{token}.dkim.hosting.example.")
        provider.publish(f"{token}.dkim.hosting.example", "TXT", " ".join((f'"p={FINE[:200]}"', f'"{FINE[200:]}"')))


async def test_case_56_two_of_three_cnames_fail_and_the_missing_one_is_named(internet: Stage) -> None:
    publish_easy(internet)
    assert (await look(internet, easy())).verdict is OK
    internet.shop.withdraw(f"bbb._domainkey.{DOMAIN}", "CNAME")
    internet.look_anew()
    seen = await look(internet, easy())
    assert seen.verdict is FAIL
    assert seen.finding is not None
    assert f"bbb._domainkey.{DOMAIN}" in seen.finding.now
    assert seen.finding.record is not None
    assert seen.finding.record.endswith("IN CNAME bbb.dkim.hosting.example.")


async def test_case_55_a_cname_whose_text_is_servfail_fails(internet: Stage) -> None:
    publish_easy(internet)
    for resolver in internet.network.resolvers.values():
        resolver.faults.add(fault("servfail", under=f"aaa._domainkey.{DOMAIN}", rdtype="TXT"))
    seen = await look(internet, easy())
    assert seen.verdict is FAIL, seen.headline
    assert "aaa._domainkey" in seen.headline
