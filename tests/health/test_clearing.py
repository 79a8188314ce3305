"""When everybody will see the truth."""

from datetime import UTC, datetime, timedelta

from cockpit.health.clearing import clearing
from cockpit.health.model import DECISION, Observation, Verdict

AT = datetime(2026, 11, 20, 14, 40, tzinfo=UTC)


def seat(vantage: str, role: str, state: str, ttl: int | None) -> Observation:
    evidence = {"role": role, "cells": [{"record": "a", "type": "CNAME", "state": state, "ttl_s": ttl}]}
    return Observation("shop.example", "mail.dkim", vantage, Verdict.OK, "", AT, evidence=evidence)


def source(state: str) -> Observation:
    return seat("ns1", "authoritative", state, 300)


def resolver(name: str, state: str, ttl: int | None) -> Observation:
    return seat(name, "resolver", state, ttl)


def words(*seen: Observation) -> str:
    found = clearing(seen)
    return "" if found is None else found.words(AT)


def test_the_longest_memory_says_when_all_is_clear() -> None:
    assert words(source("good"), resolver("google", "pending", 120), resolver("quad9", "gone", 720)) == (
        "all clear at 14:52:00Z if nothing else changes (2 resolvers behind)"
    )


def test_an_old_value_counts_as_behind_once_the_source_is_right() -> None:
    assert "14:45:00Z" in words(source("good"), resolver("google", "cached", 300))


def test_while_the_source_is_wrong_no_resolver_can_clear_it() -> None:
    said = words(source("gone"), resolver("google", "gone", 60), resolver("quad9", "cached", 600))
    assert said == (
        "the source itself is wrong; mended now, all clear at 14:41:00Z; "
        "1 resolver still answers as before until 14:50:00Z"
    )


def test_no_time_that_has_passed_is_told() -> None:
    late = AT + timedelta(hours=1)
    behind = clearing([source("good"), resolver("google", "pending", 120)])
    assert behind is not None
    assert behind.words(late) == "all clear at the next look if nothing else changes (1 resolver behind)"
    wrong = clearing([source("gone"), resolver("google", "gone", 60), resolver("quad9", "cached", 600)])
    assert wrong is not None
    assert wrong.words(late) == "the source itself is wrong; mended now, all clear at once"


def test_with_nobody_behind_there_is_nothing_to_wait_for() -> None:
    assert clearing([source("good"), resolver("google", "good", 60), resolver("quad9", "unknown", None)]) is None
    decision = Observation("shop.example", "mail.dkim", DECISION, Verdict.OK, "", AT)
    assert clearing([decision]) is None
