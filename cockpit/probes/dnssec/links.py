"""One link of the chain: a zone whose keys the zone above vouches for, or the reason why it does not hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dns.dnssec
import dns.name
import msgspec
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from cockpit.health.dnssec.reasons import BOGUS, INSECURE, SECURE, UNKNOWN
from cockpit.probes.dnssec.signatures import Checked
from cockpit.probes.names.answer import Server

_SEP = 0x0001
_DS_TTL_S = 3600


class Link(msgspec.Struct, frozen=True):
    """A zone on the way down. `checked` is the set of its keys."""

    zone: dns.name.Name
    status: str
    reason: str = ""
    what: str = ""
    detail: str = ""
    keys: tuple[DNSKEY, ...] = ()
    trusted: tuple[DS, ...] = ()
    servers: tuple[Server, ...] = ()
    checked: tuple[Checked, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As plain JSON for a reading."""
        return {
            "zone": shown(self.zone),
            "status": self.status,
            "reason": self.reason,
            "what": self.what,
            "detail": self.detail,
            "keys": [_key(key) for key in self.keys],
            "ds": [_ds(ds) for ds in self.trusted],
            "servers": [server.name for server in self.servers],
            "record": ds_record(self.zone, self.keys) if self.status == BOGUS and self.keys else None,
            **first_end(self.checked),
        }


def secure(
    zone: dns.name.Name,
    keys: Sequence[DNSKEY],
    trusted: Sequence[DS],
    servers: Sequence[Server],
    checked: Checked,
) -> Link:
    """A link that holds."""
    return Link(zone, SECURE, keys=tuple(keys), trusted=tuple(trusted), servers=tuple(servers), checked=(checked,))


def insecure(
    zone: dns.name.Name, reason: str, detail: str = "", keys: Sequence[DNSKEY] = (), trusted: Sequence[DS] = ()
) -> Link:
    """The chain ends here, and is meant to (RFC 4035 section 5.2)."""
    return Link(zone, INSECURE, reason, detail=detail, keys=tuple(keys), trusted=tuple(trusted))


def bogus(
    zone: dns.name.Name,
    reason: str,
    what: str = "",
    detail: str = "",
    keys: Sequence[DNSKEY] = (),
    trusted: Sequence[DS] = (),
) -> Link:
    """The chain is broken here."""
    return Link(zone, BOGUS, reason, what, detail, tuple(keys), tuple(trusted))


def unknown(zone: dns.name.Name, reason: str) -> Link:
    """Nobody could be asked."""
    return Link(zone, UNKNOWN, reason)


def first_end(checked: Sequence[Checked]) -> dict[str, Any]:
    """When the first of these signatures ends, which it is, and when it began."""
    ends = [each for each in checked if each.expires_at is not None]
    first: Checked | None = min(ends, key=_end, default=None)
    if first is None or first.expires_at is None or first.inception is None:
        return {"expires_at": None, "inception": None, "ends_what": ""}
    return {
        "expires_at": first.expires_at.isoformat(),
        "inception": first.inception.isoformat(),
        "ends_what": first.what,
    }


def _end(checked: Checked) -> datetime:
    assert checked.expires_at is not None
    return checked.expires_at


def ds_record(zone: dns.name.Name, keys: Sequence[DNSKEY]) -> str | None:
    """The DS record (SHA-256) that the zone above would need for the zone's present signing key."""
    points = [key for key in keys if key.flags & _SEP] or list(keys)
    if not points:
        return None
    ds = dns.dnssec.make_ds(zone, points[0], "SHA256", policy=dns.dnssec.allow_all_policy)
    return f"{zone.to_text()} {_DS_TTL_S} IN DS {ds.to_text()}"


def shown(name: dns.name.Name) -> str:
    """A name as text; the root is a dot."""
    return name.to_text(omit_final_dot=True)


def _key(key: DNSKEY) -> dict[str, Any]:
    tag, algorithm = dns.dnssec.key_id(key), int(key.algorithm)
    return {"tag": tag, "algorithm": algorithm, "entry": bool(key.flags & _SEP)}


def _ds(ds: DS) -> dict[str, Any]:
    return {"tag": ds.key_tag, "algorithm": int(ds.algorithm), "digest_type": int(ds.digest_type)}
