"""MTA-STS: the record, the policy, and whether the two and the MX records say the same."""

import pytest

from cockpit.health.mail.asking import Kind, Told
from cockpit.health.mail.mta_sts import Earlier, PolicyFile, covers, digest, judge_mta_sts, parse_policy, record_id
from cockpit.health.model import Observation, Verdict
from tests.probes.mail.internet import AT, codes, told

D = "case.example"
POLICY = "version: STSv1\nmode: enforce\nmx: mx.case.example\nmax_age: 1209600\n"


def record(*values: str) -> Told:
    return Told(f"_mta-sts.{D}", "TXT", Kind.ANSWER if values else Kind.NXDOMAIN, values)


def judge(
    text: str = POLICY,
    *,
    values: tuple[str, ...] = ("v=STSv1; id=7;",),
    hosts: tuple[str, ...] = ("mx.case.example",),
    earlier: Earlier | None = None,
    failure: str = "",
) -> Observation:
    policy = PolicyFile(failure=failure, reason="it redirects to elsewhere") if failure else PolicyFile(text)
    return judge_mta_sts(D, record(*values), policy, hosts, AT, earlier=earlier)


def test_a_policy_that_covers_every_exchanger_is_ok() -> None:
    seen = judge()
    assert (seen.verdict, seen.headline) == (Verdict.OK, "MTA-STS: mode enforce")
    assert seen.evidence["id"] == "7"


def test_a_domain_that_does_not_use_it_is_not_judged() -> None:
    assert judge(values=()).verdict is Verdict.NA
    assert judge(values=("hello",)).verdict is Verdict.NA


def test_a_silent_dns_is_unknown() -> None:
    silent = Told(f"_mta-sts.{D}", "TXT", Kind.FAILED, reason="timeout")
    assert judge_mta_sts(D, silent, None, (), AT).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "values",
    [("v=STSv1; id=7;", "v=STSv1; id=8;"), ("v=STSv1;",), ("v=STSv1; id=not-allowed;",), ("v=STSv1; id=;",)],
)
def test_a_record_that_counts_as_none_fails(values: tuple[str, ...]) -> None:
    assert codes(judge(values=values)) == {"record": Verdict.FAIL}


@pytest.mark.parametrize("value", ["v=STSv1; id=20160831085700Z;", "v=STSv1;id=a", "v=STSv1 ; x=y; id=1"])
def test_ids_are_read(value: str) -> None:
    assert record_id(record(value))[0]


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        ("redirect", Verdict.FAIL),
        ("status", Verdict.FAIL),
        ("bad-certificate", Verdict.FAIL),
        ("no-address", Verdict.FAIL),
        ("timeout", Verdict.UNKNOWN),
        ("no-resolver", Verdict.UNKNOWN),
    ],
)
def test_a_policy_that_cannot_be_fetched_is_told_apart_from_one_that_was_not_seen(
    failure: str, verdict: Verdict
) -> None:
    assert codes(judge(failure=failure)) == {"file": verdict}


def test_an_exchanger_that_the_policy_does_not_name_fails_when_it_is_enforced() -> None:
    hosts = ("mx.case.example", "backup.other.example")
    seen = judge(hosts=hosts)
    assert codes(seen) == {"mx": Verdict.FAIL}
    assert "mx: backup.other.example" in told(seen)
    testing = judge(POLICY.replace("enforce", "testing"), hosts=hosts)
    assert codes(testing) == {"mx": Verdict.WARN, "testing": Verdict.INFO}
    assert judge("version: STSv1\nmode: none\nmax_age: 86400", hosts=hosts).verdict is Verdict.OK


def test_a_policy_that_changed_under_the_same_id_is_a_warning() -> None:
    before = Earlier("7", digest(POLICY.replace("1209600", "604800")))
    seen = judge(earlier=before)
    assert codes(seen) == {"same-id": Verdict.WARN}
    assert "id=8;" in told(seen)
    assert judge(earlier=Earlier("6", before.digest)).verdict is Verdict.OK
    assert judge(earlier=Earlier("7", digest(POLICY))).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("mx.case.example", "MX.Case.Example.", True),
        ("*.case.example", "mx.case.example", True),
        ("*.case.example", "a.mx.case.example", False),
        ("*.case.example", "case.example", False),
        ("mx.case.example", "mx2.case.example", False),
    ],
)
def test_a_star_is_one_label(pattern: str, host: str, matches: bool) -> None:
    assert covers([pattern], host) is matches


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        (POLICY.replace("STSv1", "STSv2"), "version"),
        (POLICY.replace("enforce", "strict"), "mode"),
        (POLICY.replace("1209600", "forever"), "max_age"),
        (POLICY.replace("1209600", "99999999"), "max_age"),
        (POLICY.replace("mx: mx.case.example\n", ""), "names no mx"),
        (POLICY.replace("mx.case", "m*.case"), "first label"),
        (POLICY + "what is this\n", "no key with a value"),
    ],
)
def test_a_policy_that_senders_refuse_says_why(text: str, flaw: str) -> None:
    assert flaw in parse_policy(text).flaws[0]
    assert codes(judge(text)) == {"policy": Verdict.FAIL}


def test_unknown_keys_and_windows_line_ends_are_no_flaw() -> None:
    assert parse_policy(POLICY.replace("\n", "\r\n") + "extra: 1\r\n").flaws == ()


def test_a_short_age_is_a_warning() -> None:
    assert codes(judge(POLICY.replace("1209600", "3600"))) == {"short": Verdict.WARN}
