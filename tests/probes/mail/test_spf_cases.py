"""Cases 20 to 43: what TXT and SPF records of every kind amount to, over real sockets."""

from dataclasses import dataclass, field

import dns.message
import msgspec
import pytest

from cockpit.health.mail.evaluate import check_host
from cockpit.health.mail.names import a_label, same
from cockpit.health.mail.spf import look_spf
from cockpit.health.mail.text_record import txt_record
from cockpit.health.model import Verdict
from cockpit.probes.names.resolving import Resolving
from cockpit.profile import Resolver
from tests.probes.mail.internet import AT, codes, internet, told
from tests.probes.nameserver import ADDRESS, name_server, reply

D = "case.example"
ALLOWED = "192.0.2.1"
OTHER = "203.0.113.9"


@dataclass(frozen=True)
class Case:
    """Records of `case.example`; what a receiver answers for `ip`; what the check makes of them."""

    number: int
    records: tuple[str, ...]
    result: str
    verdict: Verdict
    code: str = ""
    ip: str = OTHER
    never: tuple[str, ...] = ()
    says: str = ""
    silent: tuple[str, ...] = field(default=())


def txt(value: str) -> str:
    """A TXT line, cut into strings that fit."""
    return "@ TXT " + " ".join(f'"{value[start : start + 255]}"' for start in range(0, len(value), 255))


def includes(count: int) -> tuple[str, ...]:
    """As many includes, each of a record that allows nobody."""
    terms = " ".join(f"include:i{number}.{D}" for number in range(count))
    return (txt(f"v=spf1 {terms} -all"), *(f'i{number} TXT "v=spf1 -all"' for number in range(count)))


def exchangers(count: int) -> tuple[str, ...]:
    hosts = tuple(f"@ MX {number} m{number}.{D}." for number in range(count))
    return ('@ TXT "v=spf1 mx -all"', *hosts, *(f"m{number} A {OTHER}" for number in range(count)))


CASES = (
    Case(23, ('@ TXT "v=spf1 ip4:192.0" ".2.1 -a" "ll"',), "pass", Verdict.OK, ip=ALLOWED),
    Case(25, ('@ TXT "v=spf1 ip4:192.0.2.1\\\\; -all"',), "permerror", Verdict.FAIL, "escaped", says="backslashes"),
    Case(25, ('@ TXT "“v=spf1 -all”"',), "none", Verdict.FAIL, "escaped", says='"v=spf1 -all"'),
    Case(26, ('@ TXT " v=spf1 -all"',), "none", Verdict.FAIL, "leading", says="ignore"),
    Case(26, ('@ TXT "\\239\\187\\191v=spf1 -all"',), "none", Verdict.FAIL, "leading"),
    Case(27, ('@ TXT "v=spf1 mx -all"', '@ TXT "v=spf1 a -all"'), "permerror", Verdict.FAIL, "several"),
    Case(28, ('@ TXT "V=sPf1 ip4:192.0.2.1 -all"',), "pass", Verdict.OK, ip=ALLOWED),
    Case(29, ('@ TXT "v=spf10 -all"',), "none", Verdict.FAIL, "version", says="v=spf1 -all"),
    Case(29, ('@ TXT "v=spf1; -all"',), "none", Verdict.FAIL, "version", says="v=spf1 -all"),
    Case(30, includes(11), "permerror", Verdict.FAIL, "lookups", says="11 DNS lookups, 10 are allowed"),
    Case(30, includes(10), "fail", Verdict.INFO, "lookups-full", never=("lookups",)),
    Case(
        30,
        (
            txt(
                "v=spf1 "
                + " ".join(f"include:i{number}.{D}" for number in range(10))
                + " ip4:192.0.2.1 ip6:2001:db8::1 exp=why.%{d} -all"
            ),
            *includes(10)[1:],
        ),
        "pass",
        Verdict.INFO,
        ip=ALLOWED,
        never=("lookups",),
    ),
    Case(
        31,
        ('@ TXT "v=spf1 a:x.case.example a:y.case.example a:z.case.example -all"',),
        "permerror",
        Verdict.FAIL,
        "voids",
        says="3 lookups find nothing, 2 are allowed",
    ),
    Case(31, ('@ TXT "v=spf1 a:x.case.example a:y.case.example -all"',), "fail", Verdict.WARN, "voids"),
    Case(32, exchangers(11), "permerror", Verdict.FAIL, "reference", says="11 mail exchangers; 10 are allowed"),
    Case(32, exchangers(10), "pass", Verdict.OK),
    Case(
        33,
        ('@ TXT "v=spf1 redirect=nowhere.example ~all"',),
        "softfail",
        Verdict.INFO,
        "redirect-ignored",
        never=("reference",),
    ),
    Case(33, ('@ TXT "v=spf1 redirect=b.case.example"', "b A 192.0.2.7"), "permerror", Verdict.FAIL, "reference"),
    Case(33, ('@ TXT "v=spf1 redirect=a.example redirect=b.example"',), "permerror", Verdict.FAIL, "syntax"),
    Case(34, ('@ TXT "v=spf1 include:b.case.example"', "b A 192.0.2.7"), "permerror", Verdict.FAIL, "reference"),
    Case(
        34,
        ('@ TXT "v=spf1 include:slow.case.example -all"',),
        "temperror",
        Verdict.UNKNOWN,
        silent=("slow.case.example",),
    ),
    Case(35, ('@ TXT "v=spf1 ip4:192.0.2.1"',), "neutral", Verdict.WARN, "no-all", says="ip4:192.0.2.1 ~all"),
    Case(36, ('@ TXT "v=spf1 -all ip4:203.0.113.9"',), "fail", Verdict.INFO, "after-all"),
    Case(37, ('@ TXT "v=spf1 ip4:192.0.2.1 +all"',), "pass", Verdict.FAIL, "plus-all"),
    Case(38, ('@ TXT "v=spf1 ptr -all"',), "fail", Verdict.WARN, "ptr"),
    Case(39, ('@ TXT "v=spf1 include:%{i}.case.example ~all"',), "permerror", Verdict.INFO, "macros"),
    Case(39, ('@ TXT "v=spf1 exists:%{c}.case.example -all"',), "permerror", Verdict.FAIL, "syntax"),
    Case(40, ('@ TXT "v=spf1 ip4:1.2.3.4/33 -all"',), "permerror", Verdict.FAIL, "syntax", says="above 32"),
    Case(40, ('@ TXT "v=spf1 ip4:2001:: -all"',), "permerror", Verdict.FAIL, "syntax", says="not an IPv4 address"),
    Case(41, ('@ TXT "v=spf1 ip4:203.0.113.9 -all future=yes"',), "pass", Verdict.INFO, "unknown-modifier"),
    Case(41, ('@ TXT "v=spf1 ip4:203.0.113.9 future:yes -all"',), "permerror", Verdict.FAIL, "syntax"),
    Case(42, ("@ TYPE99 \\# 12 0b763d73706631202d616c6c",), "none", Verdict.WARN, "type-99"),
    Case(
        43,
        (txt("v=spf1 " + " ".join(f"ip4:198.51.100.{last}" for last in range(100, 126)) + " -all"),),
        "fail",
        Verdict.WARN,
        "long",
        says="octets",
    ),
)


def named(case: Case) -> str:
    place = [each for each in CASES if each.number == case.number].index(case) + 1
    return f"case_{case.number}_{place}"


@pytest.mark.parametrize("case", [pytest.param(each, id=named(each)) for each in CASES])
async def test_spf_case(case: Case) -> None:
    async with internet({D: case.records}, silent=case.silent) as asker:
        outcome = await check_host(asker, case.ip, f"user@{D}", f"mail.{D}")
        seen = await look_spf(asker, D, AT)
    assert outcome.result == case.result, outcome
    assert seen.verdict is case.verdict, told(seen)
    found = codes(seen)
    if case.code:
        assert found[case.code] is case.verdict
    assert not set(case.never) & set(found)
    assert case.says in told(seen)
    if case.verdict in (Verdict.FAIL, Verdict.WARN):
        assert seen.finding is not None
        assert seen.finding.now
        assert seen.finding.fix


async def test_case_27_names_both_records_and_proposes_one() -> None:
    lines = ['@ TXT "v=spf1 include:amazonses.com -all"', '@ TXT "v=spf1 mx -all"']
    async with internet({D: lines}) as asker:
        seen = await look_spf(asker, D, AT)
    assert "several" in codes(seen)
    assert seen.finding is not None
    assert seen.finding.record is not None
    assert set(seen.finding.record.split('"')[1].split()) == {"v=spf1", "include:amazonses.com", "mx", "-all"}


async def test_case_20_a_u_label_is_asked_for_as_an_a_label() -> None:
    assert a_label("Bücher.Example.") == "xn--bcher-kva.example"
    async with internet({"xn--bcher-kva.example": ['@ TXT "v=spf1 ip4:192.0.2.1 -all"']}) as asker:
        outcome = await check_host(asker, ALLOWED, "user@bücher.example", "mail.example")
    assert (outcome.result, outcome.domain) == ("pass", "xn--bcher-kva.example")


async def test_case_21_ttls_that_differ_inside_a_set_are_told() -> None:
    records = (f'{D}. 300 IN TXT "v=spf1 -all"', f'{D}. 60 IN TXT "hello"')

    def uneven(query: dns.message.Message, _: bool) -> bytes:
        return reply(query, *records)

    async with name_server(uneven) as profile:
        pinned = msgspec.structs.replace(profile, resolvers=(Resolver("test", ADDRESS),))
        seen = await look_spf(Resolving(pinned), D, AT)
    assert seen.verdict is Verdict.WARN
    assert codes(seen) == {"ttls-differ": Verdict.WARN}


async def test_case_22_names_are_equal_whatever_their_case() -> None:
    assert same("WWW.Shop.Example.", "www.shop.example")
    async with internet({D: ['@ TXT "v=spf1 a:HOST.Case.EXAMPLE -all"', f"host A {ALLOWED}"]}) as asker:
        outcome = await check_host(asker, ALLOWED, f"user@{D.upper()}", "mail.example")
    assert outcome.result == "pass"


def test_case_24_a_long_value_in_a_to_do_is_split() -> None:
    value = "v=spf1 " + " ".join(f"ip4:192.0.2.{last}" for last in range(40)) + " -all"
    record = txt_record(D, value)
    strings = record.partition(" IN TXT ")[2].strip('"').split('" "')
    assert all(len(each) <= 255 for each in strings)
    assert "".join(strings) == value


async def test_a_resolver_that_is_silent_is_passed_over() -> None:
    async with internet({D: ['@ TXT "v=spf1 -all"']}) as asker:
        dead = Resolver("dead", "127.0.0.1", 1)
        profile = msgspec.structs.replace(asker.profile, resolvers=(dead, *asker.profile.resolvers))
        outcome = await check_host(Resolving(profile), OTHER, f"user@{D}", "mail.example")
    assert outcome.result == "fail"


async def test_odd_octets_in_a_sender_are_asked_for_and_harm_nothing() -> None:
    lines = ['@ TXT "v=spf1 exists:%{l}.x.case.example -all"']
    async with internet({D: lines}) as asker:
        for local in ("a b", 'quo"te', "back\\slash", "é", "a..b", "x" * 80, "semi;colon", "at@at", "*"):
            outcome = await check_host(asker, OTHER, f"{local}@{D}", "mail.example")
            assert outcome.result == "fail", (local, outcome)
