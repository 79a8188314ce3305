"""Profiles carry their documents' criteria, and answers lead to a severity with a reason."""

import itertools

import pytest

from cockpit.errors import BadInput
from cockpit.incident.alerts import TITLES, alert_after, alert_raised
from cockpit.incident.deadlines import TERMS
from cockpit.incident.model import SEVERITIES
from cockpit.incident.roles import open_roles, required_roles
from cockpit.incident.severity import PROFILES, Answers, severity_profile, suggest
from tests.incident.history import History, minute, stamp


@pytest.mark.parametrize(
    ("profile", "answers", "severity"),
    [
        ("emergency", Answers(outage=True), "P0"),
        ("emergency", Answers(breach=True), "P0"),
        ("emergency", Answers(customers=0.5), "P1"),
        ("emergency", Answers(customers=0.49), "P2"),
        ("emergency", Answers(critical=True), "P1"),
        ("emergency", Answers(certificate_hours_left=-1), "P1"),
        ("emergency", Answers(certificate_hours_left=6 * 24), "P2"),
        ("emergency", Answers(certificate_hours_left=31 * 24), "P3"),
        ("emergency", Answers(services=2, production=True), "P1"),
        ("emergency", Answers(services=1), "P2"),
        ("emergency", Answers(degraded=False), "P3"),
        ("standard", Answers(data_loss=True), "P0"),
        ("standard", Answers(customers=0.26), "P1"),
        ("standard", Answers(customers=0.25), "P2"),
        ("standard", Answers(certificate_hours_left=23), "P1"),
        ("standard", Answers(certificate_hours_left=25), "P2"),
        ("standard", Answers(degraded=False), "P3"),
        ("notify", Answers(production=True, services=3), "P2"),
        ("notify", Answers(production=True, services=1), "P3"),
        ("notify", Answers(), "P2"),
    ],
)
def test_answers_lead_to_the_severity_of_the_document(profile: str, answers: Answers, severity: str) -> None:
    suggestion = suggest(profile, answers)
    assert suggestion.severity == severity
    assert suggestion.reason


def test_a_test_domain_needs_no_incident_under_notify() -> None:
    assert not suggest("notify", Answers(production=False, services=5)).incident_needed


def test_every_combination_of_answers_gets_a_known_severity() -> None:
    shares, counts, truths = (None, 0.0, 0.3, 1.0), (None, 0, 1, 5), (True, False)
    for customers, services, outage, critical in itertools.product(shares, counts, truths, truths):
        answers = Answers(customers=customers, services=services, outage=outage, critical=critical)
        for name in PROFILES:
            assert suggest(name, answers).severity in SEVERITIES


def test_every_level_has_criteria_and_examples_and_every_term_belongs_to_a_level() -> None:
    for name, profile in PROFILES.items():
        for level in profile.levels:
            assert level.criteria
            assert level.examples
        assert set(TERMS[name]) <= {level.severity for level in profile.levels}


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="emergency, standard, notify"):
        severity_profile("urgent")


def test_required_roles_shrink_with_the_severity() -> None:
    assert [len(required_roles(severity)) for severity in SEVERITIES] == [4, 3, 2, 1]
    history = History().opened().tell("role", {"role": "IC", "person": "mhassan", "kind": "assigned"})
    assert open_roles(history.incident) == ("TL", "CL")


def test_an_alert_is_followed_until_it_clears() -> None:
    history = History().tell(
        "alert.raised",
        {
            "alert": "a1",
            "target": "shop.example",
            "check": "dkim",
            "kind": "dkim-missing",
            "headline": "1 of 3",
            "first_bad_at": stamp(-3),
        },
        stream="ops",
    )
    history.tell("alert.worsened", {"alert": "a1", "verdict": "FAIL", "headline": "2 of 3"}, 1, stream="ops")
    history.tell("alert.cleared", {"alert": "a1", "headline": "3 of 3"}, 2, stream="ops")
    raised = alert_raised(history.events[0])
    assert raised is not None
    assert raised.title == f"{TITLES['dkim-missing']}: shop.example"
    assert raised.first_bad_at == minute(-3)
    worse = alert_after(raised, history.events[1])
    assert (worse.headline, worse.verdict, worse.cleared_at) == ("2 of 3", "FAIL", None)
    assert alert_after(worse, history.events[2]).cleared_at == minute(2)
