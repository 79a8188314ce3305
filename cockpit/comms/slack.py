"""Slack, two ways: an incoming webhook that posts to one channel, and the Web API, which can make channels.

The URL of a webhook is a secret: who has it can post. It is in no event, log, error or repr. The Web API takes a
bot token (scopes `chat:write`, `channels:manage`, `channels:history`) and answers 200 with `ok: false` for what it
refuses; 429 with Retry-After is its rate limit.
"""

import re
from collections.abc import Mapping
from typing import Any

from cockpit.comms.line import Line, PerhapsTaken
from cockpit.comms.outcome import Fate, Letter, Outcome, refused, sent
from cockpit.profile import Profile
from cockpit.text import redact, visible

API = "https://slack.com/api"
MAX_TEXT = 40_000
_LATER = ("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout")
_NAME = re.compile(r"[^a-z0-9_-]+")


class SlackWebhook:
    """A webhook that takes `{"text": ...}`; it cannot tell a message that it had before."""

    safe_to_repeat = False

    def __init__(self, url: str, profile: Profile, *, what: str = "chat webhook") -> None:
        self._line = Line(url, profile, what)

    def __repr__(self) -> str:
        return "SlackWebhook([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """POST the message; raises NotTaken, PerhapsTaken or ConfigError."""
        return self._line.judge(self._line.call("POST", "", {"text": escaped(letter.text)}))


class SlackApi:
    """The Web API: posts to `place`, or to where a letter is addressed, and opens a channel for an incident.

    Each message carries its id as metadata, so that one whose answer was lost is found again before it is repeated
    (`conversations.history` with `include_all_metadata`).
    """

    safe_to_repeat = True

    def __init__(self, token: str, place: str, profile: Profile, *, base: str = API) -> None:
        self._line = Line(base or API, profile, "Slack API", hidden=(token,))
        self._headers = {"Authorization": f"Bearer {token}"}
        self._place = place

    def __repr__(self) -> str:
        return "SlackApi([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """`chat.postMessage` to each channel that the letter names; raises NotTaken or PerhapsTaken.

        A letter about `channel` opens the incident's own one, called as its subject, with its text as the topic;
        what comes later goes there.
        """
        if letter.about == "channel":
            opened = self.open_channel(letter.subject, letter.text)
            return sent(opened.said, opened.said) if opened.fate is Fate.SENT else opened
        posted = [self._post(letter, place, again) for place in letter.to or (letter.thread or self._place,)]
        if posted[0].fate is Fate.SENT:
            posted[0] = sent(posted[0].said, letter.thread)
        return next((each for each in posted if each.fate is not Fate.SENT), posted[0])

    def open_channel(self, name: str, topic: str) -> Outcome:
        """`conversations.create` and `conversations.setTopic`; an existing channel of that name is taken as ours.

        `said` of what was sent is the channel's id, or its name where it was there before.
        """
        made = self._call("conversations.create", {"name": channel_name(name)})
        place = made.said
        if made.fate is Fate.REFUSED and "name_taken" in made.said:
            place = f"#{channel_name(name)}"
        elif made.fate is not Fate.SENT:
            return made
        topped = self._call("conversations.setTopic", {"channel": place, "topic": escaped(topic.strip())[:250]})
        return sent(place) if topped.fate is Fate.SENT else topped

    def _post(self, letter: Letter, place: str, again: bool) -> Outcome:
        if again and self._is_there(letter, place):
            return sent("it had arrived before")
        metadata = {"event_type": "cockpit_message", "event_payload": {"id": letter.id, "incident": letter.ref}}
        body = {"channel": place, "text": escaped(letter.text), "metadata": metadata}
        return self._call("chat.postMessage", body)

    def _is_there(self, letter: Letter, place: str) -> bool:
        query = f"/conversations.history?channel={place.removeprefix('#')}&limit=50&include_all_metadata=true"
        answer = self._line.call("GET", query, headers=self._headers)
        found = answer.field("messages")
        if answer.field("ok") is not True or not isinstance(found, list):
            raise PerhapsTaken("Slack would not say whether the message had arrived.")
        return any(_id_of(message) == letter.id for message in found)

    def _call(self, method: str, body: Mapping[str, Any]) -> Outcome:
        answer = self._line.call("POST", f"/{method}", body, headers=self._headers)
        outcome = self._line.judge(answer)
        if outcome.fate is not Fate.SENT:
            return outcome
        if answer.field("ok") is True:
            receipt = answer.field("ts") or answer.field("channel", "id") or "ok"
            return sent(self._line.shown(str(receipt)))
        error = self._line.shown(str(answer.field("error") or "an answer that is no JSON"))
        sentence = f"Slack refused {method}: {error}."
        return Outcome(Fate.LATER, sentence) if error in _LATER else refused(sentence)


def channel_name(words: str) -> str:
    """A channel's name as Slack takes it: small letters, digits and dashes, at most 80."""
    return _NAME.sub("-", words.lower().removeprefix("#")).strip("-")[:80]


def escaped(text: str) -> str:
    """Text as Slack wants it: `&`, `<`, `>` as entities, so that nothing in it calls a channel or fakes a link."""
    clean = redact(visible(text, limit=MAX_TEXT, newlines=True))
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _id_of(message: Any) -> str:
    metadata = message.get("metadata") if isinstance(message, dict) else None
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    return str(payload.get("id", "")) if isinstance(payload, dict) else ""
