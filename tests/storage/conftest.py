"""A database in a private directory, and a crew of child processes that may be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.ledger import Ledger
from tests.storage.crew import Crew
from tests.storage.material import noon, private_directory


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A private directory in memory; tests that mean the disk itself take `disk_path`."""
    with private_directory() as directory:
        yield directory


@pytest.fixture
def disk_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private directory on the disk that holds temporary files."""
    return tmp_path_factory.mktemp("disk")


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
