"""Words for the people who wait: drafts from templates, and the channels that carry them.

Nothing is sent from here: a courier of its own sends once and writes intent and outcome to the ledger, so that
neither a slow chat nor a dropped line holds up the incident.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from cockpit.clock import Clock
from cockpit.comms.courier import Errand, dispatch
from cockpit.comms.facts import facts, status_page
from cockpit.comms.templates import NAMES, bundled, render
from cockpit.config import Settings
from cockpit.desk.incidents import Incidents, Ref
from cockpit.errors import BadInput
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.incident.model import Incident
from cockpit.profile import Profile
from storage.documents import Documents, TemplateSeed

CHAT = "chat"
"""The channel that the configured webhook posts to; only internal words go there by themselves."""

BY_HAND = "hand"
"""The channel of words that a person carries, from the clipboard."""


class MessageDraft(msgspec.Struct, frozen=True):
    """A template filled with what is known; `missing` names the fields that nobody filled."""

    template: str
    audience: str
    text: str
    missing: tuple[str, ...]


AUDIENCES: Mapping[str, str] = MappingProxyType(
    {
        "internal": "the response team's channel",
        "customers": "status page and mail, in plain words",
        "partners": "those whose integrations are affected",
        "management": "those who were promised to be told",
        "executives": "those who were promised to be told at once",
    }
)
"""Who is told, and where they read."""


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
    ) -> None:
        self._documents = documents
        self._incidents = incidents
        self._settings = settings
        self._profile = profile
        self._database_path = database_path
        self._operator = operator
        self._clock = clock
        self._send = send

    def draft(self, ref: Ref, audience: str) -> MessageDraft:
        """The words that fit the audience and the incident's state, with the fields to fill named."""
        incident = self._incidents.get(ref)
        name = _template_for(incident, audience)
        filled = render(self._template(name), facts(incident, self._clock.now()))
        return MessageDraft(name, audience, filled.text, tuple(filled.missing))

    def channel(self, audience: str) -> str:
        """What carries words to an audience here: the chat webhook, or a person's hands."""
        return CHAT if audience == "internal" and self._settings.chat_webhook is not None else BY_HAND

    def send(self, ref: Ref, audience: str, text: str) -> str:
        """Send or record one message and return the channel it takes; raises BadInput for unfilled fields.

        By chat, the outcome comes by the ledger; by hand, the message counts as told from now on.
        """
        incident = self._incidents.get(ref)
        if audience not in AUDIENCES:
            raise BadInput(f"There is no audience {audience!r}; known are {', '.join(AUDIENCES)}.")
        if ": missing]" in text:
            raise BadInput("The text still has a field marked “missing”: fill it or take its line out.")
        webhook = self._settings.chat_webhook
        if self.channel(audience) == BY_HAND or webhook is None:
            self._incidents.record_update(incident.uid, audience=audience, channel=BY_HAND, text=text)
            return BY_HAND
        self._send(
            Errand(
                database=str(self._database_path),
                stream=f"{STREAM_PREFIX}{incident.uid}",
                actor=self._operator,
                text=text,
                webhook=str(webhook),
                profile=self._profile,
                audience=audience,
                channel=CHAT,
            )
        )
        return CHAT

    def _template(self, name: str) -> str:
        seeds = [TemplateSeed(known, bundled(known).title, bundled(known).text) for known in NAMES]
        self._documents.seed_templates(seeds)
        return self._documents.template(name).text


def _template_for(incident: Incident, audience: str) -> str:
    """The document's template for this audience at this point of the incident."""
    told = any(update.audience == audience and not update.draft for update in incident.updates)
    if audience == "internal":
        return "slack_update" if told else "initial_notification"
    if audience == "customers":
        return status_page(incident.state)
    return "incident_update"
