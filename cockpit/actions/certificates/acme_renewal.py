"""`cert.renew` by ACME: order, prove by dns-01, fetch with a fresh key, import into ACM, present, tidy up.

The URL of the order is kept in a file beside the account's key, so that a run goes on after a crash. An order that
was made and forgotten costs nothing; it ends by itself. The new private key exists in one frame only: it is made,
its request handed in and the certificate imported in one step, and is never written anywhere.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cockpit.actions.aws import sent
from cockpit.actions.aws_remedy import Intention
from cockpit.actions.cards import Access
from cockpit.actions.certificates.acme import Acme
from cockpit.actions.certificates.listeners import NEW, serving
from cockpit.actions.certificates.proof_records import Wanted
from cockpit.actions.certificates.renewal import CERTIFICATE, THERE, ImportedCertificate
from cockpit.actions.contract import EffectRefused, EffectUnknown, Plan, PlanStep, Request
from cockpit.clock import format_time
from cockpit.errors import ConfigError, WorldError
from cockpit.paths import private_directory

_ORDER, _PROVEN, _IMPORT = "acme:newOrder", "acme:challenge", "acm:ImportCertificate"
_PATIENCE_S = 8.0
"""How long one step waits for the authority to issue what is proven; half of a lease's patience."""
_BETWEEN_S = 0.25


class AcmeRenewal(ImportedCertificate):
    """A certificate of the authority in the profile, by way of ACM onto the listener."""

    def __init__(self, request: Request, access: Access, *, pause: Callable[[float], None] = time.sleep) -> None:
        super().__init__(request, access)
        self._pause = pause
        if access.database is None:
            raise ConfigError("There is no place for the account's key: open a database first.")
        self._folder = access.database.parent / "keys"
        self._acme = Acme(access.profile, self._folder, fence=access.clients.fence)

    def intend(self, now: datetime) -> Intention:
        """Order, prove, say so, import, present, and take the proof away again."""
        listeners = serving(self.ask, self.host)
        names = self.names(listeners)
        zones = self.records.zones(f"_acme-challenge.{name.removeprefix('*.')}" for name in names)
        token = hashlib.sha256(f"{self.host} {format_time(now)}".encode()).hexdigest()[:32]
        order = _pair(_ORDER, {"order": ""}, {"order": "open"}, f"order {', '.join(names)}", {"names": list(names)})
        published, removed = self.proof_steps(zones, "TXT")
        told = [
            _pair(
                _PROVEN,
                {f"challenge {name}": "pending"},
                {f"challenge {name}": "told"},
                f"say that {name} is proven",
                {"name": name},
            )
            for name in names
        ]
        none, there = {CERTIFICATE: ""}, {CERTIFICATE: THERE}
        imported = PlanStep(_IMPORT, "fetch the certificate and import it", none, there, {"names": list(names)})
        deleted = PlanStep("acm:DeleteCertificate", "delete it from ACM", there, none, {"CertificateArn": NEW})
        steps = [order[0], *published, *(each[0] for each in told), imported, *removed]
        backs = [order[1], *removed, *(each[1] for each in told), deleted, *published]
        words = {"authority": "ACME", "subject": {"token": token}}
        return self.written(now, listeners, names, zones, (steps, backs), words)

    def leaves(self, step: PlanStep) -> bool:
        """An order and its proof are gone when all is done; the certificate and the listeners are not."""
        return step.operation.startswith(("acm:", "elbv2:"))

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """Where the order stands, besides the rest."""
        found = super().live(plan, purpose)
        url = self._order_url(plan)
        if "order" in plan.before:
            found["order"] = "open" if url else ""
        asked = [key for key in plan.before if key.startswith("challenge ")]
        challenges = self._acme.challenges(self._acme.order(url)) if asked and url else {}
        for key in asked:
            status = challenges.get(key.removeprefix("challenge ").removeprefix("*."), {}).get("status", "pending")
            found[key] = "pending" if status == "pending" else "told"
        return found

    def wanted(self, plan: Plan, zone: str) -> Wanted:
        """The TXT values of dns-01, once there is an order."""
        url = self._order_url(plan)
        if not url:
            return {}
        found = {}
        for name, challenge in self._acme.challenges(self._acme.order(url)).items():
            owner = f"_acme-challenge.{name}"
            if owner in plan.subject["zones"][zone]:
                found[owner, "TXT"] = f'"{self._acme.proof(str(challenge["token"]))}"'
        return found

    def ready(self, plan: Plan, step: PlanStep) -> str:
        """The record has to be published before the authority looks, and seen by it before it issues."""
        if step.operation == _PROVEN:
            missing = [
                zone
                for zone in plan.subject["zones"]
                if self.records.state(zone, plan.subject["zones"][zone][0], self.wanted(plan, zone)) != "published"
            ]
            return f"The proof is not published in {missing[0]}." if missing else ""
        if step.operation == _IMPORT:
            status = self._acme.order(self._order_url(plan)).get("status", "unknown")
            return "" if status in ("ready", "valid") else f"The authority says that the order is {status}."
        return super().ready(plan, step)

    def deliver(self, plan: Plan, step: PlanStep) -> str:
        """One request of the protocol, or what it shares with the others."""
        if step.operation == _ORDER:
            return self._order(plan, step)
        if step.operation == _PROVEN:
            if step.after[f"challenge {step.request['name']}"] == "pending":
                return "the authority forgets it by itself"
            challenges = self._acme.challenges(self._acme.order(self._order_url(plan)))
            self._acme.begin(challenges[str(step.request["name"]).removeprefix("*.")])
            return f"the authority accepted it: {step.says}"
        if step.operation == _IMPORT:
            outcome = self._fetch_and_import(plan)
            if outcome is not None:
                raise outcome
            return "ACM has the new certificate"
        return super().deliver(plan, step)

    def _order(self, plan: Plan, step: PlanStep) -> str:
        path = self._path(plan)
        if step.after["order"] == "":
            path.unlink(missing_ok=True)
            return "the order is left to end by itself"
        path.write_text(self._acme.new_order(list(step.request["names"])), encoding="ascii")
        return f"the authority accepted it: {step.says}"

    def _fetch_and_import(self, plan: Plan) -> EffectRefused | EffectUnknown | None:
        """Finalize with a key of this frame's, and import what was issued; troubles come back as values."""
        url, names = self._order_url(plan), list(plan.subject["names"])
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        request = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
        try:
            self._acme.finalize(self._acme.order(url), request.public_bytes(Encoding.DER))
            chain = self._issued(url)
        except (EffectRefused, EffectUnknown, WorldError) as error:
            # Nothing that anybody presents has changed by then: an order without a certificate is nothing.
            return EffectRefused("ACME_REFUSED", f"{error} Nothing was imported.")
        leaf, mark, above = chain.partition(b"-----END CERTIFICATE-----\n")
        given = {
            "Certificate": leaf + mark,
            "PrivateKey": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        }
        if above.strip():
            given["CertificateChain"] = above
        client = self.access.clients.changer("acm", self.sends["acm"])
        return sent("ImportCertificate", lambda: client.import_certificate(**given))

    def _issued(self, url: str) -> bytes:
        clock = self.access.clock
        until = clock.monotonic() + _PATIENCE_S
        while True:
            order = self._acme.order(url)
            if order.get("status") == "valid":
                return self._acme.certificate(order)
            if order.get("status") == "invalid" or clock.monotonic() > until:
                raise WorldError(f"The authority says that the order is {order.get('status')}.")
            self._pause(_BETWEEN_S)

    def _order_url(self, plan: Plan) -> str:
        path = self._path(plan)
        return path.read_text(encoding="ascii").strip() if path.exists() else ""

    def _path(self, plan: Plan) -> Path:
        return private_directory(self._folder / "orders") / f"{plan.subject['token']}.url"


def _pair(
    operation: str, before: dict[str, Any], after: dict[str, Any], says: str, request: dict[str, Any]
) -> tuple[PlanStep, PlanStep]:
    """A step of the protocol, and what takes it back: nothing, for the authority forgets it."""
    there = PlanStep(operation, says, before, after, request)
    return there, PlanStep(operation, f"leave it: {says}", after, before, request)
