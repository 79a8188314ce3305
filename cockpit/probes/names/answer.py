"""What a DNS server is, and what it said: the values of the DNS probes."""

from typing import Any

import msgspec

RESOLVER = "resolver"
AUTHORITATIVE = "authoritative"

UNEVEN_TTL = "TTLs differ inside the set"
"""Noted when the records of one set have different TTLs (RFC 2181 section 5.2)."""

CROWDED_ALIAS = "a CNAME stands beside other data"
"""Noted when a name has a CNAME and the type that was asked for as well (RFC 1034 section 3.6.2)."""

WITHOUT_EDNS = "answers only without EDNS"
"""Noted when a server trips over EDNS and had to be asked without (RFC 6891 section 7)."""

ASKED_OVER_TCP = "truncated, asked again over TCP"


class Server(msgspec.Struct, frozen=True):
    """One server to ask. `name` is what people call it; `address` and `port` are as the world names them."""

    name: str
    address: str
    port: int = 53
    role: str = RESOLVER


class Alias(msgspec.Struct, frozen=True):
    """One CNAME followed on the way to the answer."""

    owner: str
    target: str
    ttl_s: int


class Answer(msgspec.Struct, frozen=True):
    """What one server said about one name and type.

    `status` is `answer`, `nodata`, `nxdomain`, `referral`, `lame`, `bogus`, `servfail`, `refused`, `formerr`,
    `notimp`, `loop` or `rcode-N`; or, where nothing usable arrived, `timeout`, `unreachable`, `malformed`,
    `mismatch` (only answers to other questions came), `tcp-blocked` (truncated, and TCP failed) or
    `outside-profile`. `ttl_s` is what remains of the answer, or of its absence (RFC 2308 section 5).
    """

    server: Server
    name: str
    rtype: str
    status: str
    values: tuple[str, ...] = ()
    ttl_s: int | None = None
    chain: tuple[Alias, ...] = ()
    aa: bool = False
    ad: bool = False
    serial: int | None = None
    zone: str = ""
    referral: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    took_s: float = 0.0

    @property
    def heard(self) -> bool:
        """Whether the server said anything that can be used as a statement about the name."""
        return self.status in ("answer", "nodata", "nxdomain", "referral", "loop", "bogus")

    def plain(self) -> dict[str, Any]:
        """The answer as plain JSON for a reading, without the server, which the reading names itself."""
        return {
            "name": self.name,
            "rtype": self.rtype,
            "status": self.status,
            "values": list(self.values),
            "ttl_s": self.ttl_s,
            "chain": [{"owner": a.owner, "target": a.target, "ttl_s": a.ttl_s} for a in self.chain],
            "aa": self.aa,
            "ad": self.ad,
            "serial": self.serial,
            "zone": self.zone,
            "notes": list(self.notes),
        }
