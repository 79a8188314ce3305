"""How far the roll of a zone's keys is, told from the keys at Route 53 and the DS above; pure.

The order is that of RFC 6781 section 4.1.2 with both DS at once: the new key is used beside the old, then it is
named above beside the old, then the old one is named no longer, then it goes. After each step the caches have to
forget what was before it: that is what may not be hurried.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

import msgspec

from cockpit.actions.contract import PlanRefused

STEPS = 4


class Stage(IntEnum):
    """The step that comes next."""

    USE_NEW = 1
    NAME_BOTH = 2
    NAME_NEW = 3
    DROP_OLD = 4


class SigningKey(msgspec.Struct, frozen=True):
    """One key-signing key as Route 53 has it; `ds` is the DS record that names it."""

    name: str
    tag: int
    active: bool
    material: str
    ds: str
    created: datetime
    changed: datetime

    def named_in(self, published: Sequence[str]) -> bool:
        """Whether a DS names it, with any digest."""
        return str(self.tag) in {value.split()[0] for value in published}


class Roll(msgspec.Struct, frozen=True):
    """Where a roll stands: what comes next, with the key that goes and the one that comes, if it is there yet."""

    stage: Stage
    old: SigningKey
    new: SigningKey | None
    ds: tuple[str, ...]

    @property
    def wanted_ds(self) -> tuple[str, ...]:
        """The DS that the next step publishes; the present ones where it changes none."""
        if self.new is None or self.stage not in (Stage.NAME_BOTH, Stage.NAME_NEW):
            return self.ds
        if self.stage is Stage.NAME_BOTH:
            return (*self.ds, self.new.ds)
        return tuple(value for value in self.ds if value.split()[0] == str(self.new.tag))


def standing_of(domain: str, keys: Sequence[SigningKey], published: Sequence[str], material: str) -> Roll:
    """The next step; `material` is the KMS key of the new signing key. Raises PlanRefused where there is none."""
    ordered, ds = sorted(keys, key=lambda key: (key.created, key.tag)), tuple(published)
    if not any(key.active and key.named_in(ds) for key in ordered):
        raise PlanRefused(
            "DS_NAMES_NO_KEY",
            f"No DS above names a key that signs {domain}: make it fit first (dns.ds, action=set), then roll.",
        )
    if len(ordered) > 2:
        raise PlanRefused("TOO_MANY_KEYS", f"{domain} has {len(ordered)} keys: which one goes is for a person.")
    if len(ordered) == 1:
        return _begin(domain, ordered[0], ds, material)
    old, new = ordered
    if not new.active and not old.named_in(ds):
        raise PlanRefused("DS_NAMES_NO_KEY", f"The DS of {domain} does not name the key that signs.")
    if new.named_in(ds):
        stage = Stage.NAME_NEW if old.named_in(ds) else Stage.DROP_OLD
    else:
        stage = Stage.NAME_BOTH if new.active else Stage.USE_NEW
    return Roll(stage, old, new, ds)


def _begin(domain: str, only: SigningKey, ds: tuple[str, ...], material: str) -> Roll:
    if not material:
        raise PlanRefused(
            "BAD_PARAMETER",
            f"{domain} has one key: name the KMS key for the new one (kms=arn:aws:kms:us-east-1:...), of the kind"
            " ECC_NIST_P256, in us-east-1.",
        )
    if material == only.material:
        raise PlanRefused("NOTHING_TO_DO", f"{domain} is signed with the key from {material} alone.")
    return Roll(Stage.USE_NEW, only, None, ds)
