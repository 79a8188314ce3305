"""Why a link of the chain does not hold: tokens that travel in readings, and what to say and do about each."""

from collections.abc import Mapping
from typing import Any

from cockpit.health.servers import span

SECURE, INSECURE, BOGUS, UNKNOWN = "secure", "insecure", "bogus", "unknown"
"""What a link amounts to (RFC 4035 section 4.3); `unknown` is that nobody answered."""

EXPIRED, NOT_YET_VALID = "expired", "not-yet-valid"
MISSING_RRSIG, BAD_SIGNATURE, NO_KEY = "missing-rrsig", "bad-signature", "no-key"
WRONG_DS, NO_DNSKEY, MISSING_DENIAL = "wrong-ds", "no-dnskey", "missing-denial"
UNSUPPORTED, NO_DS, MANY_ROUNDS, OPTED_OUT = "unsupported", "no-ds", "many-iterations", "opt-out"
SILENT = "silent"


def sentence(link: Mapping[str, Any]) -> str:
    """What is wrong with a link, without its subject."""
    reason, what, detail = str(link.get("reason", "")), str(link.get("what", "")), str(link.get("detail", ""))
    said = {
        EXPIRED: f"the signature over {what} expired {detail} ago",
        NOT_YET_VALID: f"the signature over {what} is not valid for another {detail}",
        MISSING_RRSIG: f"{what} is not signed",
        BAD_SIGNATURE: f"the signature over {what} does not match",
        NO_KEY: f"{what} is signed by key {detail}, which the zone does not publish",
        WRONG_DS: f"no key of the zone matches the DS of the zone above ({detail})",
        NO_DNSKEY: "the zone above has a DS, and the zone has no keys",
        MISSING_DENIAL: f"nothing proves that {what} does not exist",
        UNSUPPORTED: f"all DS use algorithms that are not supported ({detail}), which counts as unsigned",
        NO_DS: "the zone above has no DS for it",
        MANY_ROUNDS: f"its NSEC3 hashing takes {detail} extra rounds, which counts as unsigned",
        OPTED_OUT: "the zone above leaves unsigned delegations out (opt-out)",
        SILENT: "no name server answers",
    }
    return said.get(reason, reason)


def fix(link: Mapping[str, Any]) -> str:
    """What to do about it."""
    zone, reason = str(link.get("zone", "")), str(link.get("reason", ""))
    sign = f"Sign {zone} again and see why its signer stopped: its keys, its disk, its clock."
    return {
        EXPIRED: sign,
        NOT_YET_VALID: f"Set the clock of the signer of {zone}, and sign again.",
        MISSING_RRSIG: f"Sign all of {zone}; a server that lacks signatures may not be meant for DNSSEC.",
        BAD_SIGNATURE: f"Load {zone} anew from its signer: something changed the records after they were signed.",
        NO_KEY: f"Publish the key in {zone} until the last signature by it has expired from all caches.",
        WRONG_DS: f"Publish the DS of the key that signs {zone} at the registrar, or put the former key back. "
        "Do not switch signing off before the DS is gone and its TTL has passed.",
        NO_DNSKEY: f"Sign {zone} with the former key, or remove the DS at the registrar and wait out its TTL.",
        MISSING_DENIAL: f"Sign {zone} again with NSEC or NSEC3, and update the name server if it leaves them out.",
    }.get(reason, "")


def time_span(seconds: float) -> str:
    """A span in words: `40 s`, `12 min`, `30 h`, `12 days`."""
    if seconds < 48 * 3600:
        return span(int(seconds))
    return f"{int(seconds // 86400)} days"
