"""The list of TLS cases, each over a real connection to a drill host, an OCSP responder and logs on loopback."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cockpit.clock import SystemClock
from cockpit.drill.dns import has_ipv6_loopback
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.drill.web.hosts import HostNetwork
from cockpit.health.certificate import judge_certificates
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.tls import judge_parts
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.trust.tls import TlsProbe
from cockpit.probes.web.http import HttpProbe
from cockpit.probes.web.visits import Visit, Visits
from cockpit.profile import Profile

HOST = "www.shop.example"
OK, WARN, FAIL, UNKNOWN, NA = Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NA


@pytest.fixture
def mended(world: LaunchedWorld) -> Iterator[LaunchedWorld]:
    """The world, and afterwards the host and the responder as they were."""
    yield world
    world.inject(do="ocsp-fault", kind="none")
    world.inject(do="staple", host=HOST, kind="none")
    world.inject(do="certificate", host=HOST, kind="good")


async def decisions(profile: Profile) -> dict[str, Observation]:
    """What one look at the host amounts to, by check."""
    at = datetime.now(UTC)
    readings = await TlsProbe(profile, Trust(profile)).look("shop.example", "tls.certificate", HOST, 443, at=at)
    found = [*judge_certificates("shop.example", readings, at), *judge_parts("shop.example", readings, at)]
    return {each.check: each for each in found if each.vantage == DECISION}


CERTIFICATES: tuple[tuple[str, Mapping[str, Verdict]], ...] = (
    ("good", {"tls.certificate": OK, "tls.expiry": OK, "tls.chain": OK, "tls.revocation": OK, "tls.stapling": NA}),
    ("good", {"tls.transparency": OK, "tls.strength": OK}),
    ("missing-chain", {"tls.certificate": FAIL, "tls.chain": FAIL, "tls.revocation": UNKNOWN, "tls.expiry": OK}),
    ("expired", {"tls.certificate": FAIL, "tls.expiry": FAIL, "tls.transparency": OK}),
    ("not-yet-valid", {"tls.certificate": FAIL, "tls.expiry": FAIL}),
    ("self-signed", {"tls.certificate": FAIL, "tls.chain": FAIL}),
    ("wrong-host", {"tls.certificate": FAIL, "tls.chain": OK, "tls.expiry": OK}),
    ("revoked", {"tls.certificate": OK, "tls.revocation": FAIL}),
    ("unknown-log", {"tls.transparency": WARN}),
    ("weak-key", {"tls.strength": FAIL}),
    ("weak-signature", {"tls.strength": FAIL, "tls.certificate": FAIL}),
    ("other-issuer", {"tls.certificate": OK, "tls.chain": OK}),
)


@pytest.mark.parametrize(("kind", "wanted"), CERTIFICATES)
async def test_a_certificate_of_each_kind_is_judged_part_by_part(
    mended: LaunchedWorld, kind: str, wanted: Mapping[str, Verdict]
) -> None:
    mended.inject(do="certificate", host=HOST, kind=kind)
    found = await decisions(mended.profile)
    assert {check: found[check].verdict for check in wanted} == wanted, {c: found[c].headline for c in wanted}
    for each in found.values():
        assert each.verdict not in (FAIL, WARN) or each.finding is not None, each


STAPLES: tuple[tuple[str, str, Verdict, Verdict, str], ...] = (
    ("good", "good", OK, OK, "says good"),
    ("must-staple", "good", OK, OK, "says good"),
    ("good", "revoked", FAIL, FAIL, "says revoked"),
    ("good", "unknown", WARN, OK, "does not know"),
)


@pytest.mark.parametrize(("kind", "staple", "stapling", "revocation", "says"), STAPLES)
async def test_what_is_stapled_counts(
    mended: LaunchedWorld, kind: str, staple: str, stapling: Verdict, revocation: Verdict, says: str
) -> None:
    mended.inject(do="certificate", host=HOST, kind=kind)
    mended.inject(do="staple", host=HOST, kind=staple)
    found = await decisions(mended.profile)
    assert found["tls.stapling"].verdict is stapling, found["tls.stapling"].headline
    assert says in found["tls.stapling"].headline
    assert found["tls.revocation"].verdict is revocation, found["tls.revocation"].headline


async def test_tls_4_a_name_in_the_subject_only_fails(mended: LaunchedWorld) -> None:
    mended.inject(do="certificate", host=HOST, kind="no-san")
    found = await decisions(mended.profile)
    assert (found["tls.certificate"].verdict, found["tls.chain"].verdict) == (FAIL, OK)


@pytest.mark.parametrize(
    ("kind", "staple", "says"), [("must-staple", "none", "must staple"), ("good", "stale", "out of date")]
)
async def test_tls_7_a_staple_that_is_demanded_and_missing_or_is_out_of_date_fails(
    mended: LaunchedWorld, kind: str, staple: str, says: str
) -> None:
    mended.inject(do="certificate", host=HOST, kind=kind)
    mended.inject(do="staple", host=HOST, kind=staple)
    found = await decisions(mended.profile)
    assert (found["tls.stapling"].verdict, found["tls.revocation"].verdict) == (FAIL, OK)
    assert says in found["tls.stapling"].headline


@pytest.mark.parametrize("kind", ["few-scts", "no-scts"])
async def test_tls_8_fewer_timestamps_than_the_policy_wants_are_a_warning(mended: LaunchedWorld, kind: str) -> None:
    mended.inject(do="certificate", host=HOST, kind=kind)
    found = await decisions(mended.profile)
    assert (found["tls.transparency"].verdict, found["tls.certificate"].verdict) == (WARN, OK)


RESPONDERS = (
    ("issuer-signed", OK, "not revoked"),
    ("try-later", UNKNOWN, "try later"),
    ("internal-error", UNKNOWN, "error of its own"),
    ("unauthorized", UNKNOWN, "may not answer"),
    ("unknown", WARN, "does not know"),
    ("stale", WARN, "out of date"),
    ("forged", UNKNOWN, "not valid"),
)


@pytest.mark.parametrize(("fault", "verdict", "says"), RESPONDERS)
async def test_a_responder_that_does_not_say_good_is_told_apart(
    mended: LaunchedWorld, fault: str, verdict: Verdict, says: str
) -> None:
    mended.inject(do="ocsp-fault", kind=fault)
    found = (await decisions(mended.profile))["tls.revocation"]
    assert found.verdict is verdict, found.headline
    assert says in found.headline


async def test_a_responder_that_is_down_says_nothing_about_the_certificate(mended: LaunchedWorld) -> None:
    places = [place for place in mended.profile.dial if place.endswith("90:80")]
    dial = {**mended.profile.dial, **dict.fromkeys(places, "127.0.0.1:1")}
    cut = msgspec.structs.replace(mended.profile, dial=dial)
    found = (await decisions(cut))["tls.revocation"]
    assert found.verdict is UNKNOWN
    assert "cannot be reached" in found.headline


async def test_a_revocation_is_told_with_its_time_and_reason(mended: LaunchedWorld) -> None:
    mended.inject(do="certificate", host=HOST, kind="revoked")
    found = (await decisions(mended.profile))["tls.revocation"]
    assert found.evidence["kind"] == "certificate-revoked"
    assert "reason keyCompromise" in found.headline
    (host,) = found.evidence["hosts"]
    assert host["answers"][0]["revoked_at"]


async def test_tls_1_a_missing_intermediate_is_named_with_where_it_can_be_had(mended: LaunchedWorld) -> None:
    mended.inject(do="certificate", host=HOST, kind="missing-chain")
    found = await decisions(mended.profile)
    chain = found["tls.chain"]
    assert chain.finding is not None
    assert "DRILL - NOT TRUSTED issuer" in chain.finding.now
    assert "http://issuer.drill-ca.example/issuer.der" in chain.finding.fix
    drawn = chain.evidence["chains"][0]["chain"]
    assert [each["missing"] for each in drawn] == [False, True]
    assert chain.evidence["quiet"], "the alert is raised by tls.certificate"


async def test_timestamps_are_counted_but_not_believed_without_a_list_of_logs(mended: LaunchedWorld) -> None:
    found = (await decisions(msgspec.structs.replace(mended.profile, ct_logs=())))["tls.transparency"]
    assert found.verdict is OK
    assert "not checked" in found.headline
    assert found.evidence["hosts"][0]["verified"] == 0


async def test_timestamps_of_a_log_with_another_key_are_not_good(mended: LaunchedWorld) -> None:
    first, second = mended.profile.ct_logs
    swapped = (msgspec.structs.replace(first, key=second.key),)
    found = (await decisions(msgspec.structs.replace(mended.profile, ct_logs=swapped)))["tls.transparency"]
    assert found.verdict is WARN
    assert {each["state"] for each in found.evidence["hosts"][0]["timestamps"]} == {"good", "unknown-log"}


async def test_the_picture_of_a_good_chain_goes_from_the_leaf_to_the_root(mended: LaunchedWorld) -> None:
    drawn = (await decisions(mended.profile))["tls.chain"].evidence["chains"][0]["chain"]
    assert [each["role"] for each in drawn] == ["leaf", "intermediate", "root"]
    assert [each["presented"] for each in drawn] == [True, True, False]
    assert not any(each["trouble"] for each in drawn)


async def test_tls_6_a_client_that_names_no_host_and_is_shown_another_certificate_is_told() -> None:
    clock = SystemClock()
    authority = DrillAuthority(clock)
    network = HostNetwork(authority, clock)
    for name in ("www.one.example", "www.two.example"):
        network.add_host(name, "203.0.113.99")
    await network.start()
    profile = Profile(dial=network.dial, loopback_only=True, ca_pem=authority.ca_pem)
    visits, at = Visits(profile, Trust(profile)), datetime.now(UTC)
    probe = TlsProbe(profile, Trust(profile), visits)
    told = {}
    for name in ("www.one.example", "www.two.example"):
        visit = await visits.at_address(Visit(name, 443, at, address="203.0.113.99"))
        readings = await probe.look(name, "tls.certificate", name, 443, at=at, visits=[visit])
        told[name] = {each.check: each for each in judge_parts(name, readings, at)}["tls.chain"]
    await network.close()
    assert [each.verdict for each in told.values()] == [OK, Verdict.INFO]
    assert told["www.two.example"].headline.endswith(
        "clients that name no host are shown another certificate, for www.one.example"
    )


async def test_tls_9_a_lifetime_that_authorities_may_not_give_any_more_is_a_warning(mended: LaunchedWorld) -> None:
    mended.inject(do="certificate", host=HOST, kind="good", days_left=250)
    found = (await decisions(mended.profile))["tls.expiry"]
    assert found.verdict is WARN, found.headline
    assert "200 days" in f"{found.headline} {found.finding}"


@pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no ::1")
async def test_tls_5_each_address_is_looked_at_by_itself(world: LaunchedWorld) -> None:
    host, at = "admin.example", datetime.now(UTC)
    probe = TlsProbe(world.profile, Trust(world.profile))
    world.inject(do="certificate", host=host, kind="expired", address="2001:db8:50::1")
    readings = await probe.look(host, "tls.certificate", host, 443, at=at)
    world.inject(do="certificate", host=host, kind="good")
    *apart, decision = judge_certificates(host, readings, at)
    assert {each.evidence["address"]: each.verdict for each in apart} == {
        "203.0.113.50": OK,
        "2001:db8:50::1": FAIL,
    }
    assert decision.verdict is FAIL


async def test_certificate_and_page_share_one_connection(mended: LaunchedWorld) -> None:
    profile = mended.profile
    opened: list[Any] = []

    class Counting(Visits):
        async def at_address(self, place: Any, path: str | None = None, deadline_s: float = 10.0) -> Any:
            opened.append(place)
            return await super().at_address(place, path, deadline_s)

    trust = Trust(profile)
    visits = Counting(profile, trust)
    at = datetime.now(UTC)
    (certificate,), (page,) = await asyncio.gather(
        TlsProbe(profile, trust, visits).look("shop.example", "tls.certificate", HOST, 443, at=at, path="/health"),
        HttpProbe(profile, trust, visits).look("shop.example", "http.health", HOST, 443, "/health", at=at),
    )
    assert len(opened) == 1
    assert page.seen["status"] == 200
    assert certificate.seen["verification"]["reason"] == ""

    waiting = asyncio.create_task(visits.next_of(HOST, 443, 20.0))
    await asyncio.sleep(0)
    await HttpProbe(profile, trust, visits).look("shop.example", "http.health", HOST, 443, "/health", at=at)
    (caught,) = await waiting
    assert len(opened) == 2
    assert caught.chain
    assert caught.page is None
