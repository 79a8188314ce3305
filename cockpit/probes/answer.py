"""What a DNS server is, and what it said: the values of the DNS probes."""

from dataclasses import asdict, dataclass
from typing import Any

RESOLVER = "resolver"
AUTHORITATIVE = "authoritative"


@dataclass(frozen=True, slots=True)
class Server:
    """One server to ask. `name` is what people call it; `address` and `port` are as the world names them."""

    name: str
    address: str
    port: int = 53
    role: str = RESOLVER


@dataclass(frozen=True, slots=True)
class Alias:
    """One CNAME followed on the way to the answer."""

    owner: str
    target: str
    ttl_s: int


@dataclass(frozen=True, slots=True)
class Answer:
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
        kept = asdict(self)
        for key in ("server", "glue", "referral", "took_s"):
            del kept[key]
        kept["values"] = list(self.values)
        kept["notes"] = list(self.notes)
        kept["chain"] = [asdict(alias) for alias in self.chain]
        return kept
