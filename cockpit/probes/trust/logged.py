"""Does a certificate that the transparency logs show still count: fetched from the search, and its issuer asked.

A search in crt.sh's shape hands out each certificate by its number (`?d=ID`, PEM). Its issuer's own certificate is
where it says itself (caIssuers); that one answers for it by OCSP or by a list of what it revoked.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509

from cockpit.probes.trust.certificates import Trust, issuer_url
from cockpit.probes.trust.chain import issued
from cockpit.probes.trust.crl import ask_list
from cockpit.probes.trust.revocation import ask_responder
from cockpit.probes.web.fetch import fetch
from cockpit.profile import Profile

DEADLINE_S = 6.0
MOST_OCTETS = 100_000

DEFINITE = ("revoked", "good")

UNKNOWN: Mapping[str, Any] = {"status": "unknown", "revoked_at": None, "detail": ""}


async def ask_issuer(
    profile: Profile, trust: Trust, source: str, logged: Mapping[str, Any], at: datetime
) -> Mapping[str, Any]:
    """`status` (`revoked`, `good`, or a word of why it is not known), `revoked_at`, `detail`; never raises."""
    leaf = await _download(profile, trust, source, logged)
    if leaf is None:
        return {**UNKNOWN, "detail": "the search does not hand the certificate out"}
    issuer = await _issuer(profile, trust, leaf)
    if issuer is None:
        return {**UNKNOWN, "detail": "the certificate of its issuer cannot be had"}
    last: Mapping[str, Any] = {**UNKNOWN, "detail": "it names neither a responder nor a list"}
    for ask in (ask_responder, ask_list):
        found = await ask(profile, trust, leaf, issuer, at)
        if found is not None:
            last = {key: found[key] for key in UNKNOWN}
        if last["status"] in DEFINITE:
            break
    return last


async def _download(
    profile: Profile, trust: Trust, source: str, logged: Mapping[str, Any]
) -> x509.Certificate | None:
    """The certificate itself, if it is the one that is meant."""
    number = str(logged.get("id") or "")
    if not source.startswith(("http://", "https://")) or "{domain}" in source or not number.isdigit():
        return None
    fetched = await fetch(profile, trust, f"{source}?d={number}", deadline_s=DEADLINE_S, limit=MOST_OCTETS)
    found = _read(fetched.body)
    return found if found is not None and f"{found.serial_number:x}" == logged["serial"] else None


async def _issuer(profile: Profile, trust: Trust, leaf: x509.Certificate) -> x509.Certificate | None:
    for root in trust.by_subject.get(leaf.issuer, ()):
        if issued(leaf, root):
            return root
    url = issuer_url(leaf)
    if not url:
        return None
    found = _read((await fetch(profile, trust, url, deadline_s=DEADLINE_S, limit=MOST_OCTETS)).body)
    return found if found is not None and issued(leaf, found) else None


def _read(body: bytes) -> x509.Certificate | None:
    """A certificate in PEM or DER form."""
    try:
        pem = body.lstrip().startswith(b"-----BEGIN")
        return x509.load_pem_x509_certificate(body) if pem else x509.load_der_x509_certificate(body)
    except ValueError:
        return None
