"""Who may have a certificate revoked over ACME, and for which reasons (RFC 8555 section 7.6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cockpit.clock import Clock
from cockpit.drill.trust import jws
from cockpit.drill.trust.acme_state import Account, Authorization, Order, Status
from cockpit.drill.trust.acme_validation import Refused
from cockpit.drill.trust.ct_search import names_in

REASONS = frozenset({0, 1, 3, 4, 5, 9})
"""Reason codes that a subscriber may give (RFC 5280 section 5.3.1; CA/Browser Forum requirements 4.9.1.1)."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """One revocation that was granted; `own` is whether the company's usual issuer had issued the certificate."""

    at: datetime
    names: Sequence[str]
    by: str
    own: bool


def certificate_of(given: Mapping[str, Any]) -> x509.Certificate:
    """The certificate that is meant; raises Refused for what cannot be read, or for a reason that is none."""
    reason = given.get("reason", 0)
    if isinstance(reason, bool) or reason not in REASONS:
        raise Refused("badRevocationReason", f"The reason is one of {', '.join(map(str, sorted(REASONS)))}.")
    try:
        return x509.load_der_x509_certificate(jws.decoded(given["certificate"]))
    except (ValueError, KeyError, TypeError):
        raise Refused("malformed", "The certificate cannot be read.") from None


def may_revoke(account: Account, leaf: x509.Certificate, orders: Iterable[Order], clock: Clock) -> bool:
    """Whether an account ordered the certificate, or has shown that it controls every name in it."""
    own = [order for order in orders if order.account is account]
    if any(leaf in order.certificate[:1] for order in own):
        return True
    shown = {one.name for order in own for one in order.authorizations if _holds(one, clock)}
    names = names_in(leaf)
    return bool(names) and all(name.removeprefix("*.") in shown for name in names)


def is_key_of(jwk: jws.Jwk, leaf: x509.Certificate) -> bool:
    """Whether a request's key is the certificate's own; raises BadSignature for what is no key."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return jws.public_key(jwk).public_bytes(*form) == leaf.public_key().public_bytes(*form)


def _holds(authorization: Authorization, clock: Clock) -> bool:
    return authorization.status is Status.VALID and clock.now() < authorization.expires
