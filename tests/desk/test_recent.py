"""The last hour of a domain, from its changes of verdict."""

from datetime import UTC, datetime, timedelta

from cockpit.desk.health.recent import recent
from cockpit.desk.views import HistoryLine
from cockpit.health.model import Verdict

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
FAIL, OK, WARN = Verdict.FAIL, Verdict.OK, Verdict.WARN


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def change(minutes: float, old: Verdict, new: Verdict, check: str = "mail.dkim") -> HistoryLine:
    return HistoryLine(ago(minutes), check, old, new, "")


def marks(found: tuple[Verdict | None, ...]) -> str:
    return "".join({None: " ", OK: "o", WARN: "w", FAIL: "x", Verdict.UNKNOWN: "?"}[each] for each in found)


def test_what_nobody_looked_at_is_empty_and_never_good() -> None:
    assert marks(recent((), {}, (), NOW)) == " " * 12
    assert marks(recent((), {"mail.dkim": (OK, ago(12), NOW)}, (), NOW)) == "         ooo"


def test_each_step_shows_the_worst_of_all_checks() -> None:
    history = (change(31, OK, FAIL), change(14, FAIL, OK), change(8, OK, WARN, "mail.spf"))
    standing = {"mail.dkim": (OK, ago(14), NOW), "mail.spf": (WARN, ago(8), NOW)}
    assert marks(recent(history, standing, (), NOW)) == "oooooxxxxxww"


def test_a_check_that_does_not_apply_says_nothing() -> None:
    assert marks(recent((), {"mail.mta_sts": (Verdict.NA, ago(50), NOW)}, (), NOW)) == " " * 12


def test_a_stretch_without_a_watch_is_empty() -> None:
    standing = {"mail.dkim": (OK, ago(100), NOW)}
    assert marks(recent((), standing, [(ago(40), ago(20))], NOW)) == "oooo    oooo"
    assert marks(recent((), standing, [(None, ago(20))], NOW)) == "        oooo"
    assert marks(recent((), standing, [(ago(20), None)], NOW)) == "oooooooo    "


def test_what_a_watch_that_was_killed_saw_last_is_not_good_for_ever() -> None:
    assert marks(recent((), {"mail.dkim": (OK, ago(100), ago(31))}, (), NOW)) == "oooooo      "
    assert marks(recent((), {"mail.dkim": (OK, ago(300), ago(100))}, (), NOW)) == " " * 12
    both = {"mail.dkim": (OK, ago(100), ago(31)), "tls.issuance": (OK, ago(100), NOW)}
    assert marks(recent((), both, (), NOW)) == "oooooo      "
    worse = {"mail.dkim": (OK, ago(100), ago(31)), "tls.issuance": (FAIL, ago(10), NOW)}
    assert marks(recent((), worse, (), NOW)) == "oooooo    xx"
