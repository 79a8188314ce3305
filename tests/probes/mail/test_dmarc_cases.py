"""Cases 18, 19, 25 and 57 to 63: which DMARC record applies, and what is wrong with it, over real sockets."""

from dataclasses import dataclass

import pytest

from cockpit.health.mail.dmarc import look_dmarc
from cockpit.health.mail.dmarc_record import Policy, is_dmarc, parse_dmarc
from cockpit.health.mail.dmarc_walk import discover, organizational, targets
from cockpit.health.model import Verdict
from tests.probes.mail.internet import AT, codes, internet, told

D = "case.example"
REPORTS = f"rua=mailto:d@{D}"


@dataclass(frozen=True)
class Case:
    """Records of `case.example`, the policy that applies to mail from `author`, and what the check says."""

    number: int
    records: tuple[str, ...]
    policy: str
    verdict: Verdict
    code: str = ""
    author: str = D
    says: str = ""


def dmarc(text: str, at: str = "_dmarc") -> str:
    return f'{at} TXT "{text}"'


CASES = (
    Case(18, ('* TXT "v=spf1 -all"',), "", Verdict.WARN, "wildcard", says="wildcard"),
    Case(
        19,
        (f'_dmarc.{D} TXT "v=DMARC1; p=reject; {REPORTS}"',),
        "",
        Verdict.FAIL,
        "doubled",
        says=f"published as _dmarc.{D}.{D}",
    ),
    Case(25, ('_dmarc TXT "v=DMARC1\\\\; p=reject"',), "", Verdict.FAIL, "escaped", says='"v=DMARC1; p=reject"'),
    Case(26, ('_dmarc TXT " v=DMARC1; p=reject"',), "", Verdict.FAIL, "leading"),
    Case(57, ("@ A 192.0.2.1",), "", Verdict.WARN, "absent", says=f"p=none; rua=mailto:dmarc-reports@{D}"),
    Case(57, (dmarc(f"v=DMARC1; p=reject; {REPORTS}"), "sub A 192.0.2.1"), "reject", Verdict.OK, author=f"sub.{D}"),
    Case(
        58,
        (dmarc(f"v=DMARC1; p=reject; {REPORTS}"), dmarc(f"v=DMARC1; p=none; {REPORTS}")),
        "",
        Verdict.FAIL,
        "several",
        says="discard them all",
    ),
    Case(59, (dmarc(f"v=dmarc1; p=reject; {REPORTS}"),), "", Verdict.FAIL, "version", says="v=DMARC1; p=reject"),
    Case(59, (dmarc(f"v = DMARC1 ; p=Reject ;{REPORTS}"),), "reject", Verdict.OK),
    Case(60, (dmarc(f"v=DMARC1; {REPORTS}"),), "none", Verdict.WARN, "no-policy", says="as if it said p=none"),
    Case(60, (dmarc("v=DMARC1; adkim=s"),), "", Verdict.FAIL, "no-policy", says="no DMARC is applied at all"),
    Case(60, (dmarc(f"v=DMARC1; p=reject; sp=nothing; {REPORTS}"),), "none", Verdict.WARN, "no-policy"),
    Case(
        61,
        (dmarc(f"v=DMARC1; p=reject; pct=50; rf=afrf; ri=3600; {REPORTS}"),),
        "reject",
        Verdict.WARN,
        "obsolete",
        says=f'"v=DMARC1; p=reject; {REPORTS}"',
    ),
    Case(
        61, (dmarc(f"v=DMARC1; p=reject; {REPORTS}!10m"),), "reject", Verdict.WARN, "obsolete", says=f'{REPORTS}"'
    ),
    Case(61, (dmarc(f"v=DMARC1; p=reject; t=y; {REPORTS}"),), "quarantine", Verdict.WARN, "testing"),
    Case(61, (dmarc(f"v=DMARC1; p=quarantine; t=y; {REPORTS}"),), "none", Verdict.WARN, "testing"),
    Case(
        62,
        (dmarc(f"v=DMARC1; p=none; sp=quarantine; np=reject; {REPORTS}"),),
        "reject",
        Verdict.OK,
        author=f"absent.{D}",
    ),
    Case(
        62,
        (dmarc(f"v=DMARC1; p=none; sp=quarantine; np=reject; {REPORTS}"), 'real TXT "here"'),
        "quarantine",
        Verdict.OK,
        author=f"real.{D}",
    ),
    Case(
        62, (dmarc(f"v=DMARC1; p=none; sp=quarantine; {REPORTS}"),), "quarantine", Verdict.OK, author=f"absent.{D}"
    ),
    Case(62, (dmarc(f"v=DMARC1; p=reject; {REPORTS}"),), "reject", Verdict.OK, author=f"absent.{D}"),
    Case(
        63,
        (dmarc("v=DMARC1; p=reject; rua=mailto:d@reports.example"),),
        "reject",
        Verdict.WARN,
        "external",
        says=f"{D}._report._dmarc.reports.example",
    ),
)


def named(case: Case) -> str:
    place = [each for each in CASES if each.number == case.number].index(case) + 1
    return f"case_{case.number}_{place}"


@pytest.mark.parametrize("case", [pytest.param(each, id=named(each)) for each in CASES])
async def test_dmarc_case(case: Case) -> None:
    async with internet({D: case.records, "reports.example": ("@ A 192.0.2.9",)}) as asker:
        discovery = await discover(asker, case.author)
        seen = await look_dmarc(asker, case.author, AT)
    assert str(discovery.policy or "") == case.policy
    assert seen.verdict is case.verdict, told(seen)
    if case.code:
        assert codes(seen)[case.code] is case.verdict
    assert case.says in told(seen)


async def test_case_63_consent_of_the_other_domain_or_the_same_organization_is_enough() -> None:
    ours = dmarc(f"v=DMARC1; p=reject; rua=mailto:d@reports.example,mailto:d@in.{D}")
    other = (f'{D}._report._dmarc TXT "v=DMARC1;"',)
    async with internet({D: [ours], "reports.example": other}) as asker:
        seen = await look_dmarc(asker, D, AT)
    assert (seen.verdict, codes(seen)) == (Verdict.OK, {})


async def test_case_57_at_most_eight_queries_and_long_names_jump_to_seven_labels() -> None:
    author = f"a.b.c.d.e.f.g.h.i.j.mail.{D}"
    assert len(targets(author)) == 8
    assert targets(author)[:2] == [author, f"g.h.i.j.mail.{D}"]
    assert targets(f"a.{D}") == [f"a.{D}", D, "example"]
    eight = f"a.b.c.d.e.f.{D}"
    assert targets(eight)[1] == f"b.c.d.e.f.{D}"
    async with internet({D: [dmarc(f"v=DMARC1; p=reject; {REPORTS}")]}) as asker:
        discovery = await discover(asker, author)
    assert (discovery.source, discovery.policy) == (D, Policy.REJECT)
    assert len(discovery.stops) == 8


async def test_case_57_psd_n_is_the_organizational_domain_and_psd_y_the_label_below() -> None:
    department = dmarc(f"v=DMARC1; p=quarantine; psd=n; {REPORTS}", at="_dmarc.dept")
    apex = dmarc(f"v=DMARC1; p=reject; {REPORTS}")
    async with internet({D: [apex, department]}) as asker:
        below = await discover(asker, f"x.dept.{D}")
        assert (below.organizational, below.source, below.policy) == (f"dept.{D}", f"dept.{D}", Policy.QUARANTINE)
        assert (await organizational(asker, f"other.{D}"))[0] == D
    suffix = dmarc(f"v=DMARC1; p=reject; psd=y; {REPORTS}")
    async with internet({D: [suffix]}) as asker:
        below = await discover(asker, f"a.shop.{D}")
        assert (below.organizational, below.source, below.tag) == (f"shop.{D}", D, "p")


async def test_case_58_a_discarded_set_leaves_the_record_above_to_apply() -> None:
    """RFC 9989 section 4.10: the walk goes on as if there were none."""
    two = (dmarc("v=DMARC1; p=none", at="_dmarc.sub"), dmarc("v=DMARC1; p=quarantine", at="_dmarc.sub"))
    async with internet({D: [dmarc(f"v=DMARC1; p=reject; {REPORTS}"), *two, "sub A 192.0.2.1"]}) as asker:
        discovery = await discover(asker, f"sub.{D}")
        seen = await look_dmarc(asker, f"sub.{D}", AT)
    assert (discovery.source, discovery.policy) == (D, Policy.REJECT)
    assert codes(seen)["several"] is Verdict.FAIL


async def test_nothing_is_certain_where_dns_is_silent() -> None:
    async with internet({D: [dmarc("v=DMARC1; p=reject")]}, silent=(f"_dmarc.{D}",)) as asker:
        seen = await look_dmarc(asker, D, AT)
    assert seen.verdict is Verdict.UNKNOWN
    assert "cannot be looked up" in seen.headline


async def test_a_domain_that_sends_no_mail_needs_no_record() -> None:
    async with internet({D: ["@ A 192.0.2.1"]}) as asker:
        assert (await look_dmarc(asker, D, AT, sends=False)).verdict is Verdict.NA


def test_only_its_own_version_first_makes_it_dmarc() -> None:
    for text in ("v=DMARC1", "v=DMARC1;", "v = DMARC1;p=none", "v\t=\tDMARC1 ; x=y"):
        assert is_dmarc(text), text
    for text in (
        "v=dmarc1; p=none",
        "V=DMARC1; p=none",
        "p=none; v=DMARC1",
        " v=DMARC1",
        "v=DMARC12",
        "v=DMARC1 p=none",
    ):
        assert not is_dmarc(text), text


def test_what_cannot_be_understood_is_told_and_without_effect() -> None:
    record = parse_dmarc(
        "v=DMARC1; p=reject; adkim=x; what; p=none; rua=me@case.example, https://r.example/in; new=1"
    )
    assert record is not None
    assert (record.p, record.adkim) == (Policy.REJECT, "r")
    assert [uri.text for uri in record.rua] == ["https://r.example/in"]
    said = " ".join(record.flaws)
    for piece in ("adkim=x", "'what'", "p is there twice", "write mailto:", "new is no tag"):
        assert piece in said
