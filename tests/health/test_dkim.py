"""DKIM records: what is missing is named, what is cached is told from what is gone."""

from typing import Any

import pytest

from cockpit.health.dkim import judge_dkim
from cockpit.health.dkim_expected import Expectation, expect, questions, txt_record
from cockpit.health.model import Observation, Reading, Verdict
from tests.health.dns_readings import AT, answer, name_server, server, verdicts

DOMAIN = "shop.example"
TOKENS = ("aaa", "bbb", "ccc")
ZONE = "dkim.ca-central-1.amazonses.com"
KEY = "v=DKIM1; p=MIIB"
GOOD = {"kind": "rsa", "bits": 2048, "sha256": "ours"}


def easy() -> Expectation:
    found = expect(DOMAIN, {"origin": "AWS_SES", "tokens": TOKENS, "hosted_zone": ZONE})
    assert found is not None
    return found


def own(sha256: str = "ours") -> Expectation:
    found = expect(
        DOMAIN, {"origin": "EXTERNAL", "tokens": []}, selector="s1", public_key="MIIB", key_sha256=sha256
    )
    assert found is not None
    return found


def at_source(number: int, *missing: str, status: str = "answer") -> Reading:
    asked = []
    for token in TOKENS:
        name = f"{token}._domainkey.{DOMAIN}"
        if token in missing:
            asked.append(answer(name, "CNAME", "nxdomain", ttl_s=30))
        else:
            asked.append(answer(name, "CNAME", status, [f"{token}.{ZONE}."] if status == "answer" else []))
    return name_server(number, *asked)


def resolver(name: str, *missing: str, ttl_s: int = 45) -> Reading:
    asked = []
    for token in TOKENS:
        record = f"{token}._domainkey.{DOMAIN}"
        if token in missing:
            asked.append(answer(record, "TXT", "nxdomain", ttl_s=ttl_s))
        else:
            asked.append(answer(record, "TXT", "answer", [KEY], alias=f"{token}.{ZONE}", ttl_s=ttl_s))
    return server(name, *asked)


def own_answer(value: str = KEY, facts: dict[str, Any] | None = None, **more: Any) -> Reading:
    asked = answer(f"s1._domainkey.{DOMAIN}", "TXT", values=[value], keys=[facts or GOOD], **more)
    return name_server(1, asked)


def decide(expectation: Expectation, *readings: Reading) -> Observation:
    return judge_dkim(expectation, readings, AT)[-1]


def test_all_three_published_and_seen_is_ok() -> None:
    decision = decide(easy(), at_source(1), at_source(2), resolver("google"), resolver("quad9"))
    assert decision.verdict is Verdict.OK
    assert decision.headline == "DKIM: 3 CNAMEs published at 2 name servers, seen by 2 resolvers"
    assert decision.evidence["agreeing"] == decision.evidence["asked"] == 4


def test_case_56_two_of_three_fails_and_names_the_missing_one_with_its_record() -> None:
    observations = judge_dkim(easy(), [at_source(1, "bbb"), at_source(2, "bbb"), resolver("google")], AT)
    decision = observations[-1]
    assert decision.verdict is Verdict.FAIL
    assert decision.headline == "DKIM: 1 of 3 CNAMEs gone at all 2 name servers"
    assert decision.finding is not None
    assert decision.finding.record == f"bbb._domainkey.{DOMAIN}. 1800 IN CNAME bbb.{ZONE}."
    assert "bbb._domainkey" in decision.finding.now
    assert decision.evidence["missing"] == [f"bbb._domainkey.{DOMAIN}"]
    assert verdicts(observations) == {
        "ns1": Verdict.FAIL,
        "ns2": Verdict.FAIL,
        "google": Verdict.WARN,
        "": Verdict.FAIL,
    }
    assert observations[2].headline == "1 of 3 CNAMEs only remembered, 45 s left"


def test_a_record_missing_at_one_of_two_name_servers_names_that_server() -> None:
    decision = decide(easy(), at_source(1), at_source(2, "ccc"), resolver("google"))
    assert decision.verdict is Verdict.FAIL
    assert decision.headline == "DKIM: 1 of 3 CNAMEs gone at 1 of 2 name servers (ns2)"


def test_case_8_published_and_still_negative_at_a_resolver_is_pending_with_the_time_left() -> None:
    decision = decide(easy(), at_source(1), resolver("google", "aaa", ttl_s=90), resolver("quad9"))
    assert decision.verdict is Verdict.WARN
    assert decision.evidence["kind"] == "propagation"
    assert decision.evidence["all_clear_at"] == "2026-11-20T14:01:30+00:00"
    assert "1 of 2 resolvers (google)" in decision.headline


def test_case_5_one_silent_resolver_is_unknown_and_the_others_decide() -> None:
    silent = server("quad9", *(answer(f"{t}._domainkey.{DOMAIN}", "TXT", "timeout") for t in TOKENS))
    observations = judge_dkim(easy(), [at_source(1), resolver("google"), silent], AT)
    assert verdicts(observations) == {
        "ns1": Verdict.OK,
        "google": Verdict.OK,
        "quad9": Verdict.UNKNOWN,
        "": Verdict.OK,
    }


def test_case_6_all_silent_is_unknown_and_asks_whether_it_is_us() -> None:
    silent = [server(n, *(answer(f"{t}._domainkey.{DOMAIN}", "TXT", "timeout") for t in TOKENS)) for n in "ab"]
    decision = decide(easy(), *silent)
    assert decision.verdict is Verdict.UNKNOWN
    assert "our own network" in decision.headline


def test_without_the_source_the_resolvers_decide() -> None:
    decision = decide(easy(), resolver("google", "aaa"), resolver("quad9", "aaa"))
    assert decision.verdict is Verdict.FAIL
    assert decision.headline == "DKIM: 1 of 3 CNAMEs gone at all 2 resolvers"
    assert decide(easy(), resolver("google"), resolver("quad9")).verdict is Verdict.INFO


def test_a_cname_to_elsewhere_is_wrong_and_says_where_it_points() -> None:
    name = f"aaa._domainkey.{DOMAIN}"
    others = [answer(f"{t}._domainkey.{DOMAIN}", "CNAME", values=[f"{t}.{ZONE}"]) for t in ("bbb", "ccc")]
    decision = decide(easy(), name_server(1, answer(name, "CNAME", values=["aaa.dkim.amazonses.com."]), *others))
    assert decision.verdict is Verdict.FAIL
    assert decision.finding is not None
    assert "points to aaa.dkim.amazonses.com" in decision.finding.now


def test_case_55_a_cname_whose_key_is_not_there_fails() -> None:
    asked = [answer(f"{t}._domainkey.{DOMAIN}", "TXT", "nxdomain", alias=f"{t}.{ZONE}") for t in TOKENS]
    assert decide(easy(), server("google", *asked)).verdict is Verdict.FAIL


def test_case_22_case_and_final_dot_do_not_matter() -> None:
    asked = [answer(f"{t}._domainkey.{DOMAIN}", "CNAME", values=[f"{t.upper()}.{ZONE}."]) for t in TOKENS]
    assert decide(easy(), name_server(1, *asked)).verdict is Verdict.OK


def test_our_own_key_published_is_ok() -> None:
    decision = decide(own(), own_answer())
    assert decision.verdict is Verdict.OK
    assert decision.headline.startswith("DKIM: 1 TXT record published")


@pytest.mark.parametrize(
    ("case", "value", "facts", "verdict"),
    [
        (44, "v=DKIM1; p=", {"kind": "revoked"}, Verdict.FAIL),
        (45, "p=MIIB", GOOD, Verdict.OK),
        (45, "p=MIIB; v=DKIM1", GOOD, Verdict.FAIL),
        (48, KEY, {"kind": "rsa", "bits": 768, "sha256": "ours"}, Verdict.FAIL),
        (48, KEY, {"kind": "rsa", "bits": 1024, "sha256": "ours"}, Verdict.WARN),
        (49, "v=DKIM1; h=sha1; p=MIIB", GOOD, Verdict.FAIL),
        (50, "v=DKIM1; t=y; p=MIIB", GOOD, Verdict.WARN),
        (50, "v=DKIM1; t=s; p=MIIB", GOOD, Verdict.OK),
        (53, KEY, {"error": "p= is not base64"}, Verdict.FAIL),
        (54, KEY, {"kind": "rsa", "bits": 2048, "sha256": "theirs"}, Verdict.FAIL),
        (18, "v=spf1 -all", {"error": "not a DKIM key record"}, Verdict.FAIL),
    ],
)
def test_key_records_by_case(case: int, value: str, facts: dict[str, Any], verdict: Verdict) -> None:
    assert decide(own(), own_answer(value, facts)).verdict is verdict, case


def test_case_51_two_keys_at_one_selector_are_ambiguous() -> None:
    asked = answer(f"s1._domainkey.{DOMAIN}", "TXT", values=[KEY, KEY + "x"], keys=[GOOD, GOOD])
    assert decide(own(), name_server(1, asked)).verdict is Verdict.FAIL


def test_a_missing_own_record_can_be_copied_whole() -> None:
    decision = decide(own(), name_server(1, answer(f"s1._domainkey.{DOMAIN}", "TXT", "nxdomain")))
    assert decision.headline == f"DKIM: s1._domainkey.{DOMAIN} is gone at the only name server"
    assert decision.finding is not None
    assert decision.finding.record == f's1._domainkey.{DOMAIN}. 1800 IN TXT "v=DKIM1; k=rsa; p=MIIB"'


def test_case_24_a_long_value_is_cut_into_strings_of_255() -> None:
    record = txt_record("s1._domainkey.shop.example", "p=" + "A" * 400)
    strings = record.split(" TXT ")[1].split('" "')
    assert [len(part.strip('"')) for part in strings] == [255, 147]


def test_what_ses_says_decides_which_records_are_expected() -> None:
    assert easy().records[0].target == f"aaa.{ZONE}"
    assert expect(DOMAIN, {"origin": "AWS_SES", "tokens": TOKENS}).records[0].target == "aaa.dkim.amazonses.com"  # type: ignore[union-attr]
    assert expect(DOMAIN, {"origin": "EXTERNAL", "tokens": ["s9"]}, selector="s1").records[0].name.startswith("s9.")  # type: ignore[union-attr]
    assert expect(DOMAIN, {"origin": "EXTERNAL", "tokens": []}) is None
    assert expect(DOMAIN, None, selector="s1").origin == "own"  # type: ignore[union-attr]
    assert expect(DOMAIN, None) is None


def test_a_selector_that_is_not_in_use_is_never_asked_for() -> None:
    asked = questions(easy())
    assert all("s1" not in name for role in asked.values() for name, _ in role)
