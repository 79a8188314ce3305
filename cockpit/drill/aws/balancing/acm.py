"""ACM: certificates that are requested, proved by DNS, issued by the drill's authority, renewed or imported."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from cockpit.drill.aws.names.lookup import Found, Lookup
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.paging import page
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.ses.identity import Timings
from cockpit.drill.clock import DrillClock

MAX_CERTIFICATES = 200
PENDING, ISSUED, EXPIRED, TIMED_OUT = "PENDING_VALIDATION", "ISSUED", "EXPIRED", "VALIDATION_TIMED_OUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A certificate as ACM speaks of it; `handle` is what a host presents, opaque to ACM."""

    names: tuple[str, ...]
    pem: str
    chain_pem: str
    serial: str
    issuer: str
    subject: str
    not_before: datetime
    not_after: datetime
    algorithm: str
    handle: object


class Issuer(Protocol):
    """Who makes certificates, and reads those of others."""

    def issue(self, names: Sequence[str]) -> Leaf:
        """A fresh certificate for these names."""
        ...

    def read(self, certificate: bytes, key: bytes, chain: bytes) -> Leaf:
        """An imported certificate; raises AwsError (ValidationException)."""
        ...


@dataclass(slots=True, kw_only=True)
class AcmCertificate:
    """One certificate; `live`, where given, reads the one that a host presents at this moment."""

    arn: str
    names: tuple[str, ...]
    kind: str
    created: datetime
    since: timedelta
    due: timedelta
    leaf: Leaf | None = None
    live: Callable[[], Leaf] | None = None
    issued: datetime | None = None
    timed_out: bool = False
    renewal: tuple[str, datetime] | None = None
    token: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def present(self) -> Leaf | None:
        """The certificate itself, None before it is issued."""
        return self.live() if self.live else self.leaf

    def status(self, now: datetime) -> str:
        """ACM's status."""
        if self.timed_out:
            return TIMED_OUT
        leaf = self.present
        if leaf is None:
            return PENDING
        return EXPIRED if leaf.not_after <= now else ISSUED


class Acm:
    """The certificates of one region; `used_by` names the listeners that present one."""

    name = "acm"

    def __init__(self, place: Place, clock: DrillClock, lookup: Lookup, issuer: Issuer, timings: Timings) -> None:
        self._place = place
        self._clock = clock
        self._lookup = lookup
        self._issuer = issuer
        self._timings = timings
        self._certificates: dict[str, AcmCertificate] = {}
        self._numbered = 0
        self.used_by: Callable[[str], list[str]] = lambda arn: []
        self.renewed: Callable[[str], None] = lambda arn: None
        """Told when a certificate has been replaced under the same ARN."""

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "RequestCertificate": self.request_certificate,
            "DescribeCertificate": self.describe_certificate,
            "ListCertificates": self.list_certificates,
            "GetCertificate": self.get_certificate,
            "RenewCertificate": self.renew_certificate,
            "ImportCertificate": self.import_certificate,
            "DeleteCertificate": self.delete_certificate,
        }

    def adopt(self, names: Sequence[str], live: Callable[[], Leaf]) -> AcmCertificate:
        """Take in a certificate that a host presents already."""
        made = self._make(tuple(names), "AMAZON_ISSUED")
        made.live, made.issued = live, made.created
        return made

    def find(self, arn: str) -> AcmCertificate | None:
        """A certificate by ARN."""
        return self._certificates.get(arn)

    def tick(self, now: datetime, elapsed: timedelta) -> list[str]:
        """Look at the DNS of those that wait, and issue what is proved; a sentence for each."""
        changed = []
        for one in self._certificates.values():
            if one.present is not None or one.timed_out or one.due > elapsed:
                continue
            one.due = elapsed + self._timings.acm_recheck
            if all(self._proved(name) for name in one.names):
                one.leaf, one.issued = self._issuer.issue(one.names), now
                changed.append(f"ACM: issued a certificate for {one.names[0]}")
            elif elapsed - one.since >= self._timings.pending_expires:
                one.timed_out = True
                changed.append(f"ACM: validation of {one.names[0]} timed out")
        return changed

    def request_certificate(self, call: Call) -> Mapping[str, Any]:
        """ACM RequestCertificate with DNS validation; the same idempotency token is the same request."""
        asked = call.parameters
        if asked.get("ValidationMethod", "EMAIL") != "DNS":
            raise not_built("acm:RequestCertificate with another validation than DNS")
        names = tuple(dict.fromkeys([asked["DomainName"], *asked.get("SubjectAlternativeNames", [])]))
        token = asked.get("IdempotencyToken", "")
        for held in self._certificates.values():
            if token and (held.token, held.names) == (token, names):
                return {"CertificateArn": held.arn}
        made = self._make(names, "AMAZON_ISSUED")
        made.token = token
        made.tags = {tag["Key"]: tag.get("Value", "") for tag in asked.get("Tags", [])}
        return {"CertificateArn": made.arn}

    def describe_certificate(self, call: Call) -> Mapping[str, Any]:
        """ACM DescribeCertificate, with the records that prove its names."""
        one = self._asked(call)
        told: dict[str, Any] = {
            "CertificateArn": one.arn,
            "DomainName": one.names[0],
            "SubjectAlternativeNames": list(one.names),
            "CreatedAt": one.created,
            "Status": one.status(call.at),
            "Type": one.kind,
            "InUseBy": self.used_by(one.arn),
            "RenewalEligibility": "ELIGIBLE" if self._eligible(one) else "INELIGIBLE",
        }
        if one.kind == "AMAZON_ISSUED":
            told["DomainValidationOptions"] = [self._validation(name, one) for name in one.names]
        if one.renewal is not None:
            status, at = one.renewal
            options = [self._validation(name, one) for name in one.names]
            told["RenewalSummary"] = {"RenewalStatus": status, "UpdatedAt": at, "DomainValidationOptions": options}
        return {"Certificate": told | _leaf_members(one)}

    def list_certificates(self, call: Call) -> Mapping[str, Any]:
        """ACM ListCertificates by status."""
        wanted = call.parameters.get("CertificateStatuses")
        found = [
            self._summary(one, call.at)
            for one in self._certificates.values()
            if wanted is None or one.status(call.at) in wanted
        ]
        size, token = call.parameters.get("MaxItems", 1000), call.parameters.get("NextToken")
        shown, more = page(found, token, size, "ValidationException")
        return {"CertificateSummaryList": list(shown), **more}

    def get_certificate(self, call: Call) -> Mapping[str, Any]:
        """ACM GetCertificate: leaf and chain as PEM."""
        leaf = self._asked(call).present
        if leaf is None:
            raise AwsError("RequestInProgressException", "The certificate request is in progress.", 400)
        return {"Certificate": leaf.pem} | ({"CertificateChain": leaf.chain_pem} if leaf.chain_pem else {})

    def renew_certificate(self, call: Call) -> Mapping[str, Any]:
        """ACM RenewCertificate under the same ARN, if its names are still proved by DNS."""
        one = self._asked(call)
        if not self._eligible(one):
            raise AwsError("ValidationException", "The certificate is not eligible for renewal.", 400)
        if not all(self._proved(name) for name in one.names):
            one.renewal = ("PENDING_VALIDATION", call.at)
            return {}
        one.leaf, one.live = self._issuer.issue(one.names), None
        one.renewal, one.issued = ("SUCCESS", call.at), call.at
        self.renewed(one.arn)
        return {}

    def import_certificate(self, call: Call) -> Mapping[str, Any]:
        """ACM ImportCertificate, new or over an imported one."""
        asked = call.parameters
        leaf = self._issuer.read(asked["Certificate"], asked["PrivateKey"], asked.get("CertificateChain", b""))
        if "CertificateArn" not in asked:
            made = self._make(leaf.names, "IMPORTED")
            made.leaf = leaf
            return {"CertificateArn": made.arn}
        one = self._asked(call)
        if one.kind != "IMPORTED":
            raise AwsError("ValidationException", "Only imported certificates can be replaced by an import.", 400)
        one.leaf, one.names = leaf, leaf.names
        self.renewed(one.arn)
        return {"CertificateArn": one.arn}

    def delete_certificate(self, call: Call) -> Mapping[str, Any]:
        """ACM DeleteCertificate, unless it is in use."""
        one = self._asked(call)
        if self.used_by(one.arn):
            raise AwsError("ResourceInUseException", f"Certificate {one.arn} is in use.", 400)
        del self._certificates[one.arn]
        return {}

    def _make(self, names: tuple[str, ...], kind: str) -> AcmCertificate:
        if len(self._certificates) >= MAX_CERTIFICATES:
            raise AwsError("LimitExceededException", "The drill world keeps too many certificates already.", 400)
        self._numbered += 1
        elapsed = self._clock.elapsed()
        made = AcmCertificate(
            arn=self._place.arn("acm", f"certificate/d0000000-0000-4000-8000-{self._numbered:012d}"),
            names=tuple(name.lower() for name in names),
            kind=kind,
            created=self._clock.now(),
            since=elapsed,
            due=elapsed + self._timings.acm_recheck,
        )
        self._certificates[made.arn] = made
        return made

    def _proved(self, name: str) -> bool:
        record = self._record(name)
        answer = self._lookup(record["Name"].rstrip("."), "CNAME")
        return answer.found is Found.ANSWER and answer.values == (record["Value"].rstrip("."),)

    def _record(self, name: str) -> dict[str, str]:
        """The CNAME that proves a name: the same for the same account."""
        domain = name.removeprefix("*.")
        digest = hashlib.sha256(f"{self._place.account}{domain}".encode()).hexdigest()
        return {
            "Name": f"_{digest[:32]}.{domain}.",
            "Type": "CNAME",
            "Value": f"_{digest[32:]}.acm-validations.aws.",
        }

    def _validation(self, name: str, one: AcmCertificate) -> dict[str, Any]:
        proved = one.present is not None or self._proved(name)
        return {
            "DomainName": name,
            "ValidationDomain": name,
            "ValidationMethod": "DNS",
            "ValidationStatus": "SUCCESS" if proved else "FAILED" if one.timed_out else "PENDING_VALIDATION",
            "ResourceRecord": self._record(name),
        }

    def _eligible(self, one: AcmCertificate) -> bool:
        return one.kind == "AMAZON_ISSUED" and one.present is not None and bool(self.used_by(one.arn))

    def _summary(self, one: AcmCertificate, now: datetime) -> dict[str, Any]:
        told: dict[str, Any] = {
            "CertificateArn": one.arn,
            "DomainName": one.names[0],
            "SubjectAlternativeNameSummaries": list(one.names),
            "HasAdditionalSubjectAlternativeNames": False,
            "Status": one.status(now),
            "Type": one.kind,
            "InUse": bool(self.used_by(one.arn)),
            "CreatedAt": one.created,
        }
        leaf = one.present
        return told | ({"NotBefore": leaf.not_before, "NotAfter": leaf.not_after} if leaf else {})

    def _asked(self, call: Call) -> AcmCertificate:
        arn = call.parameters["CertificateArn"]
        found = self._certificates.get(arn)
        if found is None:
            raise AwsError("ResourceNotFoundException", f"Could not find certificate {arn}.", 400)
        return found


def _leaf_members(one: AcmCertificate) -> dict[str, Any]:
    leaf = one.present
    if leaf is None:
        return {}
    told: dict[str, Any] = {
        "Serial": leaf.serial,
        "Subject": leaf.subject,
        "Issuer": leaf.issuer,
        "NotBefore": leaf.not_before,
        "NotAfter": leaf.not_after,
        "KeyAlgorithm": leaf.algorithm,
    }
    moment = "IssuedAt" if one.kind == "AMAZON_ISSUED" else "ImportedAt"
    return told | {moment: one.issued or one.created}
