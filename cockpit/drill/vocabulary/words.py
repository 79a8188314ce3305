"""Words that every part of the vocabulary uses. Names that end in `_s` are seconds of scenario time."""

from typing import Annotated, Literal

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=30 * 86_400)]
Quantity = Literal[
    "send-per-minute",
    "bounce-fraction",
    "complaint-fraction",
    "reject-fraction",
    "reputation-bounce",
    "reputation-complaint",
    "suppressed-fraction",
]
DnsFaultKind = Literal[
    "timeout",
    "servfail",
    "refused",
    "nxdomain",
    "latency",
    "truncate",
    "stale",
    "lie",
    "lame",
    "no-edns",
    "bad-edns",
    "no-tcp",
]
AwsFaultKind = Literal[
    "throttle", "server-error", "expired-credentials", "access-denied", "latency", "drop", "apply-then-drop"
]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a scenario file; an unknown key is an error."""


class Inject(Strict, frozen=True, kw_only=True, tag_field="do"):
    """One thing that happens at `at_s` of scenario time; `note` is what the report calls it."""

    at_s: Seconds = 0.0
    note: str = ""
