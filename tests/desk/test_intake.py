"""Other systems' alerts in the ledger: each once, cleared when they end, routed by our rules, and opened from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.desk import Desk
from cockpit.errors import BadInput
from tests.desk.halls import COMPANY, Hall
from tests.incident.test_outside import ALARM_EVENT, GETTABLE, HEALTH_EVENT

ROUTED = {
    **COMPANY,
    "alert_routing": {
        "critical_alerts": [{"condition": "dns_resolution_failure", "actions": [{"page": ["oncall-primary"]}]}]
    },
}


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "cockpit.db", ROUTED)
    yield hall
    hall.leave()


@pytest.fixture
def mona(hall: Hall) -> Desk:
    return hall.sit("mona")


def test_the_same_alert_is_taken_over_once(mona: Desk) -> None:
    told = mona.intake.read(json.dumps([ALARM_EVENT, HEALTH_EVENT]))
    assert len(mona.intake.take(told).raised) == 2
    again = mona.intake.take(told)
    assert (again.raised, again.known) == ((), 2)
    mona.refresh()
    assert {line.kind for line in mona.alerts()} == {"ses-bounce", "dkim-missing"}


def test_an_incident_opened_from_one_begins_where_it_began(mona: Desk) -> None:
    taken = mona.intake.take(mona.intake.read(json.dumps(HEALTH_EVENT)))
    (incident,) = mona.intake.open_incidents(taken.raised)
    assert (incident.type, incident.targets) == ("dkim-missing", ("shop.example",))
    assert f"{incident.detected_at:%H:%M}" == "13:50"
    assert incident.services == ("checkout", "newsletter")
    assert mona.intake.open_incidents(taken.raised)[0].uid == incident.uid


def test_what_ends_there_ends_here_and_may_come_again(hall: Hall, mona: Desk) -> None:
    mona.intake.take(mona.intake.read(json.dumps(ALARM_EVENT)))
    over = {**ALARM_EVENT, "detail": {"alarmName": "ses-bounce-rate", "state": {"value": "OK"}}}
    assert len(mona.intake.take(mona.intake.read(json.dumps(over))).cleared) == 1
    assert mona.intake.take(mona.intake.read(json.dumps(ALARM_EVENT))).raised == ()
    later = {**ALARM_EVENT, "time": "2026-11-20T14:10:00Z"}
    hall.forward(11)
    assert len(mona.intake.take(mona.intake.read(json.dumps(later))).raised) == 1


def test_what_a_complete_source_does_not_name_any_more_has_ended(mona: Desk) -> None:
    mona.intake.take(mona.intake.read(json.dumps([GETTABLE, ALARM_EVENT])))
    taken = mona.intake.take((), complete="alertmanager")
    assert len(taken.cleared) == 1
    assert len(mona.intake.take((), complete="alertmanager").cleared) == 0
    mona.refresh()
    assert [line.check for line in mona.alerts() if line.cleared_at is None] == ["cloudwatch"]


def test_our_rules_hold_for_theirs(mona: Desk) -> None:
    mona.intake.take(mona.intake.read(json.dumps(GETTABLE)))
    mona.refresh()
    (line,) = mona.alerts()
    assert (line.route, line.notify, line.severity) == ("critical_alerts", ("page oncall-primary",), "P0")


def test_a_line_of_json_each_is_read_too(mona: Desk) -> None:
    assert len(mona.intake.read(f"{json.dumps(ALARM_EVENT)}\n\n{json.dumps(HEALTH_EVENT)}\n")) == 2


@pytest.mark.parametrize(("text", "words"), [("{}", "No alert is in it"), ("{\n nonsense", "Line 1 is no JSON")])
def test_what_is_no_alert_is_a_sentence(mona: Desk, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        mona.intake.read(text)


def test_what_is_active_there_is_found_here_again(mona: Desk) -> None:
    told = mona.intake.read(json.dumps([ALARM_EVENT, HEALTH_EVENT]))
    assert mona.intake.taken_over(told) == []
    raised = mona.intake.take(told).raised
    assert set(mona.intake.taken_over(told)) == set(raised)
    first, again = mona.intake.open_incidents(raised), mona.intake.open_incidents(mona.intake.taken_over(told))
    assert {each.uid for each in first} == {each.uid for each in again}
