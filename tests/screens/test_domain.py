"""One domain: its parts, its records, its history, a closer watch, and a runbook for it."""

from datetime import timedelta

import pytest
from textual.pilot import Pilot

from cockpit.health.model import Verdict
from screens.app import CockpitApp
from screens.pages.domain import DomainScreen
from screens.present.chains import chain_lines
from screens.present.lines import plain
from screens.present.matrix import matrix_lines
from tests.screens.conftest import cockpit
from tests.screens.desks import DKIM_FINDING, Scene, chained, troubled
from tests.screens.plain import screen_lines


async def on_domain(pilot: Pilot[int], target: str = "shop.example") -> CockpitApp:
    app = pilot.app
    assert isinstance(app, CockpitApp)
    app.chosen_domain = target
    app.go("domain")
    await pilot.pause()
    return app


async def do(pilot: Pilot[int], command: str) -> None:
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.perform(command)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def toasts(app: CockpitApp) -> str:
    return " ".join(each.message for each in app._notifications)


async def test_a_narrow_screen_shows_one_part_and_tab_turns_to_the_next(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        app = await on_domain(pilot)
        for title in ("▸Findings", "▸Who sees what", "▸Chains", "▸Changed", "▸Findings"):
            assert any(title in line for line in screen_lines(app)), title
            await pilot.press("tab")


async def closer_for(pilot: Pilot[int], *keys: str) -> None:
    """Ask for a closer watch, and answer for how long."""
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.perform("domain.closer")
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


async def test_a_domain_is_watched_closer_for_an_hour_and_no_longer_when_asked_again(scene: Scene) -> None:
    troubled(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        app = await on_domain(pilot)
        await closer_for(pilot, "enter")
        assert "every ten seconds until 15:03Z" in toasts(app)
        assert any(
            "watched closer for 60m" in line or "watched closer for 1h" in line for line in screen_lines(app)
        )
        await do(pilot, "domain.closer")
        assert not any("watched closer" in line for line in screen_lines(app)[:4])
        await closer_for(pilot, "enter")
        scene.clock.advance(3601)
        app.refresh_now()
        await pilot.pause()
        assert not any("watched closer" in line for line in screen_lines(app)[:4])


async def test_a_closer_watch_lasts_as_long_as_is_said_and_two_days_at_most(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        app = await on_domain(pilot)
        erase = ("backspace",) * 2
        await closer_for(pilot, *erase, *"49h", "enter")
        assert any("Write 1m to 48h" in line for line in screen_lines(app))
        await pilot.press(*("backspace",) * 3, *"48h", "enter")
        await pilot.pause()
        now = scene.clock.now()
        assert scene.desk.closer.until("shop.example", now) == now + timedelta(hours=48)
        assert "until 14:03Z on 22 November" in toasts(app)
        await do(pilot, "domain.closer")
        await closer_for(pilot, "escape")
        assert scene.desk.closer.until("shop.example", now) is None


async def test_the_history_has_a_mark_per_hour_and_every_change(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene, 110, 40) as pilot:
        app = await on_domain(pilot)
        app.perform("domain.history")
        await pilot.pause()
        await pilot.pause()
        shown = "\n".join(screen_lines(app))
        assert "last 24 h" in shown
        assert "13:59 ●→✖ DKIM records" in shown
        dkim = next(line for line in shown.splitlines() if "DKIM records" in line and "█" in line)
        assert "▁" in dkim
        await pilot.press("escape")


async def test_a_runbook_for_a_domain_opens_its_incident_first(scene: Scene) -> None:
    troubled(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        app = await on_domain(pilot)
        await pilot.press("r")
        await pilot.pause()
        await pilot.pause()
        opened = scene.desk.incidents.open_incidents()
        assert [incident.targets[0] for incident in opened] == ["shop.example"]
        assert app.chosen_incident == opened[0].uid
        await pilot.press("escape")


async def test_every_record_to_publish_is_copied_at_once(scene: Scene) -> None:
    troubled(scene)
    spf = 'shop.example. 300 IN TXT "v=spf1 include:amazonses.com ~all"'
    finding = DKIM_FINDING.__class__("No SPF.", "One SPF record.", "Publish it.", spf)
    scene.saw("shop.example", "mail.spf", Verdict.WARN, "SPF: no record", finding=finding)
    async with cockpit(scene) as pilot:
        app = await on_domain(pilot)
        await do(pilot, "copy.all")
        assert app.clipboard == f"{DKIM_FINDING.record}\n{spf}"
        await do(pilot, "copy")
        assert app.clipboard == DKIM_FINDING.record


async def test_a_domain_that_is_gone_says_so_and_how_to_get_back(scene: Scene) -> None:
    async with cockpit(scene) as pilot:
        app = await on_domain(pilot, "gone.example")
        assert any("No such domain: gone.example" in line for line in screen_lines(app))
        assert isinstance(app.screen, DomainScreen)


@pytest.mark.parametrize("cells", [40, 78, 200])
def test_the_matrix_breaks_into_bands_and_never_out_of_its_place(scene: Scene, cells: int) -> None:
    chained(scene)
    troubled(scene)
    cell = [{"record": f"sub{n}.shop.example", "type": "AAAA", "state": "good", "ttl_s": n} for n in range(40)]
    scene.saw("shop.example", "dns.resolution", Verdict.WARN, "x", vantage="ns1.shop.example",
              evidence={"role": "authoritative", "cells": cell})  # fmt: skip
    scene.refresh()
    view = scene.desk.domain("shop.example")
    assert view is not None
    lines = [plain(line) for line in matrix_lines(view, scene.clock.now(), cells)]
    assert max(map(len, lines)) <= cells
    assert sum(line.startswith("▲ ns1") or line.startswith("✖ ns1") for line in lines) > 1
    assert any("sub39 AAAA" in line for line in lines)


def test_what_an_earlier_look_saw_is_not_green_once_a_later_one_heard_nobody(scene: Scene) -> None:
    cell = [{"record": "shop.example", "type": "TXT", "state": "good", "ttl_s": 60}]
    for server in ("ns1.hosting.example", "ns2.hosting.example"):
        scene.saw("shop.example", "mail.spf", Verdict.OK, "has it", vantage=server, ago=70,
                  evidence={"role": "authoritative", "cells": cell})  # fmt: skip
        scene.saw("shop.example", "dns.dnssec", Verdict.OK, "signed and valid", vantage=server, ago=70)
    links = [{"zone": "example", "status": "secure"}, {"zone": "shop.example", "status": "unknown"}]
    scene.saw("shop.example", "mail.spf", Verdict.UNKNOWN, "SPF: cannot be looked up", ago=5)
    scene.saw("shop.example", "dns.dnssec", Verdict.UNKNOWN, "cannot be asked", ago=5, evidence={"chain": links})
    scene.refresh()
    view = scene.desk.domain("shop.example")
    assert view is not None
    matrix = [plain(line) for line in matrix_lines(view, scene.clock.now(), 78)]
    assert not [line for line in matrix if "●" in line]
    assert any("no data since 70s ago" in line or "no data since 1m ago" in line for line in matrix), matrix
    chain = [plain(line) for line in chain_lines(view, scene.clock.now(), 78)]
    assert not [line for line in chain if "not signed" in line or "answered signed and valid" in line], chain
    assert any("whether there is a DS is not known" in line for line in chain)
