"""While every server says what it said, the verdict stands unread, with true times; else the look is complete."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from cockpit.config import Settings
from cockpit.drill.dns import fault
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.probes.engine import Round
from cockpit.watch.memory import KEPT_EVERY, Memory
from cockpit.watch.standing import Renewed, SeatRenewed, renewals_of
from tests.probes.stage import DEEP, DOMAIN, NS2, WWW, Stage
from tests.probes.stage import stage as staged

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
CHECK = "dns.resolution"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        assert (await made.decide()).verdict is Verdict.OK
        yield made


async def again(stage: Stage) -> Renewed | None:
    return await stage.looks.renewed(stage.domain, DEEP, AT)


async def test_the_second_look_is_spared_and_tells_what_remains_of_the_answers(stage: Stage) -> None:
    seen = await stage.look()
    found = await again(stage)
    assert found is not None
    assert (found.target, found.check, found.at) == (DOMAIN, CHECK, AT)
    assert {seat.vantage for seat in found.seats} == set(seen) - {DECISION}
    for seat in found.seats:
        cells = seen[seat.vantage].evidence["cells"]
        if seen[seat.vantage].evidence["role"] == "resolver":
            assert seat.ttls is not None
            assert len(seat.ttls) == len(cells)
            for ttl_s, cell in zip(seat.ttls, cells, strict=True):
                assert ttl_s is not None
                assert cell["ttl_s"] - 5 <= ttl_s <= cell["ttl_s"], "it only runs down"
        else:
            assert seat.ttls is None


async def test_a_record_that_changes_or_goes_makes_a_complete_look_which_reads_what_came(stage: Stage) -> None:
    stage.shop.publish(WWW, "A", "203.0.113.99")
    assert await again(stage) is None
    assert (await stage.decide()).verdict is not Verdict.UNKNOWN
    stage.shop.withdraw(WWW, "A")
    assert await again(stage) is None
    assert (await stage.decide()).verdict is Verdict.FAIL
    assert await again(stage) is None, "what is bad never stands"


async def test_another_wish_makes_a_complete_look(stage: Stage) -> None:
    assert await again(stage) is not None
    stage.pin(WWW, "A", "203.0.113.10")
    assert await again(stage) is None


async def test_a_single_answer_that_does_not_come_makes_a_complete_look(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Round.ask

    async def losing(self: Round, *arguments: object) -> None:
        await ask(self, *arguments)  # type: ignore[arg-type]
        self.came[-1] = TimeoutError()

    monkeypatch.setattr(Round, "ask", losing)
    assert await again(stage) is None
    assert (await stage.decide()).verdict is Verdict.OK, "what was lost is asked for again"


async def test_a_resolver_that_is_silent_and_stays_so_makes_no_complete_look(stage: Stage) -> None:
    dead = stage.network.resolvers["opendns"]
    dead.inject(fault("timeout"))
    stage.looks.patience_s[DOMAIN] = 0.3
    assert await again(stage) is None, "its silence is news"
    seen = await stage.look()
    assert (seen["opendns"].verdict, seen[DECISION].verdict) == (Verdict.UNKNOWN, Verdict.OK)
    found = await again(stage)
    assert found is not None
    assert {seat.vantage for seat in found.seats} == set(seen) - {DECISION}
    assert next(seat.ttls for seat in found.seats if seat.vantage == "opendns") is None
    dead.heal()
    assert await again(stage) is None, "that it speaks again is news too"
    assert (await stage.look())["opendns"].verdict is Verdict.OK


async def test_a_name_server_that_is_silent_makes_a_complete_look_each_time(stage: Stage) -> None:
    stage.network.authority(NS2[0]).inject(fault("timeout"))
    stage.looks.patience_s[DOMAIN] = 0.3
    assert await again(stage) is None
    assert (await stage.decide()).verdict is not Verdict.OK
    assert await again(stage) is None


def decision(verdict: Verdict, number: int) -> Observation:
    return Observation(DOMAIN, CHECK, DECISION, verdict, f"it is {verdict}", AT + timedelta(minutes=number))


def test_only_what_has_been_good_for_long_and_has_no_alert_is_settled() -> None:
    memory = Memory(Settings())
    assert not memory.settled(DOMAIN, CHECK), "nothing is known yet"
    memory.take([decision(Verdict.OK, 0)])
    assert memory.settled(DOMAIN, CHECK)
    for number, verdict in enumerate((Verdict.FAIL, Verdict.OK, Verdict.OK), 1):
        memory.take([decision(verdict, number)])
        assert not memory.settled(DOMAIN, CHECK)
    memory.take([decision(Verdict.UNKNOWN, 5)])
    assert not memory.settled(DOMAIN, CHECK)


def test_a_renewal_has_a_row_for_each_server_and_the_decision_and_is_kept_seldom() -> None:
    memory = Memory(Settings())
    memory.take([decision(Verdict.OK, 0)])
    seats = (SeatRenewed("google", 0.25, (7, None)), SeatRenewed("ns1", 0.5))
    first, second, third = (
        memory.renew(Renewed(DOMAIN, CHECK, at, seats)).renewals
        for at in (AT, AT + timedelta(minutes=1), AT + KEPT_EVERY)
    )
    assert [(each.vantage, each.took_ms) for each in first] == [("google", 250), ("ns1", 500), (DECISION, 500)]
    assert first[0].values == (("$.evidence.cells[0].ttl_s", 7), ("$.evidence.cells[1].ttl_s", None))
    assert [each[0].keep for each in (first, second, third)] == [True, False, True]
    assert renewals_of(Renewed(DOMAIN, CHECK, AT, seats), keep=True) == first
