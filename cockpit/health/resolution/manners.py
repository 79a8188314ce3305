"""Rules about how a zone is set up and served: what works today and breaks for some, or tomorrow."""

from collections.abc import Mapping
from typing import Any

from cockpit.health.model import Finding, Verdict
from cockpit.health.resolution.case import Case, Outcome, answer_of, named, noted
from cockpit.health.resolution.said import values_of
from cockpit.health.servers import servers_phrase

_WITHOUT_EDNS = "answers only without EDNS"
_UNEVEN_TTL = "TTLs differ inside the set"


def hollow_name(case: Case) -> Outcome | None:
    """A name without records of its own is denied though there are names below it (RFC 8020, RFC 9156)."""
    wanted = case.wanted
    if not wanted.deep:
        return None
    for seat in case.heard_auth():
        above, below = answer_of(seat, wanted.hollow, "TXT"), answer_of(seat, *wanted.deep[0])
        if above is None or below is None or above["status"] != "nxdomain" or below["status"] != "answer":
            continue
        return Outcome(
            Verdict.FAIL,
            f"DNS: {seat.name} says that {wanted.hollow} does not exist, and it has names below it",
            Finding(
                f"{seat.name} answers NXDOMAIN for {wanted.hollow} and has a record at {wanted.deep[0][0]}.",
                f"{wanted.hollow} is answered with NOERROR and no data.",
                "Resolvers that ask step by step stop there and never see the DKIM keys. Update the name server "
                f"software, or publish any TXT record at {wanted.hollow}.",
            ),
        )
    return None


def delegation(case: Case) -> Outcome | None:
    """The zone above names other servers, or other addresses for them, than the zone itself (RFC 1034 4.2.2)."""
    if not case.is_apex:
        return None
    for seat in case.heard_auth():
        own = answer_of(seat, case.target, "NS")
        parent = {str(name).rstrip(".").lower() for name in seat.reading.seen.get("parent") or ()}
        if own is None or own["status"] != "answer" or not parent:
            continue
        child = {str(name).rstrip(".").lower() for name in own["values"]}
        if child != parent:
            return _other_servers(case, parent, child)
        return _other_glue(case, seat.reading.seen.get("glue") or ())
    return None


def _other_servers(case: Case, parent: set[str], child: set[str]) -> Outcome:
    above, below = ", ".join(sorted(parent - child)), ", ".join(sorted(child - parent))
    differ = "; ".join(
        filter(
            None, (f"only the parent has {above}" if above else "", f"only the zone has {below}" if below else "")
        )
    )
    return Outcome(
        Verdict.WARN,
        f"DNS: the delegation of {case.target} differs from its own NS records: {differ}",
        Finding(
            f"The zone above delegates to {', '.join(sorted(parent))}; the zone says {', '.join(sorted(child))}.",
            "Both name the same servers.",
            "Change the name servers at the registrar, or the NS records in the zone.",
        ),
    )


def _other_glue(case: Case, glue: Any) -> Outcome | None:
    given: dict[str, set[str]] = {}
    for name, address in glue:
        if ":" not in address:
            given.setdefault(str(name), set()).add(str(address))
    for name, addresses in given.items():
        for server, answer in case.follow_up(name, "A"):
            own = {str(value) for value in answer["values"]}
            if answer["status"] == "answer" and own != addresses:
                return Outcome(
                    Verdict.WARN,
                    f"DNS: the zone above gives another address for {name} than the zone itself",
                    Finding(
                        f"The glue says {', '.join(sorted(addresses))}; {server} says {', '.join(sorted(own))}.",
                        "Glue and zone give the same addresses.",
                        f"Change the address of the host {name} at the registrar.",
                    ),
                )
    return None


def without_edns(case: Case) -> Outcome | None:
    """Servers that trip over EDNS (RFC 6891): no DNSSEC through them, and trouble with large answers."""
    old = noted(case.auth, _WITHOUT_EDNS)
    if not old:
        return None
    return Outcome(
        Verdict.WARN,
        f"DNS: {servers_phrase(old, case.auth)} answer{'s' if len(old) == 1 else ''} only without EDNS",
        Finding(
            f"{named(old)} answers FORMERR, NOTIMP or BADVERS to a question with EDNS, and answers without it.",
            "Name servers know EDNS, or ignore what they do not know.",
            "Update the name server, or the firewall in front of it.",
        ),
    )


def uneven_ttl(case: Case) -> Outcome | None:
    """Records of one set with different TTLs (RFC 2181 section 5.2): resolvers see a part of it at times."""
    uneven = noted(case.auth, _UNEVEN_TTL)
    if not uneven:
        return None
    return Outcome(
        Verdict.WARN,
        f"DNS: TTLs differ inside one record set at {servers_phrase(uneven, case.auth)}",
        Finding(
            f"{named(uneven)} sends records of one set with different TTLs.",
            "All records of a name and type have one TTL.",
            "Give them the same TTL in the zone.",
        ),
    )


def wildcard(case: Case) -> Outcome | None:
    """A wildcard that answers where a mail record of some kind is looked for (RFC 4592)."""
    wanted = case.wanted
    below = f"{wanted.nonsense.partition('.')[0]}.{wanted.hollow}" if wanted.deep else ""
    policy = f"_dmarc.{wanted.domain}"
    for seat in case.heard_auth():
        nothing, any_key = answer_of(seat, wanted.nonsense, "TXT"), answer_of(seat, below, "TXT")
        found = answer_of(seat, policy, "TXT")
        if any_key is not None and any_key["status"] == "answer":
            return _wildcard(f"*.{wanted.hollow}", f"any name below {wanted.hollow}", any_key)
        if nothing is None or found is None or nothing["status"] != "answer" or found["status"] != "answer":
            continue
        is_policy = any(str(value).startswith("v=DMARC1") for value in found["values"])
        if values_of(nothing) == values_of(found) and not is_policy:
            return _wildcard(f"*.{wanted.domain}", policy, found)
    return None


def _wildcard(owner: str, name: str, answer: Mapping[str, Any]) -> Outcome:
    text = ", ".join(str(value) for value in answer["values"])[:120] or "an alias"
    return Outcome(
        Verdict.WARN,
        f"DNS: a wildcard answers for {name}",
        Finding(
            f"{name} is answered with {text}, which comes from the wildcard {owner}.",
            "A wildcard does not stand in for mail records.",
            f"Remove the TXT or CNAME record at {owner}, or publish the real record at the name.",
        ),
    )
