"""Atlassian Statuspage, REST API version 1: one incident of the page for each of ours, an update for each message.

`Authorization: OAuth KEY`; `POST /v1/pages/{page}/incidents` opens, `PATCH .../incidents/{id}` updates, 420 is its
rate limit. The page has no idempotency key, so before anything is repeated, and to find the incident again, the
page itself is read.
"""

from collections.abc import Mapping
from typing import Any

from cockpit.comms.line import Line
from cockpit.comms.outcome import Letter, Outcome, refused, sent
from cockpit.comms.page_order import STATES, page_state
from cockpit.profile import Profile
from cockpit.text import redact, visible

API = "https://api.statuspage.io"
_IMPACT = {"P0": "critical", "P1": "major", "P2": "minor"}


class StatusPage:
    """One page; an incident of ours is known there by the id that its first message was answered with."""

    safe_to_repeat = True

    def __init__(self, key: str, page: str, profile: Profile, *, base: str = API) -> None:
        self._line = Line(base or API, profile, "status page", hidden=(key,))
        self._path = f"/v1/pages/{page}/incidents"
        self._headers = {"Authorization": f"OAuth {key}"}

    def __repr__(self) -> str:
        return "StatusPage([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """Open the incident or add an update to it; raises NotTaken or PerhapsTaken."""
        title, body = public_words(letter)
        state = page_state(letter.state)
        there = self._line.call("GET", self._path, headers=self._headers)
        if not there.good:
            return self._line.judge(there)
        known = _ours(there.json, letter, title if again else "")
        if known is not None and _says(known, body):
            return sent("it stood there already", str(known["id"]))
        wrong = "" if letter.reason else _backward(known, state)
        if wrong:
            return refused(wrong)
        given: dict[str, Any] = {"name": title, "status": state, "body": body, "metadata": _mark(letter)}
        if known is None:
            given["impact_override"] = _IMPACT.get(letter.severity, "none")
            answer = self._line.call("POST", self._path, {"incident": given}, headers=self._headers)
        else:
            path = f"{self._path}/{known['id']}"
            answer = self._line.call("PATCH", path, {"incident": given}, headers=self._headers)
        outcome = self._line.judge(answer)
        number = str(answer.field("id"))
        return sent(f"{state}, incident {number}", number) if answer.good else outcome


def public_words(letter: Letter) -> tuple[str, str]:
    """Title and body: the first line of the text is the title, as the status page's templates have it."""
    text = redact(visible(letter.text.strip(), limit=8000, newlines=True))
    first, _, rest = text.partition("\n")
    return first[:250], rest.strip() or first


def _mark(letter: Letter) -> dict[str, Any]:
    return {"cockpit": {"incident": letter.key or letter.ref, "message": letter.id}}


def _ours(incidents: Any, letter: Letter, title: str) -> Mapping[str, Any] | None:
    """The page's incident that is ours: by the id it told us, by our mark, or by a title that we may have sent."""
    key = letter.key or letter.ref
    for each in incidents if isinstance(incidents, list) else ():
        if not isinstance(each, dict) or not each.get("id"):
            continue
        metadata = each.get("metadata")
        mark = metadata.get("cockpit") if isinstance(metadata, dict) else None
        marked = isinstance(mark, dict) and mark.get("incident") == key != ""
        if marked or str(each["id"]) == letter.thread or (title and each.get("name") == title):
            return each
    return None


def _says(incident: Mapping[str, Any], body: str) -> bool:
    updates = incident.get("incident_updates")
    newest = updates[0] if isinstance(updates, list) and updates else None
    return isinstance(newest, dict) and newest.get("body") == body


def _backward(known: Mapping[str, Any] | None, state: str) -> str:
    """Why a state may not follow: what was resolved goes back to investigating and nowhere else."""
    now = str(known.get("status", "")) if known is not None else ""
    if now not in STATES or STATES.index(state) >= STATES.index(now) or state == "investigating":
        return ""
    return f"The status page stands at {now}; it cannot go back to {state}, only to investigating."
