"""What an alert tells: how bad, why, who is hurt, which runbook; and how observations are kept and read back."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import NotFound
from cockpit.health import alerts
from cockpit.health.detail import detail_text, stored_observation
from cockpit.health.hysteresis import Changed, Raise
from cockpit.health.impact import Affected, suggest, together
from cockpit.health.model import DECISION, Finding, Observation, Verdict
from cockpit.health.registry import CHECKS, RUNBOOKS, check_named, matches
from cockpit.health.web import Wanted, judge_health
from cockpit.incident.severity import EMERGENCY, PROFILES
from storage.observations import Sample
from tests.health.dns_readings import AT, server

TWO = Affected(True, ("orders", "receipts"), ("Team Shop",))
ONE = Affected(True, ("orders",))
TEST = Affected(False, ("orders", "receipts"))


def bad(verdict: Verdict = Verdict.FAIL, check: str = "mail.dkim", **evidence: Any) -> Observation:
    finding = Finding("gone", "there", "publish it", "a. 60 IN CNAME b.")
    return Observation(
        "shop.example", check, DECISION, verdict, "it is gone", AT, finding=finding, evidence=evidence
    )


@pytest.mark.parametrize(
    ("profile", "kind", "affected", "level"),
    [
        ("emergency", "dkim-missing", TWO, "P1"),
        ("emergency", "dkim-missing", ONE, "P2"),
        ("emergency", "dkim-missing", TEST, "P3"),
        ("emergency", "service-down", ONE, "P1"),
        ("standard", "dkim-missing", TWO, "P1"),
        ("standard", "dkim-missing", ONE, "P2"),
        ("notify", "dkim-missing", TWO, "P2"),
        ("notify", "dkim-missing", ONE, "P3"),
        ("notify", "dkim-missing", TEST, "P3"),
    ],
)
def test_severity_follows_production_services_and_profile(
    profile: str, kind: str, affected: Affected, level: str
) -> None:
    severity = suggest(PROFILES[profile], kind, bad(), Verdict.FAIL, affected)
    assert severity.level == level
    assert "service" in severity.reason


def test_a_warning_hurts_nobody_yet() -> None:
    assert suggest(EMERGENCY, "propagation", bad(Verdict.WARN), Verdict.WARN, TWO).level == "P3"


def test_an_expired_certificate_is_p1_and_an_ending_one_p2() -> None:
    expired = bad(check="tls.certificate", hours_left=-3.0)
    assert suggest(EMERGENCY, "certificate-expired", expired, Verdict.FAIL, ONE).level == "P1"
    ending = bad(Verdict.WARN, "tls.certificate", hours_left=200.0)
    assert suggest(EMERGENCY, "certificate-expiring", ending, Verdict.WARN, ONE).level == "P2"


def test_an_accounts_alert_hurts_everybody_who_sends() -> None:
    assert together([TWO, TEST, ONE]) == Affected(True, ("orders", "receipts"), ("Team Shop",))


def test_a_raised_alert_carries_all_that_an_incident_is_prefilled_from() -> None:
    raised = Raise(10, Verdict.FAIL, AT - timedelta(seconds=30), bad(kind="dkim-missing"))
    body = alerts.raised_body("shop.example|mail.dkim|1234", raised, TWO, EMERGENCY)
    assert body["runbook"] == "dkim-record-missing"
    assert body["kind"] == "dkim-missing"
    assert body["services"] == ["orders", "receipts"]
    assert body["finding"]["record"] == "a. 60 IN CNAME b."
    assert body["first_bad_at"] == "2026-11-20T13:59:30.000000Z"
    assert body["severity"] == "P1"


def test_the_kind_of_the_check_holds_unless_the_evidence_names_another() -> None:
    body = alerts.raised_body("a", Raise(10, Verdict.FAIL, AT, bad(check="dns.resolution")), ONE, EMERGENCY)
    assert body["kind"] == "dns-failure"


def test_a_change_names_old_and_new() -> None:
    body = alerts.changed_body(Changed(Verdict.OK, bad()))
    assert (body["old"], body["new"]) == ("OK", "FAIL")


def test_every_check_has_a_runbook_for_its_alert() -> None:
    assert {check.alert_kind for check in CHECKS} <= set(RUNBOOKS)
    with pytest.raises(NotFound, match="There is no check"):
        check_named("mail.nothing")


def test_checks_are_meant_by_area_or_by_name() -> None:
    assert matches("mail.dkim", ())
    assert matches("mail.dkim", ("mail",))
    assert matches("mail.dkim", ("dns.resolution", "mail.dkim"))
    assert not matches("mail.dkim", ("mai",))


@given(
    st.sampled_from(list(Verdict)),
    st.text(max_size=20),
    st.none() | st.builds(Finding, st.text(), st.text(), st.text(), st.none() | st.text()),
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())),
)
def test_an_observation_is_read_back_as_it_was(
    verdict: Verdict, headline: str, finding: Finding | None, evidence: dict[str, Any]
) -> None:
    kept = Observation("d", "mail.dkim", "", verdict, headline, AT, timedelta(milliseconds=7), finding, evidence)
    back = stored_observation(Sample("d", "mail.dkim", "", str(verdict), headline, detail_text(kept), AT, 7))
    assert back == kept


def test_a_detail_that_cannot_be_read_is_left_empty() -> None:
    back = stored_observation(Sample("d", "c", "", "OK", "", "{", AT, 0))
    assert back.evidence == {}


def page(status: int = 200, failure: str | None = None, **more: Any) -> Any:
    seen = {"host": "www.shop.example", "path": "/health", "status": status, "reason": "no answer", **more}
    found = server("x", {"status": "answer"})
    return found.__class__("shop.example", "http.health", "www:443 1", AT, timedelta(), seen, failure)


@pytest.mark.parametrize(
    ("reading", "verdict"),
    [
        (page(), Verdict.OK),
        (page(503), Verdict.FAIL),
        (page(301, location="https://elsewhere/"), Verdict.FAIL),
        (page(failure="timeout"), Verdict.FAIL),
        (page(failure="bad-certificate"), Verdict.FAIL),
        (page(failure="no-resolver"), Verdict.UNKNOWN),
    ],
)
def test_pages_by_what_they_answer(reading: Any, verdict: Verdict) -> None:
    assert judge_health("shop.example", [(reading, Wanted())], AT)[-1].verdict is verdict


def test_a_page_behind_a_bad_certificate_is_the_certificates_alert() -> None:
    (*_, seen) = judge_health("d", [(page(failure="bad-certificate"), Wanted())], AT)
    assert (seen.verdict, seen.evidence["kind"]) == (Verdict.FAIL, "certificate-invalid")
    (*_, seen) = judge_health("d", [(page(503), Wanted())], AT)
    assert seen.evidence["kind"] == "service-down"


def test_a_redirect_that_is_wanted_is_told_where_it_leads_to_another_host() -> None:
    wanted = Wanted(301)
    other = judge_health("d", [(page(301, location="https://elsewhere.example/"), wanted)], AT)[-1]
    assert (other.verdict, "sends everybody to elsewhere.example" in other.headline) == (Verdict.INFO, True)
    for own in ("https://www.shop.example/login", "/login", "https://[bad"):
        assert judge_health("d", [(page(301, location=own), wanted)], AT)[-1].verdict is Verdict.OK


def test_a_page_with_the_wrong_body_fails() -> None:
    wanted = Wanted(200, "ready")
    assert judge_health("d", [(page(body_matches=False), wanted)], AT)[-1].verdict is Verdict.FAIL
    assert judge_health("d", [(page(body_matches=True), wanted)], AT)[-1].verdict is Verdict.OK
