"""Where mail is taken, and where SES takes bounces: MX and MAIL FROM records over real sockets."""

from typing import Any

import pytest

from cockpit.health.mail.amazonses import judge_amazonses
from cockpit.health.mail.mail_from import judge_mail_from, no_mail_from, read_mail_from
from cockpit.health.mail.mx import judge_mx, read_exchange
from cockpit.health.mail.tls_rpt import judge_tls_rpt
from cockpit.health.model import Observation, Verdict
from tests.probes.mail.internet import AT, codes, internet, told

D = "case.example"
REGION = "ca-central-1"
FEEDBACK = f"feedback-smtp.{REGION}.amazonses.com"
PROVIDER = {"amazonses.com": ['@ TXT "v=spf1 ip4:192.0.2.192/26 -all"', f"feedback-smtp.{REGION} A 192.0.2.200"]}
GOOD_MX, GOOD_SPF = f"bounce MX 10 {FEEDBACK}.", 'bounce TXT "v=spf1 include:amazonses.com ~all"'


@pytest.mark.parametrize(
    ("records", "verdict", "code", "says"),
    [
        pytest.param(["@ MX 10 mx.case.example.", "mx A 192.0.2.1"], Verdict.OK, "", "mx.case.example", id="good"),
        pytest.param(["@ MX 10 mx.case.example.", "mx AAAA 2001:db8::1"], Verdict.OK, "", "", id="only_ipv6"),
        pytest.param(["@ A 192.0.2.1"], Verdict.NA, "", "no MX record", id="none"),
        pytest.param(["@ MX 10 gone.case.example."], Verdict.FAIL, "nowhere", "does not exist", id="mx_to_nothing"),
        pytest.param(
            ["@ MX 10 mx.case.example.", 'mx TXT "x"'], Verdict.FAIL, "nowhere", "has no address", id="mx_bare"
        ),
    ],
)
async def test_mx(records: list[str], verdict: Verdict, code: str, says: str) -> None:
    seen = await exchange(*records)
    assert seen.verdict is verdict, told(seen)
    assert not code or codes(seen)[code] is verdict
    assert says in told(seen)


async def exchange(*records: str) -> Observation:
    async with internet({D: records}) as asker:
        return judge_mx(await read_exchange(asker, D), AT)


async def test_mx_1_a_null_mx_stands_alone() -> None:
    assert (await exchange("@ MX 0 .")).verdict is Verdict.OK
    seen = await exchange("@ MX 0 .", "@ MX 10 mx.case.example.", "mx A 192.0.2.1")
    assert codes(seen)["null-not-alone"] is Verdict.FAIL
    assert "RFC 7505" in told(seen)


async def test_mx_2_an_exchanger_that_is_an_alias_fails() -> None:
    seen = await exchange("@ MX 10 mx.case.example.", "mx CNAME real.case.example.", "real A 192.0.2.1")
    assert codes(seen)["alias"] is Verdict.FAIL
    assert "IN MX 10 real.case.example." in told(seen)


async def test_mx_3_an_exchanger_that_is_an_address_fails() -> None:
    seen = await exchange("@ MX 10 192.0.2.1.")
    assert codes(seen)["literal"] is Verdict.FAIL
    assert "mail.case.example" in told(seen)


async def test_mx_that_cannot_be_seen_is_unknown() -> None:
    async with internet({D: ["@ MX 10 mx.case.example.", "mx A 192.0.2.1"]}, silent=(D,)) as asker:
        assert judge_mx(await read_exchange(asker, D), AT).verdict is Verdict.UNKNOWN


async def mail_from(*records: str, domain: str = f"bounce.{D}", status: str = "SUCCESS") -> Observation:
    identity: dict[str, Any] = {"mail_from": domain, "mail_from_status": status}
    async with internet({D: records, **PROVIDER}) as asker:
        records_seen = await read_mail_from(asker, D, identity, REGION)
    assert records_seen is not None
    return judge_mail_from(records_seen, AT)


async def test_mail_from_as_ses_wants_it_is_ok() -> None:
    seen = await mail_from(GOOD_MX, GOOD_SPF)
    assert seen.verdict is Verdict.OK, told(seen)
    assert seen.evidence["passes"] is True


async def test_mx_6_mail_from_with_a_second_mx_fails() -> None:
    seen = await mail_from(GOOD_MX, "bounce MX 20 mx.case.example.", GOOD_SPF)
    assert codes(seen) == {"mx-several": Verdict.FAIL}
    assert f"MX 10 {FEEDBACK}." in told(seen)


async def test_mx_6_mail_from_in_another_region_fails() -> None:
    seen = await mail_from("bounce MX 10 feedback-smtp.us-east-1.amazonses.com.", GOOD_SPF)
    assert codes(seen) == {"mx-region": Verdict.FAIL}
    assert "another region" in seen.headline


async def test_mail_from_to_another_host_or_to_nowhere_fails() -> None:
    assert codes(await mail_from("bounce MX 10 mx.case.example.", GOOD_SPF)) == {"mx-other": Verdict.FAIL}
    assert codes(await mail_from(GOOD_SPF)) == {"mx-absent": Verdict.FAIL}


async def test_case_19_mail_from_published_with_the_domain_twice_is_hinted_at() -> None:
    seen = await mail_from(f"bounce.{D} MX 10 {FEEDBACK}.", f'bounce.{D} TXT "v=spf1 include:amazonses.com ~all"')
    assert codes(seen)["doubled"] is Verdict.FAIL
    assert f"bounce.{D}.{D}" in told(seen)


async def test_mail_from_needs_an_spf_record_that_lets_ses_send() -> None:
    assert codes(await mail_from(GOOD_MX)) == {"spf-absent": Verdict.FAIL}
    other = await mail_from(GOOD_MX, 'bounce TXT "v=spf1 mx -all"')
    assert codes(other) == {"spf-other": Verdict.FAIL}
    assert other.finding is not None
    assert other.finding.record == f'bounce.{D}. 1800 IN TXT "v=spf1 include:amazonses.com ~all"'


async def test_mail_from_right_in_dns_and_failed_at_ses_is_told_apart() -> None:
    assert codes(await mail_from(GOOD_MX, GOOD_SPF, status="FAILED")) == {"status": Verdict.FAIL}
    assert codes(await mail_from(GOOD_MX, GOOD_SPF, status="TEMPORARY_FAILURE")) == {"status": Verdict.WARN}


async def test_mail_from_elsewhere_is_no_subdomain() -> None:
    seen = await mail_from(GOOD_MX, GOOD_SPF, domain="bounce.elsewhere.example")
    assert "not-below" in codes(seen)


def test_without_a_mail_from_domain_the_check_does_not_apply() -> None:
    seen = no_mail_from(D, AT, identity=True)
    assert seen.verdict is Verdict.NA
    assert "never aligned" in seen.headline


@pytest.mark.parametrize(
    ("records", "verdict", "says"),
    [
        ([], Verdict.NA, "not used"),
        (['_smtp._tls TXT "v=TLSRPTv1; rua=mailto:t@case.example"'], Verdict.OK, ""),
        (['_smtp._tls TXT "v=TLSRPTv1; rua=https://r.example/in,mailto:t@case.example"'], Verdict.OK, ""),
        (['_smtp._tls TXT "v=TLSRPTv1; rua=t@case.example"'], Verdict.WARN, "neither a mailto: nor an https:"),
        (['_smtp._tls TXT "v=TLSRPTv1;"'], Verdict.WARN, "it has no rua="),
        (
            [
                '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:a@b.example"',
                '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:c@d.example"',
            ],
            Verdict.WARN,
            "2 records",
        ),
        (['_smtp._tls TXT "v=TLSRPTv1\\\\; rua=mailto:t@case.example"'], Verdict.FAIL, "backslashes"),
    ],
)
async def test_tls_reports(records: list[str], verdict: Verdict, says: str) -> None:
    async with internet({D: records}) as asker:
        seen = judge_tls_rpt(D, await asker.ask(f"_smtp._tls.{D}", "TXT"), AT)
    assert seen.verdict is verdict, told(seen)
    assert says in told(seen)


async def test_the_old_verification_record_is_worth_a_word_at_most() -> None:
    token = "pmBGN/7MjnfhTKUZ06Enqq1PeGUaOkw8lGhcfwefcHU="
    verified = {"verification_status": "SUCCESS"}
    async with internet({D: [f'_amazonses TXT "{token}"'], "new.example": ["@ A 192.0.2.1"]}) as asker:
        there = await asker.ask(f"_amazonses.{D}", "TXT")
        absent = await asker.ask("_amazonses.new.example", "TXT")
    assert judge_amazonses(D, there, verified, AT).verdict is Verdict.OK
    assert judge_amazonses(D, there, None, AT).verdict is Verdict.INFO
    assert judge_amazonses("new.example", absent, verified, AT).verdict is Verdict.NA
