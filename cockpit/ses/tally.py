"""What came back in the last hour, counted: which domains, reasons, configuration sets and providers lead."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from cockpit.ses.feedback import BOUNCE, COMPLAINT, Feedback

WINDOW = timedelta(hours=1)
TOP = 10

PROVIDERS = {
    "gmail.com": "Google",
    "googlemail.com": "Google",
    "outlook.com": "Microsoft",
    "hotmail.com": "Microsoft",
    "live.com": "Microsoft",
    "msn.com": "Microsoft",
    "yahoo.com": "Yahoo",
    "ymail.com": "Yahoo",
    "aol.com": "Yahoo",
    "icloud.com": "Apple",
    "me.com": "Apple",
    "mac.com": "Apple",
    "gmx.net": "GMX",
    "gmx.de": "GMX",
    "web.de": "GMX",
    "proton.me": "Proton",
    "protonmail.com": "Proton",
}
"""Who runs the mailboxes of well-known domains; the others are told by their domain."""

_REGIONAL = re.compile(r"^(yahoo|hotmail|live|outlook)\.(?:co\.|com\.)?[a-z]{2}$")
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_REPLY = re.compile(r"\b[45]\d\d\b")


class Count(msgspec.Struct, frozen=True):
    """One line of a list: a name, and how often."""

    name: str
    number: int


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The last hour; `permanent` and `transient` are bounces, counted by recipient, `complaints` likewise."""

    since: datetime
    until: datetime
    permanent: int
    transient: int
    complaints: int
    not_spam: int
    sends: int
    deliveries: int
    domains: tuple[Count, ...]
    reasons: tuple[Count, ...]
    sets: tuple[Count, ...]
    providers: tuple[Count, ...]


def tally(feedback: Iterable[Feedback], now: datetime, window: timedelta = WINDOW) -> Tally:
    """Count what was reported within `window` before `now`; the lists are about bounces and complaints."""
    since = now - window
    recent = [each for each in feedback if since < each.at <= now]
    bad = [each for each in recent if each.kind in (BOUNCE, COMPLAINT)]
    kinds = Counter((each.kind, each.subtype if each.kind == BOUNCE else "") for each in recent)
    bounces = sum(number for (kind, _), number in kinds.items() if kind == BOUNCE)
    permanent = kinds[BOUNCE, "Permanent"]
    return Tally(
        since=since,
        until=now,
        permanent=permanent,
        transient=bounces - permanent,
        complaints=kinds[COMPLAINT, ""],
        not_spam=sum(each.kind == COMPLAINT and not each.suppress for each in bad),
        sends=kinds["Send", ""],
        deliveries=kinds["Delivery", ""],
        domains=_top(domain_of(each.recipient) for each in bad),
        reasons=_top(reason_of(each) for each in bad),
        sets=_top(each.configuration_set or "(none)" for each in bad),
        providers=_top(provider_of(each.recipient) for each in bad),
    )


def domain_of(recipient: str) -> str:
    """The part of an address after the @."""
    return recipient.rpartition("@")[2] or "(none)"


def provider_of(recipient: str) -> str:
    """Who runs the mailbox, as far as its domain says."""
    domain = domain_of(recipient)
    regional = _REGIONAL.match(domain)
    if regional:
        return "Yahoo" if regional[1] == "yahoo" else "Microsoft"
    return PROVIDERS.get(domain, domain)


def reason_of(each: Feedback) -> str:
    """A reason that can be counted: SES's words and the code the other side gave (RFC 3463, else RFC 5321)."""
    said = _ENHANCED.search(each.reason) or _REPLY.search(each.reason)
    words = f"{each.subtype} {each.detail}".strip() if each.kind == BOUNCE else f"complaint {each.subtype}".strip()
    return f"{words} {said[0]}" if said else words


def _top(names: Iterable[str], most: int = TOP) -> tuple[Count, ...]:
    counted: Sequence[tuple[str, int]] = sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Count(name, number) for name, number in counted[:most])
