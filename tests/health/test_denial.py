"""Proofs of absence: no part of a true chain ever denies what exists, and the whole of it denies all the rest."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from cockpit.health.dnssec import denial, hashed_denial
from cockpit.health.dnssec.denial import NameKey, Proof, Span
from cockpit.health.dnssec.hashed_denial import HashedSpan

ZONE: NameKey = (b"example", b"shop")
A, TXT, NS, SOA, DS, NSEC = 1, 16, 2, 6, 43, 47

labels = st.sampled_from((b"a", b"b", b"c", b"*", b"www", b"_dmarc"))
inside = st.lists(labels, max_size=3).map(lambda below: (*ZONE, *below))
owners = st.dictionaries(inside, st.frozensets(st.sampled_from((A, TXT)), min_size=1), max_size=6)
questions = st.lists(labels.filter(lambda label: label != b"*"), min_size=1, max_size=4).map(
    lambda below: (*ZONE, *below)
)


def complete(zone: dict[NameKey, frozenset[int]]) -> dict[NameKey, frozenset[int]]:
    """The zone with its apex."""
    return {**zone, ZONE: zone.get(ZONE, frozenset()) | {SOA, NS}}


def chain(zone: dict[NameKey, frozenset[int]]) -> list[Span]:
    names = sorted(zone)
    return [Span(name, names[(at + 1) % len(names)], zone[name]) for at, name in enumerate(names)]


def existing(zone: dict[NameKey, frozenset[int]]) -> set[NameKey]:
    """Every name that exists, those without records of their own included."""
    return {name[:depth] for name in zone for depth in range(len(ZONE), len(name) + 1)}


def hashed_chain(zone: dict[NameKey, frozenset[int]], *, opt_out: bool = False) -> list[HashedSpan]:
    blank = HashedSpan(ZONE, b"", b"", frozenset(), b"\xab\xcd", 1)
    hashes = sorted((blank.hash(name), zone.get(name, frozenset())) for name in existing(zone))
    return [
        HashedSpan(ZONE, owner, hashes[(at + 1) % len(hashes)][0], types, b"\xab\xcd", 1, opt_out)
        for at, (owner, types) in enumerate(hashes)
    ]


def answers(zone: dict[NameKey, frozenset[int]], name: NameKey) -> frozenset[int] | None:
    """The types that a name is answered with, by itself or a wildcard; None if it does not exist."""
    if name in existing(zone):
        return zone.get(name, frozenset())
    encloser = max((each for each in existing(zone) if name[: len(each)] == each), key=len)
    wildcard = (*encloser, b"*")
    return zone.get(wildcard, frozenset()) if wildcard in existing(zone) else None


@given(owners, questions, st.data())
def test_no_part_of_a_chain_denies_what_exists(
    records: dict[NameKey, frozenset[int]], name: NameKey, data: st.DataObject
) -> None:
    zone = complete(records)
    shown = data.draw(st.lists(st.sampled_from(chain(zone)), unique=True))
    hashed = data.draw(st.lists(st.sampled_from(hashed_chain(zone)), unique=True))
    types = answers(zone, name)
    if types is not None:
        assert denial.denies_name(shown, name) is Proof.MISSING
        assert hashed_denial.denies_name(hashed, name) is Proof.MISSING
        for rtype in types & {A, TXT}:
            assert denial.denies_type(shown, name, rtype) is Proof.MISSING
            assert hashed_denial.denies_type(hashed, name, rtype) is Proof.MISSING
    if name in existing(zone):
        assert denial.allows_wildcard(shown, name, name[:-1]) is Proof.MISSING
        assert hashed_denial.allows_wildcard(hashed, name, name[:-1]) is Proof.MISSING


@given(owners, questions)
def test_a_whole_chain_denies_what_does_not_exist(records: dict[NameKey, frozenset[int]], name: NameKey) -> None:
    zone = complete(records)
    shown, hashed = chain(zone), hashed_chain(zone)
    types = answers(zone, name)
    if types is None:
        assert denial.denies_name(shown, name) is Proof.PROVEN
        assert hashed_denial.denies_name(hashed, name) is Proof.PROVEN
    else:
        for rtype in {A, TXT, DS} - types:
            assert denial.denies_type(shown, name, rtype) is Proof.PROVEN
            assert hashed_denial.denies_type(hashed, name, rtype) is Proof.PROVEN
    if name not in existing(zone) and types is not None:
        encloser = max((each for each in existing(zone) if name[: len(each)] == each), key=len)
        assert denial.allows_wildcard(shown, name, encloser) is Proof.PROVEN
        assert hashed_denial.allows_wildcard(hashed, name, encloser) is Proof.PROVEN


def test_a_delegations_record_says_nothing_of_what_lies_below_it() -> None:
    """RFC 6840 section 4.1: an NSEC from the parent side of a cut must not deny names in the child."""
    cut = Span((*ZONE, b"sub"), (*ZONE, b"zzz"), frozenset({NS, NSEC}))
    apex = Span(ZONE, (*ZONE, b"sub"), frozenset({NS, SOA}))
    below = (*ZONE, b"sub", b"www")
    assert denial.denies_name([apex, cut], below) is Proof.MISSING
    assert denial.denies_type([cut], (*ZONE, b"sub"), DS) is Proof.PROVEN
    assert denial.denies_type([cut], (*ZONE, b"sub"), A) is Proof.MISSING


def test_the_childs_own_record_does_not_deny_its_ds() -> None:
    """RFC 4035 section 5.2: only the parent may say that there is no DS."""
    assert denial.denies_type([Span(ZONE, ZONE, frozenset({NS, SOA}))], ZONE, DS) is Proof.MISSING


def test_opt_out_leaves_unsigned_delegations_open_and_too_many_rounds_everything() -> None:
    zone = complete({(*ZONE, b"www"): frozenset({A})})
    name = (*ZONE, b"nobody")
    assert hashed_denial.denies_type(hashed_chain(zone, opt_out=True), name, DS) is Proof.UNPROTECTED
    assert hashed_denial.denies_name(hashed_chain(zone, opt_out=True), name) is Proof.UNPROTECTED
    costly = [HashedSpan(ZONE, b"\0" * 20, b"\1" * 20, frozenset(), b"", 5000)]
    assert hashed_denial.denies_name(costly, name) is Proof.UNPROTECTED


def test_the_hash_is_that_of_the_rfc() -> None:
    """RFC 5155 appendix A: the zone example with salt AABBCCDD and 12 iterations."""
    span = HashedSpan((b"example",), b"", b"", frozenset(), bytes.fromhex("AABBCCDD"), 12)
    assert base64.b32hexencode(span.hash((b"example",))) == b"0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM"
    assert base64.b32hexencode(span.hash((b"example", b"a"))) == b"35MTHGPGCU1QG68FAB165KLNSNK3DPVL"
