"""What the SES screen and `cockpit ses` show: frozen values, rates as fractions, times in aware UTC."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cockpit.desk.views import CheckView, Freshness
from cockpit.health.model import Verdict
from cockpit.ses.alarms import AlarmState
from cockpit.ses.runway import Runway
from cockpit.ses.tally import Tally


class Pause(msgspec.Struct, frozen=True):
    """One stop of mail: `kind` is "aws" (only AWS lifts it), "ours" (the account) or "set" (one set)."""

    kind: str
    what: str
    lifted_by: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """One account in its region; what is not known is None or UNKNOWN, never good."""

    target: str
    verdict: Verdict
    headline: str
    enforcement: str
    sending: bool | None
    production: bool | None
    review_status: str
    review_case: str
    pauses: tuple[Pause, ...]
    quota_used: float | None
    sent_24h: float | None
    max_24h: float | None
    per_s: float | None
    checks: tuple[CheckView, ...]
    at: datetime | None
    freshness: Freshness


class Point(msgspec.Struct, frozen=True):
    """A quarter of an hour: when it began, mails, bad ones, their rate, and AWS's figure; None where unknown."""

    at: datetime
    sent: float
    bad: float
    rate: float | None
    figure: float | None


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Bounces or complaints: AWS's figure, ours of the last hour, ours by events, our ladder and AWS's lines."""

    name: str
    reported: float | None
    windowed: float | None
    by_events: float | None
    ladder: tuple[float, float]
    lines: tuple[float, float]
    points: tuple[Point, ...]
    runway: tuple[Runway, ...]
    sets: Mapping[str, float | None]
    verdict: Verdict
    headline: str
    at: datetime | None
    freshness: Freshness


class IdentityLine(msgspec.Struct, frozen=True, kw_only=True):
    """One identity as SES last saw it; `swept` says that only the batch was asked."""

    domain: str
    verdict: Verdict
    headline: str
    dkim: str
    origin: str
    mail_from: str
    mail_from_status: str
    error_type: str
    swept: bool
    at: datetime
    freshness: Freshness


class Alarms(msgspec.Struct, frozen=True, kw_only=True):
    """The six wanted alarms, what is wrong with those that there are, and how they changed (newest first)."""

    wanted: tuple[AlarmState, ...]
    faulty: Mapping[str, tuple[str, ...]]
    firing: tuple[str, ...]
    alarms: tuple[Mapping[str, Any], ...]
    history: tuple[Mapping[str, Any], ...]
    history_failure: str
    verdict: Verdict
    headline: str
    at: datetime | None
    freshness: Freshness


class HealthNews(msgspec.Struct, frozen=True, kw_only=True):
    """AWS Health's events about SES, newest first; `subscribed` is None while that is not known."""

    subscribed: bool | None
    events: tuple[Mapping[str, Any], ...]
    verdict: Verdict
    headline: str
    at: datetime | None
    freshness: Freshness


class ReportLine(msgspec.Struct, frozen=True):
    """One report of the feed; the recipient is masked unless it was asked for in full."""

    at: datetime
    kind: str
    subtype: str
    recipient: str
    reason: str
    configuration_set: str
    suppress: str


class AsideLine(msgspec.Struct, frozen=True):
    """One message that was set aside."""

    message_id: str
    why: str
    at: datetime
    body: str


class FeedbackView(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: the last hour counted, who is suppressed by it, and the newest reports."""

    tally: Tally | None
    suppressed: int | None
    aside: int | None
    waiting: int | None
    newest: tuple[ReportLine, ...]
    verdict: Verdict
    headline: str
    at: datetime | None
    freshness: Freshness


class CallLine(msgspec.Struct, frozen=True, kw_only=True):
    """How one action of AWS's stands in the queue."""

    action: str
    headline: str
    last_minute: int
    per_minute: int
    waiting: int
    answered_s: float | None
    failing: str
