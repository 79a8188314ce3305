"""How the simulated AWS reaches the drill's web: ACM lets the authority issue, load balancers install on hosts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from cockpit.clock import Clock
from cockpit.drill.aws.balancing.acm import Leaf
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.pki import Certificate, CertificateKind, DrillAuthority
from cockpit.drill.trust.judgement import kind_of
from cockpit.drill.web.hosts import HostNetwork
from cockpit.drill.web.webhost import HostFaultKind


class AuthorityIssuer:
    """ACM's certificates, issued by the drill's authority."""

    def __init__(self, authority: DrillAuthority, clock: Clock) -> None:
        self._authority = authority
        self._clock = clock

    def issue(self, names: Sequence[str]) -> Leaf:
        """A fresh, good certificate."""
        return leaf_of(self._authority.issue(names[0], aliases=names[1:]))

    def read(self, certificate: bytes, key: bytes, chain: bytes) -> Leaf:
        """An imported certificate; raises AwsError when its parts cannot be read or do not belong together."""
        try:
            leaf = x509.load_pem_x509_certificate(certificate)
            above = tuple(x509.load_pem_x509_certificates(chain)) if chain.strip() else ()
            private = load_pem_private_key(key, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise _invalid("The certificate, its key or its chain is not valid PEM.") from None
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if private.public_key().public_bytes(*form) != leaf.public_key().public_bytes(*form):
            raise _invalid("The certificate and the private key do not belong together.")
        # A host presents whatever kind of key it is given; the authority's own are all P-256.
        held = cast(ec.EllipticCurvePrivateKey, private)
        made = Certificate(CertificateKind.GOOD, leaf, (leaf, *above), held)
        return leaf_of(replace(made, kind=kind_of(made, self._authority, self._clock.now())))


class HostedSites:
    """The hosts behind the load balancers."""

    def __init__(self, hosts: HostNetwork) -> None:
        self._hosts = hosts

    def install(self, host: str, handle: object) -> None:
        """Let a host present another certificate from the next connection on."""
        assert isinstance(handle, Certificate)
        self._hosts.host(host).present(handle)

    def route(self, host: str, addresses: Sequence[str], well: bool) -> None:
        """Serve a host at these addresses, or answer 503 there."""
        self._hosts.host(host).route(addresses, well)

    def health(self, host: str) -> str:
        """How a health check ends now: healthy, unhealthy or timeout."""
        web = self._hosts.host(host)
        kinds = {kind for kind in HostFaultKind if web.fault(kind, "")}
        if kinds & {HostFaultKind.HANG, HostFaultKind.DRIP}:
            return "timeout"
        return "unhealthy" if kinds & {HostFaultKind.UNAVAILABLE, HostFaultKind.RESET} else "healthy"

    def presented(self, host: str) -> Leaf:
        """The certificate that a host presents at this moment."""
        return leaf_of(self._hosts.host(host).certificate)


def leaf_of(certificate: Certificate) -> Leaf:
    """A certificate of the drill as ACM speaks of it."""
    leaf = certificate.leaf
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = tuple(names.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        found = ()
    return Leaf(
        names=found or (leaf.subject.rfc4514_string(),),
        pem=_pem(leaf),
        chain_pem="".join(_pem(one) for one in certificate.chain[1:]),
        serial=leaf.serial_number.to_bytes(20, "big").hex(":").lstrip("0:"),
        issuer=leaf.issuer.rfc4514_string(),
        subject=leaf.subject.rfc4514_string(),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        algorithm="EC_prime256v1" if isinstance(leaf.public_key(), ec.EllipticCurvePublicKey) else "RSA_2048",
        handle=certificate,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message, 400)
