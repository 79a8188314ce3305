"""From a stream of decisions to transitions: bad must last to raise an alert, and good must last to clear it.

Every decision has a weight: 0 for good (OK, INFO, N/A), 1 to 9 for WARN by the rung of a ladder, 10 to 19 for FAIL.
UNKNOWN has none: not being able to look is no evidence either way, so it neither raises an alert nor clears one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from cockpit.health.model import Observation, Verdict

FLAP_WINDOW = 20
"""Decisions that are looked back on to call a check flapping."""

FLAP_STARTS = 6
FLAP_ENDS = 2
"""Changes between good and bad within the window at which flapping begins, and down to which it must calm."""

_FAIL = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """How many decisions in a row raise an alert, and how many clear it."""

    to_raise: int = 2
    to_clear: int = 2


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that is open: its id, and the weight and verdict it was last given."""

    alert: str
    weight: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Track:
    """What is remembered of one check of one target.

    `told` is the verdict last reported as a change; `weights` are those of the last decisions, oldest first.
    """

    told: Verdict | None = None
    weights: tuple[int, ...] = ()
    first_bad_at: datetime | None = None
    open: Open | None = None
    flapping: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """The decision has another verdict than the one last told. A first good or unknown one is no news."""

    old: Verdict | None
    observation: Observation


@dataclass(frozen=True, slots=True)
class Raise:
    """An alert is due: decisions were bad for long enough, at least as bad as `weight`, or they flap."""

    weight: int
    verdict: Verdict
    first_bad_at: datetime
    observation: Observation


@dataclass(frozen=True, slots=True)
class Worsen:
    """An open alert got worse, and has been so for long enough."""

    alert: str
    weight: int
    verdict: Verdict
    observation: Observation


@dataclass(frozen=True, slots=True)
class Clear:
    """An open alert is over: the decisions have been good for long enough and are not flapping."""

    alert: str
    observation: Observation


Transition = Changed | Raise | Worsen | Clear


def weight_of(observation: Observation) -> int | None:
    """The weight of a decision; None for UNKNOWN."""
    if observation.verdict is Verdict.UNKNOWN:
        return None
    if observation.verdict not in (Verdict.WARN, Verdict.FAIL):
        return 0
    rung = min(max(int(observation.evidence.get("rung", 0) or 0), 0), 8)
    return (_FAIL if observation.verdict is Verdict.FAIL else 1) + rung


def verdict_of(weight: int) -> Verdict:
    """The verdict that a weight above 0 stands for."""
    return Verdict.FAIL if weight >= _FAIL else Verdict.WARN


def step(track: Track, observation: Observation, policy: Policy) -> tuple[Track, list[Transition]]:
    """Take in one decision; returns what is remembered now and what followed from it.

    A `Raise` leaves the track without an open alert: whoever names the alert puts it in with `opened()`.
    """
    transitions: list[Transition] = []
    weight = weight_of(observation)
    kept = max(FLAP_WINDOW, policy.to_raise, policy.to_clear)
    weights = track.weights if weight is None else (*track.weights, weight)[-kept:]
    flapping = _flapping(weights, track.flapping)
    told = track.told
    if observation.verdict is not told and not (flapping and track.flapping):
        if told is not None or weight:
            transitions.append(Changed(told, observation))
        told = observation.verdict
    onset = _onset(track.first_bad_at, weight, observation.at)
    now = replace(track, told=told, weights=weights, first_bad_at=onset, flapping=flapping)
    if weight is not None:
        followed = _followed(now, observation, policy)
        if isinstance(followed, Clear):
            now = replace(now, open=None)
        elif isinstance(followed, Worsen):
            now = replace(now, open=Open(followed.alert, followed.weight, followed.verdict))
        if followed is not None:
            transitions.append(followed)
    return now, transitions


def opened(track: Track, alert: str, raised: Raise) -> Track:
    """The track with the alert that a `Raise` led to."""
    return replace(track, open=Open(alert, raised.weight, raised.verdict))


def replay(observations: Iterable[tuple[Verdict, int | None, datetime]], open_alert: Open | None) -> Track:
    """The track after a restart, from stored decisions (verdict, weight, time; oldest first) and the open alert."""
    track = Track(open=open_alert)
    for verdict, weight, at in observations:
        weights = track.weights if weight is None else (*track.weights, weight)[-FLAP_WINDOW:]
        flapping = _flapping(weights, track.flapping)
        track = replace(
            track,
            told=track.told if flapping and track.flapping else verdict,
            weights=weights,
            first_bad_at=_onset(track.first_bad_at, weight, at),
            flapping=flapping,
        )
    return track


def _onset(before: datetime | None, weight: int | None, at: datetime) -> datetime | None:
    """When the present bad patch began; not knowing does not end it."""
    if weight is None:
        return before
    return (before or at) if weight else None


def _followed(track: Track, observation: Observation, policy: Policy) -> Raise | Worsen | Clear | None:
    lowest = min(track.weights[-policy.to_raise :])
    long_enough = len(track.weights) >= policy.to_raise
    if track.open is None:
        latest = track.weights[-1]
        weight = lowest if long_enough and lowest else latest if track.flapping else 0
        if not weight:
            return None
        return Raise(weight, verdict_of(weight), track.first_bad_at or observation.at, observation)
    if long_enough and lowest > track.open.weight:
        return Worsen(track.open.alert, lowest, verdict_of(lowest), observation)
    last = track.weights[-policy.to_clear :]
    if len(last) == policy.to_clear and not any(last) and not track.flapping:
        return Clear(track.open.alert, observation)
    return None


def _flapping(weights: tuple[int, ...], was: bool) -> bool:
    """Whether good and bad alternate; it takes more changes to begin than to go on (RFC 2439 does the same)."""
    recent = weights[-FLAP_WINDOW:]
    changes = sum(bool(before) != bool(after) for before, after in zip(recent, recent[1:], strict=False))
    return changes > FLAP_ENDS if was else changes >= FLAP_STARTS
