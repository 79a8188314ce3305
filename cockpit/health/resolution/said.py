"""What name servers say of each record, in a form in which equal answers are equal."""

from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.health.model import Reading
from cockpit.health.resolution.wanted import comparable
from cockpit.health.servers import AUTHORITATIVE, asked, role_of

Truth = Mapping[tuple[str, str], Sequence[frozenset[str]]]
"""By name and type, the sets of values that name servers answer with."""


def truth_of(readings: Sequence[Reading]) -> Truth:
    """What the name servers with the newest serial answer, for each question."""
    sources = [reading for reading in readings if role_of(reading) == AUTHORITATIVE and asked(reading)]
    serials = [serial for reading in sources if (serial := asked(reading)[0].get("serial")) is not None]
    newest = max(serials, default=None)
    truth: dict[tuple[str, str], list[frozenset[str]]] = {}
    for reading in sources:
        if asked(reading)[0].get("serial") != newest:
            continue
        for answer in asked(reading):
            found = values_of(answer)
            if found:
                truth.setdefault((answer["name"], answer["rtype"]), []).append(found)
    return truth


def values_of(answer: Mapping[str, Any]) -> frozenset[str]:
    """The values of an answer, or where its alias leads, in comparable form."""
    if answer["status"] not in ("answer", "nodata", "nxdomain"):
        return frozenset()
    if answer.get("chain"):
        # An alias is the zone's own word; what stands at its end is another zone's.
        return frozenset({"alias " + str(answer["chain"][0]["target"]).lower()})
    return frozenset(comparable(str(answer["rtype"]), str(value)) for value in answer.get("values", ()))
