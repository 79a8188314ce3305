"""SPF texts of any kind are read or refused with a reason, and never anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.health.mail.asking import Kind, Told
from cockpit.health.mail.evaluate import Result, check_host
from cockpit.health.mail.syntax import SpfRecord, SpfSyntaxError, is_spf, parse

PIECES = (
    "a mx ip4: ip6: include: exists: ptr redirect= exp= : / // %{ } i d2r example.test 192.0.2.1 2001:db8:: - ~"
)
pieces = st.sampled_from([*PIECES.split(), "?", "+", "all", " ", "%%", "%_", "%-", "=", "33", "0", "é", "\\"])
texts = st.one_of(st.lists(pieces, max_size=12).map("".join), st.text(max_size=60))


@given(texts)
def test_any_text_is_parsed_or_refused_with_its_term(text: str) -> None:
    said = reading(text)
    assert isinstance(said, SpfRecord) or (said.reason and said.term in text)


def reading(text: str) -> SpfRecord | SpfSyntaxError:
    try:
        return parse(f"v=spf1 {text}")
    except SpfSyntaxError as error:
        return error


class Everything:
    """Answers every question with one text, or with an address."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked = 0

    async def ask(self, name: str, rtype: str) -> Told:
        self.asked += 1
        values = {"TXT": self.text, "A": "192.0.2.9", "AAAA": "2001:db8::9", "MX": "10 mx.test", "PTR": "p.test."}
        return Told(name, rtype, Kind.ANSWER, (values[rtype],))


@given(texts, st.text(max_size=30), st.sampled_from(["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"]))
async def test_any_record_and_any_sender_end_in_a_result(text: str, sender: str, ip: str) -> None:
    asker = Everything(f"v=spf1 {text}")
    outcome = await check_host(asker, ip, sender, "helo.test")
    assert outcome.result in set(Result)
    assert asker.asked < 150


@pytest.mark.parametrize(
    ("text", "term", "reason"),
    [
        ("v=spf1 prt -all", "prt", "unknown mechanism; ptr may be meant"),
        ("v=spf1 ip4:1.2.3.4/33", "ip4:1.2.3.4/33", "above 32"),
        ("v=spf1 ip4:2001::", "ip4:2001::", "not an IPv4 address"),
        ("v=spf1 redirect=a.test redirect=b.test", "redirect=b.test", "second redirect="),
        ("v=spf1 exists:%{c}.a.test", "exists:%{c}.a.test", "for explanations only"),
        ("v=spf1 a:localhost", "a:localhost", "does not end in a domain name"),
        ("v=spf1 –all", "–all", "neither a mechanism nor a modifier"),
    ],
)
def test_what_is_wrong_is_said(text: str, term: str, reason: str) -> None:
    with pytest.raises(SpfSyntaxError) as refused:
        parse(text)
    assert refused.value.term == term
    assert reason in refused.value.reason


def test_cases_28_and_29_only_the_version_alone_makes_it_spf() -> None:
    assert is_spf("V=sPf1")
    assert is_spf("v=spf1 -all")
    for text in ("v=spf10", "v=spf1;", " v=spf1 -all", "spf2.0/pra -all", "v=spf1\t-all"):
        assert not is_spf(text), text


def test_refusals_are_sentences() -> None:
    with pytest.raises(SpfSyntaxError, match=r"^'moo' is an unknown mechanism$"):
        parse("v=spf1 moo")
