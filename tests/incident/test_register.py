"""The register keeps all incidents, alerts and checks apart, and what belongs together, together."""

from cockpit.incident.register import Register
from tests.incident.history import History, minute, stamp


def registered(history: History) -> Register:
    register = Register()
    for event in history.events:
        register.absorb(event)
    return register


def changed(history: History, check: str, new: str, at: float = 1, target: str = "shop.example") -> History:
    body = {"target": target, "check": check, "old": "OK", "new": new, "headline": ""}
    return history.tell("health.changed", body, at, stream="ops")


def test_an_event_that_comes_twice_counts_once() -> None:
    history = History().opened().tell("note", {"text": "x"}, 1)
    register = registered(history)
    for event in history.events:
        register.absorb(event)
    assert register.get(42).notes == 1
    assert len(register.story(register.get(42))) == 2


def test_numbers_go_on_from_the_highest() -> None:
    history = History().opened(number=7).tell("opened", {"number": 3, "title": "x"}, stream="incident/u2")
    register = registered(history)
    assert register.next_number() == 8
    assert register.get("INC-3").uid == "u2"


def test_a_failing_check_of_the_target_is_not_green_and_one_elsewhere_does_not_matter() -> None:
    history = changed(changed(History().opened(alert=None), "dns", "FAIL"), "tls", "FAIL", target="pay.example")
    register = registered(history)
    checks = register.checks(register.get(42), minute(2))
    assert (checks.seen, checks.failing) == (1, ("shop.example dns",))
    register = registered(changed(history, "dns", "OK"))
    assert register.checks(register.get(42), minute(2)).green


def test_unknown_matters_where_it_raised_the_alert() -> None:
    history = History().tell(
        "alert.raised", {"alert": "a1", "target": "shop.example", "check": "dkim"}, stream="ops"
    )
    history.opened().tell("alert.cleared", {"alert": "a1"}, 3, stream="ops")
    changed(changed(history, "dkim", "UNKNOWN"), "support", "UNKNOWN")
    register = registered(history)
    assert register.checks(register.get(42), minute(4)).unknown == ("shop.example dkim",)


def test_without_any_check_nothing_is_green() -> None:
    register = registered(History().opened(alert=None))
    assert not register.checks(register.get(42), minute(2)).green


def test_a_newer_alert_of_the_same_check_decides() -> None:
    alert = {"target": "shop.example", "check": "dkim"}
    history = History().tell("alert.raised", {"alert": "a1", **alert}, stream="ops")
    history.opened().tell("alert.raised", {"alert": "a2", **alert}, 3, stream="ops")
    history.tell("linked", {"alert": "a2"}, 4).tell("alert.cleared", {"alert": "a2"}, 5, stream="ops")
    register = registered(history)
    assert register.checks(register.get(42), minute(6)).green


def test_health_belongs_to_the_story_only_around_the_incident() -> None:
    history = History()
    changed(changed(history, "dkim", "FAIL", -200), "dkim", "FAIL", -1)
    history.opened(alert=None).tell("acknowledged", at=1).moved("acknowledged", "resolved", 9)
    changed(changed(history, "dkim", "OK", 12), "dkim", "FAIL", 500)
    register = registered(history)
    story = [event.occurred_at for event in register.story(register.get(42)) if event.kind == "health.changed"]
    assert story == [minute(-1), minute(12)]


def test_a_confirmed_onset_widens_the_story() -> None:
    history = changed(History(), "dkim", "FAIL", -200).opened(alert=None)
    history.tell("onset", {"at": stamp(-195), "source": "x", "confirmed": True}, -195)
    register = registered(history)
    assert len(register.story(register.get(42))) == 3
