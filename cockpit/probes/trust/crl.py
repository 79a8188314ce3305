"""Is a certificate on its issuer's list of revoked ones (CRL, RFC 5280 section 5), where no responder answers."""

from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from cockpit.probes.trust.certificates import Trust
from cockpit.probes.trust.revocation import answer
from cockpit.probes.web.fetch import fetch
from cockpit.profile import Profile
from cockpit.text import visible

LIST = "list"
DEADLINE_S = 6.0
MOST_OCTETS = 32 * 1024 * 1024
"""Lists of large authorities are long; none is read beyond this."""


def list_url(certificate: x509.Certificate) -> str:
    """Where its issuer's list can be had over HTTP (RFC 5280 section 4.2.1.13); empty if nowhere."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(("http://", "https://")):
                return visible(name.value, limit=500)
    return ""


async def ask_list(
    profile: Profile, trust: Trust, leaf: x509.Certificate, issuer: x509.Certificate | None, at: datetime
) -> dict[str, Any] | None:
    """What the list named in `leaf` says, as an answer like a responder's; None when none is named."""
    url = list_url(leaf)
    if not url or issuer is None:
        return None
    fetched = await fetch(profile, trust, url, deadline_s=DEADLINE_S, limit=MOST_OCTETS)
    if fetched.failure is not None:
        return answer(LIST, "unreachable", fetched.reason)
    return read_list(fetched.body, leaf, issuer, at)


def read_list(der: bytes, leaf: x509.Certificate, issuer: x509.Certificate, at: datetime) -> dict[str, Any]:
    """What a list in DER form says of `leaf`; never raises.

    `status` is `revoked` or `good`; `stale` past the list's nextUpdate where the certificate is not on it;
    `bad-signature` or `untrusted` when `issuer` did not sign it; `malformed`.
    """
    try:
        found = x509.load_der_x509_crl(der)
        if found.issuer != issuer.subject:
            return answer(LIST, "untrusted", "it is another issuer's list")
        key = issuer.public_key()
        if not found.is_signature_valid(key):  # type: ignore[arg-type]
            return answer(LIST, "bad-signature", "its signature is not valid")
        entry = found.get_revoked_certificate_by_serial_number(leaf.serial_number)
        if entry is not None:
            return answer(LIST, "revoked", revoked_at=entry.revocation_date_utc.isoformat())
        ends = found.next_update_utc
        if ends is not None and ends < at:
            return answer(LIST, "stale", f"it counted until {ends:%Y-%m-%d %H:%MZ}")
        return answer(LIST, "good")
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return answer(LIST, "malformed", f"it cannot be read ({type(error).__name__})")
