"""Many tasks, one writer thread, an answer each."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import StorageError, Unsafe, Unwritable
from storage.event import Encoded, EventRow
from storage.group_commit import Writer
from storage.ledger import Ledger
from tests.storage.material import draft, ledger_file, noon


def present(path: Path) -> list[str]:
    database = Database.open(path)
    ledger = Ledger(database, noon)
    assert ledger.verify().ok
    ids = [event.id for event in ledger.since(0)]
    database.close()
    return ids


async def test_each_answer_is_the_number_of_its_own_event(path: Path) -> None:
    drafts = [draft(str(number)) for number in range(3_000)]
    async with Writer(path, noon) as writer:
        numbers = await asyncio.gather(*(writer.append(one) for one in drafts))
    ids = present(path)
    assert [ids[number - 1] for number in numbers] == [one.id for one in drafts]


async def test_an_answer_means_that_another_connection_sees_the_event(path: Path) -> None:
    async with Writer(path, noon) as writer:
        reader = Database.open(path)
        for number in range(1, 6):
            assert await writer.append(draft()) == number
            assert Ledger(reader, noon).head()[0] == number
        reader.close()


async def test_many_that_wait_share_a_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    record = Ledger.record

    def counted(self: Ledger, encoded: Sequence[Encoded]) -> list[EventRow]:
        groups.append(len(encoded))
        return record(self, encoded)

    monkeypatch.setattr(Ledger, "record", counted)

    async def produce() -> None:
        for _ in range(20):
            await writer.append(draft())

    async with Writer(path, noon) as writer:
        await asyncio.gather(*(produce() for _ in range(32)))
    assert sum(groups) == 640
    assert len(groups) < 160


async def test_a_known_id_gets_the_number_that_it_has(path: Path) -> None:
    one = draft()
    async with Writer(path, noon) as writer:
        assert set(await asyncio.gather(writer.append(one), writer.append(one))) == {1}
        assert await writer.append(one) == 1


async def test_a_body_that_is_not_json_fails_for_its_caller_alone(path: Path) -> None:
    async with Writer(path, noon) as writer:
        bad = writer.append(draft(body={"x": {1}}))
        answers = await asyncio.gather(writer.append(draft()), bad, writer.append(draft()), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, TypeError, int]
    assert len(present(path)) == 2


async def test_an_error_in_a_group_is_given_to_its_cause_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = draft("bad")
    record = Ledger.record

    def picky(self: Ledger, encoded: Sequence[Encoded]) -> list[EventRow]:
        if any(one[0] == bad.id for one in encoded):
            raise StorageError("this one cannot be stored")
        return record(self, encoded)

    monkeypatch.setattr(Ledger, "record", picky)
    drafts = [draft("a"), bad, draft("b")]
    async with Writer(path, noon) as writer:
        answers = await asyncio.gather(*(writer.append(one) for one in drafts), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, StorageError, int]
    assert set(present(path)) == {drafts[0].id, drafts[2].id}


async def test_a_disk_that_fails_is_told_to_everybody_in_the_group_and_to_all_after(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def full(self: Ledger, encoded: Sequence[Encoded]) -> list[EventRow]:
        nonlocal asked
        asked += 1
        raise Unwritable("The disk is full.")

    monkeypatch.setattr(Ledger, "record", full)
    async with Writer(path, noon) as writer:
        answers = await asyncio.gather(*(writer.append(draft()) for _ in range(5)), return_exceptions=True)
        with pytest.raises(Unwritable, match="full"):
            await writer.append(draft())
    assert [str(answer) for answer in answers] == ["The disk is full."] * 5
    assert len({id(answer) for answer in answers}) == 5
    assert asked <= 6


async def test_a_caller_that_gives_up_does_not_hold_up_the_others(path: Path) -> None:
    async with Writer(path, noon) as writer:
        impatient = asyncio.ensure_future(writer.append(draft("impatient")))
        patient = asyncio.ensure_future(writer.append(draft("patient")))
        impatient.cancel()
        assert await patient in (1, 2)
        with pytest.raises(asyncio.CancelledError):
            await impatient


async def test_closing_writes_what_is_queued_and_then_refuses(path: Path) -> None:
    writer = Writer(path, noon)
    await writer.start()
    waiting = [asyncio.ensure_future(writer.append(draft())) for _ in range(2_500)]
    await writer.append(draft("all of them are queued before this one"))
    closing = asyncio.ensure_future(writer.close())
    assert len(await asyncio.gather(*waiting)) == 2_500
    await closing
    with pytest.raises(StorageError, match="closed"):
        await writer.append(draft())
    assert len(present(path)) == 2_501
    await writer.close()


@pytest.fixture
def readable_by_others(path: Path) -> Path:
    ledger_file(path, 1)
    path.chmod(0o644)
    return path


async def test_a_writer_that_cannot_open_says_so_at_the_start(readable_by_others: Path) -> None:
    writer = Writer(readable_by_others, noon)
    with pytest.raises(Unsafe):
        await writer.start()
    await writer.close()
    with pytest.raises(StorageError, match="closed"):
        await Writer(readable_by_others, noon).append(draft())
