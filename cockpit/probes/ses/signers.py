"""The certificates with which SNS signs: fetched once from SNS's own hosts, and used to check messages."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cockpit.errors import ConfigError
from cockpit.probes.aws import AwsFailure
from cockpit.probes.thread import in_thread
from cockpit.profile import Profile
from cockpit.ses.signature import certificate_url, signed_text
from cockpit.text import visible

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_TIMEOUT_S = 5.0
_MOST_BYTES = 32_768
_KEPT = 20


class _NoCertificateError(Exception):
    """There is no certificate at that place, and there will be none."""


class Signers:
    """Checks signatures.

    A certificate that cannot be reached now is a failure of ours and no message's fault; one that SNS says it does
    not have is the message's.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._known: dict[str, Certificate] = {}
        self._bad: dict[str, str] = {}

    @property
    def endpoint(self) -> str:
        """Where SNS is when it is not AWS's own; such a place signs with a certificate of its own."""
        return self._profile.aws.endpoint or ""

    async def fetch(self, envelope: Mapping[str, Any]) -> None:
        """Have the certificate at hand that an envelope names; raises AwsFailure when SNS cannot be reached."""
        url = certificate_url(envelope, self.endpoint)
        if not url or url in self._known or url in self._bad:
            return
        for held in (self._known, self._bad):
            while len(held) >= _KEPT:
                del held[next(iter(held))]
        try:
            self._known[url] = _certificate(await in_thread(lambda: self._get(url)))
        except _NoCertificateError as error:
            self._bad[url] = str(error)

    def refusal(self, envelope: Mapping[str, Any]) -> str:
        """Why the signature is not believed; empty for a good one. The certificate must have been fetched."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        url = certificate_url(envelope, self.endpoint)
        certificate = self._known.get(url)
        if certificate is None:
            return self._bad.get(url, "its certificate was not fetched")
        if not certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc:
            return "its certificate is not valid now"
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            return "its certificate has no RSA key"
        # Version 1 of the protocol is SHA-1; whether it is taken at all is decided before.
        digest = hashes.SHA256() if envelope["SignatureVersion"] == "2" else hashes.SHA1()  # noqa: S303
        try:
            signature = base64.b64decode(str(envelope["Signature"]), validate=True)
            key.verify(signature, signed_text(envelope), PKCS1v15(), digest)
        except (InvalidSignature, binascii.Error):
            return "its signature is wrong"
        return ""

    def _get(self, url: str) -> bytes:
        import httpx

        parts = urlsplit(url)
        try:
            if self._profile.loopback_only:
                self._profile.dialled(parts.hostname or "", parts.port or 443)
            with (
                httpx.Client(trust_env=False, timeout=_TIMEOUT_S, follow_redirects=False) as client,
                client.stream("GET", url) as answer,
            ):
                if answer.status_code >= 500 or answer.status_code == 429:
                    raise AwsFailure("unreachable", f"SNS's certificate was answered with {answer.status_code}")
                if answer.status_code != 200:
                    raise _NoCertificateError(f"SNS has no such certificate ({answer.status_code})")
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise _NoCertificateError("what it names as a certificate is too large to be one")
                return body
        except (httpx.HTTPError, httpx.InvalidURL, ConfigError) as error:
            raise AwsFailure("unreachable", f"the certificate of SNS: {visible(error, limit=200)}") from None


def _certificate(pem: bytes) -> "Certificate":
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise _NoCertificateError("what it names as a certificate is none") from None
