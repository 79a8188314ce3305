"""SNS message signatures (SignatureVersion 1 and 2) with a certificate that nobody trusts but a drill.

Made on first use, because an RSA key takes a tenth of a second; `warm` makes it in a thread beforehand.
"""

import base64
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.clock import Clock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

CERTIFICATE_PATH = "/SimpleNotificationService-drill.pem"
_SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


class MessageSigner:
    """Signs what SNS delivers; one key for the life of the world."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._key: RSAPrivateKey | None = None
        self._pem = b""

    def warm(self) -> None:
        """Make the key and its certificate, once."""
        with self._lock:
            if self._key is None:
                self._generate()

    def certificate(self) -> bytes:
        """The certificate that `SigningCertURL` serves, as PEM."""
        self.warm()
        return self._pem

    def sign(self, message: Mapping[str, str], version: str = "1") -> str:
        """The signature over the members that SNS signs, in their order; version 1 is SHA-1, 2 is SHA-256."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        self.warm()
        assert self._key is not None
        text = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED if name in message)
        # SHA-1 is what the protocol's first version says, and what its clients check.
        digest = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303
        return base64.b64encode(self._key.sign(text.encode(), PKCS1v15(), digest)).decode()

    def _generate(self) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509.oid import NameOID

        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "DRILL - NOT TRUSTED sns")])
        now = self._clock.now()
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        self._pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        self._key = key
