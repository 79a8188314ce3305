"""Contacts that work offline, and the cases for registrars, clouds and vendors, filled from what is known.

Contacts come from the configuration, so they are there when the pager, the chat and the network are not. Executives
are shown only in incidents of their severity.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from cockpit.comms.templates import Rendered
from cockpit.config import Settings
from cockpit.config.command import ContactConfig
from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.desk.incident.words import Words
from cockpit.errors import BadInput, NotFound
from cockpit.incident.authority import CHAIN
from cockpit.incident.model import SEVERITIES, Incident
from cockpit.profile import Profile
from cockpit.text import visible

EXECUTIVE_SEVERITIES = ("P0", "P1")
"""In which incidents executives are shown whose configuration names none; a CEO names P0 alone."""

AFTER_HOURS = ("P0", "P1", "P2")
"""Severities for which somebody is called at night; the rest waits for the office."""

TRIGGERS: Mapping[str, str] = MappingProxyType(
    {
        "delegation": "DNS delegation issues at registrar level",
        "lock": "Domain lock/unlock emergencies",
        "ds": "DNSSEC DS record updates required urgently",
        "hijack": "Domain transfer or hijacking concerns",
    }
)
"""When a registrar is called."""

ITEMS = ("domains", "account", "description", "impact", "timeframe")
"""The five items that a registrar asks for."""


class GcloudForm(msgspec.Struct, frozen=True):
    """One of the procedures' support cases at Google Cloud."""

    name: str
    display: str
    description: str


GCLOUD: Mapping[str, GcloudForm] = MappingProxyType(
    {
        "dns": GcloudForm("dns", "DNS Resolution Issues", "Critical DNS issues affecting production workloads"),
        "certificate": GcloudForm(
            "certificate", "Certificate Manager Issues", "SSL certificate provisioning/validation failures"
        ),
        "load-balancer": GcloudForm(
            "load-balancer", "Load Balancer Issues", "HTTPS load balancer SSL termination failures"
        ),
    }
)
_GCLOUD_SEVERITY = {"P0": "S1", "P1": "S2", "P2": "S3", "P3": "S4"}
_AWS_SEVERITY = {"P0": "critical", "P1": "urgent", "P2": "high", "P3": "normal"}


class CasePack(msgspec.Struct, frozen=True):
    """A case as it is sent: to whom, its text, the items that nobody filled, and the command that opens it."""

    to: str
    text: str
    missing: tuple[str, ...]
    contacts: tuple[ContactConfig, ...] = ()
    command: tuple[str, ...] = ()
    severity: str = ""


class Call(msgspec.Struct, frozen=True):
    """One call to make: what for, and whom; nobody, where the configuration names nobody for it."""

    what: str
    contacts: tuple[ContactConfig, ...]


class CallSheet(msgspec.Struct, frozen=True):
    """Whom to call at this hour: a sentence about the hour, and the calls in their order."""

    says: str
    calls: tuple[Call, ...] = ()


class Contacts:
    """The directory, and case packs."""

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        incidents: Incidents,
        words: Words,
        operator: str,
        facts: Callable[[Incident], Mapping[str, str]],
    ) -> None:
        self._settings = settings
        self._profile = profile
        self._incidents = incidents
        self._words = words
        self._operator = operator
        self._facts = facts

    def all(self, ref: Ref | None = None, *, severity: str = "") -> Sequence[ContactConfig]:
        """Whom to call, in the order of the configuration; for an incident or a severity, only those meant for it.

        Without either, whoever is kept for certain severities is left out.
        """
        severity = self._incidents.get(ref).severity if ref is not None else severity
        return [contact for contact in self._everybody() if may_be_called(contact, severity)]

    def find(self, words: str, ref: Ref | None = None) -> Sequence[ContactConfig]:
        """Contacts in which each of the words occurs."""
        wanted = words.lower().split()
        return [each for each in self.all(ref) if all(word in _text(each) for word in wanted)]

    def of_level(self, level: int, ref: Ref) -> Sequence[ContactConfig]:
        """Who of a level of the escalation chain may be called: contacts of it, else people with its role."""
        own = [each for each in self.all(ref) if each.level == level and (each.phone or each.mail or each.chat)]
        return own or self._holding((f"L{level}",), self._incidents.get(ref))

    def to_call(self, ref: Ref, now: datetime) -> CallSheet:
        """Whom to call for an incident at this hour.

        In office hours the technical people, and for clients those who speak with them; after hours the levels of
        the escalation chain, one after another. What may wait for the office says until when.

        Source: DNS/DKIM Record Alert Response Process, "Escalation".
        """
        incident, hours = self._incidents.get(ref), self._incidents.hours
        zone = str(hours.zone)
        clock = f"{now.astimezone(hours.zone):%a %H:%M} in {zone}"
        if hours.is_open(now):
            calls = (
                Call("technical", self._holding(("TL", "L1"), incident)),
                Call("clients", self._holding(("CSL", "CL"), incident)),
            )
            return CallSheet(f"Office hours ({clock}).", calls)
        if incident.severity not in AFTER_HOURS:
            opens = hours.after(now, timedelta()).astimezone(hours.zone)
            return CallSheet(f"After hours ({clock}): {incident.severity} waits for {opens:%a %H:%M}.")
        levels = tuple(
            Call(f"level {level.level}, {level.title}, answers within {level.response_minutes} min", people)
            for level in CHAIN
            if (people := tuple(self.of_level(level.level, incident.uid)))
        )
        says = f"After hours ({clock}): the on-call escalation, from the first level up."
        return CallSheet(says if levels else f"{says} Nobody of it is configured.", levels)

    def _holding(self, roles: Sequence[str], incident: Incident) -> tuple[ContactConfig, ...]:
        """Those who have one of the roles in the incident, else who usually have; with what reaches them."""
        held = {holder for role in roles if (holder := incident.holder(role)) is not None}
        able = [each for each in self._settings.people if each.id in held]
        able = able or [each for role in roles for each in self._settings.people if role in each.roles]
        unique = {each.id: each for each in able}
        return tuple(
            ContactConfig(name=each.name or each.id, phone=each.contact, note=", ".join(each.roles))
            for each in unique.values()
        )

    def registrar_case(
        self, ref: Ref, trigger: str, *, impact: str = "", timeframe: str = "", description: str = ""
    ) -> CasePack:
        """The registrar's five items, filled from live data; what is missing is named and shown."""
        if trigger not in TRIGGERS:
            raise BadInput(f"There is no trigger {visible(trigger, limit=40)!r}; known are {', '.join(TRIGGERS)}.")
        incident = self._incidents.get(ref)
        said = {"impact": impact, "timeframe": timeframe or _timeframe(incident), "description": description}
        filled = self._filled("registrar_case", incident, {**said, "trigger": TRIGGERS[trigger]})
        name = self._settings.organisation.registrar or "the registrar"
        contacts = tuple(each for each in self.all(ref) if each.group == "registrar")
        return CasePack(name, filled.text, filled.missing, contacts)

    def aws_case(self, ref: Ref, request: str, *, impact: str = "", description: str = "") -> CasePack:
        """A case for AWS Support; `cockpit incident case` opens it by the API where the plan has that."""
        incident, aws = self._incidents.get(ref), self._profile.aws
        said = {"impact": impact, "request": request, "description": description}
        known = {"account_id": aws.account, "region": aws.region}
        filled = self._filled("aws_case", incident, {**known, **said})
        return CasePack("AWS Support", filled.text, filled.missing, severity=_AWS_SEVERITY[incident.severity])

    def open_at_aws(self, pack: CasePack) -> str:
        """Open a case at AWS Support and return its id; blocks for seconds, and touches no database.

        Raises BadInput while an item of it is missing, Refused where the plan has no API, WorldError.
        """
        if pack.missing:
            raise BadInput(f"The case is not opened: fill {', '.join(pack.missing)} first.")
        from cockpit.comms.aws_support import open_case

        return open_case(self._profile, pack.text, pack.severity)

    def vendor_case(
        self, ref: Ref, vendor: str, request: str, *, impact: str = "", description: str = ""
    ) -> CasePack:
        """A case for another vendor of the directory."""
        incident = self._incidents.get(ref)
        contacts = tuple(each for each in self.all(ref) if each.group == "vendor" and vendor.lower() in _text(each))
        if not contacts:
            raise NotFound(f"There is no vendor {visible(vendor, limit=60)!r} among the contacts.")
        said = {"impact": impact, "request": request, "description": description}
        filled = self._filled("vendor_case", incident, said)
        return CasePack(contacts[0].name, filled.text, filled.missing, contacts)

    def gcloud_case(self, ref: Ref, kind: str) -> CasePack:
        """The procedures' `gcloud support cases create`, as an argument list and as a line to copy.

        The procedures write `--severity=high`, which is none of the API's: S1 to S4 are.
        """
        if kind not in GCLOUD:
            raise BadInput(f"There is no form {visible(kind, limit=40)!r}; known are {', '.join(GCLOUD)}.")
        incident, form = self._incidents.get(ref), GCLOUD[kind]
        name = self._settings.organisation.name
        level = _GCLOUD_SEVERITY.get(incident.severity, "S4")
        command = (
            "gcloud",
            "support",
            "cases",
            "create",
            f"--display-name={form.display}{f' - {name}' if name else ''}",
            f"--description={form.description} ({incident.ref}: {', '.join(incident.targets) or incident.title})",
            "--classification=technical",
            f"--severity={level}",
        )
        import shlex

        return CasePack("Google Cloud Support", shlex.join(command), (), command=command, severity=level)

    def _filled(self, template: str, incident: Incident, values: Mapping[str, str]) -> Rendered:
        given = {key: value for key, value in values.items() if value.strip()}
        known = {"caller": self._caller(), "impact": _impact(incident), "description": incident.title}
        return self._words.fill(template, {**known, **self._facts(incident), **given})

    def _caller(self) -> str:
        person = next((each for each in self._settings.people if each.id == self._operator), None)
        if person is None:
            return self._operator
        return ", ".join(filter(None, (person.name or person.id, person.contact)))

    def _everybody(self) -> Sequence[ContactConfig]:
        own = [
            ContactConfig(name=person.name or person.id, phone=person.contact, note=", ".join(person.roles))
            for person in self._settings.people
            if person.contact
        ]
        return [*self._settings.contacts, *own]


def may_be_called(contact: ContactConfig, severity: str) -> bool:
    """Whether somebody is called for incidents of this severity; empty for none in particular."""
    meant: tuple[str, ...] = contact.severities
    if not meant and contact.group == "executive":
        meant = EXECUTIVE_SEVERITIES
    return not meant or severity in meant


def _text(contact: ContactConfig) -> str:
    parts = (contact.name, contact.group, contact.note, contact.mail, contact.chat, contact.phone)
    return " ".join(parts).lower()


def _impact(incident: Incident) -> str:
    if not incident.services:
        return ""
    return f"{len(incident.services)} services are hurt: {', '.join(incident.services)}"


def _timeframe(incident: Incident) -> str:
    """What is asked for where nobody says otherwise: the worse, the sooner."""
    hours = {"P0": "within 15 minutes", "P1": "within 1 hour", "P2": "within 4 hours"}
    return hours.get(incident.severity, "within one business day") if incident.severity in SEVERITIES else ""
