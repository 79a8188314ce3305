"""The SES room: accounts, rates and their runway, identities, alarms, AWS Health, feedback and the queue of calls.

All of it is what the watch last recorded. A value that was not renewed for long is UNKNOWN here, whatever it said.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.clock import Clock, parse_time
from cockpit.desk.health.board import Board
from cockpit.desk.health.ses_sends import Sends, sends_of
from cockpit.desk.health.ses_views import (
    Alarms,
    AsideLine,
    CallLine,
    FeedbackView,
    HealthNews,
    IdentityLine,
    Pause,
    Point,
    Rate,
    ReportLine,
    Status,
)
from cockpit.desk.views import CheckView, Freshness
from cockpit.errors import NotFound
from cockpit.health.model import Verdict
from cockpit.health.rates import MARKS
from cockpit.ses.alarms import AlarmState
from cockpit.ses.budget import SESSION
from cockpit.ses.runway import Runway
from cockpit.ses.suppression import masked
from cockpit.ses.tally import Tally
from storage.database import Database
from storage.feedback import FeedbackStore

_NOT_YET = "was not looked at yet"
_TOO_OLD = "no data: the last answer is too old to trust"
_POINT = timedelta(minutes=15)


class SesRoom:
    """What is known about sending; belongs to one desk."""

    def __init__(self, database: Database, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._feedback = FeedbackStore(database)

    def accounts(self) -> list[str]:
        """Every account that was observed."""
        return self._board.account_targets()

    def banner(self) -> str:
        """One sentence with what to do while a session with AWS is over; empty otherwise."""
        for target in self.accounts():
            view = self._view(target, "ses.calls")
            if view is not None and view.evidence.get("failure") in SESSION:
                return f"{target.removeprefix('ses:')}: {view.headline}"
        return ""

    def status(self, target: str = "") -> Status:
        """The account; raises NotFound for one that was never observed."""
        target = self._target(target)
        checks = {view.check: _aged(view) for view in self._board.checks(target)}
        account, quota = checks.get("ses.account"), checks.get("ses.quota")
        known = account is not None and account.verdict is not Verdict.UNKNOWN
        seen: Mapping[str, Any] = account.evidence if account is not None and known else {}
        return Status(
            target=target,
            verdict=min((view.verdict for view in checks.values()), key=_rank, default=Verdict.UNKNOWN),
            headline=account.headline if account is not None else f"the account {_NOT_YET}",
            enforcement=str(seen.get("enforcement", "")),
            sending=seen.get("sending_enabled"),
            production=seen.get("production"),
            review_status=str(seen.get("review_status", "")),
            review_case=str(seen.get("review_case", "")),
            pauses=_pauses(seen, checks.get("ses.sets")),
            quota_used=_number(quota.evidence.get("used_fraction")) if quota else None,
            sent_24h=_number(seen.get("sent_24_hours")),
            max_24h=_number(seen.get("max_24_hours")),
            per_s=_number(seen.get("max_per_second")),
            checks=tuple(sorted(checks.values(), key=lambda view: (_rank(view.verdict), view.check))),
            at=min((view.at for view in checks.values()), default=None),
            freshness=account.freshness if account else Freshness.SILENT,
        )

    def rates(self, target: str = "") -> tuple[Rate, ...]:
        """Bounces and complaints."""
        target = self._target(target)
        feedback = self._view(target, "ses.feedback")
        return tuple(_rate(check, self._view(target, check), feedback) for check in MARKS)

    def failure(self, target: str = "") -> CheckView | None:
        """The organisation's own counts."""
        return self._view(self._target(target), "ses.failure")

    def sends(self, target: str = "") -> Sends:
        """What was sent by SES's count and by ours, and how much of it failed."""
        target = self._target(target)
        return sends_of(self._view(target, "ses.bounce"), self._view(target, "ses.failure"))

    def suppression(self, target: str = "") -> CheckView | None:
        """How the suppression lists compare, and whether senders fail open."""
        return self._view(self._target(target), "ses.suppression")

    def identities(self) -> tuple[IdentityLine, ...]:
        """Every domain that SES was asked about, worst first."""
        lines = []
        for row in self._board.rows():
            view = next((each for each in self._board.checks(row.target) if each.check == "ses.identity"), None)
            if view is not None:
                lines.append(_identity(row.target, _aged(view)))
        return tuple(sorted(lines, key=lambda line: (_rank(line.verdict), line.domain)))

    def alarms(self, target: str = "") -> Alarms:
        """CloudWatch's alarms about mail."""
        view = self._view(self._target(target), "ses.alarms")
        seen: Mapping[str, Any] = view.evidence if view else {}
        return Alarms(
            wanted=tuple(msgspec.convert(each, AlarmState) for each in seen.get("wanted", ())),
            faulty={name: tuple(faults) for name, faults in (seen.get("faulty") or {}).items()},
            firing=tuple(seen.get("firing", ())),
            alarms=tuple(seen.get("alarms", ())),
            history=tuple(seen.get("history", ())),
            history_failure=str(seen.get("history_failure", "")),
            verdict=view.verdict if view else Verdict.UNKNOWN,
            headline=view.headline if view else f"CloudWatch {_NOT_YET}",
            at=view.at if view else None,
            freshness=view.freshness if view else Freshness.SILENT,
        )

    def health(self, target: str = "") -> HealthNews:
        """AWS Health."""
        view = self._view(self._target(target), "ses.health")
        seen: Mapping[str, Any] = view.evidence if view else {}
        return HealthNews(
            subscribed=seen.get("subscribed"),
            events=tuple(seen.get("events", ())),
            verdict=view.verdict if view else Verdict.UNKNOWN,
            headline=view.headline if view else f"AWS Health {_NOT_YET}",
            at=view.at if view else None,
            freshness=view.freshness if view else Freshness.SILENT,
        )

    def advice(self, target: str = "") -> tuple[Mapping[str, Any], ...]:
        """AWS's own recommendations."""
        view = self._view(self._target(target), "ses.advice")
        return tuple(view.evidence.get("advice", ())) if view else ()

    def feedback(self, target: str = "", *, full: bool = False, limit: int = 50) -> FeedbackView:
        """What came back; addresses are masked unless `full`."""
        target = self._target(target)
        view = self._view(target, "ses.feedback")
        seen: Mapping[str, Any] = view.evidence if view else {}
        newest = self._feedback.since(target, self._clock.now() - timedelta(days=1))[-limit:]
        return FeedbackView(
            tally=msgspec.convert(seen["tally"], Tally) if seen.get("tally") else None,
            suppressed=seen.get("suppressed"),
            aside=seen.get("aside"),
            waiting=seen.get("waiting"),
            newest=tuple(
                ReportLine(
                    each.at,
                    each.kind,
                    each.subtype,
                    each.recipient if full else masked(each.recipient),
                    each.reason,
                    each.configuration_set,
                    each.suppress,
                )
                for each in reversed(newest)
            ),
            verdict=view.verdict if view else Verdict.UNKNOWN,
            headline=view.headline if view else f"the queue {_NOT_YET}",
            at=view.at if view else None,
            freshness=view.freshness if view else Freshness.SILENT,
        )

    def aside(self, target: str = "") -> tuple[AsideLine, ...]:
        """Messages that were set aside, newest first."""
        found = self._feedback.aside(self._target(target))
        return tuple(AsideLine(each.message_id, each.why, each.at, each.body) for each in found)

    def calls(self, target: str = "") -> tuple[CallLine, ...]:
        """The budget of every action that was asked."""
        view = self._view(self._target(target), "ses.calls")
        return tuple(
            CallLine(
                action=each.vantage,
                headline=each.headline,
                last_minute=int(each.evidence.get("last_minute", 0)),
                per_minute=int(each.evidence.get("per_minute", 0)),
                waiting=int(each.evidence.get("waiting", 0)),
                answered_s=_number(each.evidence.get("answered_s")),
                failing=str(each.evidence.get("failing", "")),
            )
            for each in (view.vantages if view else ())
        )

    def take_back(self, target: str, address: str, at: datetime) -> None:
        """Remember that somebody lifted a suppression, so that old reports do not bring it back."""
        self._feedback.take_back(target, address, at)

    def _target(self, target: str) -> str:
        accounts = self.accounts()
        if not accounts:
            raise NotFound("No SES account was looked at yet; let a watch run: cockpit watch.")
        if target and target not in accounts:
            raise NotFound(f"There is no account {target!r}; there are: {', '.join(accounts)}.")
        return target or accounts[0]

    def _view(self, target: str, check: str) -> CheckView | None:
        found = next((view for view in self._board.checks(target) if view.check == check), None)
        return None if found is None else _aged(found)


def _aged(view: CheckView) -> CheckView:
    """A view that is silent for too long says nothing good any more."""
    if view.freshness is not Freshness.SILENT or _rank(view.verdict) <= Verdict.UNKNOWN.rank:
        return view
    return msgspec.structs.replace(view, verdict=Verdict.UNKNOWN, headline=_TOO_OLD)


def _rank(verdict: Verdict) -> int:
    return verdict.rank


def _pauses(seen: Mapping[str, Any], sets: CheckView | None) -> tuple[Pause, ...]:
    found = []
    if seen.get("enforcement") == "SHUTDOWN":
        case = f" (case {seen['review_case']})" if seen.get("review_case") else ""
        found.append(Pause("aws", f"AWS paused the account{case}", "AWS alone, after an answer to the case"))
    elif seen.get("sending_enabled") is False:
        found.append(Pause("ours", "sending is switched off for the account", "PutAccountSendingAttributes"))
    for name in (sets.evidence.get("paused") or ()) if sets is not None else ():
        found.append(Pause("set", f"configuration set {name}", "PutConfigurationSetSendingOptions"))
    return tuple(found)


def _rate(check: str, view: CheckView | None, feedback: CheckView | None) -> Rate:
    name, marks = check.partition(".")[2], MARKS[check]
    seen: Mapping[str, Any] = view.evidence if view else {}
    by_events = feedback.evidence.get(f"{name}_fraction") if feedback else None
    return Rate(
        name=name,
        reported=_number(seen.get("reported")),
        windowed=_number(seen.get("windowed")),
        by_events=_number(by_events),
        ladder=(marks.warn, marks.fail),
        lines=(marks.review, marks.pause),
        points=_points(seen),
        runway=tuple(msgspec.convert(each, Runway) for each in seen.get("runway", ())),
        sets=dict(seen.get("sets") or {}),
        verdict=view.verdict if view else Verdict.UNKNOWN,
        headline=view.headline if view else f"the {name} rate {_NOT_YET}",
        at=view.at if view else None,
        freshness=view.freshness if view else Freshness.SILENT,
    )


def _points(seen: Mapping[str, Any]) -> tuple[Point, ...]:
    if not seen.get("from"):
        return ()
    begin = parse_time(str(seen["from"]))
    rows = zip(seen.get("sent", ()), seen.get("bad", ()), seen.get("figures", ()), strict=False)
    return tuple(
        Point(begin + number * _POINT, sent, bad, bad / sent if sent > 0 else None, _number(figure))
        for number, (sent, bad, figure) in enumerate(rows)
    )


def _identity(domain: str, view: CheckView) -> IdentityLine:
    seen = view.evidence
    return IdentityLine(
        domain=domain,
        verdict=view.verdict,
        headline=view.headline,
        dkim=str(seen.get("dkim_status", "")),
        origin=str(seen.get("origin", "")),
        mail_from=str(seen.get("mail_from", "")),
        mail_from_status=str(seen.get("mail_from_status", "")),
        error_type=str(seen.get("error_type", "")),
        swept=bool(seen.get("swept")),
        at=view.at,
        freshness=view.freshness,
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
