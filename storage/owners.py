"""Which services send as a domain and who owns them, as last imported; replaced whole, domain by domain."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.database import Database, Transaction
from storage.times import moment, stamp


class OwnedService(msgspec.Struct, frozen=True):
    """One service with its owner."""

    service: str
    owner: str = ""
    email: str = ""
    sends_as: str = ""
    service_id: str = ""
    created_at: str = ""


class OwnerList(msgspec.Struct, frozen=True):
    """The services of a domain, as `by` found them at `verified_at`; none is a result, too."""

    domain: str
    verified_at: datetime
    by: str
    services: tuple[OwnedService, ...] = ()


class Owners:
    """The owner lists of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, lists: Sequence[OwnerList], transaction: Transaction | None = None) -> None:
        """Put lists in the place of the ones that stand for these domains."""
        with self._database.within(transaction) as own:
            for each in lists:
                own.execute("DELETE FROM owned_service WHERE domain = ?", (each.domain,))
                own.execute(
                    """INSERT INTO owner_list (domain, verified_at, by) VALUES (?, ?, ?)
                    ON CONFLICT (domain) DO UPDATE SET verified_at = excluded.verified_at, by = excluded.by""",
                    (each.domain, stamp(each.verified_at), each.by),
                )
                own.executemany(
                    """INSERT INTO owned_service (domain, service, owner, email, sends_as, service_id, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)""",
                    [(each.domain, *msgspec.structs.astuple(service)) for service in each.services],
                )

    def all(self) -> dict[str, OwnerList]:
        """Every list by its domain."""
        services: dict[str, list[OwnedService]] = {}
        for domain, *row in self._database.rows(
            "SELECT domain, service, owner, email, sends_as, service_id, created_at FROM owned_service ORDER BY id"
        ):
            services.setdefault(domain, []).append(OwnedService(*row))
        heads = self._database.rows("SELECT domain, verified_at, by FROM owner_list ORDER BY domain")
        return {
            domain: OwnerList(domain, moment(at), by, tuple(services.get(domain, ()))) for domain, at, by in heads
        }

    def marker(self) -> str:
        """A text that is another one after each import."""
        return str(self._database.rows("SELECT count(*), max(verified_at) FROM owner_list")[0])
