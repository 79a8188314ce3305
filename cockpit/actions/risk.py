"""How risky a repair is, by the recovery decisions of the organisation's matrices."""

from cockpit.incident.authority import Ruling, decide_recovery


def risk_by(row: str) -> tuple[str, str]:
    """The risk of a repair of that row, and the ruling in a sentence; raises NotFound for no such row.

    What may run by itself is of medium risk, for it still changes the world; what needs somebody's approval before
    is of high risk, so that a second person confirms it.
    """
    found = decide_recovery(row)
    return "high" if found.ruling is Ruling.ROLES else "medium", found.sentence
