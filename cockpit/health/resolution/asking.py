"""What to ask of whom: everybody for what must be there, and only the name servers for what may well be absent.

A resolver that is asked for an absent name remembers the absence, so that our asking would hold up a repair.
"""

from collections.abc import Sequence

from cockpit.health.model import Reading
from cockpit.health.resolution.wanted import Wanted
from cockpit.health.servers import AUTHORITATIVE, RESOLVER, asked, role_of

Question = tuple[str, str]
"""Name and record type."""

_MOST_GLUE = 8


def questions(wanted: Wanted) -> dict[str, list[Question]]:
    """What to ask first, by role."""
    source = [*wanted.asked, (wanted.domain, "NS"), (f"_dmarc.{wanted.domain}", "TXT"), (wanted.nonsense, "TXT")]
    if wanted.deep:
        below = wanted.nonsense.partition(".")[0]
        source += [wanted.deep[0], (wanted.hollow, "TXT"), (f"{below}.{wanted.hollow}", "TXT")]
    return {AUTHORITATIVE: list(dict.fromkeys(source)), RESOLVER: list(wanted.asked)}


def follow_up(wanted: Wanted, readings: Sequence[Reading]) -> list[Question]:
    """What the first answers make one want to know of the name servers.

    Names that are gone may have been published with the zone's name twice; and the addresses that the parent
    hands out for name servers inside the zone can be held against the zone's own.
    """
    zone, more = "", list[Question]()
    for reading in readings:
        if role_of(reading) != AUTHORITATIVE or not asked(reading):
            continue
        zone = str(reading.seen.get("zone") or "")
        for answer in asked(reading):
            name, rtype = str(answer["name"]), str(answer["rtype"])
            gone = answer["status"] in ("nxdomain", "nodata") and not answer.get("chain")
            if gone and zone and (name, rtype) in wanted.asked and name != wanted.domain:
                more.append((doubled(name, zone), rtype))
        glue = [str(name) for name, _ in reading.seen.get("glue") or ()]
        inside = [name for name in dict.fromkeys(glue) if name.lower().endswith(f".{zone.lower()}")]
        more += [(name, "A") for name in inside[:_MOST_GLUE]]
    return list(dict.fromkeys(more))


def doubled(name: str, zone: str) -> str:
    """What a zone editor makes of a full name that it takes for a relative one."""
    return f"{name.rstrip('.')}.{zone.rstrip('.')}"
