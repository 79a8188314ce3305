"""Searching the drill's logs for certificates, with questions and answers as crt.sh has them.

`GET /?q=%.shop.example&output=json` (or `q=shop.example`, or `identity=`) answers a JSON array; `exclude=expired`
is honoured, and `/?d=ID` answers the certificate in PEM form. A certificate in several logs is one row.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cockpit.clock import Clock
from cockpit.drill.trust.ct_log import CtLog, Logged
from cockpit.drill.web.http import Request, Response

FIRST_ID = 9_000_000_000
"""What the search's own numbers count up from, about where the real ones are."""

CA_NUMBERS = 400_000
"""Issuers have numbers below this."""


class CtSearch:
    """Answers over HTTP for all certificates in some logs."""

    def __init__(self, logs: Sequence[CtLog], clock: Clock) -> None:
        self._logs = tuple(logs)
        self._clock = clock

    async def handle(self, request: Request) -> Response:
        """Answer a search, or a download."""
        asked = dict(request.query)
        if request.method not in ("GET", "HEAD"):
            return Response(405, (("Allow", "GET"),))
        if (number := asked.get("d", "")).isdigit():
            return self._download(int(number))
        wanted = asked.get("q") or asked.get("identity") or asked.get("Identity")
        if not wanted:
            return Response(400, (("Content-Type", "text/plain"),), b"q is missing\n")
        if asked.get("output") != "json":
            return Response(400, (("Content-Type", "text/plain"),), b"only output=json is answered here\n")
        found = self._matching(wanted.lower(), fresh=asked.get("exclude") == "expired")
        body = json.dumps([_row(entry) for entry in found]).encode()
        return Response(200, (("Content-Type", "application/json"),), body)

    def certificates(self) -> Iterable[x509.Certificate]:
        """Every certificate that the logs know, each once."""
        return (entry.certificate for entry in self._entries())

    def _matching(self, wanted: str, *, fresh: bool) -> Iterable[Logged]:
        """Entries that name what is sought, newest first."""
        now = self._clock.now()
        found = [
            entry
            for entry in self._entries()
            if any(_fits(wanted, name) for name in names_in(entry.certificate))
            and not (fresh and entry.certificate.not_valid_after_utc < now)
        ]
        return sorted(found, key=lambda entry: entry.at, reverse=True)

    def _entries(self) -> Iterable[Logged]:
        """Each certificate once, as the first log took it."""
        each: dict[int, Logged] = {}
        for log in self._logs:
            for entry in log.entries:
                each.setdefault(entry.certificate.serial_number, entry)
        return each.values()

    def _download(self, number: int) -> Response:
        for entry in self._entries():
            if _number(entry.certificate) == number:
                pem = entry.certificate.public_bytes(Encoding.PEM)
                return Response(200, (("Content-Type", "application/pkix-cert"),), pem)
        return Response(404, (("Content-Type", "text/plain"),), b"Certificate not found\n")


def names_in(certificate: x509.Certificate) -> list[str]:
    """The names that a certificate is for: the alternative names or, where it has none, the common name."""
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [_common_name(certificate)]
    return alternatives.get_values_for_type(x509.DNSName)


def _common_name(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _fits(wanted: str, name: str) -> bool:
    """SQL's LIKE, as far as a leading wildcard goes."""
    if wanted.startswith("%"):
        return name.endswith(wanted.lstrip("%"))
    return name == wanted


def _row(entry: Logged) -> dict[str, Any]:
    certificate = entry.certificate
    return {
        "issuer_ca_id": zlib.crc32(certificate.issuer.public_bytes()) % CA_NUMBERS,
        "issuer_name": certificate.issuer.rfc4514_string(),
        "common_name": _common_name(certificate),
        "name_value": "\n".join(names_in(certificate)),
        "id": _number(certificate),
        "entry_timestamp": _shown(entry.at, milliseconds=True),
        "not_before": _shown(certificate.not_valid_before_utc),
        "not_after": _shown(certificate.not_valid_after_utc),
        "serial_number": f"{certificate.serial_number:x}",
        "result_count": len(names_in(certificate)),
    }


def _number(certificate: x509.Certificate) -> int:
    return FIRST_ID + zlib.crc32(certificate.serial_number.to_bytes(20))


def _shown(at: datetime, *, milliseconds: bool = False) -> str:
    """A time without zone, as the service writes UTC."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds" if milliseconds else "seconds")
