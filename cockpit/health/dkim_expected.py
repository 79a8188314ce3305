"""Which DKIM records must be published for a domain, by what SES says of its identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.health.servers import AUTHORITATIVE, RESOLVER

EASY = "easy"
OWN = "own"
RECORD_TTL_S = 1800
"""Seconds that the records we propose may be remembered."""

_DEFAULT_ZONE = "dkim.amazonses.com"


@dataclass(frozen=True, slots=True)
class ExpectedRecord:
    """One record that must be there. `target` is where its CNAME must lead; None wants a TXT with a key."""

    name: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be published for the mail of a domain to be signed verifiably.

    `origin` is `easy` or `own`. `public_key` (base64) and `key_sha256` (of its SPKI) are the key we hold; empty
    when it is not known here, and then only the record's own soundness is judged.
    """

    domain: str
    origin: str
    records: tuple[ExpectedRecord, ...]
    public_key: str = ""
    key_sha256: str = ""

    @property
    def noun(self) -> str:
        """What the records are called."""
        return "CNAME" if self.origin == EASY else "TXT record"


def expect(
    domain: str,
    identity: Mapping[str, Any] | None,
    *,
    selector: str = "",
    public_key: str = "",
    key_sha256: str = "",
) -> Expectation | None:
    """What SES expects by the identity's `seen` (GetEmailIdentity), else what is configured; None if not known.

    `identity` has `origin` (AWS_SES, AWS_SES_<REGION> or EXTERNAL), `tokens` and `hosted_zone`. An EXTERNAL
    identity names its selector in `tokens`, or not at all; then the configured one is meant.
    """
    origin = str(identity.get("origin", "")) if identity else ""
    tokens = [str(token) for token in identity.get("tokens", ())] if identity else []
    if origin.startswith("AWS_SES") and tokens:
        zone = str(identity.get("hosted_zone") or _DEFAULT_ZONE) if identity else _DEFAULT_ZONE
        records = tuple(ExpectedRecord(f"{token}._domainkey.{domain}", f"{token}.{zone}") for token in tokens)
        return Expectation(domain, EASY, records)
    if origin == "EXTERNAL" or (identity is None and selector):
        used = tokens[0] if tokens else selector
        if not used:
            return None
        same = used == selector
        return Expectation(
            domain,
            OWN,
            (ExpectedRecord(f"{used}._domainkey.{domain}"),),
            public_key if same else "",
            key_sha256 if same else "",
        )
    return None


def questions(expectation: Expectation) -> dict[str, list[tuple[str, str]]]:
    """At the source the CNAME itself; at resolvers the TXT, which shows both the CNAME and the key behind it."""
    source = "CNAME" if expectation.origin == EASY else "TXT"
    return {
        AUTHORITATIVE: [(record.name, source) for record in expectation.records],
        RESOLVER: [(record.name, "TXT") for record in expectation.records],
    }


def txt_record(name: str, value: str) -> str:
    """A TXT record in zone-file form, cut into strings of at most 255 octets (RFC 1035 section 3.3.14)."""
    strings = " ".join(f'"{value[start : start + 255]}"' for start in range(0, len(value), 255))
    return f"{name}. {RECORD_TTL_S} IN TXT {strings}"
