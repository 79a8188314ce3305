"""Books of the library worked by keys in their drills, to a repair that is verified; the keys are counted.

One is always played; the others are a drill each, and are played where LIBRARY_BY_KEYS is set.
"""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.desk import Desk
from cockpit.drill.launch import LaunchedWorld
from cockpit.health.model import Verdict
from cockpit.profile import Profile
from screens.app import CockpitApp
from tests.runbooks.playing import Play, Stage, play
from tests.whole.home import run, until
from tests.whole.place import Place, quick, served
from tests.whole.test_desk_drill import all_green
from tests.whole.test_pilot_drill import Player

pytestmark = pytest.mark.xdist_group("whole")

OTHERS = ("jroy", "kblake", "atran", "dsilva")
ALWAYS = ("dnssec-wrong-ds",)
PLAYS = (
    Play("dkim-missing", "dkim-record-missing", "shop.example", 20),
    Play("dkim-missing", "domain-identity-failed", "shop.example", 40),
    Play(
        "dkim-missing",
        "byodkim-phase-7",
        "shop.example",
        60,
        answers=("The remedy of this cockpit",),
        values={"Bucket": "keys"},
    ),
    Play(
        "zone-deletion",
        "dns-resolution-failure",
        "shop.example",
        40,
        answers=("Our servers answer, records are missing",),
    ),
    Play(
        "propagation-stale",
        "dns-propagation",
        "news.example",
        20,
        answers=("Resolvers only",),
        repairs=0,
        speed=20.0,
    ),
    Play("dnssec-wrong-ds", "dnssec-failure", "pay.example", 25, answers=("The DS names no key",)),
    Play(
        "dnssec-expired", "dnssec-failure", "pay.example", 30, answers=("The zone is no longer signed, or its key",)
    ),
    Play("certificate-expiry", "certificate-expired", "pay.example", 40, answers=("AWS Certificate Manager",)),
    Play(
        "all-quiet",
        "certificate-expiring",
        "pay.example",
        40,
        answers=("No, the renewal did not run",),
        before=({"do": "certificate", "host": "www.pay.example", "kind": "expiring"},),
        restores=False,
    ),
    Play(
        "all-quiet",
        "certificate-invalid",
        "pay.example",
        40,
        answers=("no certificate of ours",),
        before=({"do": "certificate", "host": "www.pay.example", "kind": "wrong-host"},),
        restores=False,
    ),
    Play(
        "all-quiet",
        "certificate-revoked",
        "pay.example",
        60,
        before=({"do": "certificate-revoke", "host": "www.pay.example"},),
        restores=False,
    ),
    Play(
        "load-balancer-failure",
        "load-balancer",
        "pay.example",
        60,
        answers=("It cuts connections",),
        values={"balancer that stands ready": "203.0.113.25"},
        restores=False,
    ),
    Play(
        "all-quiet",
        "service-down",
        "news.example",
        60,
        answers=("Nothing, only this service", "Nothing of ours, it hangs", "Yes, as a deployment"),
        values={"deployment": "web"},
        before=({"do": "host-fault", "host": "www.news.example", "kind": "unavailable"},),
        mended={"rollout restart deployment/web": {"do": "host-heal", "host": "www.news.example"}},
        repairs=0,
        restores=False,
    ),
    Play(
        "all-quiet",
        "database-connectivity",
        "news.example",
        90,
        answers=("It answers with a primary",),
        values={"MongoDB": "db.news.example", "namespace": "news", "deployment": "web"},
        before=({"do": "host-fault", "host": "www.news.example", "kind": "unavailable"},),
        mended={"rollout restart deployment/web": {"do": "host-heal", "host": "www.news.example"}},
        repairs=0,
        restores=False,
    ),
    Play(
        "ses-bounce-ramp",
        "ses-bounce-rate",
        "ses:",
        40,
        answers=("Yes, stop that one",),
        values={"configuration set": "campaigns"},
    ),
    Play(
        "ses-complaint-jump",
        "ses-complaint-rate",
        "ses:",
        40,
        answers=("Yes, stop that one",),
        values={"configuration set": "campaigns"},
    ),
    Play(
        "account-suspension",
        "ses-account-stopped",
        "ses:",
        140,
        answers=("SHUTDOWN",),
        values={
            "Configuration set": "campaigns",
            "Web site": "https://shop.example",
            "What caused it": "A mailing to an old list bounced. It was stopped, the list was cleaned.",
        },
        repairs=2,
    ),
    Play("customer-communication", "customer-communication", "", 60, answers=("P0,",), repairs=0, restores=False),
    Play("dkim-missing", "initial-assessment", "shop.example", 40, answers=("Fewer,",), repairs=0, restores=False),
    Play("dkim-missing", "team-assembly", "shop.example", 50, answers=("P1",), repairs=0, restores=False),
    Play("dkim-missing", "registrar-escalation", "shop.example", 60, repairs=0, restores=False),
    Play(
        "all-quiet",
        "ses-daily-check",
        "news.example",
        30,
        before=({"do": "host-fault", "host": "www.news.example", "kind": "unavailable"},),
        repairs=0,
        restores=False,
    ),
    Play(
        "dkim-missing",
        "ses-weekly-check",
        "shop.example",
        90,
        values={"verified address": "post@shop.example", "ARN": "arn:aws:sns:x"},
        repairs=0,
        restores=False,
    ),
)
"""A row for each book."""


def _marked(row: Play) -> object:
    opt_in = pytest.mark.skipif(
        row.drill not in ALWAYS and "LIBRARY_BY_KEYS" not in os.environ,
        reason="a drill each: set LIBRARY_BY_KEYS=1 to play them",
    )
    return pytest.param(row, id=f"{row.book}-in-{row.drill}", marks=opt_in)


def _profile(world: LaunchedWorld, speed: float) -> Profile:
    """The world's profile, looked at often, copies of zones included."""
    profile = quick(world, speed)
    settings = dict(profile.settings or {})
    settings["intervals"] = {**settings["intervals"], "backup_s": 1.0}
    return replace(profile, settings=settings)


def _backed_up(desk: Desk) -> bool:
    checks = desk.board.checks("shop.example")
    return any(check.check == "dns.backup" and check.verdict is Verdict.OK for check in checks)


@pytest.mark.parametrize("row", [_marked(row) for row in PLAYS])
async def test_a_book_is_worked_to_a_verified_repair_by_keys(
    row: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("COCKPIT_DRILL_TRAP", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    with served(row.drill, row.speed) as world:
        place = Place(tmp_path, _profile(world, row.speed))
        asked: list[str] = []

        def others(code: str) -> None:
            for person in OTHERS:
                done = run(place.command("approve", code, "--yes", operator=person), place.environment)
                if done.code == 0:
                    asked.append(person)
                    return
            raise AssertionError(done)

        stage = Stage(world, tmp_path, others)
        stage.stand_ins()
        monkeypatch.setenv("PATH", str(stage.folder))
        with place.watch(), place.desk() as desk:
            until(lambda: desk.refresh() is not None and all_green(desk), "a green board")
            until(lambda: desk.refresh() is not None and _backed_up(desk), "a copy of the zone")
            app = CockpitApp(desk, poll=False, settle_s=0.0)
            async with app.run_test(size=(80, 24), notifications=True) as pilot:
                player = Player(app, pilot)
                world.resume()
                for happening in row.before:
                    world.inject(**happening)
                keys = await play(player, row, stage)
                print(f"KEYS {row.book} in {row.drill}: {keys}, and {', '.join(asked) or 'nobody else'}")
                assert keys <= row.most_keys
                if row.restores:
                    await player.wait(lambda: world.status()["restored"], "what the drill wants restored")
                assert world.status()["escapes"] == 0
