"""Freshdesk, API version 2: one ticket for each person who is to be told, and what follows as replies on it.

Basic authentication with the API key as user name. A ticket has the message's id among its tags, which is how one
whose answer was lost is found again (`GET /api/v2/tickets`); a reply has no place for a mark and is known by its
words (`GET /api/v2/tickets/{id}/conversations`).
"""

import base64
import html
import re
from typing import Any

from cockpit.comms.line import Answer, Line
from cockpit.comms.outcome import Fate, Letter, Outcome, refused, sent
from cockpit.profile import Profile
from cockpit.text import redact, visible

TICKETS = "/api/v2/tickets"
PAGE = 100
"""Conversations that Freshdesk gives at once, at most."""

MAX_PAGES = 5
_PRIORITY = {"P0": 4, "P1": 3, "P2": 2}
_NUMBERED = re.compile(r"#([0-9]{1,18})\Z")
_THREAD = re.compile(r"([0-9]+) (\S+?)(?:, |\Z)")
_MARKUP = re.compile(r"<[^>]*>|\s+")


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
        """A ticket for each address, or a reply on the one it has; raises NotTaken or PerhapsTaken.

        An address may also be `#4711`: a ticket that is open already, which is replied on. `letter.thread` has
        the tickets of earlier letters about the same incident; the outcome's has them all.
        """
        people = letter.to or self._to
        if not people:
            return refused("The help desk needs an address for each ticket, and none is given.")
        there = self._tickets() if again else {}
        known = tickets_of(letter.thread)
        told: list[str] = []
        for person in people:
            said, answer = self._tell(letter, person, known, there, again=again)
            if answer is not None and not answer.good:
                outcome = self._line.judge(answer)
                begun = told and outcome.fate is Fate.REFUSED
                return refused(f"{outcome.said} {len(told)} of {len(people)} were told.") if begun else outcome
            told.append(said)
        return sent(", ".join(told), ", ".join(f"{number} {person}" for person, number in known.items()))

    def _tell(
        self,
        letter: Letter,
        person: str,
        known: dict[str, str],
        there: dict[tuple[str, str], str],
        *,
        again: bool,
    ) -> tuple[str, Answer | None]:
        """What was done for one person, and the answer; no answer when it stood there already. Adds to `known`."""
        if (letter.id, person) in there:
            known[person] = there[letter.id, person]
            return f"ticket {known[person]}", None
        numbered = _NUMBERED.match(person)
        number = numbered[1] if numbered else known.get(person, "")
        if number:
            if again and self._replied(letter, number):
                return f"reply on ticket {number}", None
            answer = self._call("POST", f"{TICKETS}/{number}/reply", {"body": _words(letter)[1]})
            if answer.status != 404 or numbered:
                return f"reply on ticket {number}", answer
        answer = self._call("POST", TICKETS, _ticket(letter, person))
        if answer.good:
            known[person] = str(answer.field("id"))
        return f"ticket {answer.field('id')}", answer

    def _call(self, method: str, path: str, value: Any = None) -> Answer:
        return self._line.call(method, path, value, headers=self._headers)

    def _tickets(self) -> dict[tuple[str, str], str]:
        """The newest tickets of ours, by message and person."""
        answer = self._call("GET", TICKETS)
        found: dict[tuple[str, str], str] = {}
        for ticket in answer.json if isinstance(answer.json, list) else ():
            tags = ticket.get("tags") if isinstance(ticket, dict) else None
            for tag in tags if isinstance(tags, list) else ():
                found[str(tag).removeprefix("cockpit-"), str(ticket.get("email"))] = str(ticket.get("id"))
        return found

    def _replied(self, letter: Letter, number: str) -> bool:
        """Whether the words stand in the ticket's conversation already."""
        words = _bare(_words(letter)[1])
        for page in range(1, MAX_PAGES + 1):
            answer = self._call("GET", f"{TICKETS}/{number}/conversations?per_page={PAGE}&page={page}")
            said = answer.json if answer.good and isinstance(answer.json, list) else []
            if any(isinstance(each, dict) and _bare(str(each.get("body", ""))) == words for each in said):
                return True
            if len(said) < PAGE:
                return False
        return False


def tickets_of(thread: str) -> dict[str, str]:
    """The ticket of each person, from what earlier outcomes said: `1001 a@shop.example, 1002 b@shop.example`."""
    return {person: number for number, person in _THREAD.findall(thread)}


def _words(letter: Letter) -> tuple[str, str]:
    """Subject and description; a text that begins with its subject is divided there."""
    text = redact(visible(letter.text.strip(), limit=40_000, newlines=True))
    subject, _, rest = text.partition("\n")
    if letter.subject or not rest.strip():
        subject, rest = letter.subject or subject, text
    return subject.removeprefix("Subject:").strip()[:250], html.escape(rest.strip()).replace("\n", "<br>")


def _bare(markup: str) -> str:
    """The words of a description without markup and spaces, which a help desk writes its own way."""
    return html.unescape(_MARKUP.sub("", markup))


def _ticket(letter: Letter, person: str) -> dict[str, Any]:
    subject, description = _words(letter)
    return {
        "email": person,
        "subject": subject,
        "description": description,
        "status": 2,
        "priority": _PRIORITY.get(letter.severity, 1),
        "source": 2,
        "tags": [f"cockpit-{letter.id}", *([letter.ref] if letter.ref else [])],
    }
