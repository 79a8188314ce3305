"""A domain that is watched closer is looked at more often, until its time is over or somebody ends it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cockpit.clock import SystemClock, format_time
from cockpit.health.closer import CALMED, CLOSER
from cockpit.health.registry import CHECKS, check_named
from cockpit.probes.engine import Engine
from cockpit.watch.closer import CloserPace
from cockpit.watch.doubt import Doubt
from cockpit.watch.names import NameLooks
from tests.probes.stage import stage

PLANNED = {("shop.example", check.probe) for check in CHECKS if check.probe != "alignment"}
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@dataclass
class Told:
    kind: str
    body: dict[str, Any]


def closer(target: str, minutes: float = 60) -> Told:
    return Told(CLOSER, {"target": target, "until": format_time(NOW + timedelta(minutes=minutes))})


def probes(pace: CloserPace, seconds: float) -> set[str]:
    found = list(pace.due(NOW + timedelta(seconds=seconds), seconds))
    assert len({target for target, _ in found}) <= 1
    return {check_named(check).probe for _, check in found}


def test_every_probe_begins_at_once_and_then_at_its_own_pace() -> None:
    pace = CloserPace(PLANNED)
    pace.absorb(closer("shop.example"))
    assert {"resolution", "health", "dnssec", "mail", "certificate"} <= probes(pace, 0)
    assert probes(pace, 9) == set()
    assert {"resolution", "health"} <= probes(pace, 10)
    assert "dnssec" not in probes(pace, 20)
    assert "dnssec" in probes(pace, 30)


def test_what_is_not_looked_at_is_not_begun() -> None:
    pace = CloserPace(PLANNED)
    pace.absorb(closer("shop.example"))
    pace.absorb(closer("other.example"))
    assert "alignment" not in probes(pace, 0)


def test_what_costs_others_something_keeps_its_pace() -> None:
    pace = CloserPace(PLANNED)
    pace.absorb(closer("shop.example"))
    assert not {"backup", "account", "rates"} & probes(pace, 0)


def test_new_certificates_are_searched_for_every_five_minutes() -> None:
    pace = CloserPace(PLANNED)
    pace.absorb(closer("shop.example"))
    assert "issuance" in probes(pace, 0)
    assert "issuance" not in probes(pace, 299)
    assert "issuance" in probes(pace, 300)


async def test_further_resolvers_are_asked_while_a_domain_is_watched_closer() -> None:
    async with stage() as made:
        *usual, further = made.profile.resolvers
        profile = msgspec.structs.replace(made.profile, resolvers=tuple(usual), further_resolvers=(further,))
        engine, watched = Engine(), set[str]()
        looks = NameLooks(profile, SystemClock(), engine, Doubt())
        looks.closer = watched.__contains__
        for watched_now, wanted in ((set[str](), False), ({made.domain.name}, True), (set[str](), False)):
            watched.clear()
            watched.update(watched_now)
            seen = await looks.resolution(made.domain, (), NOW)
            assert any(each.vantage == further.name for each in seen) is wanted
            assert (await looks.renewed(made.domain, (), NOW)) is not None, "what it found good stands"
        watched.add(made.domain.name)
        assert await looks.renewed(made.domain, (), NOW) is None, "a resolver that was not asked yet is"
        engine.close()


def test_it_ends_by_itself_and_when_somebody_says_so() -> None:
    pace = CloserPace(PLANNED)
    pace.absorb(closer("shop.example", minutes=1))
    assert pace.until("shop.example", NOW) == NOW + timedelta(minutes=1)
    assert probes(pace, 61) == set()
    pace.absorb(closer("shop.example"))
    pace.absorb(Told(CALMED, {"target": "shop.example"}))
    assert probes(pace, 70) == set()
