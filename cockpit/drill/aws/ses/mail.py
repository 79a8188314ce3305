"""The SES account behind both API versions: identities, sending state, and the mail that left."""

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cockpit.drill.aws.names.lookup import Found, Lookup
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.ses import identity as identities
from cockpit.drill.aws.ses.dkim import HeldKey, provider_public_key
from cockpit.drill.aws.ses.feedback import Feedback, Sent
from cockpit.drill.aws.ses.identity import Dkim, EasyToken, Identity, Origin, Signature, Status, Timings
from cockpit.drill.aws.ses.suppression import REASONS, SuppressionList
from cockpit.drill.aws.ses.traffic import Traffic
from cockpit.drill.clock import DrillClock

KEPT_MAILS = 1_000
MAX_IDENTITIES = 2_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One accepted message: no body, no recipients, only what the referee asks about."""

    at: datetime
    message_id: str
    sender_domain: str
    recipients: int
    signature: Signature


@dataclass(slots=True)
class ConfigurationSet:
    """One configuration set: a switch of its own for the mail that is sent through it, and whom it tells.

    `suppressed_reasons` go before the account's; None where the account's hold.
    """

    name: str
    sending: bool = True
    reputation_metrics: bool = True
    suppressed_reasons: tuple[str, ...] | None = None
    destinations: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class MailAccount:
    """One region of one SES account, advanced by `tick`."""

    clock: DrillClock
    lookup: Lookup
    traffic: Traffic
    timings: Timings
    region: str
    feedback: Feedback
    publish: Callable[[str, str], None]
    """Put a key (`p=`) under a name of SES's own zone."""
    enforcement: str = "HEALTHY"
    sending: bool = True
    production: bool = True
    max_24_hours: float = 200_000.0
    max_per_second: float = 80.0
    identities: dict[str, Identity] = field(default_factory=dict)
    configuration_sets: dict[str, ConfigurationSet] = field(default_factory=dict)
    mails: deque[Mail] = field(default_factory=lambda: deque(maxlen=KEPT_MAILS))
    sent: int = 0
    suppression: SuppressionList = field(default_factory=SuppressionList)
    suppressed_reasons: tuple[str, ...] = REASONS

    def create(self, name: str, configuration_set: str, tags: Mapping[str, str]) -> Identity:
        """A new domain identity with three Easy DKIM keys, PENDING until its records are found; raises AwsError."""
        domain = name.lower().rstrip(".")
        if domain in self.identities:
            raise AwsError("AlreadyExistsException", f"Email identity {name} already exist.", 400)
        if len(self.identities) >= MAX_IDENTITIES:
            raise AwsError("LimitExceededException", "The drill world has too many identities.", 400)
        if configuration_set:
            self.configuration_set(configuration_set)
        chance = random.Random(domain)  # noqa: S311 - names for a drill, not a secret
        tokens = []
        for _ in range(3):
            token = EasyToken("".join(chance.choice(_LETTERS) for _ in range(32)), provider_public_key(chance))
            self.publish(f"{token.token}.dkim.amazonses.com", token.public)
            tokens.append(token)
        dkim = identities.begin(Dkim(origin=Origin.EASY, tokens=tuple(tokens)), self.clock.elapsed(), self.timings)
        identity = Identity(name=domain, dkim=dkim, configuration_set=configuration_set, tags=dict(tags))
        self.identities[domain] = identity
        return identity

    def add(self, identity: Identity) -> None:
        """Take an identity in, verified as of now; its next look at DNS comes after one `recheck`."""
        now, at = self.clock.now(), self.clock.elapsed()
        checked = identities.look(identity.dkim, identity.name, self.lookup, now)
        identity.dkim = identities.settle(identity.dkim, checked, at, self.timings)
        self.identities[identity.name] = identity

    def tick(self) -> list[str]:
        """Let SES look at what is due; returns a sentence for each status that changed."""
        now, at = self.clock.now(), self.clock.elapsed()
        changed = []
        for identity in self.identities.values():
            if identity.dkim.due > at:
                continue
            before = identity.dkim.status
            checked = identities.look(identity.dkim, identity.name, self.lookup, now)
            identity.dkim = identities.settle(identity.dkim, checked, at, self.timings)
            identity.mail_from_status = self._mail_from_status(identity)
            if identity.dkim.status is not before:
                reason = f" ({checked.error})" if checked.error else ""
                changed.append(f"SES: DKIM of {identity.name} {before} -> {identity.dkim.status}{reason}")
        return changed + self.feedback.tick(now, at)

    def get(self, name: str) -> Identity:
        """An identity by name; raises AwsError (NotFoundException)."""
        found = self.identities.get(name.lower().rstrip("."))
        if found is None:
            raise AwsError("NotFoundException", f"Email identity {name} does not exist.", 404)
        return found

    def configuration_set(self, name: str) -> ConfigurationSet:
        """A configuration set by name; raises AwsError (NotFoundException)."""
        found = self.configuration_sets.get(name)
        if found is None:
            raise AwsError("NotFoundException", f"Configuration set <{name}> does not exist.", 404)
        return found

    def sign_with(self, name: str, selector: str, held: HeldKey) -> Dkim:
        """Point signing at a key of the caller's: EXTERNAL, PENDING until SES has looked."""
        return self._configure(name, Origin.EXTERNAL, selector, held)

    def sign_with_easy_dkim(self, name: str) -> Dkim:
        """Point signing back at the keys that SES made; the tokens stay the same, PENDING until SES has looked."""
        return self._configure(name, Origin.EASY, "", None)

    def signature(self, name: str) -> Signature:
        """How mail from a domain leaves at this moment, judged by the authoritative servers."""
        return identities.signature(self.get(name), self.lookup)

    def accept(self, sender: str, recipients: Sequence[str], configuration_set: str = "") -> Mail:
        """Send: refused as SES refuses when the account or the identity may not; raises AwsError."""
        domain = sender.rpartition("@")[2].rstrip(">").strip().lower()
        if self.enforcement == "SHUTDOWN":
            raise AwsError("AccountSuspendedException", "Sending is suspended for this account.", 400)
        if not self.sending:
            raise AwsError("SendingPausedException", "Email sending is disabled for this account.", 400)
        found = self.identities.get(domain)
        through = self._through(configuration_set or (found.configuration_set if found else ""))
        if found is None or not found.verified or not found.sending:
            message = (
                f"Email address is not verified. The following identities failed the check in region "
                f"{self.region.upper()}: {sender}"
            )
            raise AwsError("MessageRejected", message, 400)
        self.sent += 1
        mail = Mail(
            at=self.clock.now(),
            message_id=f"0100{self.sent:012x}-drill-{self.sent:06d}-000000",
            sender_domain=domain,
            recipients=len(recipients),
            signature=identities.signature(found, self.lookup),
        )
        self.mails.append(mail)
        self._follow(mail, sender, recipients, found, through)
        return mail

    def sent_last_24_hours(self, now: datetime) -> float:
        """What the quota counts."""
        return round(self.traffic.count(None, now - timedelta(hours=24), now)) + len(self._since(now))

    def _through(self, name: str) -> ConfigurationSet | None:
        """The configuration set that a mail goes through, None for none; raises AwsError when it is paused."""
        if not name:
            return None
        found = self.configuration_set(name)
        if not found.sending:
            raise AwsError("SendingPausedException", f"Sending is paused for configuration set {name}.", 400)
        return found

    def _follow(
        self,
        mail: Mail,
        sender: str,
        recipients: Sequence[str],
        identity: Identity,
        through: ConfigurationSet | None,
    ) -> None:
        """Let the feedback on a mail be on its way."""
        own = through.suppressed_reasons if through else None
        reasons = self.suppressed_reasons if own is None else own
        listed = ((recipient.lower(), self.suppression.get(recipient)) for recipient in recipients)
        sent = Sent(
            message_id=mail.message_id,
            at=mail.at,
            source=sender,
            identity=identity.name,
            recipients=tuple(recipients),
            suppressed=frozenset(address for address, entry in listed if entry and entry.reason in reasons),
            topics=dict(identity.topics),
            destinations=tuple(through.destinations.values()) if through else (),
        )
        self.feedback.note(sent, self.clock.elapsed() + self.timings.feedback_after)

    def _since(self, now: datetime) -> list[Mail]:
        return [mail for mail in self.mails if now - mail.at < timedelta(hours=24)]

    def _configure(self, name: str, origin: Origin, selector: str, held: HeldKey | None) -> Dkim:
        identity = self.get(name)
        changed = replace(identity.dkim, origin=origin, selector=selector, held=held)
        identity.dkim = identities.begin(changed, self.clock.elapsed(), self.timings)
        return identity.dkim

    def _mail_from_status(self, identity: Identity) -> Status:
        if not identity.mail_from:
            return Status.SUCCESS
        answer = self.lookup(identity.mail_from, "MX")
        wanted = (f"10 feedback-smtp.{self.region}.amazonses.com",)
        if answer.found is Found.ANSWER and answer.values == wanted:
            return Status.SUCCESS
        fresh = identity.mail_from_status in (Status.PENDING, Status.FAILED)
        return identity.mail_from_status if fresh else Status.TEMPORARY_FAILURE
