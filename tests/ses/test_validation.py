"""The ten items before production: proven where that can be, signed where not, and gated."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cockpit.errors import BadInput
from cockpit.ses.kit.validation import BY_HAND, SIGNED, TESTED, Facts, checked_item, gates

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
GOOD = Facts(dns_bad=(), dns_seen=3, board={"role/r": "ok", "alarm/a": "ok", "alarm/b": "ok"}, contacts=4)


def records(age: timedelta = timedelta(days=1), *, good: bool = True) -> list[tuple[str, dict[str, Any], datetime]]:
    checks = [{"name": "bounce suppresses", "good": good}, {"name": "the metric appears", "good": True}]
    tested = [(TESTED, {"kind": kind, "checks": checks}, NOW - age) for kind in ("bounce", "complaint")]
    signed = [(SIGNED, {"item": number, "by": "mhassan", "note": "done"}, NOW - age) for number in BY_HAND]
    return [*tested, *signed]


def test_all_ten_are_done_when_each_is_proven_or_signed() -> None:
    found = gates(records(), GOOD, NOW)
    assert [each.number for each in found] == list(range(1, 11))
    assert all(each.done for each in found)
    assert "mhassan" in found[0].evidence


@pytest.mark.parametrize(
    ("facts", "number", "done"),
    [
        (Facts(dns_bad=("x.example mail.spf: FAIL",), dns_seen=1, board=GOOD.board, contacts=1), 2, False),
        (Facts(dns_bad=(), dns_seen=0, board=GOOD.board, contacts=1), 2, None),
        (Facts(dns_bad=(), dns_seen=1, board={"role/r": "unknown"}, contacts=1), 4, None),
        (Facts(dns_bad=(), dns_seen=1, board={"role/r": "ok", "alarm/a": "drift"}, contacts=1), 9, False),
        (Facts(dns_bad=(), dns_seen=1, board=GOOD.board, contacts=0), 10, False),
    ],
)
def test_what_is_wrong_or_unknown_keeps_its_item_open(facts: Facts, number: int, done: bool | None) -> None:
    assert gates(records(), facts, NOW)[number - 1].done is done


def test_a_test_that_failed_or_is_older_than_a_month_is_no_proof() -> None:
    assert gates(records(good=False), GOOD, NOW)[4].done is False
    assert all(not gates(records(timedelta(days=31)), GOOD, NOW)[number - 1].done for number in (1, 3, 5, 6, 7, 8))


def test_a_proven_item_cannot_be_signed() -> None:
    with pytest.raises(BadInput, match="proven, not signed"):
        checked_item(5)
