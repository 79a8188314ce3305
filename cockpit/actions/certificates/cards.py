"""The remedies for certificates as they are offered."""

from cockpit.actions.cards import Access, Parameter, RemedyCard, made_by
from cockpit.actions.contract import Remedy, Request

_HOST = Parameter("record-name", "Host, such as www.shop.example")
_NAMES = Parameter("text", "Names of the new certificate; those of the present one if left out", optional=True)
_ALERTS = ("certificate-expired", "certificate-expiring", "certificate-invalid")
_CHECKS = ("tls.certificate", "tls.expiry")


def _renew(request: Request, access: Access) -> Remedy:
    if request.parameters.get("through") == "acme":
        from cockpit.actions.certificates.acme_renewal import AcmeRenewal

        return AcmeRenewal(request, access)
    from cockpit.actions.certificates.renewal import AcmRenewal

    return AcmRenewal(request, access)


CARDS = (
    RemedyCard(
        name="cert.renew",
        title="Get a new certificate for a host and present it, new before old",
        parameters={
            "host": _HOST,
            "names": _NAMES,
            "through": Parameter(
                "text",
                "Authority; names are proven to both by records in DNS (dns-01)",
                optional=True,
                default="acm",
                choices=("acm", "acme"),
            ),
        },
        target="host",
        make=_renew,
        alerts=_ALERTS,
        checks=_CHECKS,
    ),
    RemedyCard(
        name="lb.switch-certificate",
        title="Present another certificate that is there already",
        parameters={
            "host": _HOST,
            "certificate": Parameter("text", "ARN in ACM; the best one if left out", optional=True),
        },
        target="host",
        make=made_by("certificates.switch:SwitchCertificate"),
        alerts=(*_ALERTS, "certificate-revoked"),
        checks=(*_CHECKS, "tls.chain", "tls.revocation"),
    ),
    RemedyCard(
        name="cert.replace",
        title="Import a certificate of our own and present it, new before old",
        parameters={
            "host": _HOST,
            "certificate": Parameter("text", "File with the certificate, PEM"),
            "key": Parameter("text", "File with its private key, PEM, readable by nobody else"),
            "chain": Parameter("text", "File with the certificates above it, PEM", optional=True),
        },
        target="host",
        make=made_by("certificates.own:OwnCertificate"),
        alerts=(*_ALERTS, "certificate-revoked"),
        checks=(*_CHECKS, "tls.chain", "tls.revocation"),
    ),
    RemedyCard(
        name="cert.revoke-response",
        title="Answer a revocation: a spare certificate at once, then a new one with a new key",
        parameters={"host": _HOST, "names": _NAMES},
        target="host",
        make=made_by("certificates.revoked:RevocationResponse"),
        alerts=("certificate-revoked",),
        checks=("tls.revocation",),
    ),
)
"""Every remedy for certificates."""
