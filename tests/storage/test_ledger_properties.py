"""Properties of the ledger over any JSON body and any tampering with one field."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.ledger import Draft, Ledger
from storage.times import moment, stamp
from tests.storage.material import ledger_file, noon, private_directory, strip_guards

TEXT = st.text(max_size=30)
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DRAFTS = st.builds(
    Draft,
    stream=UNICODE,
    kind=UNICODE,
    body=st.dictionaries(TEXT, JSON, max_size=4),
    occurred_at=MOMENTS,
    actor=UNICODE,
)
FIELDS = ["id", "stream", "kind", "occurred_at", "recorded_at", "actor", "host", "body", "prev", "hash"]


@pytest.fixture(scope="module")
def empty() -> bytes:
    """A file as it is made, to begin each example from: making one costs more than the example itself."""
    return made(0)


@pytest.fixture(scope="module")
def four() -> bytes:
    """A file with four events."""
    return made(4)


def made(events: int) -> bytes:
    with private_directory() as directory:
        ledger_file(directory / "ledger.db", events)
        return (directory / "ledger.db").read_bytes()


@contextmanager
def copied(file: bytes) -> Iterator[Path]:
    """The file at a place of its own."""
    with private_directory() as directory:
        path = directory / "ledger.db"
        path.touch(0o600)
        path.write_bytes(file)
        yield path


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batches=st.lists(st.lists(DRAFTS, max_size=4), max_size=3))
def test_what_is_appended_is_read_back_and_verifies(empty: bytes, batches: list[list[Draft]]) -> None:
    with copied(empty) as path, closing(Database.open(path)) as database:
        ledger = Ledger(database, noon)
        appended = [event for batch in batches for event in ledger.append(batch)]
        drafts = [one for batch in batches for one in batch]
        assert ledger.since(0) == appended
        assert [(e.id, e.stream, e.kind, e.body, e.occurred_at, e.actor) for e in appended] == [
            (d.id, d.stream, d.kind, d.body, d.occurred_at, d.actor) for d in drafts
        ]
        checked = ledger.verify()
        assert checked.ok, checked.reason
        assert (checked.events, checked.head) == ledger.head()


@settings(max_examples=150, deadline=None)
@given(seq=st.integers(1, 4), field=st.sampled_from(FIELDS), value=UNICODE)
def test_any_single_changed_field_is_found(four: bytes, seq: int, field: str, value: str) -> None:
    with copied(four) as path:
        with closing(Database.open(path)) as database:
            before = database.rows(f"SELECT {field} FROM event WHERE seq = ?", (seq,))[0][0]
        if before == value:
            return
        quoted = value.replace("'", "''").replace("\0", "'||char(0)||'")
        strip_guards(path, f"UPDATE event SET {field} = '{quoted}' WHERE seq = {seq}")
        with closing(Database.open(path)) as database:
            checked = Ledger(database, noon).verify()
        assert not checked.ok
        assert checked.first_bad in (seq, seq + 1)


@given(when=MOMENTS)
def test_a_moment_survives_its_text_and_text_order_is_time_order(when: datetime) -> None:
    assert moment(stamp(when)) == when
    assert len(stamp(when)) == 27
    later = when.replace(year=when.year + 1, day=1)
    assert stamp(when) < stamp(later)
