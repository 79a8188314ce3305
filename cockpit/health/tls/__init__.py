"""What beside trust there is to say of a certificate: each question with a state of its own.

`tls.certificate` says whether clients accept it and for how long, and raises the alert about that. The checks here
take it apart. One that only repeats what `tls.certificate` tells already says so in its evidence as `quiet`, and
then raises no alert of its own.
"""

from collections.abc import Sequence
from datetime import datetime

from cockpit.health.model import Observation, Reading
from cockpit.health.tls.expiry import judge_expiry
from cockpit.health.tls.revocation import judge_revocation, judge_stapling
from cockpit.health.tls.structure import judge_chain, judge_strength
from cockpit.health.tls.transparency import judge_transparency

__all__ = ["judge_parts"]

_JUDGES = (judge_expiry, judge_chain, judge_revocation, judge_stapling, judge_transparency, judge_strength)


def judge_parts(target: str, readings: Sequence[Reading], at: datetime) -> list[Observation]:
    """The decisions of every check of this folder over the readings of one look."""
    return [judge(target, readings, at) for judge in _JUDGES]
