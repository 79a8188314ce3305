"""The desk itself: one database, one operator, the rooms, and a cheap way to learn what changed.

Board, alerts and incidents are there from the start, because the first screen shows them. The other rooms are
imported and built when they are first entered, so that the first screen does not wait for them.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cockpit.clock import Clock, SystemClock
from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.desk.health.account import ses_panel
from cockpit.desk.health.alerts import Alerts
from cockpit.desk.health.board import Board
from cockpit.desk.incident.incidents import Incidents
from cockpit.desk.next_step import next_step
from cockpit.desk.situation import Situations, suggested
from cockpit.desk.views import AlertLine, Changes, DomainRow, DomainView, Header, NextStep, SesPanel
from cockpit.errors import Refused
from cockpit.health.registry import ACCOUNT_PREFIX
from cockpit.profile import Profile
from storage.database import Database
from storage.documents import Documents
from storage.leases import LeaseRow, Leases, holder_is_alive
from storage.ledger import Event, Ledger
from storage.observations import Observations

if TYPE_CHECKING:
    from cockpit.desk.health.backups import Backups
    from cockpit.desk.health.closer import CloserWatch
    from cockpit.desk.health.owners import OwnerRegister
    from cockpit.desk.health.past import Past
    from cockpit.desk.health.ses import SesRoom
    from cockpit.desk.health.verification import Verifications
    from cockpit.desk.incident.clocks import Clocks
    from cockpit.desk.incident.contacts import Contacts
    from cockpit.desk.incident.declaring import Declaring
    from cockpit.desk.incident.evidence import Evidence
    from cockpit.desk.incident.intake import Intake
    from cockpit.desk.incident.messages import Messages
    from cockpit.desk.incident.people import People
    from cockpit.desk.incident.reviews import Reviews
    from cockpit.desk.incident.search import SearchRoom
    from cockpit.desk.incident.terminals import Terminals
    from cockpit.desk.incident.told import Told
    from cockpit.desk.incident.validation import Validations
    from cockpit.desk.practice import Practice
    from cockpit.desk.remedies.actions import Actions
    from cockpit.desk.remedies.errands import Errands
    from cockpit.desk.runbooks import Runbooks
    from cockpit.incident.recovery import Recovery

WATCH_LEASE = "watch"
"""The lease that the one probing process of a database holds."""


class Desk:
    """What one person at one terminal can see and do. Belongs to one thread; never touches the network."""

    def __init__(
        self, settings: Settings, profile: Profile, database: Database, operator: str, clock: Clock, read_only: bool
    ) -> None:
        self.settings = settings
        self.profile = profile
        self.operator = operator
        self.clock = clock
        self.read_only = read_only
        self.database = database
        self.documents = Documents(database)
        self.feed = Feed(database, Ledger(database, clock.now), clock, operator)
        self._observations = Observations(database)
        self.board = Board(self._observations, settings, clock)
        self.incidents = Incidents(self.feed, settings, operator)
        self.incidents.gate = lambda uid: self.validations.gate(uid)
        self._situations = Situations(self)
        self._alerts = Alerts()
        self._leases = Leases(database)
        self._data_version = -1
        for room in (self.board, self._alerts, self.incidents):
            self.feed.add(room)

    @cached_property
    def actions(self) -> "Actions":
        """Remedies: plans, confirmations, runs."""
        from cockpit.desk.remedies.actions import Actions

        actions = Actions(
            self.feed,
            self.settings,
            kept_profile(self.database.path, self.profile),
            self.database.path,
            self.operator,
            read_only=self.read_only,
            linked=lambda incident, action: self.incidents.link(incident, action=action),
            recovery=self._recovery,
        )
        self.feed.add(actions, stream="action/")
        return actions

    @cached_property
    def runbooks(self) -> "Runbooks":
        """The runbooks there are, and their runs."""
        from cockpit.desk.runbooks import Runbooks

        runbooks = Runbooks(
            self.feed,
            self._observations,
            self.actions,
            self.settings,
            self.database.path,
            self.operator,
            folders=[Path(folder).expanduser() for folder in self.settings.runbook_folders],
            read_only=self.read_only,
            profile=self.profile,
            holds=lambda incident, role: self.incidents.get(incident).holder(role) or "",
        )
        self.feed.add(runbooks, stream="run/")
        return runbooks

    @cached_property
    def past(self) -> "Past":
        """What the records of a domain were, and what changed."""
        from cockpit.desk.health.past import Past

        return Past(self.database, self.board, self.clock)

    @cached_property
    def backups(self) -> "Backups":
        """Copies of zones."""
        from cockpit.desk.health.backups import Backups

        return Backups(self.database, self.settings, self.board, self.operator, self.clock)

    @cached_property
    def closer(self) -> "CloserWatch":
        """Domains that are watched closer for a while."""
        from cockpit.desk.health.closer import CloserWatch

        closer = CloserWatch(self.feed)
        self.feed.add(closer, stream="ops")
        return closer

    @cached_property
    def verification(self) -> "Verifications":
        """Everything verified by hand now and then, and when that is due."""
        from cockpit.desk.health.verification import Verifications

        rows = self._observations.latest(check="ses.account")
        accounts = sorted({row.target for row in rows})
        verification = Verifications(self.feed, self._observations, self.settings, accounts, self.clock)
        self.feed.add(verification, stream="ops")
        return verification

    @cached_property
    def owners(self) -> "OwnerRegister":
        """Who owns the services of a domain."""
        from cockpit.desk.health.owners import OwnerRegister

        return OwnerRegister(self.database, self.settings, self.feed, self.operator)

    @cached_property
    def sending(self) -> "SesRoom":
        """Sending by SES: rates and their runway, alarms, feedback, suppression."""
        from cockpit.desk.health.ses import SesRoom

        return SesRoom(self.database, self.board, self.clock)

    @cached_property
    def errands(self) -> "Errands":
        """Questions to the network, asked by children of ours."""
        from cockpit.desk.remedies.errands import Errands

        return Errands(self.profile, self.settings, self.database.path, self.operator, read_only=self.read_only)

    @cached_property
    def reviews(self) -> "Reviews":
        """Post-mortems."""
        from cockpit.desk.incident.reviews import Reviews

        return Reviews(
            self.documents,
            self.feed,
            self.incidents,
            self.operator,
            self.clock,
            told=lambda uid: self.told.of(uid),
            classification=self.settings.organisation.classification,
        )

    @cached_property
    def search(self) -> "SearchRoom":
        """Full text over everything, and past incidents that are like one."""
        from cockpit.desk.incident.search import SearchRoom

        return SearchRoom(self.database, self.incidents)

    @cached_property
    def evidence(self) -> "Evidence":
        """Files with their hashes, and pasted chat."""
        from cockpit.desk.incident.evidence import Evidence

        return Evidence(self.feed, self.incidents, self.database.path)

    @cached_property
    def practice(self) -> "Practice":
        """Drills that were run, the calendar, and who has to practise by when."""
        from cockpit.desk.practice import Practice

        practice = Practice(self.documents, self.feed, self.settings.people, self.operator, self.clock)
        self.feed.add(practice, stream="drill/")
        return practice

    @cached_property
    def messages(self) -> "Messages":
        """Words for the people who wait."""
        from cockpit.desk.incident.looked_up import LookedUp
        from cockpit.desk.incident.messages import Messages

        return Messages(
            self.documents,
            self.incidents,
            self.settings,
            self.profile,
            self.database.path,
            self.operator,
            self.clock,
            told=self.told,
            known=LookedUp(self.board),
            read_only=self.read_only,
        )

    @cached_property
    def told(self) -> "Told":
        """Who was told what when."""
        from cockpit.desk.incident.told import Told

        told = Told()
        self.feed.add(told)
        return told

    @cached_property
    def people(self) -> "People":
        """Roster, check-ins, handovers, tasks and decisions."""
        from cockpit.desk.incident.people import People

        words, facts = self.messages.words, self.messages.facts
        people = People(self.feed, self.incidents, self.settings.people, self.operator, words, self.told, facts)
        self.feed.add(people, stream="incident/")
        return people

    @cached_property
    def terminals(self) -> "Terminals":
        """Who else sits at this file."""
        from cockpit.desk.incident.terminals import Terminals

        return Terminals(self.database, self.operator, self.clock)

    @cached_property
    def clocks(self) -> "Clocks":
        """Every clock of every incident, and the escalation chain."""
        from cockpit.desk.incident.clocks import Clocks

        return Clocks(self.incidents, self.people, self.operator)

    @cached_property
    def declaring(self) -> "Declaring":
        """What an incident is, how bad it is, and what belongs together."""
        from cockpit.desk.incident.declaring import Declaring

        return Declaring(self.feed, self.incidents, self.settings, self.operator)

    @cached_property
    def validations(self) -> "Validations":
        """What has to hold before an incident is resolved."""
        from cockpit.desk.incident.validation import Validations

        validations = Validations(self.feed, self.incidents, self.board, self.settings.resolving)
        self.feed.add(validations, stream="incident/")
        return validations

    @cached_property
    def contacts(self) -> "Contacts":
        """Whom to call, and cases for those outside."""
        from cockpit.desk.incident.contacts import Contacts

        words, facts = self.messages.words, self.messages.facts
        return Contacts(self.settings, self.profile, self.incidents, words, self.operator, facts)

    @cached_property
    def intake(self) -> "Intake":
        """Alerts of other systems."""
        from cockpit.desk.incident.intake import Intake

        intake = Intake(self.feed, self.incidents, self.settings)
        self.feed.add(intake, stream="sources")
        return intake

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

    def _recovery(self, remedy: str, incident: str | None, failed_tries: int) -> "Recovery | None":
        """Whose approval a remedy needs, by the recovery decision matrices."""
        from cockpit.incident.recovery import ruling

        known = self.incidents.get(incident) if incident else None
        return ruling(remedy, self.operator, self.settings.people, known, failed_tries=failed_tries)

    def _watch_holder(self) -> LeaseRow | None:
        """Who probes, unless that process is known to be gone."""
        row = self._leases.holder(WATCH_LEASE)
        return row if row is not None and holder_is_alive(row) else None

    def _stale_feed(self) -> bool:
        return self.feed.ledger.head()[0] > self.feed.seq


def kept_profile(database: Path, profile: Profile) -> Path:
    """Where runners find the profile: a private file beside the database, named after what is in it.

    It outlives this process, because a run may be taken up again after a crash. The facilitator's control and
    the settings are left out: nobody who reads this file needs them.
    """
    kept = msgspec.json.encode(msgspec.structs.replace(profile, control=None, settings=None))
    digest = hashlib.sha256(kept).hexdigest()[:12]
    path = database.with_name(f"{database.stem}.profile-{digest}.json")
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(kept)
        fresh.replace(path)
    return path


def open_desk(
    settings: Settings,
    profile: Profile,
    database_path: Path,
    operator: str,
    *,
    read_only: bool = False,
    reading: bool = False,
    clock: Clock | None = None,
) -> Desk:
    """Open the database, creating it when it does not exist, and take a place at it; raises StorageError.

    `reading` is for who looks once and leaves: it also opens what cannot be written now.
    """
    database = Database.open_as_can_be(database_path) if reading else Database.open(database_path)
    desk = Desk(settings, profile, database, operator, clock or SystemClock(), read_only or settings.read_only)
    desk.refresh()
    return desk
