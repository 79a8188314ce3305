"""The whole drill without a screen: the desk's own next step is followed from the first alert to the export."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cockpit.desk import Desk
from cockpit.desk.remedies.actions import ActionView
from cockpit.desk.views import NextStep
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import Verdict
from storage.event import Event
from tests.whole.home import until
from tests.whole.place import Place, changes_at_aws, quick, referees_word, served

pytestmark = pytest.mark.xdist_group("whole")

BY_ITSELF = ("domain.show", "board.show", "runbook.show", "watch.start", "incident.note")
"""Next steps that only say that there is nothing to decide yet."""


@dataclass
class Play:
    """What one person decided, in order, and what was left when the drill was over."""

    decisions: list[str] = field(default_factory=list)
    until_repair: list[str] = field(default_factory=list)
    referee: dict[str, str] = field(default_factory=dict)
    at_aws: list[str] = field(default_factory=list)
    restored: bool = False
    escapes: int = -1
    events: list[Event] = field(default_factory=list)
    chain_ok: bool = False
    exported: str = ""
    end: NextStep | None = None


def take(desk: Desk, step: NextStep, folder: Path) -> str | None:
    """Do what the Next line says, as a key would; returns what was decided, None for nothing to decide."""
    if step.command == "incident.open":
        desk.incidents.open_from_alert(step.argument, take_lead=True)
    elif step.command == "runbook.start":
        desk.start_runbook(step.argument)
    elif step.command == "runbook.advance":
        desk.runbooks.advance(step.argument)
    elif step.command == "action.show":
        view = desk.actions.get(step.argument)
        if not view.can_confirm:
            return None
        desk.actions.confirm(view.uid, view.phrase)
        return "action.confirm"
    elif step.command == "incident.resolve":
        desk.incidents.move(step.argument, "resolved")
    elif step.command == "incident.attach":
        # SES's own word on the same fault may come as an alert of its own; it decides nothing.
        homes = desk.incidents.open_incidents()
        desk.incidents.link(homes[0].uid, alert=step.argument)
        return None
    elif step.command == "review.open":
        desk.reviews.open_for(step.argument)
        desk.reviews.export(step.argument, folder)
    else:
        assert step.command in BY_ITSELF, step
        return None
    return step.command


def play(place: Place, world: LaunchedWorld, desk: Desk) -> Play:
    """Follow the next step from a green board to the exported post-mortem."""
    done = Play()

    def decided() -> str | None:
        desk.refresh()
        desk.settle()
        done.end = step = desk.next_step()
        decision = take(desk, step, place.folder)
        if decision is not None:
            done.decisions.append(decision)
            if not any(action.state == "succeeded" for action in _actions(desk)):
                done.until_repair.append(decision)
        return decision

    until(lambda: desk.refresh() is not None and all_green(desk), "a green board")
    world.resume()
    while until(decided, "a next step") != "review.open":
        assert len(done.decisions) < 20, done.decisions
    until(lambda: desk.refresh() is not None and not open_alerts(desk), "the end of every alert")
    return done


def open_alerts(desk: Desk) -> list[str]:
    return [alert.id for alert in desk.alerts() if alert.cleared_at is None]


def all_green(desk: Desk) -> bool:
    rows = desk.domains()
    return bool(rows) and all(row.verdict is Verdict.OK for row in rows)


def _actions(desk: Desk) -> list[ActionView]:
    return [action for incident in desk.incidents.all() for action in desk.actions.of_incident(incident.uid)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """One play of the drill, and what the world and the ledger say of it."""
    folder = tmp_path_factory.mktemp("drill")
    with ExitStack() as stack:
        world = stack.enter_context(served("dkim-missing"))
        place = Place(folder, quick(world))
        stack.enter_context(place.watch())
        desk = stack.enter_context(place.desk())
        done = play(place, world, desk)
        done.referee = referees_word(world, desk)
        done.at_aws = changes_at_aws(world)
        status = world.status()
        done.restored, done.escapes = status["restored"], status["escapes"]
        done.events = place.events()
        done.chain_ok = place.verified().ok
        (exported,) = folder.glob("*.md")
        done.exported = exported.read_text()
        yield done


def test_the_worlds_own_referee_confirms_that_mail_is_signed_again(played: Play) -> None:
    assert played.restored
    assert played.referee["Mail from shop.example is signed and can be verified"] == "✔ met"
    assert played.referee["The incident was resolved, and not too early"] == "✔ met"


def test_detection_answer_and_repair_meet_the_scenarios_deadlines(played: Play) -> None:
    for title in (
        "The missing record was noticed",
        "The incident was acknowledged",
        "Signing was moved to the prepared key",
    ):
        assert played.referee[title] == "✔ met"


def test_four_decisions_lead_from_the_alert_to_the_repair_and_three_more_to_the_record(played: Play) -> None:
    print(f"decisions from alert to repair: {len(played.until_repair)}, to the export: {len(played.decisions)}")
    assert played.until_repair == ["incident.open", "runbook.start", "runbook.advance", "action.confirm"]
    assert played.decisions[4:] == ["runbook.advance", "incident.resolve", "review.open"]


def test_signing_is_changed_once_and_nothing_else_is(played: Play) -> None:
    (call,) = played.at_aws
    assert call.startswith("sesv2 PutEmailIdentityDkimSigningAttributes (EmailIdentity shop.example")
    assert [event.kind for event in played.events].count("action.effect") == 1


def test_nothing_tried_to_leave_the_machine(played: Play) -> None:
    assert played.escapes == 0


def test_the_chain_of_all_events_is_unbroken_and_tells_the_story_in_order(played: Play) -> None:
    assert played.chain_ok
    kinds = [event.kind for event in played.events]
    story = [
        "watch.started",
        "alert.raised",
        "incident.opened",
        "run.started",
        "action.requested",
        "action.planned",
        "action.confirmed",
        "action.intent",
        "action.effect",
        "action.applied",
        "action.succeeded",
        "run.finished",
    ]
    assert [kind for kind in dict.fromkeys(kinds) if kind in story] == story
    assert kinds.count("alert.raised") == kinds.count("alert.cleared")


def test_the_exported_post_mortem_is_filled_from_the_record(played: Play) -> None:
    assert played.exported.startswith("> **CONFIDENTIAL**\n\n# INC-1 DKIM record missing: shop.example")
    assert "shop.example DKIM: 1 of 3 CNAMEs gone at all 3 name servers" in played.exported
    for metric in ("TTD", "TTA", "TTM", "TTR"):
        assert re.search(rf"^\| {metric} \|", played.exported, re.MULTILINE)
    assert "Traceback" not in played.exported
