"""`cert.replace`: import a certificate of our own as a new one, and present it; the former one stays.

Parameters: `host`, and files: `certificate`, `key`, `chain`. The key's octets exist in one frame and leave it only
in the request that carries them (ACM ImportCertificate).
"""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from cockpit.actions.aws import sent
from cockpit.actions.aws_remedy import Intention
from cockpit.actions.certificates.listeners import NEW, fits, serving
from cockpit.actions.certificates.proof_records import Wanted
from cockpit.actions.certificates.renewal import CERTIFICATE, THERE, ImportedCertificate
from cockpit.actions.contract import EffectRefused, EffectUnknown, Plan, PlanRefused, PlanStep
from cockpit.probes.trust.certificates import Trust, alternative_names, facts, verify
from cockpit.text import visible

_IMPORT = "acm:ImportCertificate"
_MOST_OCTETS = 100_000


class OwnCertificate(ImportedCertificate):
    """A certificate that lies in files here."""

    def intend(self, now: datetime) -> Intention:
        """Import, then present; refused for a key that does not fit, and for what no client would accept."""
        leaf = self._leaf()
        told = facts(leaf)
        names = tuple(sorted({name.lower() for name in alternative_names(leaf)}))
        if not fits(names, self.host):
            raise PlanRefused("NOT_USABLE", f"The certificate is for {', '.join(names[:4])}, not for {self.host}.")
        if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
            raise PlanRefused(
                "NOT_USABLE", f"The certificate is valid from {told['not_before']} to {told['not_after']}."
            )
        trouble, _ = self._with_key(leaf, None)
        if trouble:
            raise PlanRefused("NOT_USABLE", trouble)
        self._refuse_untrusted(leaf, now)
        request = {"sha256": told["sha256"], "serial": told["serial"], "names": list(names)}
        none, there = {CERTIFICATE: ""}, {CERTIFICATE: THERE}
        step = PlanStep(_IMPORT, f"import the certificate with serial {told['serial']}", none, there, request)
        back = PlanStep("acm:DeleteCertificate", "delete it from ACM", there, none, {"CertificateArn": NEW})
        words = {
            "authority": "our own",
            "proof": ("the private key in the file fits the certificate", "the certificate is trusted from here"),
        }
        return self.written(now, serving(self.ask, self.host), names, {}, ([step], [back]), words)

    def _refuse_untrusted(self, leaf: x509.Certificate, now: datetime) -> None:
        """Every client would fail from the moment that such a certificate is presented."""
        try:
            above = x509.load_pem_x509_certificates(self._read("chain")) if self.asked.get("chain") else []
        except ValueError:
            raise PlanRefused("NOT_USABLE", f"{self.asked['chain']} holds no certificates in PEM form.") from None
        judged = verify([leaf, *above], self.host, Trust(self.access.profile), now)
        if judged.reason:
            raise PlanRefused(
                "NOT_USABLE",
                f"Clients would not accept the certificate for {self.host}: {visible(judged.detail, limit=300)}."
                " The certificates of the authority that lie between it and a root are given with chain=.",
            )

    def wanted(self, plan: Plan, zone: str) -> Wanted:
        """Nothing has to be proven for a certificate that is there."""
        return {}

    def deliver(self, plan: Plan, step: PlanStep) -> str:
        """Import in one request, if the files still hold what was planned."""
        if step.operation != _IMPORT:
            return super().deliver(plan, step)
        leaf = self._leaf()
        if facts(leaf)["sha256"] != step.request["sha256"]:
            raise EffectRefused(
                "CHANGED_SINCE", "The file was exchanged after the plan was made. Nothing was sent."
            )
        trouble, outcome = self._with_key(leaf, plan)
        if trouble:
            raise EffectRefused("NOT_USABLE", f"{trouble} Nothing was sent.")
        if outcome is not None:
            raise outcome
        return f"ACM accepted it: {step.says}"

    def _leaf(self) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificate(self._read("certificate"))
        except ValueError:
            raise PlanRefused(
                "NOT_USABLE", f"{self.asked['certificate']} holds no certificate in PEM form."
            ) from None

    def _read(self, name: str) -> bytes:
        path = Path(self.asked[name]).expanduser()
        try:
            if name == "key" and path.stat().st_mode & 0o077:
                raise PlanRefused("NOT_USABLE", f"{path} can be read by others: chmod 600 it, or take a new key.")
            return path.read_bytes()[:_MOST_OCTETS]
        except OSError as error:
            raise PlanRefused("NOT_USABLE", f"{path} cannot be read: {error.strerror}.") from None

    def _with_key(
        self, leaf: x509.Certificate, plan: Plan | None
    ) -> tuple[str, EffectRefused | EffectUnknown | None]:
        """Read the key; with a plan, send it. Troubles come back as values: a traceback would hold this frame."""
        pem = self._read("key")
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            return "The key file holds no private key in PEM form without a passphrase.", None
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        if key.public_key().public_bytes(*form) != leaf.public_key().public_bytes(*form):
            return "The private key does not belong to the certificate.", None
        if plan is None:
            return "", None
        given = {"Certificate": leaf.public_bytes(Encoding.PEM), "PrivateKey": pem}
        if self.asked.get("chain"):
            given["CertificateChain"] = self._read("chain")
        client = self.access.clients.changer("acm", self.sends["acm"])
        return "", sent("ImportCertificate", lambda: client.import_certificate(**given))
