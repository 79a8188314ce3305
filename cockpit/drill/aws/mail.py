"""The SES account behind both API versions: identities, sending state, and the mail that left."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cockpit.drill.aws import identity as identities
from cockpit.drill.aws.dkim import HeldKey
from cockpit.drill.aws.errors import AwsError
from cockpit.drill.aws.identity import Dkim, Identity, Origin, Signature, Status, Timings
from cockpit.drill.aws.lookup import Found, Lookup
from cockpit.drill.aws.traffic import Traffic
from cockpit.drill.clock import DrillClock

KEPT_MAILS = 1_000


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
    """One configuration set: a switch of its own for the mail that is sent through it."""

    name: str
    sending: bool = True


@dataclass(slots=True)
class MailAccount:
    """One region of one SES account, advanced by `tick`."""

    clock: DrillClock
    lookup: Lookup
    traffic: Traffic
    timings: Timings
    region: str
    enforcement: str = "HEALTHY"
    sending: bool = True
    production: bool = True
    max_24_hours: float = 200_000.0
    max_per_second: float = 80.0
    identities: dict[str, Identity] = field(default_factory=dict)
    configuration_sets: dict[str, ConfigurationSet] = field(default_factory=dict)
    mails: deque[Mail] = field(default_factory=lambda: deque(maxlen=KEPT_MAILS))
    sent: int = 0

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
        return changed

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

    def accept(self, sender: str, recipients: int) -> Mail:
        """Send: refused as SES refuses when the account or the identity may not; raises AwsError."""
        domain = sender.rpartition("@")[2].rstrip(">").strip().lower()
        if self.enforcement == "SHUTDOWN":
            raise AwsError("AccountSuspendedException", "Sending is suspended for this account.", 400)
        if not self.sending:
            raise AwsError("SendingPausedException", "Email sending is disabled for this account.", 400)
        found = self.identities.get(domain)
        if found is not None and found.configuration_set:
            self._check_switch(found.configuration_set)
        if found is None or not found.verified:
            message = (
                f"Email address is not verified. The following identities failed the check in region "
                f"{self.region.upper()}: {sender}"
            )
            raise AwsError("MessageRejected", message, 400)
        self.sent += 1
        now = self.clock.now()
        mail = Mail(
            at=now,
            message_id=f"0100{self.sent:012x}-drill-{self.sent:06d}-000000",
            sender_domain=domain,
            recipients=recipients,
            signature=identities.signature(found, self.lookup),
        )
        self.mails.append(mail)
        return mail

    def sent_last_24_hours(self, now: datetime) -> float:
        """What the quota counts."""
        return round(self.traffic.count(None, now - timedelta(hours=24), now)) + len(self._since(now))

    def _check_switch(self, name: str) -> None:
        if not self.configuration_set(name).sending:
            raise AwsError("SendingPausedException", f"Sending is paused for configuration set {name}.", 400)

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
        return Status.TEMPORARY_FAILURE
