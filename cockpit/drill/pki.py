"""The drill's certificates: an authority that nobody trusts, and leaves that are good or wrong in known ways.

Keys are P-256 and live in memory. The authority may only vouch for the drill's own domains (RFC 5280 name
constraints), so that even a trust store that took it in by mistake could not be used against anybody.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from cockpit.clock import Clock
from cockpit.drill.trust.certificates import (
    DRILL_SUBJECT,
    Access,
    Certificate,
    CertificateKind,
    Issuer,
    PrivateKey,
    authority_builder,
    leaf_builder,
    responder_builder,
    subject,
)
from cockpit.drill.trust.ct_log import CtLog, timestamp_list
from cockpit.drill.trust.weak_signature import signed_with_sha1
from cockpit.errors import BadInput

__all__ = ["DRILL_SUBJECT", "Access", "Certificate", "CertificateKind", "CtLog", "DrillAuthority", "Issuer"]

LEAF_LIFETIME = timedelta(days=90)
AUTHORITY_LIFETIME = timedelta(days=365)
NEAR_EXPIRY = timedelta(days=3)
WRONG_HOST = "another-host.example"
ISSUED_LIMIT = 5000
"""Leaves whose serial numbers the authority knows as its own."""

WEAK_KEY_BITS = 1024


class DrillAuthority:
    """A root and an intermediate, named so that nobody takes them for real; issues leaves of any kind.

    `ocsp_url` and `issuer_url`, where given, go into each leaf as authority information access; leaves of the other
    issuer name `other_issuer_url`. Each leaf is shown to all of `logs` and carries a timestamp of each. Serial
    numbers of revoked leaves are kept in `revoked`, and who of `issuers` issued which number in `issued`, for
    whoever answers OCSP.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        domains: Iterable[str] = ("example", "localhost"),
        ocsp_url: str | None = None,
        issuer_url: str | None = None,
        other_issuer_url: str | None = None,
        logs: Sequence[CtLog] = (),
    ) -> None:
        self.logs = tuple(logs)
        self.revoked: dict[int, datetime] = {}
        self.issued: OrderedDict[int, Issuer] = OrderedDict()
        self.issuers: list[Issuer] = []
        self._clock = clock
        self._access = Access(ocsp_url=ocsp_url, issuer_url=issuer_url)
        self._other_access = Access(ocsp_url=ocsp_url, issuer_url=other_issuer_url)
        self._domains = tuple(domains)
        self._root = self._authority(f"{DRILL_SUBJECT} root", None)
        self.main_issuer = self._authority(f"{DRILL_SUBJECT} issuer", self._root)

    @property
    def root(self) -> x509.Certificate:
        """The root's certificate."""
        return self._root.certificate

    @property
    def issuer(self) -> x509.Certificate:
        """The intermediate's certificate."""
        return self.main_issuer.certificate

    @property
    def ca_pem(self) -> str:
        """The root in PEM form, as the profile carries it."""
        return self.root.public_bytes(Encoding.PEM).decode()

    @cached_property
    def other_issuer(self) -> Issuer:
        """An intermediate under the same root that the company does not use."""
        return self._authority(f"{DRILL_SUBJECT} other issuer", self._root)

    @cached_property
    def responder(self) -> Issuer:
        """Who answers OCSP for the intermediate on its behalf."""
        key, now = ec.generate_private_key(ec.SECP256R1()), self._clock.now()
        begins, ends = now - timedelta(days=1), now + AUTHORITY_LIFETIME
        builder = responder_builder(key.public_key(), self.main_issuer, begins, ends)
        return Issuer(builder.sign(self.main_issuer.key, hashes.SHA256()), key)

    def issue(
        self,
        host: str,
        kind: CertificateKind | str = CertificateKind.GOOD,
        *,
        aliases: Iterable[str] = (),
        expires_in: timedelta | None = None,
    ) -> Certificate:
        """A new leaf for `host` and `aliases`; `expires_in` overrides the end of its validity, from now.

        Raises BadInput for a kind outside the vocabulary.
        """
        try:
            known = CertificateKind(kind)
        except ValueError:
            raise BadInput(f"{kind!r} is no kind of certificate: {', '.join(CertificateKind)}.") from None
        names = [WRONG_HOST] if known is CertificateKind.WRONG_HOST else [host, *aliases]
        weak = known is CertificateKind.WEAK_KEY
        key: PrivateKey = rsa.generate_private_key(65537, WEAK_KEY_BITS) if weak else _new_key()
        leaf, chain = self._leaf(known, names, key, self._validity(known, expires_in))
        alone = known in (CertificateKind.SELF_SIGNED, CertificateKind.MISSING_CHAIN)
        if known is CertificateKind.REVOKED:
            self.revoke(leaf)
        return Certificate(known, leaf, (leaf,) if alone else (leaf, *chain), key)

    def certify(self, names: Sequence[str], key: CertificatePublicKeyTypes) -> tuple[x509.Certificate, ...]:
        """A good leaf for somebody else's key, and the chain that goes with it."""
        builder = self._builder(names, key, self.main_issuer, self._validity(CertificateKind.GOOD, None))
        return (self._signed(builder, self.main_issuer, self.logs), self.issuer)

    def may_vouch_for(self, name: str) -> bool:
        """Whether a name is inside the name constraints, so that a certificate for it would verify."""
        return any(name == domain or name.endswith(f".{domain}") for domain in self._domains)

    def revoke(self, leaf: x509.Certificate) -> None:
        """Count a leaf as revoked from now on."""
        self.revoked.setdefault(leaf.serial_number, self._clock.now())

    def _leaf(
        self,
        kind: CertificateKind,
        names: Sequence[str],
        key: PrivateKey,
        validity: tuple[datetime, datetime],
    ) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
        """The leaf, and the chain above it that a server should present."""
        if kind is CertificateKind.SELF_SIGNED:
            name = subject(names[0])
            builder = leaf_builder(names, key.public_key(), name, key.public_key(), *validity, access=self._access)
            return builder.sign(key, hashes.SHA256()), ()
        issuer = self.other_issuer if kind is CertificateKind.OTHER_ISSUER else self.main_issuer
        builder = self._builder(
            names,
            key.public_key(),
            issuer,
            validity,
            alternative_names=kind is not CertificateKind.NO_SAN,
            must_staple=kind is CertificateKind.MUST_STAPLE,
        )
        weak = kind is CertificateKind.WEAK_SIGNATURE
        return self._signed(builder, issuer, self._logs_for(kind), weak=weak), (issuer.certificate,)

    def _builder(
        self,
        names: Sequence[str],
        key: CertificatePublicKeyTypes,
        issuer: Issuer,
        validity: tuple[datetime, datetime],
        *,
        alternative_names: bool = True,
        must_staple: bool = False,
    ) -> x509.CertificateBuilder:
        return leaf_builder(
            names,
            key,
            issuer.name,
            issuer.key.public_key(),
            *validity,
            access=self._access if issuer is self.main_issuer else self._other_access,
            alternative_names=alternative_names,
            must_staple=must_staple,
        )

    def _logs_for(self, kind: CertificateKind) -> Sequence[CtLog]:
        """Whose timestamps a leaf of this kind carries."""
        if kind is CertificateKind.NO_SCTS:
            return ()
        if kind is CertificateKind.FEW_SCTS:
            return self.logs[:1]
        if kind is CertificateKind.UNKNOWN_LOG:
            return [CtLog("nobody's log", self._clock)] * 2
        return self.logs

    def _signed(
        self, builder: x509.CertificateBuilder, issuer: Issuer, logs: Sequence[CtLog], *, weak: bool = False
    ) -> x509.Certificate:
        """Signed, with the timestamps of `logs`, and on record; signed twice where there are timestamps."""
        leaf = _sign(builder, issuer, weak=weak)
        if logs:
            timestamps = [log.timestamp(leaf.tbs_certificate_bytes, issuer.key.public_key()) for log in logs]
            leaf = _sign(builder.add_extension(timestamp_list(timestamps), critical=False), issuer, weak=weak)
        for log in logs:
            log.take(leaf)
        self.issued[leaf.serial_number] = issuer
        while len(self.issued) > ISSUED_LIMIT:
            self.issued.popitem(last=False)
        return leaf

    def _validity(self, kind: CertificateKind, expires_in: timedelta | None) -> tuple[datetime, datetime]:
        now = self._clock.now()
        if kind is CertificateKind.EXPIRED:
            left = -timedelta(hours=1) if expires_in is None else expires_in
        elif kind is CertificateKind.EXPIRING:
            left = NEAR_EXPIRY if expires_in is None else expires_in
        else:
            left = LEAF_LIFETIME - timedelta(days=10) if expires_in is None else expires_in
        if kind is CertificateKind.NOT_YET_VALID:
            return now + timedelta(days=1), now + LEAF_LIFETIME
        return min(now + left - LEAF_LIFETIME, now - timedelta(days=1)), now + left

    def _authority(self, name: str, above: Issuer | None) -> Issuer:
        """A new authority: a root, or one that `above` vouches for."""
        key, now = _new_key(), self._clock.now()
        shown = subject(name)
        issuer_name, issuer_key = (shown, key) if above is None else (above.name, above.key)
        builder = authority_builder(
            shown,
            key.public_key(),
            issuer_name,
            issuer_key.public_key(),
            now - timedelta(days=30),
            now + AUTHORITY_LIFETIME,
            path_length=1 if above is None else 0,
            permitted=self._domains,
        )
        made = Issuer(builder.sign(issuer_key, hashes.SHA256()), key)
        if above is not None:
            self.issuers.append(made)
        return made


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _sign(builder: x509.CertificateBuilder, issuer: Issuer, *, weak: bool) -> x509.Certificate:
    signed = builder.sign(issuer.key, hashes.SHA256())
    return signed_with_sha1(signed, issuer.key) if weak else signed
