"""A database in a private directory, and a crew of child processes that may be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.ledger import Ledger
from tests.storage.crew import Crew
from tests.storage.material import noon


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database.open(path)
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, noon, "bastion")


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    with Crew() as crew:
        yield crew
