"""TSIG keys (RFC 8945): who may change or transfer which zone."""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import dns.tsig
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdtypes.ANY.TSIG import TSIG

from cockpit.drill.dns.records import absolute


@dataclass(frozen=True, slots=True)
class TsigKey:
    """A shared secret as an operator configures it; `secret` is base64 and stays out of every log."""

    name: str
    algorithm: str
    secret: str


class Keyring:
    """The keys that a set of name servers knows, and the zones that each may touch."""

    def __init__(self) -> None:
        self.keys: dict[Name, dns.tsig.Key] = {}
        self._zones: dict[Name, frozenset[Name] | None] = {}

    def create(self, name: str, zones: Iterable[str] | None = None) -> TsigKey:
        """Make an HMAC-SHA256 key for these zones; None means every zone."""
        owner = absolute(name)
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self.keys[owner] = dns.tsig.Key(owner, secret, dns.tsig.HMAC_SHA256)
        self._zones[owner] = None if zones is None else frozenset(absolute(zone) for zone in zones)
        return TsigKey(owner.to_text(), "hmac-sha256", secret)

    def may_touch(self, key: Name, zone: Name) -> bool:
        """Whether updates and transfers of `zone` are granted to the holder of `key`."""
        if key not in self.keys:
            return False
        granted = self._zones[key]
        return granted is None or zone in granted


def attach_error(response: Message, asked: TSIG, key: Name, error: Rcode) -> None:
    """Make an answer NOTAUTH, with an unsigned TSIG record that names the error (RFC 8945 section 5.2)."""
    response.set_rcode(Rcode.NOTAUTH)
    if asked.algorithm not in dns.tsig.mac_sizes:
        return
    nobody = dns.tsig.Key(key, b"", asked.algorithm)
    response.use_tsig(nobody, fudge=asked.fudge, tsig_error=int(error))
    response.want_tsig_sign = False
