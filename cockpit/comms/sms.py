"""Text messages by SNS (`Publish` with `PhoneNumber`), for those whose telephones have no data.

A number is told once: SNS knows no message again, so what may have been taken is left to a person. It asks for
`sns:Publish` and goes over AWS, so it is no way out where AWS itself is down.
"""

import re
from typing import Any

from cockpit.comms.aws_line import asked, aws_line
from cockpit.comms.outcome import Letter, Outcome, refused, sent
from cockpit.profile import Profile
from cockpit.text import redact, visible

MAX_TEXT = 300
"""Characters that are sent: what fits on a small screen at night, in two or three parts."""

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_WRITTEN = re.compile(r"[ ().\-]")


class Sms:
    """Numbers as people write them, each beginning with `+` and the country."""

    safe_to_repeat = False

    def __init__(self, to: tuple[str, ...], sender: str, profile: Profile) -> None:
        self._to, self._sender, self._profile = to, sender, profile

    def __repr__(self) -> str:
        return "Sms([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """One message for each number; raises NotTaken, PerhapsTaken, WorldError or ConfigError."""
        numbers = [_WRITTEN.sub("", number) for number in letter.to or self._to]
        wrong = [number for number in numbers if not _NUMBER.fullmatch(number)]
        if wrong or not numbers:
            which = visible(", ".join(wrong), limit=60) or "None is given, and that"
            return refused(f"{which} is no telephone number with its country, such as +15550123456.")
        line = aws_line(self._profile, "sns")
        kinds = {"SMSType": "Transactional", **({"SenderID": self._sender} if self._sender else {})}
        request: dict[str, Any] = {
            "Message": _short(letter),
            "MessageAttributes": {
                f"AWS.SNS.SMS.{name}": {"DataType": "String", "StringValue": value} for name, value in kinds.items()
            },
        }
        ids: list[str] = []
        for number in numbers:
            call = {**request, "PhoneNumber": number}
            answer, outcome = asked("SNS", lambda call=call: line.publish(**call))  # type: ignore[misc]
            if outcome is not None:
                return refused(f"{outcome.said} {len(ids)} of {len(numbers)} were told.") if ids else outcome
            ids.append(visible(answer.get("MessageId", ""), limit=60))
        return sent(f"message {', '.join(ids)}")


def _short(letter: Letter) -> str:
    """The reference, and the headline with the next lines as far as they fit."""
    text = " / ".join(line.strip() for line in letter.text.splitlines() if line.strip())
    ref = f"{letter.ref}: " if letter.ref and letter.ref not in text else ""
    return redact(visible(f"{ref}{text}", limit=MAX_TEXT))[:MAX_TEXT]
