"""Kill -9 of the screen, of the watch and of the runner: what was acknowledged stays, and nothing is sent twice.

The runner's own tests kill it at every line of its journal in a room of its own. Here the whole product stands
around it: one terminal asks and confirms, another finds the run without a runner, and the world counts the calls.
"""

import random
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cockpit.actions.journal import ActionState
from cockpit.actions.ledger_journal import runner_lease
from cockpit.cli.companion import watch_is_held
from cockpit.desk import Desk
from cockpit.desk.remedies.actions import ActionView
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.own_process import own_command, own_environment
from storage.event import Event
from storage.leases import Leases
from tests.actions.conftest import Runners
from tests.screens.terminal import Terminal
from tests.whole.home import killed, run, until
from tests.whole.place import SPEED, Place, changes_at_aws, quick, served

pytestmark = pytest.mark.xdist_group("whole")

SHOWN = re.compile(rb"\xe2\x9c\x8e(?:\x1b\[[0-9;]*m|\s)*(note-\d{4})")
"""A note as an entry of the timeline, with the sign that the line under the cursor does not have."""

REPAIR = "ses.byodkim", {"domain": "shop.example", "selector": "s2026b"}
SETTLED = (ActionState.SUCCEEDED, ActionState.REFUSED, ActionState.NEEDS_HUMAN, ActionState.ROLLED_BACK)


# The screen


def test_every_note_that_was_on_the_screen_survives_kill_9_of_the_screen(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {**own_environment(), "COCKPIT_HOME": str(home)}
    opened = run(own_command("incident", "open", "Order mail is late", "--severity", "P2"), environment)
    assert opened.code == 0, opened.err
    chance, typed, shown = random.Random(20261120), 0, set[str]()
    for _ in range(3):
        with Terminal(own_command("--as", "mhassan"), env=environment) as terminal:
            terminal.wait_for(b"Next")
            terminal.send("n")
            before, enough = len(shown), len(shown) + chance.randint(2, 9)
            while len(shown) < enough:
                typed += 1
                terminal.send(f"note-{typed:04}\r")
                terminal.read_for(chance.uniform(0.0, 0.05))
                shown |= notes_in(terminal)
            terminal.process.kill()
            terminal.wait()
            shown |= notes_in(terminal)
            assert len(shown) > before
        recorded = notes_of(home, environment)
        assert shown <= set(recorded)
        assert recorded == sorted(set(recorded)), "each note once, in the order in which it was typed"
        verified = run(own_command("verify", "--json"), environment)
        assert (verified.code, verified.document["ok"]) == (0, True)
        assert until(lambda: not watch_is_held(home / "cockpit.db")), "its watch left with it"


def notes_in(terminal: Terminal) -> set[str]:
    return {found.decode() for found in SHOWN.findall(bytes(terminal.output))}


def notes_of(home: Path, environment: dict[str, str]) -> list[str]:
    shown = run(own_command("incident", "show", "1", "--json"), environment)
    return [entry["text"] for entry in shown.document["timeline"] if entry["text"].startswith("note-")]


# The watch


@pytest.fixture(scope="module")
def world() -> Iterator[LaunchedWorld]:
    """A world in which nothing happens by itself, fast enough that quiet periods are short."""
    with served("all-quiet", speed=SPEED * 10) as launched:
        launched.resume()
        yield launched


@pytest.fixture
def place(world: LaunchedWorld, tmp_path: Path) -> Place:
    return Place(tmp_path, quick(world, SPEED * 10))


def test_an_outage_across_three_killed_watches_is_one_alert_that_clears_once(
    world: LaunchedWorld, place: Place
) -> None:
    def changed(verdict: str) -> bool:
        return any(_is_dkim(event) and event.body["new"] == verdict for event in place.events("health.changed"))

    with place.watch() as first, place.desk() as desk:
        until(lambda: desk.refresh() is not None and _verdict(desk) == "OK", "a green row")
        world.inject(do="dkim-token-withdraw", domain="pay.example", token=2)
        until(lambda: changed("FAIL"), "the failure")
        killed(first.pid)
        first.wait()
    seen = place.events()
    with place.watch() as second:
        started(place, 2)
        (raised,) = until(lambda: _dkim_events(place, "alert.raised"), "the alert")
        killed(second.pid)
        second.wait()
    assert [event.id for event in place.events()[: len(seen)]] == [event.id for event in seen]
    name, _, target = raised.body["finding"]["record"].partition(". 1800 IN CNAME ")
    with place.watch() as third:
        started(place, 3)
        world.inject(do="dns-publish", name=name, type="CNAME", values=[target])
        until(lambda: _dkim_events(place, "alert.cleared"), "the end of the alert")
        killed(third.pid)
        third.wait()
    with place.watch(), place.desk() as desk:
        started(place, 4)
        until(lambda: desk.refresh() is not None and _verdict(desk) == "OK", "a green row")
    assert len(_dkim_events(place, "alert.raised")) == len(_dkim_events(place, "alert.cleared")) == 1
    assert place.verified().ok


def started(place: Place, number: int) -> None:
    until(lambda: len(place.events("watch.started")) == number, f"watch number {number}")


def _verdict(desk: Desk) -> str:
    view = desk.domain("pay.example")
    return next((check.verdict.value for check in view.checks if check.check == "mail.dkim"), "") if view else ""


def _is_dkim(event: Event) -> bool:
    return (event.body["target"], event.body["check"]) == ("pay.example", "mail.dkim")


def _dkim_events(place: Place, kind: str) -> list[Event]:
    return [event for event in place.events(kind) if event.body["alert"].startswith("pay.example|mail.dkim|")]


# The runner


@pytest.fixture
def runners() -> Iterator[Runners]:
    """Runners that die where they are told to."""
    made = Runners()
    try:
        yield made
    finally:
        made.close()


def settled(desk: Desk, uid: str) -> ActionView:
    """The run once it has ended or waits for a person; the desk takes it up meanwhile, as a screen does."""

    def view() -> ActionView | None:
        desk.refresh()
        desk.settle()
        found = desk.actions.get(uid)
        return found if found.state in SETTLED else None

    ended = until(view, "the end of the run")
    assert ended is not None
    return ended


def reached(desk: Desk, uid: str, state: ActionState) -> bool:
    desk.refresh()
    return desk.actions.get(uid).state is state


@pytest.mark.parametrize("lines", [range(1, 6), range(6, 9)], ids=["before the sending", "after the sending"])
def test_wherever_the_runner_is_killed_another_terminal_ends_the_run_with_one_change(
    world: LaunchedWorld, place: Place, runners: Runners, lines: range
) -> None:
    """The repair and its undo in turns, so that each run starts from where the one before ended."""
    deaths = [{"die_after": line} for line in lines]
    deaths += [{"die_sending": 1}] if 1 in lines else [{"die_answered": 1}]
    with place.desk("mhassan") as asking, place.desk("jroy") as other:
        asking.actions._spawn = other.actions._spawn = runners
        done: ActionView | None = None
        for death in deaths:
            before = changes_at_aws(world)
            asking.refresh()
            runners.order = dict(death)
            undone = done is not None and done.undoes is None
            uid = asking.actions.undo(done.uid) if done and undone else asking.actions.request(*REPAIR)
            other.refresh()
            assert other.actions.resume_orphans() == [], "its own runner is on its way"
            until(partial(reached, asking, uid, ActionState.PLANNED), f"a plan {death}")
            asking.actions.confirm(uid, "shop.example")
            assert runners.ended() == -9
            done = settled(other, uid)
            assert runners.ended() == 0
            assert (done.state, done.alive) == (ActionState.SUCCEEDED, False), [line.text for line in done.lines]
            assert len(changes_at_aws(world)) - len(before) == 1, death
            in_doubt = "reconciling" in [line.kind for line in done.lines]
            assert in_doubt is (death.get("die_after") == 5 or "die_after" not in death), death
        if done is not None and done.undoes is None:
            _take_back(other, done, runners)
    assert place.verified().ok


def _take_back(desk: Desk, done: ActionView, runners: Runners) -> None:
    """Easy DKIM again, for whoever comes next."""
    uid = desk.actions.undo(done.uid)
    until(partial(reached, desk, uid, ActionState.PLANNED), "a plan of the way back")
    desk.actions.confirm(uid, "shop.example")
    assert settled(desk, uid).state is ActionState.SUCCEEDED
    assert runners.ended() == 0


def test_a_call_on_its_way_when_the_runner_is_killed_is_found_out_by_the_screen_next_door(
    world: LaunchedWorld, place: Place
) -> None:
    """Real processes only: a runner of one terminal, and the cockpit of another operator on a terminal.

    The call lands the better part of a second late, well within the quiet period of a runner at this speed.
    """
    place = Place(place.folder, quick(world, SPEED * 2))
    with place.desk("mhassan") as desk, Terminal(place.command(operator="jroy"), env=place.environment) as screen:
        screen.wait_for(b"DRILL")
        before = changes_at_aws(world)
        uid = desk.actions.request(*REPAIR)
        until(partial(reached, desk, uid, ActionState.PLANNED), "a plan")
        operation = "PutEmailIdentityDkimSigningAttributes"
        world.inject(do="aws-fault", kind="latency", service="sesv2", operation=operation, delay_s=0.8, times=1)
        desk.actions.confirm(uid, "shop.example")
        until(partial(reached, desk, uid, ActionState.EFFECT), "the sending")
        screen.read_for(0.4)
        row = Leases(desk.database).holder(runner_lease(uid))
        assert row is not None
        killed(row.pid)

        def ended() -> bool:
            screen.drain()
            return reached(desk, uid, ActionState.SUCCEEDED)

        until(ended, "the end of the run")
        kinds = [line.kind for line in desk.actions.get(uid).lines]
        assert [kind for kind in kinds if kind in ("effect", "unknown", "reconciling", "applied")] == [
            "effect",
            "unknown",
            "reconciling",
            "applied",
        ]
        assert len(changes_at_aws(world)) - len(before) == 1
        screen.process.terminate()
        assert screen.wait() == 143
    assert place.verified().ok
