"""A Certificate Transparency log of the drill: it signs timestamps for what it is shown, and remembers that.

RFC 6962: a certificate carries the timestamps in an extension, each being the log's signature over the certificate
as it would be without them (section 3.2).
"""

import base64
import hashlib
import struct
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cockpit.clock import Clock
from cockpit.drill.trust import der

ENTRY_LIMIT = 2000
"""Certificates that one log remembers."""

SCT_LIST_OID = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ECDSA_SHA256 = b"\x04\x03"
_PRECERTIFICATE = 1


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry: a certificate and when the log took it."""

    at: datetime
    certificate: x509.Certificate


class CtLog:
    """One log with a P-256 key of its own; `entries` is what it was shown, the oldest forgotten first."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.entries: deque[Logged] = deque(maxlen=ENTRY_LIMIT)
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def spki(self) -> bytes:
        """The public key as SubjectPublicKeyInfo in DER form."""
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def key_base64(self) -> str:
        """The public key as log lists give it."""
        return base64.b64encode(self.spki).decode()

    @property
    def log_id(self) -> bytes:
        """SHA-256 of the public key."""
        return hashlib.sha256(self.spki).digest()

    def take(self, certificate: x509.Certificate) -> None:
        """Remember a certificate."""
        self.entries.append(Logged(self._clock.now(), certificate))

    def timestamp(self, tbs: bytes, issuer_key: ec.EllipticCurvePublicKey) -> bytes:
        """A signed certificate timestamp, as it stands in a list, for a certificate that has no list yet."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        issuer = issuer_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        entry = hashlib.sha256(issuer).digest() + len(tbs).to_bytes(3) + tbs
        no_extensions = b"\x00\x00"
        signed = struct.pack("!BBQH", 0, 0, milliseconds, _PRECERTIFICATE) + entry + no_extensions
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        head = b"\x00" + self.log_id + struct.pack("!Q", milliseconds) + no_extensions
        return head + _ECDSA_SHA256 + len(signature).to_bytes(2) + signature


def timestamp_list(timestamps: Iterable[bytes]) -> x509.UnrecognizedExtension:
    """The extension that carries timestamps inside a certificate (RFC 6962 section 3.3)."""
    listed = b"".join(len(one).to_bytes(2) + one for one in timestamps)
    octets = len(listed).to_bytes(2) + listed
    return x509.UnrecognizedExtension(SCT_LIST_OID, der.encoded(der.OCTET_STRING, octets))
