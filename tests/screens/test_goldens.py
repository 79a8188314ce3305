"""What each screen shows, as text: at 80x24 over a slow line, and at 200x50."""

from pathlib import Path

from textual.pilot import Pilot

from cockpit.config import Settings
from screens.app import CockpitApp
from tests.screens.conftest import cockpit
from tests.screens.desks import (
    Scene,
    all_green,
    applied,
    balanced,
    chained,
    issued,
    planned,
    signed_well,
    troubled,
)
from tests.screens.plain import assert_golden, assert_nothing_green, screen_lines


async def both_sizes(pilot: Pilot[int], name: str) -> None:
    """Compare the screen at 80x24, then at 200x50."""
    assert_golden(pilot.app, f"{name}-80x24")
    await pilot.resize_terminal(200, 50)
    await pilot.pause()
    assert_golden(pilot.app, f"{name}-200x50")


async def go(pilot: Pilot[int], command: str) -> None:
    """Do a command as its key would, and wait until it is painted."""
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.perform(command)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def working(scene: Scene) -> str:
    """An incident that has been worked on for a while; returns its uid."""
    alert = troubled(scene)
    scene.hold_watch()
    scene.refresh()
    incidents = scene.desk.incidents
    uid = incidents.open_from_alert(alert, take_lead=True).uid
    scene.clock.advance(461)
    scene.again()
    incidents.note(uid, "-3m registrar change ticket found, 13:50")
    incidents.note(uid, "d publish the record again, no objections")
    incidents.record_update(uid, audience="customers", channel="by hand", text="We look into delayed mail.")
    return uid


async def test_an_empty_cockpit_says_what_it_is_and_offers_four_ways_on(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Settings())
    async with cockpit(scene) as pilot:
        await both_sizes(pilot, "board-empty")
    scene.close()


async def test_the_board_shows_the_worst_first(scene: Scene) -> None:
    troubled(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        await both_sizes(pilot, "board")


async def test_a_board_with_an_open_incident_counts_its_clocks(scene: Scene) -> None:
    working(scene)
    async with cockpit(scene) as pilot:
        await both_sizes(pilot, "board-incident")


async def test_a_drill_stands_in_a_double_frame(drill: Scene) -> None:
    all_green(drill)
    drill.hold_watch()
    async with cockpit(drill) as pilot:
        drill.clock.advance(72)
        assert isinstance(pilot.app, CockpitApp)
        pilot.app.refresh_now()
        await pilot.pause()
        await both_sizes(pilot, "board-drill")


async def test_a_domain_says_what_is_wrong_and_who_sees_it(scene: Scene) -> None:
    troubled(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        await go(pilot, "domain.show")
        await both_sizes(pilot, "domain")


async def test_a_broken_chain_is_drawn_and_its_link_named(scene: Scene) -> None:
    chained(scene)
    troubled(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        assert isinstance(pilot.app, CockpitApp)
        pilot.app.chosen_domain = "pay.example"
        pilot.app.go("domain")
        await pilot.pause()
        await pilot.press("tab", "tab")
        await both_sizes(pilot, "domain-chains")


async def on(pilot: Pilot[int], domain: str, *keys: str) -> None:
    """Open a domain's screen, and press some keys there."""
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.chosen_domain = domain
    pilot.app.go("domain")
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


async def test_a_good_domain_shows_agreement_whole_chains_and_who_serves(scene: Scene) -> None:
    signed_well(scene)
    all_green(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        await on(pilot, "shop.example", "tab")
        await both_sizes(pilot, "domain-good-matrix")
        await pilot.resize_terminal(80, 24)
        await pilot.press("tab")
        await pilot.pause()
        assert_golden(pilot.app, "domain-good-chains-80x24")


async def test_a_strange_certificate_and_targets_that_do_not_serve_are_listed(scene: Scene) -> None:
    issued(scene, "pay.example", strange=True)
    balanced(scene, "pay.example", broken=True)
    troubled(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        await on(pilot, "pay.example", "tab")
        assert_golden(pilot.app, "domain-targets-80x24")
        await pilot.press("tab")
        await both_sizes(pilot, "domain-issuance")


async def test_nothing_is_green_that_nobody_looks_at_any_more(scene: Scene) -> None:
    """The network is slow or gone: two hours ago all was well."""
    signed_well(scene)
    all_green(scene)
    async with cockpit(scene) as pilot:
        scene.clock.advance(7200)
        assert isinstance(pilot.app, CockpitApp)
        pilot.app.refresh_now()
        await pilot.pause()
        await both_sizes(pilot, "board-silent")
        assert_nothing_green(pilot.app)
        await pilot.resize_terminal(80, 24)
        await on(pilot, "shop.example")
        await both_sizes(pilot, "domain-silent")
        assert_nothing_green(pilot.app)
        for _ in range(3):
            await pilot.press("tab")
            await pilot.pause()
            assert_nothing_green(pilot.app)


async def test_a_read_only_cockpit_says_so_in_its_header(tmp_path: Path) -> None:
    scene = Scene(tmp_path, read_only=True)
    troubled(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        await both_sizes(pilot, "board-read-only")
        await on(pilot, "shop.example")
        assert any("PROD read-only" in line for line in screen_lines(pilot.app)[:1])
    scene.close()


async def test_domains_are_grouped_with_counts_and_the_worst_group_first(scene: Scene) -> None:
    troubled(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        await pilot.press("b", "b")
        await both_sizes(pilot, "board-grouped")


async def test_an_incident_shows_clocks_and_timeline(scene: Scene) -> None:
    working(scene)
    async with cockpit(scene) as pilot:
        await go(pilot, "incident.show")
        await both_sizes(pilot, "incident")


async def test_a_timeline_shows_the_selected_entry_in_full(scene: Scene) -> None:
    uid = working(scene)
    entry = scene.desk.incidents.timeline(uid)[-2]
    scene.desk.incidents.amend(uid, entry.id, reason="typo", text="publish the record again; jroy objects")
    async with cockpit(scene) as pilot:
        await go(pilot, "timeline.show")
        await pilot.press("k")
        await both_sizes(pilot, "timeline")


async def test_a_runbook_shows_its_step_and_what_decides_it(scene: Scene) -> None:
    uid = working(scene)
    scene.desk.start_runbook(uid)
    scene.clock.advance(12)
    async with cockpit(scene) as pilot:
        await go(pilot, "runbook.show")
        await both_sizes(pilot, "runbook")


async def test_a_plan_shows_diff_reach_way_back_and_proof(scene: Scene) -> None:
    planned(scene, working(scene))
    async with cockpit(scene) as pilot:
        await go(pilot, "action.show")
        await both_sizes(pilot, "action-plan")


async def test_a_run_says_plainly_that_its_outcome_is_unknown(scene: Scene) -> None:
    action = planned(scene, working(scene))
    scene.desk.actions.confirm(action, "shop.example")
    applied(scene, action)
    async with cockpit(scene) as pilot:
        await go(pilot, "action.show")
        await both_sizes(pilot, "action-run")


async def test_people_show_what_waits_and_the_chain(scene: Scene) -> None:
    uid = working(scene)
    people = scene.desk.people
    people.give_task(uid, "ask the registrar for the change log", "jroy", minutes=15)
    people.propose(uid, "roll the zone back to Thursday")
    scene.clock.advance(60)
    async with cockpit(scene) as pilot:
        await go(pilot, "people.show")
        await both_sizes(pilot, "people")


async def test_who_was_told_what_when(scene: Scene) -> None:
    uid = working(scene)
    words = "We look into delayed mail.\nThe next update comes at 14:41Z."
    scene.desk.messages.send(uid, "customers", words, channel="hand")
    async with cockpit(scene) as pilot:
        await go(pilot, "told.show")
        await both_sizes(pilot, "told")


async def test_a_post_mortem_counts_its_gaps(scene: Scene) -> None:
    working(scene)
    async with cockpit(scene) as pilot:
        await go(pilot, "review.open")
        await both_sizes(pilot, "review")


async def test_help_lists_the_keys_of_the_screen(scene: Scene) -> None:
    all_green(scene)
    async with cockpit(scene) as pilot:
        await pilot.press("question_mark")
        await both_sizes(pilot, "help")


async def test_a_terminal_that_is_too_small_is_told_so(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene, 50, 12) as pilot:
        assert_golden(pilot.app, "too-small-50x12")
