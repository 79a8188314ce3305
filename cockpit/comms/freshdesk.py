"""Freshdesk, API version 2: one ticket for each person who is to be told.

Basic authentication with the API key as user name. A ticket has the message's id among its tags, which is how one
whose answer was lost is found again (`GET /api/v2/tickets`).
"""

import base64
import html
from typing import Any

from cockpit.comms.line import Line
from cockpit.comms.outcome import Fate, Letter, Outcome, refused, sent
from cockpit.profile import Profile
from cockpit.text import redact, visible

_PRIORITY = {"P0": 4, "P1": 3, "P2": 2}


class Freshdesk:
    """One help desk at `https://COMPANY.freshdesk.com`."""

    safe_to_repeat = True

    def __init__(self, key: str, base: str, profile: Profile, to: tuple[str, ...] = ()) -> None:
        token = base64.b64encode(f"{key}:X".encode()).decode()
        self._line = Line(base, profile, "help desk", hidden=(key, token))
        self._headers = {"Authorization": f"Basic {token}"}
        self._to = to

    def __repr__(self) -> str:
        return "Freshdesk([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """One ticket per address; raises NotTaken or PerhapsTaken. What was opened before is left as it is."""
        people = letter.to or self._to
        if not people:
            return refused("The help desk needs an address for each ticket, and none is given.")
        there = self._tickets() if again else {}
        numbers = []
        for person in people:
            if (letter.id, person) in there:
                numbers.append(there[letter.id, person])
                continue
            answer = self._line.call("POST", "/api/v2/tickets", _ticket(letter, person), headers=self._headers)
            if not answer.good:
                outcome = self._line.judge(answer)
                begun = numbers and outcome.fate is Fate.REFUSED
                return refused(f"{outcome.said} {len(numbers)} of {len(people)} were told.") if begun else outcome
            numbers.append(str(answer.field("id")))
        return sent(f"ticket {', '.join(numbers)}")

    def _tickets(self) -> dict[tuple[str, str], str]:
        """The newest tickets of ours, by message and person."""
        answer = self._line.call("GET", "/api/v2/tickets", headers=self._headers)
        found: dict[tuple[str, str], str] = {}
        for ticket in answer.json if isinstance(answer.json, list) else ():
            tags = ticket.get("tags") if isinstance(ticket, dict) else None
            for tag in tags if isinstance(tags, list) else ():
                found[str(tag).removeprefix("cockpit-"), str(ticket.get("email"))] = str(ticket.get("id"))
        return found


def _ticket(letter: Letter, person: str) -> dict[str, Any]:
    text = redact(visible(letter.text.strip(), limit=40_000, newlines=True))
    subject, _, rest = text.partition("\n")
    if letter.subject or not rest.strip():
        subject, rest = letter.subject or subject, text
    return {
        "email": person,
        "subject": subject.removeprefix("Subject:").strip()[:250],
        "description": html.escape(rest.strip()).replace("\n", "<br>"),
        "status": 2,
        "priority": _PRIORITY.get(letter.severity, 1),
        "source": 2,
        "tags": [f"cockpit-{letter.id}", *([letter.ref] if letter.ref else [])],
    }
