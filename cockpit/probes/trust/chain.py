"""The picture of a chain: what was presented, which of it leads to a trusted root, and what is missing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from cockpit.probes.trust.certificates import Trust, facts, issuer_url, name_of, weakness

Path = tuple[x509.Certificate, ...]

_DEEPEST = 8


def best_path(chain: Sequence[x509.Certificate], trust: Trust, at: datetime) -> tuple[Path, bool]:
    """The way up from the leaf, and whether it ends at a trusted root.

    Of several ways the one that is complete, valid at `at`, and ends latest is the best: an expired cross-signed
    certificate beside a good one harms nobody (RFC 4158).
    """
    ways = _ways((chain[0],), chain[1:], trust)
    return max(ways, key=lambda way: _merit(way, at))


def _ways(path: Path, others: Sequence[x509.Certificate], trust: Trust) -> list[tuple[Path, bool]]:
    top = path[-1]
    roots = [root for root in trust.by_subject.get(top.issuer, ()) if root == top or issued(top, root)]
    found: list[tuple[Path, bool]] = [(path if root == top else (*path, root), True) for root in roots]
    if len(path) < _DEEPEST:
        for other in others:
            if other not in path and other.subject == top.issuer and issued(top, other):
                found += _ways((*path, other), others, trust)
    return found or [(path, False)]


def _merit(way: tuple[Path, bool], at: datetime) -> tuple[bool, bool, datetime, int]:
    path, complete = way
    ends = min(each.not_valid_after_utc for each in path)
    begins = max(each.not_valid_before_utc for each in path)
    return complete, begins <= at <= ends, ends, -len(path)


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def issuer_of(path: Path) -> x509.Certificate | None:
    """Who issued the leaf, if it is known."""
    if len(path) > 1:
        return path[1]
    return path[0] if path[0].issuer == path[0].subject else None


def picture(chain: Sequence[x509.Certificate], path: Path, complete: bool, at: datetime) -> list[dict[str, Any]]:
    """Certificate by certificate from the leaf to the root, then those that were presented in vain.

    Each has `role`, `presented`, `used`, `missing` and `trouble`, beside the facts of a certificate. One that is
    missing has its `subject` and, in `fetch_at`, where the one below says that it can be had.
    """
    drawn = [
        _drawn(each, _role(each, place, path, complete), each in chain, at, path) for place, each in enumerate(path)
    ]
    top = path[-1]
    if not complete and top.issuer != top.subject:
        drawn.append(
            {
                "role": "intermediate",
                "subject": name_of(top.issuer),
                "presented": False,
                "used": True,
                "missing": True,
                "trouble": "is not sent by the server",
                "fetch_at": issuer_url(top),
            }
        )
    idle = [each for each in chain if each not in path]
    return drawn + [{**_drawn(each, "intermediate", True, at, path), "used": False} for each in idle]


def _role(certificate: x509.Certificate, place: int, path: Path, complete: bool) -> str:
    if place == 0:
        return "leaf"
    return "root" if complete and certificate == path[-1] else "intermediate"


def _drawn(certificate: x509.Certificate, role: str, presented: bool, at: datetime, path: Path) -> dict[str, Any]:
    told = {key: value for key, value in facts(certificate).items() if key not in ("names", "more_names")}
    return {
        "role": role,
        **told,
        "presented": presented,
        "used": True,
        "missing": False,
        "weak": weakness(certificate),
        "trouble": _trouble(certificate, at, path),
        "fetch_at": "",
    }


def _trouble(certificate: x509.Certificate, at: datetime, path: Path) -> str:
    if at > certificate.not_valid_after_utc:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    if at < certificate.not_valid_before_utc:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
    if certificate in path[1:-1] and certificate.not_valid_after_utc < path[0].not_valid_after_utc:
        return f"ends on {certificate.not_valid_after_utc:%Y-%m-%d}, before the certificate that it issued"
    return ""
