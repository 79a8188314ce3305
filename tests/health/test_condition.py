"""Routing conditions mean what they say, and what they cannot mean is refused with its column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import BadInput
from cockpit.health.condition import (
    MAX_DEPTH,
    And,
    Comparison,
    Condition,
    Fact,
    Facts,
    Not,
    Or,
    Vocabulary,
    holds,
    names_in,
    parse_condition,
    written,
)

WORDS = Vocabulary(frozenset({"down", "late"}), frozenset({"count", "days"}), frozenset({"domain"}))

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="'\"", exclude_categories=["Cs"]), max_size=12)
_NUMBERS = st.integers(-1000, 1000).map(float) | st.decimals(-50, 50, places=2).map(float)
_LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Fact, st.sampled_from(sorted(WORDS.facts))),
    st.builds(
        Comparison,
        st.sampled_from(sorted(WORDS.numbers)),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        _NUMBERS,
    ),
    st.builds(Comparison, st.just("domain"), st.sampled_from(["=", "!="]), _TEXTS),
)


def _joined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return st.builds(Not, parts) | st.builds(And, several) | st.builds(Or, several)


CONDITIONS = st.recursive(_LEAVES, _joined, max_leaves=12)
FACTS: st.SearchStrategy[Facts] = st.fixed_dictionaries(
    {},
    optional={
        "down": st.booleans(),
        "late": st.booleans(),
        "count": st.none() | _NUMBERS,
        "days": st.none() | _NUMBERS,
        "domain": st.none() | _TEXTS,
    },
)


def read(text: str) -> Condition:
    return parse_condition(text, WORDS)


@given(CONDITIONS)
def test_what_is_written_is_read_back_as_the_same(condition: Condition) -> None:
    assert read(written(condition)) == condition


@given(CONDITIONS, FACTS)
def test_not_knowing_is_neither_and_the_opposite_of_it_is_not_knowing(condition: Condition, facts: Facts) -> None:
    told = holds(condition, facts)
    assert holds(Not(condition), facts) is (None if told is None else not told)
    assert holds(And((condition, Not(condition))), facts) is not True
    if names_in(condition) <= {name for name, value in facts.items() if value is not None}:
        assert told is not None


@given(CONDITIONS, FACTS, FACTS)
def test_learning_more_never_overturns_what_was_known(condition: Condition, facts: Facts, more: Facts) -> None:
    told = holds(condition, facts)
    known = {name: value for name, value in facts.items() if value is not None}
    assert told is None or holds(condition, {**more, **known}) is told


@given(st.lists(CONDITIONS, min_size=2, max_size=4).map(tuple), FACTS)
def test_and_is_the_opposite_of_or_of_the_opposites(parts: tuple[Condition, ...], facts: Facts) -> None:
    assert holds(And(parts), facts) is holds(Not(Or(tuple(Not(part) for part in parts))), facts)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_sentence(text: str) -> None:
    said = ""
    try:
        read(text)
    except BadInput as error:
        said = str(error)
    assert not said or said.startswith("Column ")


def test_and_binds_closer_than_or_and_words_are_in_any_case() -> None:
    assert read("down OR late AND count > 1") == read("down or (late and count > 1)")
    assert read("NOT down AND late") == read("(not down) and LATE")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dwn", "Column 1: there is nothing called dwn; did you mean down?"),
        ("down AND", "Column 9: expected a name, found the end."),
        ("domain >= 'a'", "Column 1: domain is text, and >= compares numbers; use = or !=."),
        ("count = 'a'", "Column 9: expected a number, found 'a'."),
        ("domain = 3", "Column 10: expected a text in quotes, found 3."),
        ("count", "Column 6: expected a comparison of count, such as count >= 3, found the end."),
        ("(down", "Column 6: expected a closing parenthesis, found the end."),
        ("down late", "Column 6: expected AND, OR or the end, found late."),
        ("down; drop", "Column 5: '; drop' has no meaning in a condition."),
        (
            "__import__('os')",
            "Column 1: there is nothing called __import__; known are count, days, domain, down, late.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_column(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(text)
    assert str(refused.value) == said


def test_what_is_nested_too_deep_or_is_too_long_is_refused() -> None:
    deep = MAX_DEPTH + 1
    for text in ("(" * deep + "down" + ")" * deep, "NOT " * deep + "down", "down OR " * 300 + "down"):
        with pytest.raises(BadInput):
            read(text)
