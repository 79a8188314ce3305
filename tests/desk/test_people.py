"""People over a real database: two terminals hand over, check in, task each other and decide."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.desk import Desk
from cockpit.errors import BadInput, NotFound, Refused
from cockpit.incident.authority import Ruling
from tests.desk.halls import Hall


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "cockpit.db")
    yield hall
    hall.leave()


@pytest.fixture
def mona(hall: Hall) -> Desk:
    desk = hall.sit("mona")
    desk.incidents.open("Order mail is late", severity="P1", targets=["shop.example"], take_lead=True)
    return desk


@pytest.fixture
def ayumi(hall: Hall, mona: Desk) -> Desk:
    return hall.sit("ayumi")


def test_a_role_changes_hands_only_when_the_other_one_accepts(mona: Desk, ayumi: Desk) -> None:
    mona.incidents.note(1, "h the registrar lost the DS record")
    offer = mona.people.offer(1, "ic", "ayumi")
    assert "Role: Incident commander (IC), from mona to ayumi" in offer.card
    assert "Hypotheses: the registrar lost the DS record" in offer.card
    assert ": missing]" not in offer.card
    assert mona.incidents.get(1).lead == "mona"
    with pytest.raises(NotFound, match="offered to mona"):
        mona.people.accept(1)
    ayumi.refresh()
    assert [each.id for _, each in ayumi.people.offers_to_me()] == [offer.id]
    assert ayumi.people.accept(1).lead == "ayumi"
    mona.refresh()
    assert mona.incidents.get(1).lead == "ayumi"
    assert not mona.people.team(1).offers


def test_the_card_names_a_run_by_its_title_and_how_far_it_is(mona: Desk) -> None:
    mona.start_runbook("INC-1", "customer-communication")
    card = mona.people.card(1, "IC", "ayumi")
    assert "Runbooks and actions: Customer communication (step 1 of " in card


def test_an_offer_that_was_overtaken_cannot_be_accepted(mona: Desk, ayumi: Desk) -> None:
    mona.people.offer(1, "IC", "ayumi")
    mona.incidents.assign(1, "IC", "noor")
    with pytest.raises(Refused, match="is noor by now"):
        ayumi.people.accept(1)
    ayumi.people.decline(1, reason="I am asleep")
    assert not ayumi.people.team(1).offers


def test_the_board_asks_each_role_every_fifteen_minutes(hall: Hall, mona: Desk) -> None:
    mona.incidents.assign(1, "TL", "ayumi")
    hall.clock.advance(14 * 60)
    assert not any(line.overdue for line in mona.people.check_ins(1))
    mona.people.check_in(1, location="Available via Slack/Phone", actions="coordinating")
    hall.clock.advance(2 * 60)
    assert [(line.role, line.overdue) for line in mona.people.check_ins(1)] == [("TL", True), ("IC", False)]
    text = mona.people.check_in_text(1, "IC")
    assert text.startswith("**Role:** Incident commander\n**Status:** ✅ Active\n**Location:** Available via Slack")
    with pytest.raises(Refused, match="Nobody holds CL"):
        mona.people.check_in(1, role="CL")


def test_a_task_is_for_one_person_with_a_time_box(hall: Hall, mona: Desk, ayumi: Desk) -> None:
    task = mona.people.give_task(1, "ask the registrar", "ayumi", minutes=5)
    ayumi.refresh()
    assert [each.title for _, each in ayumi.people.my_tasks()] == ["ask the registrar"]
    assert ayumi.people.acknowledge_task(1, task.id[:6]).acknowledged_at == hall.clock.now()
    hall.clock.advance(301)
    assert ayumi.people.my_tasks()[0][1].is_overdue(hall.clock.now())
    assert ayumi.people.finish_task(1, task.id, "case 17 is open").step == "done"
    with pytest.raises(Refused, match="done already"):
        ayumi.people.drop_task(1, task.id, "no time")
    with pytest.raises(BadInput, match="between 1 and"):
        mona.people.give_task(1, "x", "ayumi", minutes=0)


def test_objections_have_to_be_answered(mona: Desk, ayumi: Desk) -> None:
    decision = mona.people.propose(1, "switch DNSSEC off")
    ayumi.people.object(1, decision.id, "the DS is cached for a day")
    with pytest.raises(BadInput, match="ayumi objected: say what is decided"):
        mona.people.decide(1, decision.id)
    assert mona.people.decide(1, decision.id, "remove the DS first").outcome == "remove the DS first"
    simple = mona.people.propose(1, "tell the customers")
    assert mona.people.decide(1, simple.id).outcome == "as proposed, no strong objections"
    texts = [entry.text for entry in mona.incidents.timeline(1) if entry.kind == "decision"]
    assert texts[1] == "ayumi objects: the DS is cached for a day"


def test_terminals_see_each_other_and_what_they_look_at(hall: Hall, mona: Desk, ayumi: Desk) -> None:
    uid = mona.incidents.get(1).uid
    assert mona.terminals.show(uid)
    assert not mona.terminals.show(uid)
    assert [(here.person, here.incident) for here in ayumi.terminals.others(uid)] == [("mona", uid)]
    assert not mona.terminals.others()
    hall.clock.advance(46)
    assert not ayumi.terminals.others()
    mona.terminals.show(uid)
    mona.terminals.leave()
    assert not ayumi.terminals.others()


def test_the_matrices_are_asked_for_the_person_who_sits_there(mona: Desk) -> None:
    assert mona.people.permission("dns-zone-deleted", 1).ruling is Ruling.AUTO
    assert mona.people.permission("dnssec", 1).missing == ("SL",)


def test_the_roster_fills_primary_and_backup(mona: Desk) -> None:
    lead, technical, *_ = mona.people.roster(1)
    assert (lead.holder, lead.primary, lead.backup) == ("mona", "mona", "ayumi")
    assert (technical.holder, technical.required) == (None, True)
    assert mona.people.nag(1) == ""


def test_the_clock_of_a_check_in_starts_with_the_role(hall: Hall, mona: Desk) -> None:
    hall.clock.advance(20 * 60)
    mona.incidents.assign(1, "CL", "noor")
    (late, fresh) = mona.people.check_ins(1)
    assert (late.overdue, fresh.overdue) == (True, False)
    assert fresh.due == hall.clock.now() + timedelta(minutes=15)
