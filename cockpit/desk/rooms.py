"""The rooms of the desk: what one can enter, and how each is built from what all share.

Board, alerts and incidents are there from the start, because the first screen shows them. The other rooms are
imported and built when they are first entered, so that the first screen does not wait for them.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.clock import Clock
from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.desk.health.alerts import Alerts
from cockpit.desk.health.board import Board
from cockpit.desk.incident.incidents import Incidents
from cockpit.incident.model import State
from cockpit.profile import Profile
from storage.database import Database
from storage.documents import Documents
from storage.ledger import Ledger
from storage.observations import Observations

if TYPE_CHECKING:
    from cockpit.desk.health.backups import Backups
    from cockpit.desk.health.closer import CloserWatch
    from cockpit.desk.health.owners import OwnerRegister
    from cockpit.desk.health.past import Past
    from cockpit.desk.health.ses import SesRoom
    from cockpit.desk.health.verification import Verifications
    from cockpit.desk.incident.clocks import Clocks
    from cockpit.desk.incident.closing import Closing
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


class Rooms:
    """Every room over one database, for one operator. A room that is never entered costs nothing.

    `keys` is the folder with the operator's own key, where there is a terminal of their own.
    """

    def __init__(
        self, settings: Settings, profile: Profile, database: Database, operator: str, clock: Clock, read_only: bool
    ) -> None:
        self.settings = settings
        self.profile = profile
        self.operator = operator
        self.clock = clock
        self.read_only = read_only
        self.keys: Path | None = None
        self.database = database
        self.documents = Documents(database)
        self.feed = Feed(database, Ledger(database, clock.now), clock, operator)
        self._observations = Observations(database)
        self.board = Board(self._observations, settings, clock)
        self.incidents = Incidents(self.feed, settings, operator)
        self.incidents.gates = {
            State.RESOLVED: lambda uid: self.validations.gate(uid),
            State.CLOSED: lambda uid: self.closing.missing(uid),
        }
        self._alerts = Alerts()
        for room in (self.board, self._alerts, self.incidents):
            self.feed.add(room)

    @cached_property
    def actions(self) -> "Actions":
        """Remedies: plans, confirmations, runs."""
        from cockpit.desk.remedies.actions import Actions
        from cockpit.desk.remedies.kept_profile import kept_profile

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
            keys=self.keys,
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
            owners=lambda incident: self.owners.addresses(incident.targets),
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
        from cockpit.desk.incident.handover import work_words
        from cockpit.desk.incident.people import People

        words, facts = self.messages.words, self.messages.facts
        people = People(
            self.feed,
            self.incidents,
            self.settings.people,
            self.operator,
            words,
            self.told,
            facts,
            lambda incident: work_words(
                self.runbooks.of_incident(incident.uid), self.actions.of_incident(incident.uid)
            ),
        )
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

        return Declaring(self.feed, self.incidents, self.settings, self.operator, self.owners.belongings)

    @cached_property
    def validations(self) -> "Validations":
        """What has to hold before an incident is resolved."""
        from cockpit.desk.incident.validation import Validations

        validations = Validations(self.feed, self.incidents, self.board, self.settings.resolving)
        self.feed.add(validations, stream="incident/")
        return validations

    @cached_property
    def closing(self) -> "Closing":
        """What has to be on record before an incident is closed."""
        from cockpit.desk.incident.closing import Closing

        return Closing(self.incidents, self.told, lambda incident: self.owners.addresses(incident.targets))

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

    def _recovery(self, remedy: str, incident: str | None, failed_tries: int) -> "Recovery | None":
        """Whose approval a remedy needs, by the recovery decision matrices."""
        from cockpit.incident.recovery import ruling

        known = self.incidents.get(incident) if incident else None
        return ruling(remedy, self.operator, self.settings.people, known, failed_tries=failed_tries)
