"""Scenario files: what can be read, what is refused, and that reading them needs nothing of the network."""

import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.protocol.faults import FaultKind as AwsFaultKind
from cockpit.drill.aws.ses.traffic import Quantity
from cockpit.drill.dns import FaultKind as DnsFaultKind
from cockpit.drill.dns import Flaw
from cockpit.drill.pki import CertificateKind
from cockpit.drill.scenario import listings, load_scenario, parse_inject, parse_scenario, scenario_names
from cockpit.drill.sinks import SinkFaultKind
from cockpit.drill.web.hosts import HostFaultKind
from cockpit.drill.world import timings_from
from cockpit.errors import BadInput, ConfigError, NotFound

MINIMAL = """
name: tiny
title: Tiny
summary: Nothing much.
type: baseline
"""


@pytest.mark.parametrize("name", scenario_names())
def test_every_bundled_scenario_is_readable_and_says_how_it_ends(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.expect
    assert scenario.facilitator
    assert not scenario.injects or scenario.restored_when
    assert all(inject.note for inject in scenario.injects)
    timings_from(scenario)


def test_the_list_has_the_easy_ones_first() -> None:
    found = list(listings())
    assert [one.difficulty for one in found] == sorted(
        (one.difficulty for one in found), key=["easy", "normal", "hard"].index
    )
    assert {one.name for one in found} == set(scenario_names())


def test_reading_scenarios_loads_nothing_of_the_network() -> None:
    code = """
import sys
from cockpit.drill.process.launch import launch
from cockpit.drill.scenario import listings
assert list(listings())
print([name for name in ("boto3", "botocore", "dns", "httpx", "cryptography", "h11") if name in sys.modules])
"""
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_durations_may_be_words() -> None:
    scenario = parse_scenario(
        MINIMAL + "duration_s: 30m\ninjects:\n  - {do: dns-heal, server: google, at_s: 1500ms}\n", "here.yaml"
    )
    assert scenario.duration_s == 1800
    assert scenario.first_inject_s == 1.5


def test_an_unknown_scenario_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean dkim-missing"):
        load_scenario("dkim-mising")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("injects:\n  - {do: format-disk}\n", "format-disk"),
        ("injects:\n  - {do: dns-heal, server: google, colour: red}\n", "colour"),
        ("injects:\n  - {do: dns-heal}\n", "server"),
        ("injects:\n  - {do: ses-enforcement, status: SLEEPY}\n", "SLEEPY"),
        ("expect:\n  - {what: guessed, title: x}\n", "guessed"),
        ("restored_when:\n  - {that: mood-good}\n", "mood-good"),
        ("surprise: true\n", "surprise"),
        ("duration_s: soon\n", "soon"),
    ],
)
def test_what_is_not_in_the_vocabulary_is_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises((ConfigError, BadInput), match=complaint):
        parse_scenario(MINIMAL + text, "here.yaml")


def test_a_timing_that_there_is_none_of_is_refused() -> None:
    scenario = parse_scenario(MINIMAL + "timings: {lunch_s: 60}\n", "here.yaml")
    with pytest.raises(ConfigError, match="lunch"):
        timings_from(scenario)


def test_an_inject_by_hand_speaks_the_same_words() -> None:
    assert parse_inject({"do": "certificate", "host": "www.pay.example", "kind": "good"}) == v.ServeCertificate(
        host="www.pay.example", kind="good"
    )
    with pytest.raises(BadInput, match="no inject"):
        parse_inject({"do": "eval", "code": "1"})


@pytest.mark.parametrize(
    ("field", "owner", "words"),
    [
        ("kind", v.DnsFault, {str(kind) for kind in DnsFaultKind}),
        ("flaw", v.SpoilSignatures, {str(flaw) for flaw in Flaw}),
        ("kind", v.ServeCertificate, {str(kind) for kind in CertificateKind}),
        ("kind", v.HostFault, {str(kind) for kind in HostFaultKind}),
        ("kind", v.SinkFault, {str(kind) for kind in SinkFaultKind}),
        ("kind", v.AwsFault, {str(kind) for kind in AwsFaultKind}),
        ("quantity", v.MailRamp, {str(quantity) for quantity in Quantity}),
    ],
)
def test_the_vocabulary_is_exactly_what_the_parts_can_do(field: str, owner: type, words: set[str]) -> None:
    assert set(owner.__annotations__[field].__args__) == words


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("says: {x: '('}", "no regular expression"),
        ("which: first", "say what the text says"),
    ],
)
def test_words_that_cannot_be_looked_for_are_refused(words: str, why: str) -> None:
    head = "name: a\ntitle: A\nsummary: s\ntype: t\n"
    text = f"{head}expect:\n  - what: text\n    sink: chat\n    title: T\n    {words}\n"
    with pytest.raises(ConfigError, match=why):
        parse_scenario(text, "a.yaml")
