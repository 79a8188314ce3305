"""Values are data: whatever they hold, they stay one argument of one command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import BadInput
from cockpit.runbooks.command_line import environment, filled, split
from cockpit.runbooks.inputs import fill, fill_all, typed

HOSTILE = [
    "; touch /tmp/owned",
    "$(touch /tmp/owned)",
    "`touch /tmp/owned`",
    "&& reboot",
    "| sh",
    "a\nb",
    "'; x '",
    '"; x "',
    "{{other}}",
    "${IFS}",
    "*",
    "~root",
    "\\",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_stays_one_argument(value: str) -> None:
    template = split("dig +short {{name}} @{{server}} 'TXT {{name}}'")
    arguments = filled(template, {"name": value, "server": "ns1", "other": "OTHER"})
    assert arguments == ["dig", "+short", value, "@ns1", f"TXT {value}"]


@given(st.text(min_size=1, max_size=60))
def test_any_value_leaves_the_number_of_arguments_alone(value: str) -> None:
    template = split("tool a{{x}} --name={{x}} -- {{x}}")
    try:
        arguments = filled(template, {"x": value})
    except BadInput:
        assert "\0" in value or value.startswith("-")
        return
    assert arguments == ["tool", f"a{value}", f"--name={value}", "--", value]


@pytest.mark.parametrize("value", ["-f/etc/passwd", "--exec=sh", "-"])
def test_a_value_never_becomes_an_option(value: str) -> None:
    with pytest.raises(BadInput, match="option"):
        filled(("dig", "{{name}}"), {"name": value})


def test_the_program_never_comes_from_a_value() -> None:
    with pytest.raises(BadInput, match="written in the runbook"):
        filled(("{{tool}}", "x"), {"tool": "sh"})
    with pytest.raises(BadInput, match="no value"):
        filled(("dig", "{{name}}"), {})


def test_values_are_put_in_once() -> None:
    assert fill("{{a}} {{ b }} {{c}}", {"a": "{{b}}", "b": "{{a}}"}) == "{{b}} {{a}} {{c}}"
    assert fill_all({"k": ["{{a}}", 1]}, {"a": "x: [y]"}) == {"k": ["x: [y]", 1]}


@pytest.mark.parametrize(
    ("kind", "good", "canonical"),
    [
        ("domain", "Shop.Example.", "shop.example"),
        ("domain", "bücher.example", "xn--bcher-kva.example"),
        ("selector", "s2026b", "s2026b"),
        ("email", "a.b+c@shop.example", "a.b+c@shop.example"),
        ("number", "-3.5", "-3.5"),
        ("text", "two words", "two words"),
    ],
)
def test_good_values_become_canonical(kind: str, good: str, canonical: str) -> None:
    assert typed(kind, good, "x") == canonical


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("domain", "shop"),
        ("domain", "-shop.example"),
        ("domain", "shop.example; x"),
        ("domain", "192.0.2.1"),
        ("domain", "a" * 64 + ".example"),
        ("selector", "a.b"),
        ("selector", "-a"),
        ("email", "not an address"),
        ("email", "-x@shop.example"),
        ("number", "1e9999"),
        ("text", "a\nb"),
        ("text", "a\u202eb"),
        ("text", "x" * 501),
        ("colour", "red"),
    ],
)
def test_bad_values_are_refused_with_what_was_expected(kind: str, bad: str) -> None:
    with pytest.raises(BadInput, match="x"):
        typed(kind, bad, "x")


def test_a_command_inherits_only_what_it_may() -> None:
    assert environment({"PATH": "/bin", "LD_PRELOAD": "x.so", "OUR_SECRET": "s", "PYTHONPATH": "y"}) == {
        "PATH": "/bin"
    }
