"""Resolving with evidence: the conditions, the run in the background, and an override that says why."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.config.command import ResolvingConfig
from cockpit.desk.feed import Feed
from cockpit.desk.health.board import Board
from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.desk.views import Freshness
from cockpit.errors import BadInput, IllegalMove, Refused
from cockpit.incident.entry import clean_text
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.incident.metrics import metrics
from cockpit.incident.model import Incident, Recorded, State
from cockpit.incident.validation import (
    BY_PERSON,
    Confirmed,
    Seen,
    Standing,
    Validation,
    Wanted,
    after,
    open_points,
    validations,
)

_TIMED = "http.health"


class Validations:
    """The room in which an incident is resolved."""

    def __init__(
        self, feed: Feed, incidents: Incidents, board: Board, resolving: ResolvingConfig | None = None
    ) -> None:
        asked = resolving or ResolvingConfig()
        minutes = timedelta(minutes=1)
        self._wanted = Wanted(asked.conditions, asked.green_minutes * minutes, asked.run_minutes * minutes)
        self._feed = feed
        self._incidents = incidents
        self._board = board
        self._said: dict[str, Confirmed] = {}

    def absorb(self, event: Recorded) -> None:
        """Take in one event of any stream."""
        if event.stream.startswith(STREAM_PREFIX):
            uid = event.stream.removeprefix(STREAM_PREFIX)
            self._said[uid] = after(self._said.get(uid, Confirmed()), event)

    def of(self, ref: Ref) -> tuple[Validation, ...]:
        """Every condition of resolving, with where it stands and why."""
        incident = self._incidents.get(ref)
        said = self._said.get(incident.uid, Confirmed())
        now = self._feed.clock.now()
        alerts = self._incidents.checks(incident.uid, now)
        return validations(self._seen(incident), said, now, wanted=self._wanted, alerts=alerts)

    def open_points(self, ref: Ref) -> tuple[Validation, ...]:
        """What stands in the way of resolving."""
        return open_points(self.of(ref))

    def confirm(self, ref: Ref, validation: str, *, passed: bool = True, said: str = "") -> Incident:
        """Say that a validation that only a person can make has passed, or that it has not."""
        if validation not in BY_PERSON:
            raise BadInput(f"{validation!r} is not for a person to confirm; these are: {', '.join(BY_PERSON)}.")
        words = clean_text(said) if said.strip() else ""
        return self._tell(ref, {"validation": validation, "passed": passed, "said": words})

    def start_run(self, ref: Ref) -> Incident:
        """Begin the post-incident validation: from now on every check has to stay good, ten minutes as a rule."""
        incident = self._incidents.get(ref)
        if not incident.is_open:
            raise Refused(f"{incident.ref} is {incident.state} already.")
        return self._tell(ref, {"validation": "run", "step": "started", "passed": False, "said": "started"})

    def resolve(self, ref: Ref, *, reason: str = "") -> Incident:
        """Resolve: with every condition passed, or with a reason that is recorded as an override.

        Raises IllegalMove that names what is open. The same as moving the incident there by any other way.
        """
        return self._incidents.move(ref, State.RESOLVED, reason=reason)

    def gate(self, uid: str) -> dict[str, str]:
        """What stands in the way of resolving, by name, a sentence each."""
        return {each.name: f"{each.title.partition(':')[0]}: {each.says}" for each in self.open_points(uid)}

    def inconsistencies(self, ref: Ref) -> Sequence[str]:
        """What is wrong with the record, each a sentence: milestones missing, out of order or in the future."""
        incident, now = self._incidents.get(ref), self._feed.clock.now()
        return [*_missing(incident), *_disordered(incident, now)]

    def review(self, ref: Ref, *, reason: str = "") -> Incident:
        """Take a resolved incident to its review.

        Raises IllegalMove while the record is inconsistent, unless a `reason` says why it goes on all the same;
        that is recorded with what was wrong.
        """
        wrong = self.inconsistencies(ref)
        if wrong and not reason.strip():
            raise IllegalMove(f"Not ready for review: {' '.join(wrong)} Amend the entries first.")
        return self._incidents.move(ref, State.REVIEW, reason=f"{reason} ({' '.join(wrong)})" if wrong else "")

    def _tell(self, ref: Ref, body: Mapping[str, Any]) -> Incident:
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            pen.append(STREAM_PREFIX + incident.uid, "incident.validated", body)
        return self._incidents.get(incident.uid)

    def _seen(self, incident: Incident) -> list[Seen]:
        return [
            Seen(
                target,
                view.check,
                view.verdict.value,
                view.since,
                view.at,
                view.freshness is Freshness.FRESH,
                view.check == _TIMED,
            )
            for target in incident.targets
            for view in self._board.checks(target)
        ]


def _missing(incident: Incident) -> list[str]:
    wanted = {"acknowledgement": incident.acknowledged_at, "resolution": incident.resolved_at}
    found = [f"The {name} is missing." for name, at in wanted.items() if at is None]
    if incident.onset is None or not incident.onset.confirmed:
        found.append("The onset is not confirmed.")
    return found


def _disordered(incident: Incident, now: datetime) -> list[str]:
    found = [
        f"{metric.title}: {metric.note}." for metric in metrics(incident, now) if metric.recording == "invalid"
    ]
    times = [step.at for step in incident.steps]
    for before, step in zip(times, incident.steps[1:], strict=False):
        if step.at < before:
            found.append(f"It became {step.new} before it became {step.old}.")
    found += [f"It became {step.new} in the future." for step in incident.steps if step.at > now]
    return list(dict.fromkeys(found))


__all__ = ["Standing", "Validation", "Validations"]
