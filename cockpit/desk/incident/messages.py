"""Words for the people who wait: drafts from templates, and the channels that carry them.

Nothing is sent from here: a courier of its own sends with patience and writes intent, attempts and outcome to the
ledger, so that neither a slow chat nor a dropped line holds up the incident.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from cockpit.clock import Clock
from cockpit.comms.channels import BY_HAND, CHAT, Way, ways
from cockpit.comms.courier import Errand, dispatch
from cockpit.comms.digest import digest_facts
from cockpit.comms.facts import company_facts, facts, stamp_id, status_page
from cockpit.comms.page_order import out_of_order, page_state
from cockpit.config import Settings
from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.desk.incident.told import Delivery, Told
from cockpit.desk.incident.words import Words
from cockpit.errors import BadInput, NotFound, ReadOnly, Refused
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.incident.model import Incident
from cockpit.incident.roles import open_roles, title_of
from cockpit.profile import Profile
from storage.documents import Documents

__all__ = ["AUDIENCES", "BY_HAND", "CHAT", "ChannelCard", "MessageDraft", "Messages"]


class MessageDraft(msgspec.Struct, frozen=True):
    """A template filled with what is known; `missing` names the fields that nobody filled."""

    template: str
    audience: str
    text: str
    missing: tuple[str, ...]


class ChannelCard(msgspec.Struct, frozen=True):
    """One way to an audience; `warning` says why it may not be the one to take now."""

    name: str
    kind: str
    usual: bool
    warning: str = ""


AUDIENCES: Mapping[str, str] = MappingProxyType(
    {
        "internal": "the response team's channel",
        "customers": "status page and mail, in plain words",
        "owners": "the owners of the domain, with the records to publish",
        "partners": "those whose integrations are affected",
        "management": "those who were promised to be told",
        "executives": "those who were promised to be told at once",
    }
)
"""Who is told, and where they read."""

DIGEST = "low_severity_digest"
_PAGERS = ("pagerduty", "opsgenie", "monitoring")
_TO_PERSONS = ("freshdesk", "smtp", "ses")
"""Kinds of channel that write to mail addresses, which a message or the channel has to name."""
_SES_TROUBLE = ("ses-", "domain-identity", "dkim-missing")
"""Types of incident in which mail by SES may not arrive."""


class Messages:
    """Drafts and sends the words of an incident."""

    def __init__(
        self,
        documents: Documents,
        incidents: Incidents,
        settings: Settings,
        profile: Profile,
        database_path: Path,
        operator: str,
        clock: Clock,
        send: Callable[[Errand], object] = dispatch,
        *,
        told: Told | None = None,
        known: Callable[[Incident], Mapping[str, str]] | None = None,
        owners: Callable[[Incident], Sequence[str]] = lambda incident: (),
        read_only: bool = False,
    ) -> None:
        self.words = Words(documents, operator, clock)
        self._incidents = incidents
        self._settings = settings
        self._profile = profile
        self._database_path = database_path
        self._operator = operator
        self._clock = clock
        self._send = send
        self._told = told or Told()
        self._known = known
        self._owners = owners
        self._read_only = read_only
        self._ways = ways(settings)

    def draft(self, ref: Ref, audience: str, template: str = "", **values: str) -> MessageDraft:
        """The words that fit the audience and the incident's state, with the fields to fill named.

        `template` is another one than the usual; `values` are what the person who writes knows beyond the record.
        """
        incident = self._incidents.get(ref)
        name = template or _template_for(incident, audience)
        filled = self.words.fill(name, {**self.facts(incident), **{k: v for k, v in values.items() if v}})
        return MessageDraft(name, audience, filled.text, tuple(filled.missing))

    def facts(self, incident: Incident) -> dict[str, str]:
        """Everything that is known for the placeholders of a template."""
        looked_up = self._known(incident) if self._known is not None else {}
        now = self._clock.now()
        return {**company_facts(self._settings.organisation), **looked_up, **facts(incident, now)}

    def channel(self, audience: str) -> str:
        """What carries words to an audience here: the first channel that is configured for it, or a person."""
        return next((name for name, way in self._ways.items() if audience in way.config.audiences), BY_HAND)

    def channels(self, ref: Ref, audience: str) -> Sequence[ChannelCard]:
        """Every way to an audience, the usual ones first; by hand is always one of them."""
        incident = self._incidents.get(ref)
        cards = [
            ChannelCard(name, way.config.kind, audience in way.config.audiences, self._warning(incident, way))
            for name, way in self._ways.items()
        ]
        hand = ChannelCard(BY_HAND, "clipboard", self.channel(audience) == BY_HAND)
        return [*sorted(cards, key=lambda card: not card.usual), hand]

    def recipients(self, ref: Ref, audience: str) -> Sequence[str]:
        """The addresses that words for an audience go to when nobody names others: the owners', as imported."""
        return self._owners(self._incidents.get(ref)) if audience == "owners" else ()

    def wants_address(self, ref: Ref, audience: str, channel: str) -> bool:
        """Whether this channel writes to persons, and none is known for the audience in this incident."""
        way = self._ways.get(channel)
        writes = way is not None and way.config.kind in _TO_PERSONS and not way.config.to
        return writes and not self.recipients(ref, audience)

    @property
    def has_rooms(self) -> bool:
        """Whether a Slack is configured that can open a channel for an incident."""
        return any(way.config.kind == "slack" for way in self._ways.values())

    def warning(self, ref: Ref, channel: str) -> str:
        """Why a channel may not arrive in this incident; empty when nothing is known against it."""
        way = self._ways.get(channel)
        return self._warning(self._incidents.get(ref), way) if way is not None else ""

    def send(
        self,
        ref: Ref,
        audience: str,
        text: str,
        *,
        channel: str = "",
        to: Sequence[str] = (),
        subject: str = "",
        about: str = "open",
        message: str = "",
        reason: str = "",
    ) -> str:
        """Send or record one message and return the channel it takes; raises BadInput for unfilled fields.

        Words for customers follow the order of a status page, or have a `reason` (see `page_order`).

        By a channel, the outcome comes by the ledger (see `told`); by hand, the message counts as told from now on.
        A `message` id that was sent before is not sent again.
        """
        incident = self._incidents.get(ref)
        if audience not in AUDIENCES:
            raise BadInput(f"There is no audience {audience!r}; known are {', '.join(AUDIENCES)}.")
        if ": missing]" in text:
            raise BadInput("The text still has a field marked “missing”: fill it or take its line out.")
        if not text.strip():
            raise BadInput("There is no text to send.")
        name = channel or self.channel(audience)
        if audience == "customers":
            self._in_order(incident, reason)
        if name == BY_HAND:
            self._incidents.record_update(incident.uid, audience=audience, channel=BY_HAND, text=text)
            return BY_HAND
        people = tuple(to) or tuple(self.recipients(incident.uid, audience))
        errand = self._errand(incident, self._way(name), audience, text, people, subject, about, message)
        self._send(replace(errand, reason=reason.strip()))
        return name

    def open_room(self, ref: Ref) -> str:
        """Let Slack open the incident's channel with its topic, or set the topic anew; returns the channel's name.

        Raises Refused where no channel of kind `slack` is configured.
        """
        incident = self._incidents.get(ref)
        way = next((name for name, each in self._ways.items() if each.config.kind == "slack"), None)
        if way is None:
            raise Refused("No Slack with a bot token is configured; open the channel by hand.")
        room = self.draft(incident.uid, "internal", "slack_channel").text.strip()
        topic = self.draft(incident.uid, "internal", "slack_topic", lead=incident.lead or "nobody yet").text
        self.send(incident.uid, "internal", topic, channel=way, subject=room, about="channel")
        return room

    def assemble(self, ref: Ref) -> Sequence[str]:
        """Call the team: the text to the team's channel, and a page for each required role that nobody holds.

        Returns the names of the channels that carry it; roles that no pager can be told of are called by hand.
        """
        incident = self._incidents.get(ref)
        used = [self.send(incident.uid, "internal", self.draft(incident.uid, "internal", "team_assembly").text)]
        missing = open_roles(incident)
        pagers = [name for name, each in self._ways.items() if each.config.kind in _PAGERS]
        if missing and pagers:
            text = f"{incident.ref} {incident.severity} {incident.title}: needed are {', '.join(missing)}"
            to = [title_of(incident, role).lower().replace(" ", "-") for role in missing]
            used += [self.send(incident.uid, "internal", text, channel=name, to=to) for name in pagers]
        return used

    def acknowledged(self, ref: Ref) -> Sequence[str]:
        """Tell the team's chat, the monitoring and the pagers that somebody is on it; returns the channels used.

        Pagers fall silent for the incident and for each alert that it was opened from. Each is told once, however
        often and from wherever this is called; an incident that nobody acknowledged, and a read-only cockpit, tell
        nobody.
        """
        incident = self._incidents.get(ref)
        if incident.acknowledged_at is None or self._read_only:
            return ()
        said = self.draft(incident.uid, "internal", "acknowledgement").text.strip()
        person, at = incident.steps[0].by, incident.acknowledged_at
        used = []
        for name, way in self._ways.items():
            if way.config.kind in _PAGERS:
                keys = [stamp_id(incident)] if way.config.kind == "monitoring" else self._pager_keys(incident)
                text = f"{person} {at:%Y-%m-%dT%H:%M:%SZ}"
            elif "internal" in way.config.audiences:
                keys, text = [f"cockpit-{incident.uid}"], said
            else:
                continue
            for key in keys:
                once = hashlib.sha256(f"{incident.uid}|acknowledged|{name}|{key}".encode()).hexdigest()[:32]
                if self._told.get(once) is None:
                    errand = self._errand(incident, way, "internal", text, (), "", "acknowledge", once)
                    self._send(replace(errand, key=key))
            used.append(name)
        return tuple(used)

    def _pager_keys(self, incident: Incident) -> list[str]:
        """What pagers may know it by: the incident's own key, and those of its alerts (see `comms.notify`)."""
        alerts = [self._incidents.alert(alert) for alert in incident.alerts]
        return [f"cockpit-{incident.uid}", *dict.fromkeys(f"cockpit-{alert.dedup_key}" for alert in alerts)]

    def digest(self, days: int) -> MessageDraft:
        """The scheduled summary of the incidents that nobody outside was told of, over the last `days`."""
        now = self._clock.now()
        values = digest_facts(self._incidents.all(), now - timedelta(days=days), now)
        filled = self.words.fill(DIGEST, values)
        return MessageDraft(DIGEST, "internal", filled.text, tuple(filled.missing))

    def send_digest(self, text: str, days: int) -> str:
        """Send a digest to the team's channel; one of so many days goes out once a day, whoever asks.

        Raises Refused where no channel carries words to the team.
        """
        name = self.channel("internal")
        if name == BY_HAND:
            raise Refused("No channel is configured that carries words to the team; copy the digest instead.")
        once = f"digest-{days}-{self._clock.now():%Y%m%d}"
        self._send(
            Errand(
                database=str(self._database_path),
                stream="ops",
                actor=self._operator,
                text=text,
                way=self._way(name),
                profile=self._profile,
                message=hashlib.sha256(once.encode()).hexdigest()[:32],
            )
        )
        return name

    def told(self, ref: Ref | None = None) -> Sequence[Delivery]:
        """Who was told what when, newest first: of one incident, or of all that may be read here."""
        if ref is not None:
            return self._told.of(self._incidents.get(ref).uid)
        readable = {"", *(incident.uid for incident in self._incidents.all())}
        return [each for each in self._told.all() if each.incident in readable]

    def undelivered(self, ref: Ref) -> Sequence[Delivery]:
        """Messages that somebody has to see to, because they did not arrive or nobody knows."""
        return self._told.undelivered(self._incidents.get(ref).uid, self._clock.now())

    def resend(self, message: str, *, channel: str = "", reason: str = "", to: Sequence[str] = ()) -> str:
        """Send the words of an earlier message once more, as a new one; raises Refused while one is under way.

        `to` is where it goes instead of where it went.
        """
        before = self._told.get(message)
        if before is None or not before.incident:
            raise NotFound("There is no such message.")
        if before.is_open and not before.is_lost(self._clock.now()):
            raise Refused("That message is still under way.")
        if before.state == "sent" and not channel:
            raise Refused("That message has arrived; choose another channel to send it once more.")
        way = channel or before.channel
        people = tuple(to) or before.to
        return self.send(before.incident, before.audience, before.text, channel=way, to=people, reason=reason)

    def page_order(self, ref: Ref) -> str:
        """Why words for customers need a reason now: a state of the status page skipped, or taken back."""
        incident = self._incidents.get(ref)
        return out_of_order(self._told.last_stage(incident.uid, "customers"), incident)

    def _in_order(self, incident: Incident, reason: str) -> None:
        wrong = self.page_order(incident.uid)
        if wrong and not reason.strip():
            raise Refused(wrong)
        if wrong:
            self._incidents.note(
                incident.uid, f"Status page at {page_state(incident.state)}: {reason}", kind="note"
            )

    def _way(self, name: str) -> Way:
        if self._read_only:
            raise ReadOnly("This cockpit was started read-only: copy the text instead.")
        try:
            return self._ways[name]
        except KeyError:
            known = ", ".join((*self._ways, BY_HAND))
            raise BadInput(f"There is no channel {name!r}; configured are {known}.") from None

    def _errand(
        self,
        incident: Incident,
        way: Way,
        audience: str,
        text: str,
        to: tuple[str, ...],
        subject: str,
        about: str,
        message: str,
    ) -> Errand:
        return Errand(
            database=str(self._database_path),
            stream=f"{STREAM_PREFIX}{incident.uid}",
            actor=self._operator,
            text=text,
            way=way,
            profile=self._profile,
            audience=audience,
            subject=subject,
            to=to,
            key=f"cockpit-{incident.uid}",
            ref=incident.ref,
            title=incident.title,
            state=incident.state.value,
            severity=incident.severity,
            about=about,
            thread=self._told.thread(incident.uid, way.name),
            message=message or uuid4().hex,
        )

    def _warning(self, incident: Incident, way: Way) -> str:
        if incident.restricted and way.config.kind in ("slack-webhook", "statuspage", "webhook"):
            return "the incident is restricted, and many read there"
        if way.config.kind == "ses" and incident.type.startswith(_SES_TROUBLE):
            return "SES itself is the incident: this mail may not arrive"
        return ""


def _template_for(incident: Incident, audience: str) -> str:
    """The document's template for this audience at this point of the incident."""
    told = any(update.audience == audience and not update.draft for update in incident.updates)
    over = incident.resolved_at is not None and not incident.is_open
    if over and audience in ("internal", "management", "executives"):
        return "resolution_notification"
    if audience == "internal":
        return "slack_update" if told else "initial_notification"
    if audience == "customers":
        return status_page(incident.state)
    if audience == "owners":
        return "owner_notice_en"
    return "partner_notification" if audience == "partners" else "incident_update"
