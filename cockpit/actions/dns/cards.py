"""The remedies for DNS as they are offered."""

from cockpit.actions.cards import Parameter, RemedyCard, made_by

_NAME = Parameter("record-name", "Name of the record")
_TYPE = Parameter("record-type", "Type of the record")
_DOMAIN = Parameter("domain", "Domain whose zone is meant")
_SNAPSHOT = Parameter("whole-number", "Number of the copy; the best one if left out", optional=True)


CARDS = (
    RemedyCard(
        name="dns.publish",
        title="Publish, extend or remove a DNS record",
        parameters={
            "name": _NAME,
            "type": _TYPE,
            "values": Parameter("record-values", 'Values, several separated by " | "', optional=True),
            "ttl": Parameter("whole-number", "TTL in seconds; as it is if left out", optional=True),
            "mode": Parameter(
                "text",
                "Whether to replace, add or remove",
                optional=True,
                default="replace",
                choices=("replace", "add", "remove"),
            ),
        },
        target="name",
        make=made_by("dns.publish:Publish"),
        alerts=("dkim-missing", "mail-records", "dns-failure"),
        checks=("mail.dkim", "mail.spf", "mail.dmarc", "mail.mx", "mail.mail_from", "dns.resolution"),
    ),
    RemedyCard(
        name="dns.restore-record",
        title="Put a record back as it was",
        parameters={"name": _NAME, "type": _TYPE, "snapshot": _SNAPSHOT},
        target="name",
        make=made_by("dns.restore:RestoreRecord"),
        alerts=("dkim-missing", "mail-records", "dns-failure"),
        checks=("mail.dkim", "mail.spf", "mail.dmarc", "mail.mx", "mail.mail_from", "dns.resolution"),
    ),
    RemedyCard(
        name="dns.restore-zone",
        title="Put a zone back as a copy has it",
        parameters={
            "domain": _DOMAIN,
            "snapshot": _SNAPSHOT,
            "extra": Parameter(
                "text",
                "What becomes of records that the copy lacks",
                optional=True,
                default="keep",
                choices=("keep", "delete"),
            ),
        },
        target="domain",
        make=made_by("dns.restore:RestoreZone"),
        alerts=("dns-failure",),
        checks=("dns.resolution",),
    ),
    RemedyCard(
        name="dns.lower-ttl",
        title="Shorten a TTL ahead of a change",
        parameters={
            "name": _NAME,
            "type": _TYPE,
            "ttl": Parameter("whole-number", "TTL in seconds"),
        },
        target="name",
        make=made_by("dns.publish:LowerTtl"),
    ),
    RemedyCard(
        name="dns.ds",
        title="Make the DS at the parent fit the zone's keys, or take it out",
        parameters={
            "domain": _DOMAIN,
            "action": Parameter("text", "Whether to set or remove it", choices=("set", "remove")),
        },
        target="domain",
        make=made_by("dns.delegation_signer:DelegationSigner"),
        alerts=("dnssec-failure",),
        checks=("dns.dnssec",),
    ),
    RemedyCard(
        name="dns.dnssec-off",
        title="Switch the signing of a zone off, when no cache can hold its DS",
        parameters={"domain": _DOMAIN},
        target="domain",
        make=made_by("dns.dnssec_off:DnssecOff"),
        alerts=("dnssec-failure",),
        checks=("dns.dnssec",),
    ),
    RemedyCard(
        name="dns.dnssec-roll",
        title="Roll the signing keys of a zone, the next step of four",
        parameters={
            "domain": _DOMAIN,
            "kms": Parameter("text", "ARN of the KMS key for the new key; for the first step", optional=True),
            "new": Parameter("whole-number", "Tag of the new key, where a server of ours signs", optional=True),
        },
        target="domain",
        make=made_by("dns.dnssec_roll:DnssecRoll"),
        alerts=("dnssec-failure",),
        checks=("dns.dnssec",),
    ),
    RemedyCard(
        name="dns.clear-challenges",
        title="Clear ACME challenge records that are stale",
        parameters={
            "domain": _DOMAIN,
            "pick": Parameter("record-values", "`stale`, or one value", optional=True, default="stale"),
        },
        target="domain",
        make=made_by("dns.challenges:ClearChallenges"),
        alerts=("certificate-invalid",),
        checks=("tls.certificate",),
    ),
)
"""Every remedy for DNS."""
