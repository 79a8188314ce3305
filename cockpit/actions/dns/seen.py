"""Whether what a server says is what was published: values compared as the probes tell them, in any order."""

from collections.abc import Callable

import dns.rdata
import dns.rdatatype
import dns.rrset

from cockpit.health.zone_copy import RecordSet
from cockpit.probes.answer import Answer
from cockpit.probes.message import rdata_texts


def told_values(record: RecordSet) -> frozenset[str]:
    """The values of a record set in the words of `Answer.values`."""
    rrset = dns.rrset.from_text(f"{record.name}.", 0, "IN", record.type, *record.values)
    return frozenset(rdata_texts(rrset))


def holds(wanted: RecordSet | None, *, compare_ttl: bool = False) -> Callable[[Answer], bool]:
    """A test for answers: exactly these values, or nothing where nothing is wanted.

    With `compare_ttl` the TTL may not be longer than wanted; a server that divides it is not caught by that.
    """
    if wanted is None:
        return lambda answer: answer.status in ("nodata", "nxdomain")
    values = told_values(wanted)

    def fits(answer: Answer) -> bool:
        short = not compare_ttl or answer.ttl_s is not None and answer.ttl_s <= wanted.ttl_s
        return answer.status == "answer" and frozenset(answer.values) == values and short

    return fits
