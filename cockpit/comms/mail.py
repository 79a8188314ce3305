"""Mail, by SMTP (RFC 5321, with STARTTLS wherever it is offered) and by SES (SendEmail, API version 2).

Mail has no key by which a server would know a message that it had before. What may have been taken is therefore
not sent again: a person decides.
"""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import urlsplit

from cockpit.comms.aws_line import asked, aws_line
from cockpit.comms.line import TIMEOUT_S, NotTaken, PerhapsTaken, dialled_to
from cockpit.comms.outcome import Fate, Letter, Outcome, refused, sent
from cockpit.errors import ConfigError
from cockpit.profile import Profile
from cockpit.text import redact, visible

_SHOWN = 200


class Smtp:
    """A submission server at `smtp://host:port`; `password` belongs to `user`, both empty for no login."""

    safe_to_repeat = False

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        sender: str,
        to: tuple[str, ...],
        profile: Profile,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "smtp" or not parts.hostname or not sender:
            raise ConfigError("Mail needs an address such as smtp://mail.example:587 and a sender.")
        self._host, self._port = parts.hostname, parts.port or 587
        self._user, self._password = user, password
        self._sender, self._to, self._profile = sender, to, profile
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return "Smtp([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """Hand the letter over; raises NotTaken before the server had it, PerhapsTaken when the answer was lost."""
        people = letter.to or self._to
        if not people:
            return refused("Mail needs somebody to go to, and nobody is given.")
        message = composed(letter, self._sender, people)
        host, port = dialled_to(self._profile, self._host, self._port, "mail server")
        try:
            with smtplib.SMTP(host, port, timeout=self._timeout_s) as server:
                self._log_in(server)
                return self._hand_over(server, message, people)
        except smtplib.SMTPResponseException as error:
            return _said(error.smtp_code, error.smtp_error)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return _said(code, text)
        except (smtplib.SMTPException, OSError) as error:
            raise NotTaken(f"The mail server could not be used: {type(error).__name__}.") from None

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        encrypted = server.has_extn("starttls")
        if encrypted:
            server.starttls(context=ssl.create_default_context(cadata=self._profile.ca_pem))
            server.ehlo()
        if not self._user:
            return
        if not encrypted and not self._profile.loopback_only:
            raise ConfigError("The mail server offers no encryption; the password is not sent in the clear.")
        server.login(self._user, self._password)

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage, people: tuple[str, ...]) -> Outcome:
        greeted = server.mail(self._sender)
        if greeted[0] >= 300:
            return _said(*greeted)
        refusals = [reply for person in people if (reply := server.rcpt(person))[0] >= 300]
        if len(refusals) == len(people):
            return _said(*refusals[0])
        try:
            code, text = server.data(message.as_bytes())
        except smtplib.SMTPDataError:
            raise
        except (smtplib.SMTPServerDisconnected, OSError):
            raise PerhapsTaken("The mail server broke off after the letter was handed over.") from None
        outcome = _said(code, text)
        if outcome.fate is Fate.SENT and refusals:
            return refused(f"{len(refusals)} of {len(people)} addresses were refused; the others were told.")
        return outcome


class SesMail:
    """SendEmail of the account under watch: to be avoided when SES itself is the incident."""

    safe_to_repeat = False

    def __init__(self, sender: str, to: tuple[str, ...], profile: Profile) -> None:
        if not sender:
            raise ConfigError("Mail by SES needs a sender, an address of a verified identity.")
        self._sender, self._to, self._profile = sender, to, profile

    def __repr__(self) -> str:
        return "SesMail([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """SESv2 SendEmail, one attempt; raises NotTaken or PerhapsTaken."""
        people = letter.to or self._to
        if not people:
            return refused("Mail needs somebody to go to, and nobody is given.")
        line, message = aws_line(self._profile, "sesv2"), composed(letter, self._sender, people)
        answer, outcome = asked(
            "SES",
            lambda: line.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": list(people)},
                Content={"Raw": {"Data": message.as_bytes()}},
            ),
        )
        return outcome or sent(f"message {visible(answer.get('MessageId', ''), limit=100)}")


def composed(letter: Letter, sender: str, people: tuple[str, ...]) -> EmailMessage:
    """The letter as mail; a first line `Subject: ...` is the subject, as the templates have it."""
    text = redact(visible(letter.text.strip(), limit=40_000, newlines=True))
    first, _, rest = text.partition("\n")
    subject = letter.subject
    if first.startswith("Subject:"):
        subject, text = first.removeprefix("Subject:").strip(), rest.strip()
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(people)
    message["Subject"] = visible(subject or first, limit=250)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2] or 'cockpit'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _said(code: int, text: bytes | str) -> Outcome:
    """An SMTP reply: 2xx taken, 4xx to be tried later, 5xx never (RFC 5321 section 4.2.1)."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    said = redact(visible(words.strip(), limit=_SHOWN))
    if 200 <= code < 300:
        return sent(said)
    sentence = f"The mail server answered {code} ({said})."
    return Outcome(Fate.LATER if 400 <= code < 500 or code < 0 else Fate.REFUSED, sentence)
