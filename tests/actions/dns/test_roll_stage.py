"""Where the roll of a zone's keys stands, from the keys there are and the DS above."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.actions.contract import PlanRefused
from cockpit.actions.dns.roll_stage import SigningKey, Stage, standing_of

START = datetime(2026, 3, 1, tzinfo=UTC)


def _key(number: int, *, active: bool = True) -> SigningKey:
    tag = 1000 + number
    at = START + timedelta(days=number)
    return SigningKey(f"key_{number}", tag, active, f"arn:{number}", f"{tag} 13 2 ab{number}", at, at)


OLD, NEW = _key(0), _key(1)


@pytest.mark.parametrize(
    ("keys", "named", "stage", "wanted"),
    [
        ((OLD,), (OLD,), Stage.USE_NEW, (OLD,)),
        ((OLD, _key(1, active=False)), (OLD,), Stage.USE_NEW, (OLD,)),
        ((NEW, OLD), (OLD,), Stage.NAME_BOTH, (OLD, NEW)),
        ((OLD, NEW), (OLD, NEW), Stage.NAME_NEW, (NEW,)),
        ((OLD, NEW), (NEW,), Stage.DROP_OLD, (NEW,)),
        ((_key(0, active=False), NEW), (NEW,), Stage.DROP_OLD, (NEW,)),
    ],
)
def test_the_next_step_is_told_by_the_keys_and_the_ds(
    keys: tuple[SigningKey, ...], named: tuple[SigningKey, ...], stage: Stage, wanted: tuple[SigningKey, ...]
) -> None:
    roll = standing_of("a.example", keys, [key.ds for key in named], "arn:9")
    assert (roll.stage, roll.old.name) == (stage, "key_0")
    assert roll.wanted_ds == tuple(key.ds for key in wanted)


@pytest.mark.parametrize(
    ("keys", "ds", "material", "code"),
    [
        ((OLD,), (), "arn:9", "DS_NAMES_NO_KEY"),
        ((OLD,), ("77 13 2 ab",), "arn:9", "DS_NAMES_NO_KEY"),
        ((OLD,), (OLD.ds,), "", "BAD_PARAMETER"),
        ((OLD,), (OLD.ds,), "arn:0", "NOTHING_TO_DO"),
        ((OLD, NEW, _key(2)), (OLD.ds,), "arn:9", "TOO_MANY_KEYS"),
    ],
)
def test_a_roll_that_would_break_the_zone_or_do_nothing_is_refused(
    keys: tuple[SigningKey, ...], ds: tuple[str, ...], material: str, code: str
) -> None:
    with pytest.raises(PlanRefused) as refused:
        standing_of("a.example", keys, ds, material)
    assert refused.value.code == code
