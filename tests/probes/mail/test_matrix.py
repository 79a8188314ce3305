"""Mail records at every name server and every resolver, each on its own, over real sockets."""

from collections.abc import AsyncIterator

import dns.message
import dns.rrset
import pytest

from cockpit.clock import SystemClock
from cockpit.drill.dns import fault
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.probes.trust.certificates import Trust
from cockpit.watch.mail import MailLooks, Sending
from tests.probes.stage import DOMAIN, NS1, NS2, Stage, stage

SPF = "mail.spf"
RESOLVERS = {"google", "cloudflare", "opendns"}
LONG = "v=spf1 " + " ".join(f"ip4:198.51.100.{last}" for last in range(100, 130)) + " -all"


@pytest.fixture
async def internet() -> AsyncIterator[Stage]:
    async with stage() as made:
        made.shop.publish(DOMAIN, "TXT", '"v=spf1 -all"')
        yield made


async def look(internet: Stage, looks: MailLooks | None = None) -> dict[str, dict[str, Observation]]:
    """Observations by check and vantage."""
    used = looks or MailLooks(internet.profile, Trust(internet.profile))
    found: dict[str, dict[str, Observation]] = {}
    for each in await used.records(Sending(internet.domain, None), SystemClock().now()):
        found.setdefault(each.check, {})[each.vantage] = each
    return found


async def test_every_server_has_a_row_for_what_is_there_and_none_for_what_is_not(internet: Stage) -> None:
    found = await look(internet)
    assert set(found[SPF]) == {NS1[0], NS2[0], DECISION} | RESOLVERS
    cell = found[SPF]["google"].evidence["cells"][0]
    assert (cell["record"], cell["type"], cell["value"], cell["state"]) == (DOMAIN, "TXT", "v=spf1 -all", "good")
    assert found[SPF][DECISION].evidence["agreement"]["percent"] == 100
    assert set(found["mail.tls_rpt"]) == {DECISION}


async def test_a_name_server_with_another_record_fails_the_check_and_is_named(internet: Stage) -> None:
    def change(query: dns.message.Message, answer: dns.message.Message) -> None:
        question = query.question[0]
        if question.rdtype.name == "TXT" and question.name.to_text() == f"{DOMAIN}.":
            answer.answer = [dns.rrset.from_text(question.name, 60, "IN", "TXT", '"v=spf1 +all"')]

    await internet.twist(NS2, change)
    found = (await look(internet))[SPF]
    assert found[DECISION].verdict is Verdict.FAIL
    assert found[DECISION].headline == f"the name servers differ about {DOMAIN} TXT"
    finding = found[DECISION].finding
    assert finding is not None
    assert f"{NS2[0]} has v=spf1 +all" in finding.now


async def test_resolvers_that_remember_an_older_record_are_pending_with_the_time(internet: Stage) -> None:
    await look(internet)
    internet.shop.withdraw(DOMAIN, "TXT")
    internet.shop.publish(DOMAIN, "TXT", '"v=spf1 mx -all"')
    internet.shop.publish(DOMAIN, "MX", "10 www.shop.example.")
    found = (await look(internet))[SPF]
    assert {found[name].verdict for name in RESOLVERS} == {Verdict.WARN}
    assert found[NS1[0]].verdict is Verdict.OK
    decision = found[DECISION]
    assert decision.evidence["agreement"]["percent"] == 0
    assert decision.evidence["agreement"]["all_clear_at"]
    assert "all clear at" in decision.headline
    assert decision.verdict is Verdict.WARN


async def test_one_silent_resolver_is_unknown_and_the_others_decide(internet: Stage) -> None:
    internet.network.resolver("opendns").inject(fault("timeout"))
    found = (await look(internet))[SPF]
    assert found["opendns"].verdict is Verdict.UNKNOWN
    assert found[DECISION].verdict is not Verdict.UNKNOWN


async def test_a_value_of_more_than_three_hundred_characters_stays_whole(internet: Stage) -> None:
    internet.shop.withdraw(DOMAIN, "TXT")
    internet.shop.publish(DOMAIN, "TXT", " ".join(f'"{LONG[at : at + 255]}"' for at in range(0, len(LONG), 255)))
    assert len(LONG) > 300
    found = (await look(internet))[SPF]
    assert found["google"].evidence["cells"][0]["value"] == LONG
    assert found[DECISION].evidence["text"] == LONG
