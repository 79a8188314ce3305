"""The referee and the report, over a witness that the test holds in its hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.protocol.calls import CallRecord
from cockpit.drill.aws.ses.identity import Signature
from cockpit.drill.aws.ses.mail import Mail
from cockpit.drill.clock import DrillClock
from cockpit.drill.judging.claims import Claims, claims_of
from cockpit.drill.judging.deeds import Deeds, RecordChange
from cockpit.drill.judging.referee import Outcome, Referee, Score
from cockpit.drill.judging.report import Facts, render
from cockpit.drill.judging.tidings import Message
from cockpit.drill.scenario import Scenario, load_scenario
from cockpit.incident.fold import fold
from tests.incident.history import History


class HandWitness:
    """What the world would have seen."""

    def __init__(self, began_at: datetime | None) -> None:
        self.began_at = began_at
        self.whole = True
        self.call_records: list[CallRecord] = []
        self.changed: list[RecordChange] = []
        self.posts: list[Message] = []
        self.sent: list[Mail] = []

    def holds(self, condition: v.AnyCondition) -> bool:
        return self.whole

    def calls(self) -> Sequence[CallRecord]:
        return self.call_records

    def record_changes(self) -> Sequence[RecordChange]:
        return self.changed

    def messages(self) -> Sequence[Message]:
        return self.posts

    def mails(self) -> Sequence[Mail]:
        return self.sent


class Court:
    """A referee, its witness, and a clock that the test moves; ten scenario seconds to the second."""

    def __init__(self, *expect: v.AnyExpectation, wrong: tuple[v.Wrong, ...] = ()) -> None:
        self.seconds = 0.0
        self.clock = DrillClock(10.0, monotonic=lambda: self.seconds)
        self.witness = HandWitness(self.clock.now())
        condition = v.MailSigned(domain="shop.example")
        self.scenario = Scenario(
            name="tiny",
            title="Tiny",
            summary="Small.",
            type="dkim-missing",
            severity="P1",
            expect=expect,
            wrong=wrong,
            restored_when=(condition,),
        )
        self.referee = Referee(self.scenario, self.clock, self.witness, "emergency")

    def wait(self, scenario: timedelta) -> datetime:
        """Let scenario time pass; returns the moment."""
        self.seconds += scenario.total_seconds() / 10
        return self.clock.now()

    def break_it(self) -> None:
        self.witness.whole = False
        assert "broken" in self.referee.observe()

    def mend_it(self) -> None:
        self.witness.whole = True
        assert "restored" in self.referee.observe()

    def call(self, operation: str, applied: bool = True, **parameters: Any) -> None:
        self.witness.call_records.append(
            CallRecord(
                number=1,
                at=self.clock.now(),
                service="sesv2",
                operation=operation,
                parameters=parameters,
                status=200 if applied else 400,
                applied=applied,
            )
        )

    def outcome(self, claims: Claims | None = None, *, final: bool = True) -> Outcome:
        """How the first expectation ended."""
        return self.referee.score(claims or Claims(), final=final).judgements[0].outcome


MINUTE = timedelta(minutes=1)


def test_scenario_time_runs_faster_than_the_moments_that_are_shown() -> None:
    court = Court(v.Detected(title="noticed", by_s=60))
    detected_at = court.wait(timedelta(seconds=50))
    judgement = court.referee.score(Claims(detected_at=detected_at)).judgements[0]
    assert judgement.after == pytest.approx(timedelta(seconds=50), abs=timedelta(milliseconds=1))
    assert (judgement.outcome, judgement.at) == (Outcome.MET, detected_at)


def test_what_comes_after_its_time_is_late() -> None:
    court = Court(v.Detected(title="noticed", by_s=60))
    assert court.outcome(Claims(detected_at=court.wait(2 * MINUTE))) is Outcome.LATE


def test_a_claim_from_before_the_drill_is_about_something_else() -> None:
    court = Court(v.Detected(title="noticed"))
    assert court.outcome(Claims(detected_at=court.clock.now() - timedelta(hours=1))) is Outcome.MISSED


def test_what_still_has_time_is_open_and_then_missed() -> None:
    court = Court(v.Detected(title="noticed", by_s=60))
    assert court.outcome(final=False) is Outcome.OPEN
    court.wait(2 * MINUTE)
    assert court.outcome(final=False) is Outcome.MISSED
    assert court.outcome() is Outcome.MISSED


@pytest.mark.parametrize(("severity", "minutes"), [("P0", 5), ("P1", 15), ("P2", 60), ("", 15)])
def test_the_target_comes_from_the_severity_profile(severity: str, minutes: int) -> None:
    court = Court(v.Acknowledged(title="acknowledged"))
    judgement = court.referee.score(Claims(severity=severity)).judgements[0]
    assert judgement.due == minutes * MINUTE


def test_a_resolution_before_the_repair_is_not_believed() -> None:
    court = Court(v.Resolved(title="resolved"))
    court.break_it()
    early = court.wait(MINUTE)
    assert court.outcome(Claims(resolved_at=early)) is Outcome.MISSED
    court.wait(MINUTE)
    court.mend_it()
    assert court.outcome(Claims(resolved_at=early)) is Outcome.MISSED
    assert court.outcome(Claims(resolved_at=court.wait(MINUTE))) is Outcome.MET


def test_a_world_that_breaks_again_is_not_restored() -> None:
    court = Court(v.Restored(title="restored"))
    court.break_it()
    court.mend_it()
    assert court.outcome() is Outcome.MET
    court.witness.whole = False
    assert "broken again" in court.referee.observe()
    assert court.outcome() is Outcome.MISSED
    assert not court.referee.restored()


def test_only_a_call_that_took_effect_counts() -> None:
    court = Court(
        v.Called(title="moved", service="sesv2", operation="Put", parameters={"EmailIdentity": "shop.example"})
    )
    court.call("Put", applied=False, EmailIdentity="shop.example")
    court.call("Put", EmailIdentity="pay.example")
    assert court.outcome() is Outcome.MISSED
    assert court.referee.score(Claims()).missing == ("moved",)
    court.call("Put", EmailIdentity="shop.example")
    assert court.outcome() is Outcome.MET
    assert [act.verdict for act in court.referee.score(Claims()).acts] == ["neutral", "right"]


def test_wrong_and_dangerous_acts_cost_points_and_name_the_reason() -> None:
    wrong = v.Wrong(service="sesv2", operation="Pause", why="it stops all mail", dangerous=True)
    court = Court(v.Restored(title="restored"), wrong=(wrong,))
    court.call("Pause")
    score = court.referee.score(Claims())
    assert (score.acts[0].verdict, score.acts[0].why) == ("dangerous", "it stops all mail")
    assert score.percent == 0


def test_an_update_that_the_sink_refused_does_not_count() -> None:
    court = Court(v.UpdatePosted(title="told", by_s=900))
    court.witness.posts.append(Message(court.wait(MINUTE), "chat", accepted=False))
    assert court.outcome() is Outcome.MISSED
    court.witness.posts.append(Message(court.wait(MINUTE), "chat", accepted=True))
    assert court.outcome() is Outcome.MET


def test_a_canary_counts_only_when_it_can_be_verified_after_the_repair() -> None:
    court = Court(v.CanarySigned(title="canary", domain="shop.example"))
    good = Mail(
        at=court.clock.now(),
        message_id="1",
        sender_domain="shop.example",
        recipients=1,
        signature=Signature(selector="s", verifiable=True),
    )
    court.witness.sent.append(good)
    court.break_it()
    court.wait(MINUTE)
    court.mend_it()
    assert court.outcome() is Outcome.MISSED
    unsigned = Signature(why="unsigned")
    court.witness.sent.append(replace(good, at=court.wait(MINUTE), signature=unsigned))
    assert court.outcome() is Outcome.MISSED
    court.witness.sent.append(replace(good, at=court.wait(MINUTE)))
    assert court.outcome() is Outcome.MET


def test_leaving_alone_is_spoiled_by_the_first_change() -> None:
    court = Court(v.LeftAlone(title="left alone"))
    assert court.outcome(final=False) is Outcome.OPEN
    court.call("SendEmail")
    assert court.outcome() is Outcome.MET
    court.witness.changed.append(RecordChange(at=court.wait(MINUTE), text="tsig:me set x TXT to y"))
    assert court.outcome(final=False) is Outcome.MISSED


def test_a_long_silence_breaks_the_cadence_and_is_named() -> None:
    court = Court(v.UpdatesKept(title="kept", every_s=1800))
    court.break_it()
    for minutes in (5, 25, 25):
        court.witness.posts.append(Message(court.wait(minutes * MINUTE), "chat", accepted=True))
    assert court.outcome(final=False) is Outcome.OPEN
    assert court.outcome() is Outcome.MET
    court.witness.posts.append(Message(court.wait(40 * MINUTE), "chat", accepted=True))
    judgement = court.referee.score(Claims(), final=False).judgements[0]
    assert (judgement.outcome, judgement.note) == (Outcome.MISSED, "the longest silence was 40 min 00 s")


def test_the_cadence_comes_from_the_severity_profile_and_ends_with_the_outage() -> None:
    court = Court(v.UpdatesKept(title="kept"))
    assert court.outcome() is Outcome.MISSED
    court.break_it()
    court.witness.posts.append(Message(court.wait(MINUTE), "chat", accepted=True))
    court.wait(MINUTE)
    court.mend_it()
    court.wait(120 * MINUTE)
    assert court.outcome(Claims(severity="P1")) is Outcome.MET


def test_a_severity_that_is_too_low_is_missed_and_said() -> None:
    court = Court(v.SeverityChosen(title="a P0", severity="P0", by_s=300))
    at = court.wait(MINUTE)
    assert court.outcome(Claims(severity="P0", severity_at=at)) is Outcome.MET
    judgement = court.referee.score(Claims(severity="P2", severity_at=at)).judgements[0]
    assert (judgement.outcome, judgement.note) == (Outcome.MISSED, "it was P2")


def test_what_never_failed_was_not_mended() -> None:
    court = Court(v.Held(title="mended", condition=v.MailSigned(domain="shop.example")))
    court.referee.observe()
    assert court.outcome() is Outcome.MISSED
    court.break_it()
    court.wait(MINUTE)
    court.mend_it()
    assert court.outcome() is Outcome.MET


def test_a_change_that_was_wrong_at_first_is_right_once_its_condition_holds() -> None:
    ready = v.RecordStands(name="s._domainkey.shop.example", type="TXT")
    wrong = v.Wrong(service="sesv2", operation="Put", why="not published", until=ready)
    court = Court(v.Called(title="moved", service="sesv2", operation="Put"), wrong=(wrong,))
    court.witness.whole = False
    court.referee.observe()
    court.call("Put")
    court.wait(MINUTE)
    court.witness.whole = True
    court.referee.observe()
    court.wait(MINUTE)
    court.call("Put")
    assert [act.verdict for act in court.referee.score(Claims()).acts] == ["wrong", "right"]


def test_a_changed_record_is_right_wrong_or_neutral_like_a_call() -> None:
    court = Court(
        v.RecordChanged(title="moved", name="www.shop.example", type="A"),
        wrong=(v.Wrong(record="shop.example", why="it was right"),),
    )
    for name, kind in (("www.shop.example.", "A"), ("shop.example.", "NS"), ("www.shop.example.", "TXT")):
        at = court.wait(MINUTE)
        court.witness.changed.append(RecordChange(at=at, text=name, name=name, type=kind))
    score = court.referee.score(Claims())
    assert [act.verdict for act in score.acts] == ["right", "wrong", "neutral"]
    assert score.judgements[0].outcome is Outcome.MET


def test_a_wrong_deed_names_a_call_or_a_record() -> None:
    with pytest.raises(ValueError, match="name either"):
        v.Wrong(why="neither")


def test_roles_are_taken_from_the_ledger() -> None:
    court = Court(v.RoleFilled(title="lead", role="TL", by_s=600))
    assert court.outcome(Claims(roles={"CL": court.clock.now()})) is Outcome.MISSED
    assert court.outcome(Claims(roles={"TL": court.wait(MINUTE)})) is Outcome.MET


def test_claims_are_read_off_the_incidents_themselves() -> None:
    incident = fold(History(severity="P1").opened().events)
    assert incident is not None
    claims = claims_of([incident])
    assert (claims.severity, claims.detected_at) == ("P1", incident.detected_at)
    assert claims.incident == f"INC-{incident.number}"
    assert claims.resolved_at is None
    assert claims_of([]) == Claims()


def test_the_report_follows_the_documents_template_and_leaves_ratings_to_people() -> None:
    text = _report(load_scenario("dkim-missing"))
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# Drill report: DKIM record missing",
        "## Drill information",
        "## Drill results",
        "## Expectations",
        "## Actions",
        "## Observations",
        "## Action items",
        "## Recommendations",
        "## What the world saw",
        "## How this world behaves",
        "## For the facilitator",
    ]
    for label in ("Date", "Type", "Scenario", "Duration", "Participants", "Detection time", "Response time"):
        assert f"- **{label}:**" in text
    assert "- **Communication effectiveness:** [rating 1-5]" in text


def test_a_table_cell_cannot_break_out_of_its_table() -> None:
    scenario = load_scenario("dkim-missing")
    hostile = v.Detected(title="a | b\nc")
    text = _report(msgspec.structs.replace(scenario, expect=(hostile,)))
    assert "| a \\| b c |" in text


def _report(scenario: Scenario) -> str:
    clock = DrillClock()
    referee = Referee(scenario, clock, HandWitness(clock.now()), "emergency")
    score: Score = referee.score(Claims())
    return render(
        Facts(
            scenario=scenario,
            score=score,
            claims=Claims(),
            happenings=(),
            assumptions=("recheck: 0:00:30",),
            started=clock.started,
            elapsed=clock.elapsed(),
            speed=1.0,
            seed=0,
        )
    )


def _told(court: Court, claims: Claims) -> str:
    """The line of the report that sets the restoration beside the RTO."""
    report = render(
        Facts(
            scenario=court.scenario,
            score=court.referee.score(claims),
            claims=claims,
            happenings=(),
            assumptions=(),
            started=court.clock.started,
            elapsed=court.clock.elapsed(),
            speed=10.0,
            seed=0,
        )
    )
    return next(line for line in report.splitlines() if line.startswith("- **RTO:**"))


def test_the_report_sets_the_restoration_beside_the_rto() -> None:
    court = Court(v.Restored(title="works again"))
    assert _told(court, Claims(severity="P1")) == "- **RTO:** 0:15:00, not called on"
    court.break_it()
    assert _told(court, Claims(severity="P1")) == "- **RTO:** 0:15:00, **not reached**"
    court.wait(10 * MINUTE)
    court.mend_it()
    assert _told(court, Claims(severity="P1")) == "- **RTO:** 0:15:00, kept, 0:05:00 left"
    court.break_it()
    court.wait(10 * MINUTE)
    court.mend_it()
    assert _told(court, Claims(severity="P1")) == "- **RTO:** 0:15:00, **missed** by 0:05:00"


def test_a_way_to_the_repair_that_nobody_asked_for_is_right() -> None:
    court = Court(v.Restored(title="works again"))
    ways = (v.Right(service="sesv2", operation="PutAccountDetails"), v.Right(under="pay.example", type="CNAME"))
    deeds = Deeds(msgspec.structs.replace(court.scenario, right=ways), court.witness, lambda at: timedelta())
    for name, kind in (("_x.www.pay.example", "CNAME"), ("www.pay.example", "A"), ("xpay.example", "CNAME")):
        change = RecordChange(at=court.clock.now(), text=f"{name} {kind}", name=f"{name}.", type=kind)
        court.witness.changed.append(change)
    court.call("PutAccountDetails")
    verdicts = {act.what.partition(" (")[0]: act.verdict for act in deeds.acts(lambda condition: None)}
    assert verdicts == {
        "_x.www.pay.example CNAME": "right",
        "www.pay.example A": "neutral",
        "xpay.example CNAME": "neutral",
        "sesv2 PutAccountDetails": "right",
    }
