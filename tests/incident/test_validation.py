"""What stands in the way of calling it resolved: unknown is never passed, and a run is broken by any change."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.model import Checks
from cockpit.incident.validation import (
    RUN_LENGTH,
    TITLES,
    Confirmed,
    Seen,
    Standing,
    Wanted,
    confirmed,
    open_points,
    validations,
)
from tests.incident.history import T0, History, minute


def seen(verdict: str = "OK", since: float = -30, at: float = 0, **changes: object) -> Seen:
    known = Seen("shop.example", "http.health", verdict, minute(since), minute(at), True, True)
    return Seen(**{**{name: getattr(known, name) for name in Seen.__struct_fields__}, **changes})


def standing(checks: list[Seen], said: Confirmed | None = None, at: float = 0) -> dict[str, Standing]:
    return {each.name: each.standing for each in validations(checks, said or Confirmed(), minute(at))}


def test_all_pass_when_the_checks_stayed_good_and_people_confirmed() -> None:
    history = History().opened()
    history.tell("validated", {"validation": "run", "step": "started"}, 0)
    history.tell("validated", {"validation": "restoration", "passed": True}, 1)
    history.tell("validated", {"validation": "customers", "passed": True, "said": "three orders went through"}, 1)
    conditions = validations([seen(at=11)], confirmed(history.events), minute(11))
    assert [each.name for each in conditions] == list(TITLES)
    assert open_points(conditions) == ()
    assert "three orders went through" in conditions[4].says


def test_green_has_to_last() -> None:
    assert standing([seen(since=-4)])["green"] is Standing.WAITING
    assert standing([seen(since=-5)])["green"] is Standing.PASSED
    assert standing([seen("FAIL")])["green"] is Standing.FAILED


def test_what_is_unknown_or_old_is_not_passed() -> None:
    assert standing([])["green"] is Standing.UNKNOWN
    assert standing([seen("UNKNOWN")])["health"] is Standing.UNKNOWN
    assert standing([seen(fresh=False)])["health"] is Standing.UNKNOWN
    assert standing([seen(service=False)])["performance"] is Standing.NOT_ASKED
    assert standing([seen("WARN")])["performance"] is Standing.FAILED


def test_a_run_is_broken_by_a_change_and_waits_for_its_end() -> None:
    said = Confirmed(run_began=T0)
    assert standing([seen(at=9)], said, 9)["run"] is Standing.WAITING
    assert standing([seen(since=3, at=11)], said, 11)["run"] is Standing.FAILED
    assert standing([seen(at=2)], said, 11)["run"] is Standing.UNKNOWN
    assert standing([], said, 11)["run"] is Standing.UNKNOWN
    assert standing([seen(at=11)], said, 11)["run"] is Standing.PASSED


def test_a_reopening_takes_everything_back() -> None:
    history = History().opened().tell("validated", {"validation": "customers", "passed": True})
    history.moved("resolved", "investigating", 5, "it broke once more")
    assert confirmed(history.events) == Confirmed()


VERDICTS = st.sampled_from(["OK", "INFO", "WARN", "FAIL", "UNKNOWN", "N/A", "nonsense"])
CHECKS = st.builds(seen, VERDICTS, st.integers(-60, 20), st.integers(-20, 20), fresh=st.booleans())


@given(st.lists(CHECKS, max_size=4), st.integers(0, 40), st.none() | st.integers(0, 20))
def test_nothing_bad_ever_passes(checks: list[Seen], now: int, began: int | None) -> None:
    said = Confirmed(run_began=None if began is None else minute(began))
    found = standing(checks, said, now)
    bad = any(each.verdict in ("FAIL", "UNKNOWN", "nonsense") or not each.fresh for each in checks)
    if bad or not checks:
        assert found["health"] is not Standing.PASSED
        assert found["green"] is not Standing.PASSED
    if found["run"] is Standing.PASSED:
        assert began is not None
        assert minute(now) >= minute(began) + RUN_LENGTH
        assert all(each.verdict != "FAIL" for each in checks)
    assert found["restoration"] is Standing.WAITING
    assert timedelta() <= RUN_LENGTH


def test_an_alert_that_has_not_cleared_keeps_it_from_being_green() -> None:
    open_alert = Checks(minute(0), 1, ("shop.example mail.dkim",))
    found = {each.name: each for each in validations([seen()], Confirmed(), minute(0), alerts=open_alert)}
    assert found["green"].standing is Standing.FAILED
    assert "mail.dkim" in found["green"].says


def test_an_organisation_asks_for_what_it_wants_and_for_as_long() -> None:
    wanted = Wanted(("green", "run"), timedelta(minutes=1), timedelta(minutes=2))
    conditions = validations([seen(since=-2, at=3)], Confirmed(run_began=T0), minute(3), wanted=wanted)
    assert [each.name for each in conditions] == ["green", "run"]
    assert open_points(conditions) == ()
