"""What the doctor is given and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cockpit.health.model import Verdict
from cockpit.profile import Profile


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at: a sentence on how it is, and what to do where it is not as it should be.

    OK is well, WARN works but not well, FAIL does not work, N/A was not looked at and the sentence says why.
    """

    area: str
    verdict: Verdict
    sentence: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The machine as one process sees it.

    `terminal` is (columns, rows), or None where standard output is no terminal; `encoding` is that of standard
    output. `config` is the file that settings are read from; where there is none, `profile`, if one was given, may
    bring them.
    """

    environ: Mapping[str, str]
    config: Path | None
    database: Path
    terminal: tuple[int, int] | None
    encoding: str
    profile: Profile | None = None


def well(area: str, sentence: str) -> Diagnosis:
    """Nothing to do."""
    return Diagnosis(area, Verdict.OK, sentence)


def poor(area: str, sentence: str, fix: str) -> Diagnosis:
    """Works, but not as well as it should."""
    return Diagnosis(area, Verdict.WARN, sentence, fix)


def ill(area: str, sentence: str, fix: str) -> Diagnosis:
    """Does not work."""
    return Diagnosis(area, Verdict.FAIL, sentence, fix)


def passed_over(area: str, sentence: str) -> Diagnosis:
    """Not looked at; the sentence says why."""
    return Diagnosis(area, Verdict.NA, sentence)
