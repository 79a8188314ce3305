"""Likeness of incidents: symmetric, between 0 and 1, and never without a reason."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.similar import Features, alike

_NAMES = st.frozensets(st.sampled_from(["shop.example", "pay.example", "mail.dkim", "registrar", "late"]))
_FEATURES = st.builds(Features, st.sampled_from(["", "dkim-missing", "dnssec-failure"]), _NAMES, _NAMES, _NAMES)


@given(_FEATURES, _FEATURES)
def test_likeness_is_the_same_both_ways_and_says_why(one: Features, other: Features) -> None:
    likeness = alike(one, other)
    assert likeness == alike(other, one)
    assert 0 <= likeness.score <= 1
    assert bool(likeness.score) == bool(likeness.because)


def test_the_same_kind_and_domain_weigh_more_than_words() -> None:
    mine = Features("dkim-missing", frozenset({"shop.example"}), frozenset({"mail.dkim"}), frozenset({"dkim"}))
    near = Features("dkim-missing", frozenset({"shop.example"}), frozenset(), frozenset())
    far = Features("dnssec-failure", frozenset({"pay.example"}), frozenset(), frozenset({"dkim"}))
    assert alike(mine, near).score > alike(mine, far).score
    assert alike(mine, near).because == ("the same kind, dkim-missing", "the same domain, shop.example")
