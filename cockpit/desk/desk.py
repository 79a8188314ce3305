"""The desk itself: its rooms, what the whole of it answers, and a cheap way to learn what changed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cockpit.clock import Clock, SystemClock
from cockpit.config import Settings
from cockpit.desk.health.account import sending_verdict, ses_panel
from cockpit.desk.next_step import next_step
from cockpit.desk.rooms import Rooms
from cockpit.desk.situation import Situations, suggested
from cockpit.desk.views import AlertLine, Changes, DomainRow, DomainView, Header, NextStep, SesPanel
from cockpit.errors import Refused
from cockpit.health.registry import ACCOUNT_PREFIX
from cockpit.profile import Profile
from storage.database import Database
from storage.leases import LeaseRow, Leases, holder_is_alive
from storage.ledger import Event

WATCH_LEASE = "watch"
"""The lease that the one probing process of a database holds."""


class Desk(Rooms):
    """What one person at one terminal can see and do. Belongs to one thread; never touches the network."""

    def __init__(
        self, settings: Settings, profile: Profile, database: Database, operator: str, clock: Clock, read_only: bool
    ) -> None:
        super().__init__(settings, profile, database, operator, clock, read_only)
        self._situations = Situations(self)
        self._leases = Leases(database)
        self._data_version = -1

    def refresh(self) -> Changes:
        """Take in what others wrote since the last call; costs a few microseconds when nobody did."""
        version = self.database.data_version()
        events = self.feed.catch_up() if version != self._data_version or self._stale_feed() else []
        if version == self._data_version and not events:
            return Changes()
        self._data_version = version
        return self._changes(events, self.board.read())

    def header(self) -> Header:
        """The line above every screen."""
        aws = self.profile.aws
        holder = self._watch_holder()
        return Header(
            kind=self.profile.kind,
            profile=self.profile.name,
            account=aws.account,
            region=aws.region,
            operator=self.operator,
            read_only=self.read_only,
            counts=self.board.counts(),
            watch=holder.holder if holder else "",
            watch_running=holder is not None,
            scenario=self.profile.name if self.profile.is_drill else "",
            sending=sending_verdict(self.board),
        )

    def domains(self) -> Sequence[DomainRow]:
        """Every domain, worst first."""
        return self.board.rows()

    def domain(self, name: str) -> DomainView | None:
        """Everything about one domain, or None when it is neither configured nor observed."""
        return self.board.view(name)

    def ses(self) -> SesPanel:
        """The SES account and its rates."""
        return ses_panel(self.board)

    def alerts(self) -> Sequence[AlertLine]:
        """Open alerts first, newest first."""
        return self._alerts.lines()

    def next_step(self, focus: str = "") -> NextStep:
        """The one step the cockpit would take now, with the incident of uid `focus` in mind if one is given."""
        situation = self._situations.now(
            focus,
            self.alerts(),
            self.clock.now(),
            watch_running=self._watch_holder() is not None,
            is_drill=self.profile.is_drill,
        )
        return next_step(situation)

    def start_runbook(self, incident: str, runbook_id: str = "", inputs: Mapping[str, str] | None = None) -> str:
        """Start a runbook for an incident and return the run's uid.

        Without an id it is the one that the incident's alerts suggest; inputs that are not given are filled from
        the alert and the configuration. Raises Refused when nothing is suggested, BadInput for a missing input.
        """
        known = self.incidents.get(incident)
        fitting = suggested(self.runbooks, [self.incidents.alert(alert).kind for alert in known.alerts])
        chosen = runbook_id or (fitting[0] if fitting else "")
        if not chosen:
            raise Refused(f"No runbook is written for what {known.ref} is about: choose one.")
        filled = self.runbooks.prefill(chosen, known.targets[0] if known.targets else "")
        run = self.runbooks.start(chosen, {**filled, **(inputs or {})}, known.uid)
        self.incidents.link(known.uid, run=run)
        return run

    def settle(self) -> bool:
        """Let steps end that what was observed ends, and give unfinished actions a runner that lost theirs.

        Call it about once a second; any number of terminals may. Returns whether something moved.
        """
        moved = self.runbooks.tick(self.clock.now())
        return bool(self.actions.resume_orphans()) or moved

    def check_now(self, target: str, check: str = "") -> None:
        """Ask the watch to look at once; an empty `check` means all checks of the target."""
        self._observations.request(target, check, self.operator, self.clock.now())

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def _changes(self, events: list[Event], targets: set[str]) -> Changes:
        accounts = {target for target in targets if target.startswith(ACCOUNT_PREFIX)}
        alerts, self._alerts.changed = self._alerts.changed, False
        return Changes(
            domains=frozenset(targets - accounts),
            account=bool(accounts),
            alerts=alerts,
            streams=frozenset(event.stream for event in events),
            watch=any(event.kind.startswith("watch.") for event in events),
        )

    def _watch_holder(self) -> LeaseRow | None:
        """Who probes, unless that process is known to be gone."""
        row = self._leases.holder(WATCH_LEASE)
        return row if row is not None and holder_is_alive(row) else None

    def _stale_feed(self) -> bool:
        return self.feed.ledger.head()[0] > self.feed.seq


def open_desk(
    settings: Settings,
    profile: Profile,
    database_path: Path,
    operator: str,
    *,
    read_only: bool = False,
    reading: bool = False,
    clock: Clock | None = None,
    keys: Path | None = None,
) -> Desk:
    """Open the database, creating it when it does not exist, and take a place at it; raises StorageError.

    `reading` is for who looks once and leaves: it also opens what cannot be written now. `keys` is the folder with
    the operator's own key, by which they approve.
    """
    database = Database.open_as_can_be(database_path) if reading else Database.open(database_path)
    desk = Desk(settings, profile, database, operator, clock or SystemClock(), read_only or settings.read_only)
    desk.keys = keys
    desk.refresh()
    return desk
