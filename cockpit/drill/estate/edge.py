"""Where the company keeps what it needs in an emergency: certificates of the load balancers, and zone backups.

A load balancer serves what lies under `<host>/active.pem` in the bucket of certificates: private key, then the
chain, leaf first. A host's spare certificate lies beside it as `backup.pem`, and `latest/<zone>.zone` in the
bucket of backups is each zone as it was this morning (RFC 1035 section 5).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cockpit.drill.aws.stores.s3 import S3
from cockpit.drill.pki import Certificate, CertificateKind, DrillAuthority
from cockpit.drill.zone_access import HostedZones
from cockpit.errors import BadInput

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.drill.web.hosts import HostNetwork

CERTIFICATES = "acme-edge-certificates"
BACKUPS = "acme-dns-backups"
PEM = "application/x-pem-file"


class Edge:
    """The load balancers of one world, as far as certificates go."""

    def __init__(self, hosts: "HostNetwork", s3: S3) -> None:
        self._hosts = hosts
        self._s3 = s3
        self._served: dict[str, bytes | None] = {}

    def put_spares(self, authority: DrillAuthority, names: tuple[str, ...], at: "datetime") -> None:
        """Lay a good certificate ready for each of these hosts."""
        for name in names:
            self._s3.store(CERTIFICATES, f"{name}/backup.pem", bundle(authority.issue(name)), at, PEM)
            self._served[name] = None

    def tick(self) -> Iterator[str]:
        """Serve what was put in place since the last look; a sentence for each."""
        for name, served in self._served.items():
            found = self._s3.fetch(CERTIFICATES, f"{name}/active.pem")
            if found is None or found == served:
                continue
            self._served[name] = found
            try:
                certificate = unbundle(found)
            except BadInput as refused:
                yield f"the load balancer of {name} refuses the new certificate: {refused}"
                continue
            self._hosts.host(name).present(certificate)
            until = f"{certificate.expires_at:%Y-%m-%d}"
            yield f"the load balancer of {name} serves a new certificate, good until {until}"


def bundle(certificate: Certificate) -> bytes:
    """Key and chain in one PEM text."""
    key = certificate.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key + certificate.chain_pem


def unbundle(pem: bytes) -> Certificate:
    """Read a bundle; raises BadInput for what a load balancer would not take."""
    try:
        key = load_pem_private_key(pem, None)
        chain = tuple(x509.load_pem_x509_certificates(pem))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInput(f"it cannot be read ({type(error).__name__})") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not chain:
        raise BadInput("it needs a P-256 key and a certificate")
    if chain[0].public_key() != key.public_key():
        raise BadInput("the key belongs to another certificate")
    return Certificate(CertificateKind.GOOD, chain[0], chain, key)


def store_backups(s3: S3, zones: HostedZones, at: "datetime") -> Mapping[str, bytes]:
    """Keep every zone as a master file; returns them by name."""
    kept = {}
    for zone in zones.names():
        lines = [
            f"{record.name} {record.ttl_s} IN {record.kind} {value}"
            for record in zones.records(zone)
            for value in record.values
        ]
        kept[zone] = ("\n".join(lines) + "\n").encode()
        s3.store(BACKUPS, f"latest/{zone.removesuffix('.')}.zone", kept[zone], at, "text/dns")
    return kept
