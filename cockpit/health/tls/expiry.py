"""tls.expiry: when each certificate ends, and how far down the ladder of warnings it is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cockpit.clock import parse_time
from cockpit.health.certificate import RUNGS_DAYS, ladder, rung_of
from cockpit.health.model import Finding, Observation, Reading, Verdict
from cockpit.health.tls.hosts import Judged, decide

CHECK = "tls.expiry"

_LONGEST = (
    (datetime(2029, 3, 15, tzinfo=UTC), timedelta(days=47)),
    (datetime(2027, 3, 15, tzinfo=UTC), timedelta(days=100)),
    (datetime(2026, 3, 15, tzinfo=UTC), timedelta(days=200)),
    (datetime(2020, 9, 1, tzinfo=UTC), timedelta(days=398)),
)
"""How long a public certificate may live that is issued from then on (CA/Browser Forum ballot SC-081v3)."""


def judge_expiry(target: str, readings: Sequence[Reading], at: datetime) -> Observation:
    """The decision; the alert about an end that is near is raised by `tls.certificate`."""
    return decide(target, CHECK, readings, at, lambda reading, host: _judge(reading, host, at), "ends")


def _judge(reading: Reading, host: str, at: datetime) -> Judged:
    certificate = reading.seen["certificate"]
    begins, ends = parse_time(certificate["not_before"]), parse_time(certificate["not_after"])
    lifetime, left = ends - begins, ends - at
    rung = rung_of(left, lifetime)
    plain = {
        "not_after": certificate["not_after"],
        "hours_left": round(left / timedelta(hours=1), 1),
        "lifetime_days": round(lifetime / timedelta(days=1), 2),
        "rung": rung,
        "ladder_hours": [round(step / timedelta(hours=1), 1) for step in ladder(lifetime)],
    }
    until = f"{ends:%Y-%m-%d %H:%MZ}"
    if begins > at:
        said = f"{host}: begins only on {begins:%Y-%m-%d %H:%MZ}"
        finding = Finding(f"{said}.", "One that is valid now.", "Check the clocks; install one that is valid now.")
        return Judged(Verdict.FAIL, said, finding, plain, quiet=True)
    if left <= timedelta():
        finding = Finding(f"The certificate of {host} ended on {until}.", "One that is valid now.", _RENEW)
        return Judged(Verdict.FAIL, f"{host}: ended on {until}", finding, plain, True, "certificate-expired", 4)
    if rung:
        last = rung == len(RUNGS_DAYS)
        finding = Finding(f"The certificate of {host} ends on {until}.", "Renewed well before its end.", _RENEW)
        verdict = Verdict.FAIL if last else Verdict.WARN
        said = f"{host}: ends on {until}, warning {rung} of {len(RUNGS_DAYS)}"
        return Judged(verdict, said, finding, plain, True, "certificate-expiring", rung)
    most = longest(begins)
    if most is not None and lifetime > most + timedelta(days=1):
        return _too_long(host, lifetime, most, plain)
    return Judged(Verdict.OK, f"{host}: ends on {until}, in {left.days} days", None, plain)


_RENEW = "Issue a new certificate, install it, and only then retire this one."


def _too_long(host: str, lifetime: timedelta, most: timedelta, plain: dict[str, object]) -> Judged:
    said = f"lives {lifetime.days} days, and a public one issued then may live {most.days}"
    finding = Finding(
        f"The certificate of {host} {said}.",
        f"At most {most.days} days from beginning to end.",
        "Browsers refuse such a certificate of a public authority; of a private one nobody minds.",
    )
    return Judged(Verdict.WARN, f"{host}: {said}", finding, plain)


def longest(begins: datetime) -> timedelta | None:
    """How long a public certificate may live that begins then; None before there was such a rule."""
    return next((most for since, most in _LONGEST if begins >= since), None)
