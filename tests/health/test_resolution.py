"""DNS resolution: the source before the caches, silence before blame, and one stale server by its name."""

from cockpit.health.model import Observation, Reading, Verdict
from cockpit.health.resolution import Pin, Wanted, judge_resolution, questions
from tests.health.dns_readings import AT, answer, name_server, server, verdicts

DOMAIN, WWW = "shop.example", "www.shop.example"
CHECK = "dns.resolution"


def ns(number: int, status: str = "answer", serial: int = 7, host: str = "answer") -> Reading:
    soa = answer(DOMAIN, "SOA", status, ["soa"] if status == "answer" else [], serial=serial)
    return name_server(number, soa, _host(host if status == "answer" else status), check=CHECK)


def rs(name: str, status: str = "answer", host: str = "answer", notes: tuple[str, ...] = ()) -> Reading:
    soa = answer(DOMAIN, "SOA", status, ["soa"] if status == "answer" else [], notes=notes)
    return server(name, soa, _host(host if status == "answer" else status), check=CHECK)


def _host(status: str) -> dict[str, object]:
    return answer(WWW, "A", status, ["203.0.113.9"] if status == "answer" else [], ttl_s=25)


def judge(*readings: Reading, pins: tuple[Pin, ...] = ()) -> list[Observation]:
    return judge_resolution(Wanted(DOMAIN, (WWW,), pins), readings, AT)


def test_agreement_is_ok_with_the_serials_as_evidence() -> None:
    decision = judge(ns(1), ns(2), rs("google"), rs("quad9"))[-1]
    assert decision.verdict is Verdict.OK
    assert decision.headline == "2 name servers and 2 resolvers agree"
    assert decision.evidence["serials"] == {"ns1": 7, "ns2": 7}


def test_case_1_nxdomain_at_every_name_server_fails() -> None:
    decision = judge(ns(1, "nxdomain"), ns(2, "nxdomain"), rs("google"))[-1]
    assert decision.verdict is Verdict.FAIL
    assert decision.headline == f"DNS: {DOMAIN} does not exist at all 2 name servers"


def test_case_2_a_host_without_an_address_fails_as_a_missing_type() -> None:
    decision = judge(ns(1, host="nodata"), rs("google", host="nodata"))[-1]
    assert decision.verdict is Verdict.FAIL
    assert f"{WWW} exists and has no A record" in decision.headline


def test_case_3_servfail_that_goes_away_unchecked_is_a_dnssec_failure() -> None:
    bogus = rs("google", "bogus", notes=("EDE 7",)), rs("quad9", "bogus")
    decision = judge(ns(1), *bogus)[-1]
    assert decision.verdict is Verdict.FAIL
    assert decision.evidence["kind"] == "dnssec-failure"
    assert "EDE 7" in (decision.finding.now if decision.finding else "")


def test_a_single_resolver_that_calls_it_bogus_is_a_warning() -> None:
    assert judge(ns(1), rs("google", "bogus"), rs("quad9"))[-1].verdict is Verdict.WARN


def test_servfail_at_one_resolver_is_unknown_there_and_the_others_decide() -> None:
    observations = judge(ns(1), rs("google", "servfail"), rs("quad9"))
    assert verdicts(observations) == {
        "ns1": Verdict.OK,
        "google": Verdict.UNKNOWN,
        "quad9": Verdict.OK,
        "": Verdict.OK,
    }


def test_servfail_at_every_resolver_fails_though_the_source_is_good() -> None:
    decision = judge(ns(1), rs("google", "servfail"), rs("quad9", "servfail"))[-1]
    assert decision.verdict is Verdict.FAIL
    assert decision.headline == f"DNS: all 2 resolvers answer SERVFAIL for {DOMAIN}"


def test_case_4_one_lame_name_server_is_a_warning_that_names_it() -> None:
    decision = judge(ns(1), ns(2, "refused"), rs("google"))[-1]
    assert decision.verdict is Verdict.WARN
    assert "(ns2) refuses to answer" in decision.headline


def test_refusal_by_every_name_server_fails() -> None:
    decision = judge(ns(1, "refused"), ns(2, "refused"), rs("google"))[-1]
    assert decision.verdict is Verdict.FAIL
    assert decision.headline == f"DNS: all 2 name servers refuse to answer for {DOMAIN}"


def test_case_6_silence_everywhere_is_unknown_and_asks_whether_it_is_us() -> None:
    decision = judge(ns(1, "timeout"), rs("google", "timeout"))[-1]
    assert decision.verdict is Verdict.UNKNOWN
    assert decision.headline.endswith("is it our own network?")


def test_silent_name_servers_with_good_resolvers_are_not_a_failure() -> None:
    assert judge(ns(1, "timeout"), rs("google"))[-1].verdict is Verdict.INFO


def test_case_8_a_resolver_that_remembers_absence_is_pending() -> None:
    decision = judge(ns(1), rs("google", host="nxdomain"), rs("quad9"))[-1]
    assert decision.verdict is Verdict.WARN
    assert decision.evidence["kind"] == "propagation"
    assert "25 s left" in decision.headline


def test_case_11_an_older_serial_names_the_stale_server() -> None:
    decision = judge(ns(1, serial=8), ns(2, serial=7), rs("google"))[-1]
    assert decision.verdict is Verdict.FAIL
    assert "1 of 2 name servers (ns2) still at an older serial than 8" in decision.headline


def test_case_11_a_record_missing_at_one_name_server_fails() -> None:
    decision = judge(ns(1), ns(2, host="nxdomain"), rs("google"))[-1]
    assert decision.verdict is Verdict.FAIL
    assert "1 of 2 name servers (ns2)" in decision.headline


def test_a_pinned_record_that_changed_fails_and_shows_both_values() -> None:
    pin = Pin(WWW, "A", ("203.0.113.10",))
    decision = judge(ns(1), rs("google"), pins=(pin,))[-1]
    assert decision.verdict is Verdict.FAIL
    assert decision.finding is not None
    assert "is 203.0.113.9 and should be 203.0.113.10" in decision.finding.now
    assert judge(ns(1), rs("google"), pins=(Pin(WWW, "A", ("203.0.113.9",)),))[-1].verdict is Verdict.OK


def test_a_name_inside_another_zone_is_there() -> None:
    asked = answer(DOMAIN, "SOA", "nodata", zone="example"), _host("answer")
    assert judge(name_server(1, *asked, check=CHECK))[-1].verdict is Verdict.OK


def test_an_unfound_delegation_leaves_the_decision_to_the_resolvers() -> None:
    seen = {"role": "authoritative", "reason": "no name server of example answers"}
    missing = Reading(DOMAIN, CHECK, "delegation", AT, ns(1).took, seen, "no-delegation")
    observations = judge(missing, rs("google", "nxdomain"), rs("quad9", "nxdomain"))
    assert observations[0].verdict is Verdict.UNKNOWN
    assert observations[-1].verdict is Verdict.FAIL
    assert observations[-1].headline == f"DNS: {DOMAIN} does not exist at all 2 resolvers"


def test_each_question_is_asked_once_and_absence_is_asked_of_name_servers_only() -> None:
    asked = questions(Wanted(DOMAIN, (WWW, WWW), (Pin(WWW, "A", ()),)))
    assert asked["resolver"] == [(DOMAIN, "SOA"), (WWW, "A")]
    assert asked["authoritative"][:2] == asked["resolver"]
    assert all("nothing-here" not in name and "_dmarc" not in name for name, _ in asked["resolver"])
