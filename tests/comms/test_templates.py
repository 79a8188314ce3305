"""Templates put values in places, and nothing more."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.comms.facts import facts, span, status_page
from cockpit.comms.templates import NAMES, bundled, placeholders, render
from cockpit.errors import BadInput, NotFound
from cockpit.incident.model import State
from tests.incident.history import History, minute, stamp

VALUES = st.dictionaries(st.sampled_from(["a", "b2", "c_c"]), st.text(max_size=20))


def test_values_are_put_in_and_missing_ones_are_shown_and_listed() -> None:
    rendered = render("{{ who }} saw {{what}} at {{when}}; {{when}}", {"who": "ayumi", "what": ""})
    assert rendered.text == "ayumi saw [what: missing] at [when: missing]; [when: missing]"
    assert rendered.missing == ("what", "when")


def test_a_value_is_never_a_template() -> None:
    assert render("{{a}}", {"a": "{{b}} {{", "b": "secret"}).text == "{{b}} {{"


@pytest.mark.parametrize("text", ["{{ Name }}", "{{", "{{a.b}}", "{{a|upper}}", "{{#if a}}", "{{{a}}}"])
def test_what_looks_like_logic_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a placeholder"):
        render(text, {"a": "x"})


@given(st.text(alphabet="abc {}_2\n", max_size=40), VALUES)
def test_rendering_is_substitution(text: str, values: dict[str, str]) -> None:
    try:
        rendered = render(text, values)
    except BadInput:
        return
    assert set(rendered.missing) == {name for name in placeholders(text) if not values.get(name)}
    assert placeholders(text) or rendered.text == text


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_template_renders_with_every_placeholder(name: str) -> None:
    template = bundled(name)
    assert template.title
    assert template.audience in ("internal", "public", "vendor")
    wanted = placeholders(template.text)
    assert wanted
    rendered = render(template.text, {key: f"<{key}>" for key in wanted})
    assert not rendered.missing
    assert "{{" not in rendered.text
    assert all(f"<{key}>" in rendered.text for key in wanted)
    assert render(template.text, {}).missing == wanted


@pytest.mark.parametrize("name", [name for name in NAMES if bundled(name).audience == "public"])
def test_public_texts_ask_for_nothing_internal(name: str) -> None:
    internal = {"lead", "incident", "severity", "severity_reason", "profile", "opened_by", "actions", "title"}
    assert not internal & set(placeholders(bundled(name).text))


def test_an_unknown_template_is_not_found() -> None:
    with pytest.raises(NotFound, match="known are"):
        bundled("../../etc/passwd")


def test_an_incident_fills_what_it_knows() -> None:
    history = History().opened().tell("acknowledged", at=1)
    history.tell("role", {"role": "IC", "person": "mhassan", "kind": "assigned"}, 1)
    history.tell("update", {"audience": "customers", "text": "x"}, 6)
    values = facts(history.incident, minute(7))
    assert values["next_update"] == "14:36Z"
    assert values["cadence"] == "30 minutes"
    rendered = render(bundled("initial_notification").text, values)
    assert rendered.missing == ("impact",)
    assert "INCIDENT ALERT - P1" in rendered.text
    assert "Incident Commander: mhassan" in rendered.text


def test_the_start_is_the_confirmed_onset_or_the_detection() -> None:
    history = History().opened().tell("onset", {"at": stamp(-4), "source": "ns2", "confirmed": False})
    assert facts(history.incident, minute(1))["started"] == "2026-11-20 14:00:00Z"
    history.tell("onset", {"at": stamp(-4), "source": "ns2", "confirmed": True})
    assert facts(history.incident, minute(1))["started"] == "2026-11-20 13:56:00Z"


def test_every_state_has_a_status_page_text() -> None:
    assert {status_page(state) for state in State} == {name for name in NAMES if name.startswith("status_")}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m 00s"),
        (461, "7m 41s"),
        (7500, "2h 05m"),
        (90_000, "1d 1h"),
        (-90, "-1m 30s"),
    ],
)
def test_spans_are_short(seconds: int, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words
