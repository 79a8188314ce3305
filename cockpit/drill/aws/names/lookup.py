"""How the simulated AWS asks DNS: a function that is passed in, and the answer it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Found(StrEnum):
    """What asking the authoritative servers came to."""

    ANSWER = "answer"
    NO_NAME = "no-name"
    NO_TYPE = "no-type"
    FAILED = "failed"
    """No server answered usefully: refused, SERVFAIL or silence."""


@dataclass(frozen=True, slots=True)
class Soa:
    """The zone version that was asked: what SES shows as `VerificationInfo.SOARecord`."""

    primary: str
    admin: str
    serial: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Values in presentation form: names absolute, in lower case, without the last dot; TXT strings joined."""

    found: Found
    values: tuple[str, ...] = ()
    soa: Soa | None = None


Lookup = Callable[[str, str], Answer]
"""Ask for (name, type); names without a trailing dot are absolute."""
