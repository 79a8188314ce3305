"""Pagers: PagerDuty's Events API version 2, Opsgenie's Alert API, and the procedures' own paging service.

All of them know an incident by a key that we choose, so that calling twice rings once.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from cockpit.comms.line import Line
from cockpit.comms.outcome import Fate, Letter, Outcome
from cockpit.profile import Profile
from cockpit.text import redact, visible

PAGERDUTY = "https://events.pagerduty.com"
OPSGENIE = "https://api.opsgenie.com"
_SEVERITY = {"P0": "critical", "P1": "error", "P2": "warning"}
_PRIORITY = {"P0": "P1", "P1": "P2", "P2": "P3", "P3": "P4"}
_ACTIONS = {"open": "trigger", "acknowledge": "acknowledge", "resolve": "resolve"}


class PagerDuty:
    """One service's integration; the routing key is the secret and goes in the body."""

    safe_to_repeat = True

    def __init__(self, key: str, profile: Profile, *, base: str = PAGERDUTY) -> None:
        self._line = Line(base or PAGERDUTY, profile, "pager", hidden=(key,))
        self._key = key

    def __repr__(self) -> str:
        return "PagerDuty([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """`POST /v2/enqueue`: trigger, acknowledge or resolve; raises NotTaken or PerhapsTaken."""
        body: dict[str, Any] = {
            "routing_key": self._key,
            "event_action": _ACTIONS.get(letter.about, "trigger"),
            "dedup_key": key_of(letter)[:255],
        }
        if body["event_action"] == "trigger":
            body["client"] = "Incident cockpit"
            body["payload"] = {
                "summary": _clean(letter.headline, 1024),
                "source": letter.ref or "cockpit",
                "severity": _SEVERITY.get(letter.severity, "info"),
                "custom_details": {"text": _clean(letter.text, 4000), "for": ", ".join(letter.to)},
            }
        return self._line.judge(self._line.call("POST", "/v2/enqueue", body))


class Opsgenie:
    """An API integration of Opsgenie, or of what speaks like it; alerts are known by their alias."""

    safe_to_repeat = True

    def __init__(self, key: str, profile: Profile, *, base: str = OPSGENIE) -> None:
        self._line = Line(base or OPSGENIE, profile, "pager", hidden=(key,))
        self._headers = {"Authorization": f"GenieKey {key}"}

    def __repr__(self) -> str:
        return "Opsgenie([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """`POST /v2/alerts`, or `/acknowledge` and `/close` by alias; raises NotTaken or PerhapsTaken."""
        if letter.about in ("acknowledge", "resolve"):
            word = "close" if letter.about == "resolve" else "acknowledge"
            alias = quote(key_of(letter)[:512], safe="")
            path = f"/v2/alerts/{alias}/{word}?identifierType=alias"
            return self._judged(path, {"note": _clean(letter.headline, 1000)})
        body = {
            "message": _clean(letter.headline, 130),
            "alias": key_of(letter)[:512],
            "description": _clean(letter.text, 8000),
            "priority": _PRIORITY.get(letter.severity, "P5"),
            "source": "incident cockpit",
            "responders": [{"name": name, "type": "team"} for name in letter.to],
        }
        return self._judged("/v2/alerts", body)

    def _judged(self, path: str, body: Mapping[str, Any]) -> Outcome:
        return self._line.judge(self._line.call("POST", path, body, headers=self._headers))


class Monitoring:
    """The services that the emergency procedures call with curl: acknowledge an incident, page a role.

    `POST /api/incidents/{id}/acknowledge` may be repeated. `POST /api/page` has no key and rings again, so what it
    is uncertain of is not repeated.
    """

    safe_to_repeat = False

    def __init__(self, token: str, base: str, profile: Profile) -> None:
        self._line = Line(base, profile, "monitoring service", hidden=(token,))
        self._headers = {"Authorization": f"Bearer {token}"}

    def __repr__(self) -> str:
        return "Monitoring([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """Acknowledge, or page each role or name that the letter is for; raises NotTaken or PerhapsTaken."""
        if letter.about == "acknowledge":
            person, _, at = letter.text.partition(" ")
            body = {"acknowledged_by": person, "timestamp": at}
            path = f"/api/incidents/{quote(key_of(letter), safe='')}/acknowledge"
            return self._line.judge(self._line.call("POST", path, body, headers=self._headers))
        outcome = Outcome(Fate.REFUSED, "Nobody is named to be paged.")
        for role in letter.to:
            body = {"role": role, "incident_id": key_of(letter), "severity": letter.severity or "P3"}
            outcome = self._line.judge(self._line.call("POST", "/api/page", body, headers=self._headers))
            if outcome.fate is not Fate.SENT:
                return outcome
        return outcome


def key_of(letter: Letter) -> str:
    """What the pager knows the matter by: the incident's key, else the message's own id."""
    return letter.key or letter.id


def _clean(text: str, limit: int) -> str:
    return redact(visible(text.strip(), limit=limit, newlines=True))[:limit]
