"""The mail records of a domain in a line."""

from datetime import UTC, datetime

from cockpit.health.agreement import Agreement
from cockpit.health.mail.spf import NO_RECORD
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.summary import summary

AT = datetime(2026, 11, 20, 14, 3, tzinfo=UTC)


def decided(check: str, verdict: Verdict, headline: str) -> Observation:
    return Observation("shop.example", check, DECISION, verdict, headline, AT)


def test_a_record_that_is_not_there_is_not_said_to_pass() -> None:
    told = summary([decided("mail.spf", Verdict.INFO, NO_RECORD), decided("mail.dmarc", Verdict.OK, "reject")])
    assert told is not None
    assert told.sentence == "SPF none, DMARC pass: 1 of 1 pass"


def test_a_record_with_a_remark_passes() -> None:
    told = summary([decided("mail.spf", Verdict.INFO, "all 10 DNS lookups are used up")])
    assert told is not None
    assert told.sentence == "SPF pass: 1 of 1 pass"


def test_nobody_heard_is_no_percentage() -> None:
    assert Agreement(0, 0).plain()["percent"] is None
    assert Agreement(3, 2).plain()["percent"] == 66
