"""Who owns the services of a domain, as last imported."""

from collections.abc import Mapping, Sequence

from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.desk.health.table import Belonging
from cockpit.errors import BadInput
from cockpit.owners.result import Sorted, owners_from
from storage.database import Database
from storage.owners import OwnerList, Owners

__all__ = ["OwnerList", "OwnerRegister"]


class OwnerRegister:
    """The owner lists of the desk's database; an import is an event, without names in it."""

    def __init__(self, database: Database, settings: Settings, feed: Feed, operator: str) -> None:
        self._owners = Owners(database)
        self._settings = settings
        self._feed = feed
        self._operator = operator

    def of(self, domain: str) -> OwnerList | None:
        """The services of a domain; None when that was never looked up."""
        return self._owners.all().get(domain)

    def all(self) -> Mapping[str, OwnerList]:
        """Every list by its domain."""
        return self._owners.all()

    def addresses(self, domains: Sequence[str]) -> Sequence[str]:
        """Where the owners of what sends as these domains are written to, each once, as last imported."""
        imported = self._owners.all()
        known = [each.email for name in domains if name in imported for each in imported[name].services]
        return tuple(dict.fromkeys(address for address in known if address))

    def belongings(self) -> Mapping[str, Belonging]:
        """Owner and services of every domain, as configured and as last imported."""
        imported = self._owners.all()
        known = {}
        for domain in self._settings.domains:
            found = imported[domain.name].services if domain.name in imported else ()
            services = dict.fromkeys([*domain.services, *(each.service for each in found)])
            owner = domain.owner or next((each.owner for each in found if each.owner), "")
            known[domain.name] = Belonging(owner, tuple(services))
        return known

    def take(self, text: str, source: str, domain: str = "") -> tuple[Sequence[OwnerList], Sorted]:
        """Import a result of the owner query; returns the lists that stand now, and how the rows were sorted.

        With `domain` it is the result for that domain, and no rows mean that nobody sends as it. Without, each
        configured domain that has rows gets its list, and the others keep theirs. Raises BadInput.
        """
        names = [domain] if domain else [each.name for each in self._settings.domains]
        if not names:
            raise BadInput("No domain is configured; say which one the result is for with --domain.")
        found = owners_from(text, source, names)
        with self._feed.decide() as pen:
            by_domain = {domain: found.by_domain.get(domain, ())} if domain else found.by_domain
            lists = [OwnerList(name, pen.now, self._operator, services) for name, services in by_domain.items()]
            self._owners.replace(lists, pen.transaction)
            for each in lists:
                pen.append("ops", "owners.imported", {"domain": each.domain, "services": len(each.services)})
        return lists, found
