"""Metrics are numbers only where both ends are known, and say why where they are not."""

from datetime import timedelta

from cockpit.incident.metrics import Metric, Recording, metrics
from tests.incident.history import History, minute, stamp


def measured(history: History, at: float = 600) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics(history.incident, minute(at))}


def test_a_fresh_incident_has_everything_pending() -> None:
    assert {metric.recording for metric in measured(History().opened()).values()} == {Recording.PENDING}


def test_a_whole_incident_has_everything_recorded() -> None:
    history = History().opened().tell("onset", {"at": stamp(-4), "source": "ns2 log", "confirmed": True})
    history.tell("acknowledged", at=2).moved("acknowledged", "monitoring", 11).moved("monitoring", "resolved", 20)
    values = {name: metric.value for name, metric in measured(history).items()}
    assert values == {
        "TTD": timedelta(minutes=4),
        "TTA": timedelta(minutes=2),
        "TTM": timedelta(minutes=11),
        "TTR": timedelta(minutes=20),
    }


def test_a_proposed_onset_gives_no_number() -> None:
    history = History().opened().tell("onset", {"at": stamp(-4), "source": "first bad look", "confirmed": False})
    ttd = measured(history)["TTD"]
    assert (ttd.recording, ttd.value) == (Recording.PENDING, None)
    assert "not confirmed: first bad look" in ttd.note


def test_an_end_before_its_start_is_invalid() -> None:
    history = History().opened().tell("onset", {"at": stamp(5), "source": "x", "confirmed": True})
    history.tell("acknowledged", at=-3)
    for name in ("TTD", "TTA"):
        assert measured(history)[name].recording is Recording.INVALID
        assert measured(history)[name].value is None


def test_an_end_in_the_future_is_invalid() -> None:
    history = History().opened().tell("acknowledged", at=30)
    assert measured(history, at=20)["TTA"].recording is Recording.INVALID


def test_an_early_close_makes_the_rest_not_applicable() -> None:
    history = History().opened().tell("acknowledged", at=2)
    history.moved("acknowledged", "closed", 3, code="false_positive")
    got = measured(history)
    assert got["TTA"].recording is Recording.RECORDED
    for name in ("TTD", "TTM", "TTR"):
        assert got[name].recording is Recording.NOT_APPLICABLE
        assert "false_positive" in got[name].note


def test_reopening_counts_rounds_and_the_last_one_is_measured() -> None:
    history = History().opened().tell("acknowledged", at=1).moved("acknowledged", "resolved", 10)
    history.moved("resolved", "investigating", 20, "it failed again")
    assert measured(history)["TTR"].recording is Recording.PENDING
    history.moved("investigating", "resolved", 40)
    ttr = measured(history)["TTR"]
    assert ttr.value == timedelta(minutes=40)
    assert ttr.note == "last of 2 rounds"
