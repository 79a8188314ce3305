"""One look is read as records: what each is at its source, in an order that does not change by itself."""

from datetime import UTC, datetime
from typing import Any

from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.records import records_asked, records_seen

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def cell(
    state: str, value: str = "", *, record: str = "shop.example", type: str = "MX", why: str = ""
) -> dict[str, Any]:
    return {"record": record, "type": type, "state": state, "ttl_s": 60, "value": value, "why": why}


def seat(vantage: str, *cells: dict[str, Any], role: str = "authoritative") -> Observation:
    evidence = {"role": role, "cells": list(cells)}
    return Observation("shop.example", "dns.resolution", vantage, Verdict.OK, "", AT, evidence=evidence)


def seen(*seats: Observation) -> list[tuple[str, bool]]:
    return [(each.value, each.good) for each in records_seen("dns.resolution", seats)]


def test_servers_that_agree_in_another_order_make_one_value() -> None:
    assert seen(seat("ns1", cell("good", "20 b., 10 a.")), seat("ns2", cell("good", "10 a., 20 b."))) == [
        ("10 a., 20 b.", True)
    ]


def test_servers_that_differ_are_named_with_what_each_has() -> None:
    ((value, good),) = seen(seat("ns1", cell("gone", why="does not exist")), seat("ns2", cell("good", "10 a.")))
    assert value == "10 a. at ns2; no record at ns1"
    assert not good


def test_a_server_that_says_nothing_usable_is_no_evidence() -> None:
    assert seen(seat("ns1", cell("unknown")), seat("ns2", cell("good", "10 a."))) == [("10 a.", True)]
    assert seen(seat("ns1", cell("unknown")), seat("ns2", cell("unknown"))) == []


def test_resolvers_are_heard_only_where_no_name_server_is_and_all_of_them_agree() -> None:
    google, quad9 = (
        seat("google", cell("good", "10 a."), role="resolver"),
        seat("quad9", cell("gone"), role="resolver"),
    )
    assert seen(google, seat("ns1", cell("good", "10 b."))) == [("10 b.", True)]
    assert seen(google, seat("ns1", cell("unknown"))) == [("10 a.", True)]
    assert seen(google, quad9) == []


def test_the_serial_of_a_zone_is_no_change_of_it() -> None:
    text = "ns1.example. host.example. {} 7200 900 1209600 300"
    values = {seen(seat("ns1", cell("good", text.format(number), type="SOA")))[0][0] for number in (1, 2)}
    assert values == {"ns1.example. host.example."}


def test_a_server_in_trouble_is_told_from_an_absent_record() -> None:
    assert seen(seat("ns1", cell("broken", why="answers SERVFAIL"))) == [("(answers SERVFAIL)", False)]
    assert seen(seat("ns1", cell("gone", why="does not exist"))) == [("", False)]


def test_what_was_asked_for_is_known_even_where_nobody_answered() -> None:
    assert records_asked("dns.resolution", [seat("ns1", cell("unknown"))]) == {("shop.example", "MX")}


def decided(check: str, verdict: Verdict, evidence: dict[str, Any], vantage: str = DECISION) -> Observation:
    return Observation("shop.example", check, vantage, verdict, "so it is", AT, evidence=evidence)


def test_mail_records_certificates_and_identities_are_records_too() -> None:
    certificate = {"sha256": "ab" * 32, "issuer": "Drill CA", "not_after": "2027-01-05T00:00:00Z"}
    identity = {"origin": "AWS_SES", "dkim_status": "SUCCESS", "tokens": ["a", "b"]}
    for check, evidence, vantage, record, value in (
        ("mail.mx", {"records": ["20 b.", "10 a."]}, "", "shop.example MX", "10 a., 20 b."),
        ("mail.spf", {"text": "v=spf1 -all"}, "", "shop.example TXT (SPF)", "v=spf1 -all"),
        ("mail.dmarc", {"record": "v=DMARC1; p=none", "source": "shop.example"}, "", "_dmarc.shop.example TXT",
         "v=DMARC1; p=none"),
        ("tls.certificate", certificate, "www 192.0.2.1", "www 192.0.2.1 certificate",
         "by Drill CA, until 2027-01-05, sha256 abababababababab"),
        ("ses.identity", identity, "", "shop.example SES DKIM", "AWS_SES SUCCESS"),
    ):  # fmt: skip
        found, *_ = records_seen(check, [decided(check, Verdict.OK, evidence, vantage)])
        assert (f"{found.record} {found.type}", found.value, found.good) == (record, value, True)
        bad, *_ = records_seen(check, [decided(check, Verdict.FAIL, evidence, vantage)])
        assert (bad.good, bad.why) == (False, "so it is")
        assert records_seen(check, [decided(check, Verdict.UNKNOWN, evidence, vantage)]) == []
