"""Whether what a server says is what was published: values compared as the probes tell them, in any order."""

from collections.abc import Callable

import dns.rdata
import dns.rdatatype
import dns.rrset

from cockpit.health.zone_copy import RecordSet
from cockpit.probes.names.answer import Answer
from cockpit.probes.names.message import rdata_texts


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
        if is_cut(answer):
            return {_bare(name) for name in answer.referral} == {_bare(name) for name in values}
        short = not compare_ttl or answer.ttl_s is not None and answer.ttl_s <= wanted.ttl_s
        return answer.status == "answer" and frozenset(answer.values) == values and short

    return fits


def is_cut(answer: Answer) -> bool:
    """Whether the server refers to others for the very name: below its own top, that is how it tells NS records.

    The delegating side does not answer for them (RFC 1034 section 4.2.1), and the TTL it gives is not looked at.
    """
    return answer.rtype == "NS" and answer.status == "referral" and _bare(answer.zone) == _bare(answer.name)


def _bare(name: str) -> str:
    return name.rstrip(".").lower()
