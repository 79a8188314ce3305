"""What a domain has to publish to send by SES: SPF, three DKIM CNAMEs, DMARC, and its own MAIL FROM, ready to copy.

SES's own MAIL FROM passes SPF but is never aligned, so an SPF record at the domain itself does nothing for DMARC:
the records at the MAIL FROM domain do. Both stand here, each with its reason.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

TTL_S = 3600
SPF = "v=spf1 include:amazonses.com ~all"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One record to publish; `published` is None where nobody could look, `why` says what it is good for."""

    name: str
    type: str
    value: str
    why: str
    published: bool | None = None
    says: str = ""

    @property
    def line(self) -> str:
        """In presentation format, one line of a zone file."""
        value = f'"{self.value}"' if self.type == "TXT" else self.value
        return f"{self.name}. {TTL_S} IN {self.type} {value}"


def records(domain: str, identity: Mapping[str, Any], region: str, report_to: str = "") -> tuple[Record, ...]:
    """The list for one domain, from SES's answer about it (GetEmailIdentity); empty tokens leave DKIM out."""
    dkim = identity.get("DkimAttributes", {})
    zone = dkim.get("SigningHostedZone") or "dkim.amazonses.com"
    easy = str(dkim.get("SigningAttributesOrigin", "AWS_SES")).startswith("AWS_SES")
    tokens: Sequence[str] = dkim.get("Tokens", ()) if easy else ()
    mail_from = identity.get("MailFromAttributes", {}).get("MailFromDomain") or f"bounce.{domain}"
    report = report_to or f"dmarc@{domain}"
    return (
        *(
            Record(name=f"{token}._domainkey.{domain}", type="CNAME", value=f"{token}.{zone}.", why="DKIM")
            for token in tokens
        ),
        Record(name=mail_from, type="MX", value=f"10 feedback-smtp.{region}.amazonses.com.",
               why="MAIL FROM: bounces come back to SES; there may be no other MX"),
        Record(name=mail_from, type="TXT", value=SPF, why="SPF of the MAIL FROM domain: this is what DMARC counts"),
        Record(name=domain, type="TXT", value=SPF, why="SPF of the domain itself, for mail that is sent from it"),
        Record(name=f"_dmarc.{domain}", type="TXT", value=f"v=DMARC1; p=quarantine; rua=mailto:{report}",
               why="DMARC: what receivers do with mail that fails, and where they report"),
    )  # fmt: skip


def judged(record: Record, values: Sequence[Sequence[str]], trouble: str = "") -> Record:
    """`record` with whether every name server has it: `values` is what each of them answered."""
    if not values:
        return msgspec.structs.replace(record, published=None, says=trouble or "no name server answered")
    has = [any(_same(record, value) for value in one) for one in values]
    if all(has):
        return msgspec.structs.replace(record, published=True, says=f"at {len(has)} of {len(has)} name servers")
    other = next((value for one in values for value in one if _kin(record, value)), "")
    says = f"there is another: {other}" if other else f"at {sum(has)} of {len(has)} name servers"
    return msgspec.structs.replace(record, published=False, says=says)


def _same(record: Record, value: str) -> bool:
    """Whether a published value does the record's work: a stricter DMARC and a longer SPF do it too."""
    text = value.strip().strip('"')
    if record.type != "TXT":
        return text.rstrip(".").lower() == record.value.rstrip(".").lower()
    if record.value.startswith("v=DMARC1"):
        return text.replace(" ", "").startswith(("v=DMARC1;p=quarantine", "v=DMARC1;p=reject"))
    return text.lower().startswith("v=spf1") and "include:amazonses.com" in text.lower()


def _kin(record: Record, value: str) -> bool:
    """Whether a published value stands where the record should, and says otherwise."""
    if record.type != "TXT":
        return True
    return value.strip('"').lower().startswith(record.value[:6].lower())
