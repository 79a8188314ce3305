"""The Next line says the step that hurts most to leave undone."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from cockpit.desk.next_step import next_step
from cockpit.desk.state import ActionState, Home, IncidentState, RunState, Situation, TurnState
from cockpit.desk.views import AlertLine
from cockpit.health.model import Verdict

NOW = datetime(2026, 11, 20, 14, 3, tzinfo=UTC)

ALERT = AlertLine(
    id="shop.example|mail.dkim|1",
    at=NOW,
    target="shop.example",
    check="mail.dkim",
    kind="dkim-missing",
    verdict=Verdict.FAIL,
    headline="1 of 3 CNAMEs gone",
    severity="P1",
    severity_reason="production, 3 services",
    runbook="dkim-record-missing",
    services=("orders",),
    incident=None,
    cleared_at=None,
)
RUN = RunState("r1", "DKIM record missing", 2, 5, "Is the record gone?", "check", False, False)
ACTION = ActionState("a1", "ses.byodkim for shop.example", "planned", True, False, False)
INCIDENT = IncidentState(
    uid="i1",
    number="INC-1",
    severity="P1",
    state="investigating",
    lead="mhassan",
    green=False,
    suggested_runbook="dkim-record-missing",
    suggested_title="DKIM record missing",
    run=None,
    actions=(),
    overdue=None,
    has_review=False,
)
QUIET = Situation(now=NOW, domains=6)
AT_WORK = replace(QUIET, alerts=(replace(ALERT, incident="i1"),), incident=INCIDENT)


def test_an_empty_cockpit_offers_a_drill() -> None:
    assert next_step(Situation(now=NOW, domains=0)).command == "drill.start"


def test_a_failure_nobody_took_on_is_opened_as_an_incident_with_its_severity() -> None:
    step = next_step(replace(QUIET, alerts=(ALERT,)))
    assert (step.command, step.argument) == ("incident.open", ALERT.id)
    assert "P1" in step.text


def test_the_worst_of_several_untaken_failures_comes_first() -> None:
    worse = replace(ALERT, id="other", target="pay.example", severity="P0")
    assert next_step(replace(QUIET, alerts=(ALERT, worse))).argument == "other"


def test_a_lesser_failure_waits_while_a_worse_incident_is_worked() -> None:
    lesser = replace(ALERT, id="other", severity="P3")
    situation = replace(AT_WORK, alerts=(*AT_WORK.alerts, lesser))
    assert next_step(situation).command == "runbook.start"


def test_an_action_in_doubt_comes_before_everything() -> None:
    doubtful = replace(ACTION, state="unknown", waits_for_person=False, in_doubt=True)
    situation = replace(AT_WORK, alerts=(ALERT,), incident=replace(INCIDENT, actions=(doubtful,)))
    assert next_step(situation).command == "action.show"


@pytest.mark.parametrize(
    ("incident", "command"),
    [
        (replace(INCIDENT, lead=None), "incident.lead"),
        (INCIDENT, "runbook.start"),
        (replace(INCIDENT, suggested_runbook=None), "incident.note"),
        (replace(INCIDENT, run=RUN), "runbook.advance"),
        (replace(INCIDENT, run=replace(RUN, waiting=True)), "runbook.show"),
        (replace(INCIDENT, run=RUN, actions=(ACTION,)), "action.show"),
        (replace(INCIDENT, run=RUN, overdue="the update is overdue by 2m"), "incident.update"),
        (replace(INCIDENT, run=replace(RUN, finished=True), green=True), "incident.resolve"),
        (replace(INCIDENT, run=replace(RUN, finished=True)), "incident.note"),
        (replace(INCIDENT, green=True), "incident.resolve"),
        (replace(INCIDENT, state="resolved", green=True), "review.open"),
        (replace(INCIDENT, state="resolved", green=True, run=RUN), "review.open"),
    ],
)
def test_each_stage_of_an_incident_has_its_step(incident: IncidentState, command: str) -> None:
    assert next_step(replace(AT_WORK, incident=incident)).command == command


def test_nobody_probing_is_said_before_all_is_called_green() -> None:
    assert next_step(replace(QUIET, watch_running=False)).command == "watch.start"


def test_it_is_not_sure_when_something_is_not_green_without_an_alert() -> None:
    step = next_step(replace(QUIET, worst="shop.example"))
    assert not step.sure
    assert (step.command, step.argument) == ("domain.show", "shop.example")
    assert "green" in step.cost or "green" in step.text


def test_what_nobody_looked_at_yet_is_waited_for_and_not_called_green() -> None:
    step = next_step(Situation(now=NOW, domains=3, unseen=2))
    assert step.text == "wait for first answers: 2 domains were not looked at yet"
    assert "green" in next_step(Situation(now=NOW, domains=3)).text


def test_a_warning_that_raised_an_alert_is_not_said_to_have_none() -> None:
    quiet = next_step(Situation(now=NOW, domains=3, worst="news.example"))
    assert (quiet.command, quiet.cost) == ("domain.show", "not green, and no alert yet")
    warned = replace(ALERT, target="news.example", verdict=Verdict.WARN)
    assert "no alert" not in next_step(Situation(now=NOW, domains=3, worst="news.example", alerts=(warned,))).cost


SECOND = replace(ALERT, id="shop.example|mail.alignment|2", check="mail.alignment", kind="mail-refused")
HOME = Home("i1", "INC-1", "the same domain")
CHECKING = replace(INCIDENT, run=replace(RUN, waiting=True))
COVERED = replace(AT_WORK, incident=CHECKING, alerts=(*AT_WORK.alerts, SECOND), homes={SECOND.id: HOME})


def test_a_second_alert_of_the_domain_is_attached_and_opens_nothing() -> None:
    step = next_step(COVERED)
    assert (step.command, step.argument) == ("incident.attach", SECOND.id)
    assert "attach to INC-1" in step.text


def test_the_runbook_begins_before_an_alert_is_attached_unless_that_is_worse() -> None:
    begun = replace(COVERED, incident=INCIDENT)
    assert next_step(begun).command == "runbook.start"
    worse = replace(SECOND, severity="P0")
    assert next_step(replace(begun, alerts=(*AT_WORK.alerts, worse))).command == "incident.attach"


def test_an_alert_that_cleared_by_itself_asks_for_nothing() -> None:
    cleared = replace(SECOND, cleared_at=NOW)
    assert next_step(replace(COVERED, alerts=(*AT_WORK.alerts, cleared))).command == "runbook.show"
    assert next_step(replace(QUIET, alerts=(replace(ALERT, cleared_at=NOW),))).command != "incident.open"


def test_an_alert_is_attached_before_its_incident_is_resolved() -> None:
    ended = replace(INCIDENT, run=replace(RUN, finished=True), green=True)
    assert next_step(replace(COVERED, incident=ended)).command == "incident.attach"


def test_several_alerts_that_one_incident_covers_are_attached_at_once() -> None:
    third = replace(SECOND, id="third")
    step = next_step(replace(COVERED, alerts=(*COVERED.alerts, third), homes={SECOND.id: HOME, "third": HOME}))
    assert step.command == "incident.attach"
    assert "and 1 more" in step.text


def test_a_warning_that_an_incident_covers_is_attached_too() -> None:
    warned = replace(SECOND, verdict=Verdict.WARN)
    assert next_step(replace(COVERED, alerts=(warned,))).command == "incident.attach"


OTHER = replace(ALERT, id="other", target="pay.example")


@pytest.mark.parametrize(
    ("incident", "command"),
    [
        (replace(INCIDENT, run=RUN), "runbook.advance"),
        (replace(INCIDENT, run=replace(RUN, step_kind="approve")), "runbook.advance"),
        (replace(INCIDENT, run=RUN, actions=(ACTION,)), "action.show"),
        (replace(INCIDENT, run=replace(RUN, waiting=True)), "incident.open"),
        (INCIDENT, "incident.open"),
    ],
)
def test_what_waits_for_a_person_comes_before_another_failure_that_is_as_bad(
    incident: IncidentState, command: str
) -> None:
    situation = replace(AT_WORK, incident=incident, alerts=(*AT_WORK.alerts, OTHER))
    assert next_step(situation).command == command


def test_a_worse_failure_does_not_wait_for_a_step() -> None:
    worse = replace(OTHER, severity="P0")
    situation = replace(AT_WORK, incident=replace(INCIDENT, run=RUN, actions=(ACTION,)), alerts=(worse,))
    assert next_step(situation).argument == "other"
    attached = replace(situation, homes={"other": HOME})
    assert next_step(attached).command == "action.show"


def test_a_run_that_was_paused_is_gone_on_with() -> None:
    paused = replace(INCIDENT, run=replace(RUN, paused_by="jroy"))
    step = next_step(replace(QUIET, incident=paused))
    assert (step.text, step.cost) == ("go on with DKIM record missing, step 2 of 5", "paused by jroy")


def test_a_checklist_that_is_due_comes_after_everything_else() -> None:
    due = TurnState("ses-daily-check", "Daily SES check", timedelta(days=3))
    step = next_step(replace(QUIET, turn=due))
    assert (step.text, step.cost, step.command) == ("work “Daily SES check”", "due since 3 d", "runbook.turn")
    assert next_step(replace(QUIET, turn=due, worst="shop.example")).command == "domain.show"


def test_a_step_waits_no_longer_than_its_incident() -> None:
    resolved = replace(INCIDENT, state="resolved", green=True)
    assert next_step(replace(AT_WORK, incident=resolved, alerts=(OTHER,))).command == "incident.open"
